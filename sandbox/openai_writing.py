"""What the stand-in model writes for people rather than for customers: it rearranges words that it was given.

It cannot translate and does not pretend to: it says so in `doubt` and leaves the words as they are.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.openai_facts import Prompt, facts_in
from sandbox.openai_model import think
from sandbox.words import fold, language_of, tokens

_HEADING = re.compile(r"^# (?P<name>The [^\n]+)$", re.M)
_SPEAKER = re.compile(r"^(?P<who>Customer|Bot|Colleague):$")
_MOST_TAGS = 3
_MOST_LINES = 5
_SHORT = 0.6  # of the words, when a text is to be shortened
_COURTESIES = re.compile(
    r"(?:^|(?<=[.!?]\s))(?:(?:hola|buen[oa]s \w+|hello|hi|good \w+|ol[aá]|bom dia|boa \w+)[,!.]\s*"
    r"|(?:espero que|i hope (?:that )?you)[^.!?]*[.!?]\s*)+",
    re.I,
)
_DOUBTS = {
    "draft": {
        "es": "El modelo de pruebas no encontró la respuesta en lo que sabe.",
        "en": "The stand-in model found no answer in what it knows.",
        "pt": "O modelo de testes não encontrou a resposta no que sabe.",
    },
    "translate": {
        "es": "El modelo de pruebas del sandbox no sabe traducir: el texto queda como estaba.",
        "en": "The sandbox's stand-in model cannot translate: the text is as it was.",
        "pt": "O modelo de testes do sandbox não sabe traduzir: o texto ficou como estava.",
    },
    "improve": {
        "es": "El modelo de pruebas solo corrige mayúsculas, espacios y signos.",
        "en": "The stand-in model only mends capitals, spaces and marks.",
        "pt": "O modelo de testes só corrige maiúsculas, espaços e sinais.",
    },
    "shorten": {
        "es": "El modelo de pruebas solo quita cortesías y las últimas frases.",
        "en": "The stand-in model only drops courtesies and the last sentences.",
        "pt": "O modelo de testes só tira cortesias e as últimas frases.",
    },
}


def wrote(name: str, instructions: str, turns: list[tuple[str, str]]) -> dict[str, Any] | None:
    """What is asked under this name, or None for a name that is none of these."""
    if name == "suggested_entry":
        return _entry(_parts("\n".join(text for role, text in turns if role == "user")))
    task = name.removeprefix("copilot_")
    if not name.startswith("copilot_"):
        return None
    told = "\n".join([instructions, *(text for role, text in turns if role in ("system", "developer"))])
    parts = _parts("\n".join(text for role, text in turns if role == "user"))
    talk = _talk(parts.get("The conversation", ""))
    text = _unbarred(parts.get("The colleague's text", ""))
    language = language_of(text or " ".join(words for who, words in talk if who == "Customer")) or "es"
    match task:
        case "tags":
            tags = _unbarred(parts.get("The tags", "")).splitlines()
            return {"tags": _tags(tags, " ".join(words for _, words in talk))}
        case "draft":
            return _draft(told, talk, language)
        case "summarise":
            lines = [f"{who}: {' '.join(words.split())[:160]}" for who, words in talk[-_MOST_LINES:]]
            return {"text": "\n".join(lines), "sources": [], "doubt": ""}
        case "improve":
            return _said(_improved(text), "improve", language)
        case "shorten":
            return _said(_shortened(text), "shorten", language)
        case "translate":
            return _said(text, "translate", language)
    return None


def _said(text: str, task: str, language: str) -> dict[str, Any]:
    return {"text": text, "sources": [], "doubt": _DOUBTS[task][language]}


def _entry(parts: dict[str, str]) -> dict[str, Any]:
    """The first question with the longest answer, mended; no answer where nobody gave one."""
    questions = _unbarred(parts.get("The customers' questions", "")).splitlines()
    answers = _unbarred(parts.get("The colleagues' answers", "")).splitlines()
    return {"question": next(iter(questions), ""), "answer": _improved(max(answers, key=len, default=""))}


def _parts(text: str) -> dict[str, str]:
    """The text under each heading. A heading inside of data stands behind a bar and is none."""
    found = list(_HEADING.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return {one["name"]: text[one.end() : end].strip() for one, end in zip(found, ends, strict=True)}


def _unbarred(text: str) -> str:
    return "\n".join(line.removeprefix("|").removeprefix(" ") for line in text.splitlines())


def _talk(text: str) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    for line in text.splitlines():
        if found := _SPEAKER.match(line):
            said.append((found["who"], ""))
        elif said:
            who, words = said[-1]
            said[-1] = (who, f"{words}\n{_unbarred(line)}".strip())
    return said


def _draft(instructions: str, talk: list[tuple[str, str]], language: str) -> dict[str, Any]:
    asked: list[str] = []
    for who, words in talk:
        asked = [*asked, words] if who == "Customer" else []
    if not asked:  # the business spoke last: the customer's last words are what there is
        asked = [words for who, words in talk if who == "Customer"][-1:]
    thought = think(Prompt(instructions, facts_in(instructions), asked))
    unsure = thought.confidence < 0.5
    return {
        "text": thought.reply,
        "sources": thought.sources,
        "doubt": _DOUBTS["draft"][language] if unsure else "",
    }


def _improved(text: str) -> str:
    """Single spaces, capitals at the beginnings, a mark at the end."""
    lines = []
    for given in text.splitlines():
        line = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(given.split()))
        line = re.sub(r"(?:^|(?<=[.!?]\s))([¿¡]?)(\w)", lambda found: found[1] + found[2].upper(), line)
        lines.append(line if not line or line[-1] in ".!?:…" else f"{line}.")
    return "\n".join(lines)


def _shortened(text: str) -> str:
    """Without courtesies, and no more sentences than about the first half of the words."""
    plain = _COURTESIES.sub("", text).strip() or text
    sentences = re.split(r"(?<=[.!?])\s+", plain)
    kept = sentences[:1]
    most = max(len(text.split()) * _SHORT, len(kept[0].split()))
    for sentence in sentences[1:]:
        if len(" ".join([*kept, sentence]).split()) > most:
            break
        kept.append(sentence)
    short = " ".join(kept)
    return short[:1].upper() + short[1:]


def _tags(tags: list[str], said: str) -> list[str]:
    heard = {*tokens(said), *fold(said).split()}
    return [tag for tag in tags if (wanted := {*tokens(tag)} or {fold(tag)}) and wanted <= heard][:_MOST_TAGS]
