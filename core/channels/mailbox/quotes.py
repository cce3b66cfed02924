"""Split a mail's text into what is new and what is quoted or a signature.

By line, and only at marks that are beyond doubt: what stays by mistake is read twice, what goes by mistake is missed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST_INTRODUCTION = 4  # lines: mail programs break it at 76 characters
# "On … wrote:" in the languages of customers' mail programs.
_WROTE = re.compile(
    r"(?:on|el|em|le|am|il|op)\b.{0,400}\b"
    r"(?:wrote|escribi[oó]|escreveu|a [eé]crit|schrieb|ha scritto|schreef)\b.{0,200}:",
    re.I | re.S,
)
_OPENS = re.compile(r"(?:on|el|em|le|am|il|op)\b", re.I)
_ORIGINAL = re.compile(
    r"[-_\s]{2,}+(?:original message|mensaje original|mensagem original|forwarded message|mensaje reenviado"
    r"|mensagem encaminhada|message d'origine|urspr[uü]ngliche nachricht|messaggio originale)[-_\s]{2,}",
    re.I,
)
_RULE = re.compile(r"_{20,}")
_FROM = re.compile(r"\*?(?:from|de|von|da|van)\*?\s?:\*?\s.*\S", re.I)
_HEADER = re.compile(
    r"\*?(?:sent|date|to|subject|cc|enviado(?: el| em)?|fecha|para|asunto|data|assunto|envoy[eé]|objet|[aà]|gesendet|an"
    r"|betreff|inviato|oggetto)\*?\s?:\*?\s.*",
    re.I,
)
_FROM_PHONE = re.compile(
    r"(?:sent from (?:my|outlook|mail|yahoo)|get outlook for|enviado (?:desde mi|desde outlook|do meu|de mi|via)"
    r"|obtener outlook para|obter o outlook para)\b.{0,80}",
    re.I,
)


def split(text: str) -> tuple[str, str]:
    """Return what is new in a text, and the rest from its first quotation or signature on.

    Answers between the quoted lines stay together with them, as new text.
    """
    lines = text.split("\n")
    cut = _cut(lines)
    if cut is None:
        cut = _trailing_quote(lines)
    new, rest = "\n".join(lines[:cut]).strip(), "\n".join(lines[cut:]).strip()
    if not rest:
        return new, ""
    if not new or _answers_within(lines[cut:]):
        return text.strip(), ""
    return new, rest


def _cut(lines: Sequence[str]) -> int | None:
    for number, line in enumerate(lines):
        if line in ("--", "-- ") or _begins_quotation(lines, number) or _FROM_PHONE.fullmatch(line.strip()):
            return number
    return None


def _begins_quotation(lines: Sequence[str], number: int) -> bool:
    line = lines[number].strip()
    if not line:
        return False
    if _ORIGINAL.fullmatch(line):
        return True
    if _RULE.fullmatch(line):
        return _heads_copy(lines[number + 1 : number + 10])
    if _FROM.fullmatch(line):
        return _heads_copy(lines[number : number + 9])
    if _OPENS.match(line):
        paragraph = _paragraph(lines[number : number + _LONGEST_INTRODUCTION])
        return any(_WROTE.fullmatch("\n".join(paragraph[:count])) for count in range(1, len(paragraph) + 1))
    return False


def _heads_copy(lines: Sequence[str]) -> bool:
    """Return whether the lines are the copied headers of an earlier mail: its sender and two more."""
    paragraph = [line.strip() for line in lines if line.strip()][:6]
    return bool(
        paragraph
        and _FROM.fullmatch(paragraph[0])
        and sum(_HEADER.fullmatch(line) is not None for line in paragraph[1:]) >= 2
    )


def _paragraph(lines: Sequence[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if not line.strip():
            break
        found.append(line.strip())
    return found


def _trailing_quote(lines: Sequence[str]) -> int:
    """Return where the quoted lines at the end begin."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    return end


def _answers_within(rest: Sequence[str]) -> bool:
    """Return whether somebody answered between the lines that are quoted with ">"."""
    quoted = [number for number, line in enumerate(rest) if line.startswith(">")]
    if not quoted:
        return False
    between = rest[quoted[0] : quoted[-1]]
    return any(line.strip() and not line.startswith(">") for line in between)
