"""Reading a prompt as a model would: what it says about the business, and what the customer asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

CONTEXT = r"knowledge|passages?|context|business|facts|sources|documents?|conocimiento|contexto|conhecimento|negocio"
PASSAGE = r"passage|source|document|doc|fact|chunk|item|fragment|pasaje|fuente|trecho|qa|entry"
CUSTOMER = r"customer[\w-]*|messages?|user[\w-]*|cliente[\w-]*|mensajes?|mensagem|mensagens|questions?|burst"

_CONTEXT_TAG = re.compile(rf"<({CONTEXT})\b[^>]*>.*?</\1>", re.S | re.I)
_PASSAGE_TAG = re.compile(rf"<({PASSAGE})\b([^>]*)>(.*?)</\1>", re.S | re.I)
_CUSTOMER_TAG = re.compile(rf"<({CUSTOMER})\b[^>]*>(.*?)</\1>", re.S | re.I)
_ATTRIBUTE_ID = re.compile(r"\b(?:id|n|number|ref|source)\s*=\s*[\"']?([^\"'\s>]+)", re.I)
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_MARK = r"(?:[-*•]\s+)?(?:\[(?:id|source|fuente|fonte|passage|doc)?[\s:=#]*(?P<id>[\w.:/-]{1,60})\]\s*)?"
_QUESTION = re.compile(rf"^\s*{_MARK}(?:Q|P|Question|Pregunta|Pergunta)\s*:\s*(?P<text>.+)$", re.I)
_ANSWER = re.compile(r"^\s*(?:[-*•]\s+)?(?:A|R|Answer|Respuesta|Resposta)\s*:\s*(?P<text>.+)$", re.I)
_NUMBERED = re.compile(
    r"^\s*(?:[-*•]\s+)?[\[(](?:id|source|fuente|fonte|passage|doc|trecho)?[\s:=#]*(?P<id>[\w.:/-]{1,60})[\])]\s*[:.-]?\s*(?P<text>.+)$",
    re.I,
)
_BARRED = re.compile(r"^\| ?(?P<text>.*)$", re.M)
_LABEL = re.compile(r"^\s*(?:[-*•]\s+)?(?P<label>[^\W\d_][^:\n]{0,48}?)\s*:\s+(?P<text>\S.*)$")
_NOT_A_FACT = re.compile(
    r"^(?:you|your|never|always|do|don't|if|when|answer|reply|rules?|tone|style|language|personality|instructions?|"
    r"tu|nunca|siempre|si|cuando|responde|reglas?|tono|estilo|idioma|personalidad|instrucciones|"
    r"sempre|se|quando|responda|regras?|tom|personalidade|instrucoes|confidence|sentiment|topics?|sources?|handoff\w*)\b",
    re.I,
)
_CUSTOMER_HEADING = re.compile(
    r"^\s*(?:#+\s*)?(?:customer(?:'s)?|client[e']?s?|user|mensajes? del cliente|mensagens? do cliente|last messages?)"
    r"(?: messages?| writes| says)?\s*:\s*",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the prompt states. `question` is set for a question–answer pair, `label` for "Hours: 9–18"."""

    text: str
    question: str = ""
    label: str = ""
    id: str = ""


@dataclass(slots=True)
class Prompt:
    """`asked` are the customer's messages since the last answer; `history` is everything said, oldest first."""

    instructions: str
    facts: list[Fact] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def read_prompt(instructions: str, turns: Iterable[tuple[str, str]]) -> Prompt:
    """`turns` are (role, text). System and developer turns count as instructions."""
    prompt = Prompt(instructions)
    asked: list[str] = []
    for role, text in turns:
        if role in ("system", "developer"):
            prompt.instructions += "\n" + text
        elif role == "assistant":
            asked = []
            prompt.history.append((role, text))
        elif role == "user":
            facts, messages = _customer_turn(text)
            prompt.facts += facts
            asked += messages
            prompt.history += [("user", message) for message in messages]
    prompt.facts += facts_in(prompt.instructions)
    prompt.asked = asked
    return prompt


def _customer_turn(text: str) -> tuple[list[Fact], list[str]]:
    """Split a user turn into the knowledge the program put beside it and what the customer wrote."""
    data = _json(text)
    if isinstance(data, dict | list):
        return list(_facts_in_json(data)), list(_messages_in_json(data))
    facts: list[Fact] = []
    for block in _CONTEXT_TAG.finditer(text):
        facts += facts_in(block[0])
    rest = _CONTEXT_TAG.sub(" ", text)
    for block in _PASSAGE_TAG.finditer(rest):
        facts.append(_passage(block[2], block[3]))
    rest = _PASSAGE_TAG.sub(" ", rest)
    tagged = [block[2].strip() for block in _CUSTOMER_TAG.finditer(rest)]
    if tagged:
        return facts, [_TAG.sub(" ", message).strip() for message in tagged]
    heading = _CUSTOMER_HEADING.search(rest)
    if heading:
        facts += facts_in(rest[: heading.start()])
        rest = rest[heading.end() :]
    rest = _TAG.sub(" ", rest).strip()
    return facts, [rest] if rest else []


def _json(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _facts_in_json(data: Any) -> Iterator[Fact]:
    if isinstance(data, list):
        for item in data:
            yield from _facts_in_json(item)
    elif isinstance(data, dict):
        text = next((data[key] for key in ("answer", "content", "body", "passage", "text") if _is_text(data, key)), "")
        if text and ("id" in data or "question" in data) and data.get("role") is None:
            yield Fact(text, question=str(data.get("question", "")), id=str(data.get("id", "")))
            return
        for key, value in data.items():
            if isinstance(value, dict | list):
                yield from _facts_in_json(value)
            elif isinstance(value, str) and key not in ("text", "message", "question", "role", "content"):
                yield Fact(value, label=key.replace("_", " "))


def _is_text(data: dict[str, Any], key: str) -> bool:
    return isinstance(data.get(key), str) and bool(data[key])


def _messages_in_json(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            if isinstance(item, str) or (isinstance(item, dict) and "id" not in item):
                yield from _messages_in_json(item)
    elif isinstance(data, dict):
        for key in ("messages", "customer_messages", "customer", "message", "question", "text"):
            if key in data:
                yield from _messages_in_json(data[key])


def _passage(attributes: str, body: str) -> Fact:
    found = _ATTRIBUTE_ID.search(attributes)
    fact_id = found[1] if found else ""
    text = _TAG.sub(" ", body).strip()
    pairs = list(_pairs(text.splitlines()))
    if pairs:
        return Fact(pairs[0].text, question=pairs[0].question, id=fact_id or pairs[0].id)
    return Fact(text, id=fact_id)


def facts_in(text: str) -> list[Fact]:
    """Passages, question–answer pairs, numbered notes, JSON lines and labelled lines, in that order of belief.

    A prompt that quotes its data behind bars (`| Hours: 9–18`) states its facts there and nowhere else.
    """
    if _BARRED.search(text):
        return list(_barred(text.splitlines()))
    facts = [_passage(block[2], block[3]) for block in _PASSAGE_TAG.finditer(text)]
    lines = _PASSAGE_TAG.sub("\n", text).splitlines()
    facts += _pairs(lines)
    facts += _notes(lines)
    return facts


def _barred(lines: list[str]) -> Iterator[Fact]:
    """`[kb-3] Title` over barred lines is a passage; other runs of barred lines hold labelled facts and pairs."""
    heading: re.Match[str] | None = None
    block: list[str] = []
    for line in [*lines, ""]:
        if found := _BARRED.match(line):
            block.append(found["text"])
            continue
        if block and heading:
            yield Fact(" ".join(" ".join(block).split()), question=heading["text"].strip(), id=heading["id"])
        elif block:
            yield from _pairs(block)
            yield from _notes(block)
        block = []
        heading = _NUMBERED.match(line)


def _pairs(lines: list[str]) -> Iterator[Fact]:
    """`Q: …` followed by `A: …`; an answer runs on until an empty line or the next mark."""
    question, fact_id, answer = "", "", ""
    for line in [*lines, ""]:
        if found := _QUESTION.match(line):
            if question and answer:
                yield Fact(answer, question=question, id=fact_id)
            inline = re.split(r"\s+(?:A|R|Answer|Respuesta|Resposta)\s*:\s+", found["text"], maxsplit=1)
            question, fact_id, answer = inline[0], found["id"] or "", inline[1] if len(inline) > 1 else ""
        elif question and (found := _ANSWER.match(line)):
            answer = found["text"]
        elif question and answer and line.strip() and not _NUMBERED.match(line):
            answer += " " + line.strip()
        elif question and answer:
            yield Fact(answer, question=question, id=fact_id)
            question, answer = "", ""


def _notes(lines: list[str]) -> Iterator[Fact]:
    """`[12] some text` (with the lines below it) and `Hours: 9–18`. Pairs are left to `_pairs`."""
    current: Fact | None = None
    for line in lines:
        if _QUESTION.match(line) or _ANSWER.match(line):
            if current:
                yield current
            current = None
        elif isinstance(data := _json(line), dict):
            yield from _facts_in_json(data)
        elif found := _NUMBERED.match(line):
            if current:
                yield current
            current = Fact(found["text"].strip(), id=found["id"])
        elif current and line.strip():
            current = Fact(f"{current.text} {line.strip()}", id=current.id)
        else:
            if current:
                yield current
            current = None
            found = _LABEL.match(_TAG.sub("", line))
            if found and not _NOT_A_FACT.match(found["label"]):
                yield Fact(found["text"].strip(), label=found["label"].strip())
    if current:
        yield current
