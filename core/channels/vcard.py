"""Parse vCard files (RFC 6350 and the older 2.1 and 3.0) into contacts as the Cloud API sends them."""

from __future__ import annotations

import quopri
import re
from typing import Any

from core.channels import json_sanitizer

TYPES = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
LARGEST = 256 * 1024  # bytes read: photos come last
_MAX_CARDS = 50  # cards
_FOLD = re.compile(r"\r?\n[ \t]")
_SOFT_END = re.compile(r"=\r?\n")
_LINE = re.compile(r"(?:[\w-]+\.)?([A-Za-z-]+)((?:;[^:\"]*(?:\"[^\"]*\")?)*):(.*)")
_ESCAPED = re.compile(r"\\(.)")
_LISTS = {"TEL": ("phones", "phone"), "EMAIL": ("emails", "email"), "URL": ("urls", "url")}


def contacts(body: bytes) -> list[dict[str, Any]]:
    """Return the cards of a file; none if it holds no vCard."""
    text = _FOLD.sub("", _SOFT_END.sub("", body[:LARGEST].decode("utf-8", "replace")))
    cards: list[dict[str, Any]] = []
    for line in text.splitlines():
        if line.strip().upper() == "BEGIN:VCARD" and len(cards) < _MAX_CARDS:
            cards.append({"name": {}})
        elif cards and (found := _LINE.fullmatch(line.strip())):
            _read(cards[-1], found[1].upper(), found[2], found[3])
    return [card for card in cards if card["name"] or len(card) > 1]


def _read(card: dict[str, Any], name: str, parameters: str, raw: str) -> None:
    if "QUOTED-PRINTABLE" in parameters.upper():
        raw = quopri.decodestring(raw.encode()).decode("utf-8", "replace")
    value = _plain(raw)
    if not value:
        return
    if name == "FN":
        card["name"]["formatted_name"] = value
    elif name == "N":
        family, given = [_plain(part) for part in [*re.split(r"(?<!\\);", raw), ""][:2]]
        card["name"].setdefault("formatted_name", " ".join(filter(None, (given, family))))
    elif name == "ORG":
        card["org"] = {"company": ", ".join(filter(None, map(_plain, re.split(r"(?<!\\);", raw))))}
    elif name in _LISTS:
        part, key = _LISTS[name]
        card.setdefault(part, []).append({key: value.removeprefix("tel:")})


def _plain(value: str) -> str:
    words = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)
    return " ".join(json_sanitizer.clean_text(words).split())
