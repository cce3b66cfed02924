"""Redact personal data from text that will be reused: one customer's data must not reach another."""

from __future__ import annotations

import re

MASK = "[…]"

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Telephone, card and account numbers, with any separators; prices and dates are shorter.
_NUMBER = re.compile(r"\+?\d(?:[ ().\-/]{0,2}\d){6,}")
# Order numbers, documents and IBANs: letters and at least four digits in one word.
_MAYBE_CODE = re.compile(r"\b[\w-]{5,}\b|#\s?\d{3,}")
_MIN_DIGITS = 4
_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]+(?: (?:de la |de los |de |del |da |do |dos |la )?[A-ZÀ-ÖØ-Þ][\w'’-]+){0,3}"
_INTRODUCED = re.compile(
    r"(\b(?i:me llamo|mi nombre es|soy|le atiende|my name is|i am|i'm|this is|me chamo|meu nome é|sou|aqui é) "
    rf"(?i:el |la |o |a )?){_NAME}"
)
_MIN_NAME_LENGTH = 3


def redact(words: str, *names: str) -> str:
    """Redact e-mail addresses, long numbers, codes, the names in `names`, and names that people introduce."""
    words = _EMAIL.sub(MASK, words)
    words = _MAYBE_CODE.sub(_without_code, words)
    words = _NUMBER.sub(MASK, words)
    words = _INTRODUCED.sub(rf"\1{MASK}", words)
    parts = {part for name in names for part in re.findall(r"[^\W\d_]+", name) if len(part) >= _MIN_NAME_LENGTH}
    if parts:
        listed = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
        words = re.sub(rf"\b(?:{listed})\b", MASK, words, flags=re.IGNORECASE)
    return re.sub(rf"(?:{re.escape(MASK)}\s*){{2,}}", f"{MASK} ", words).strip()


def _without_code(found: re.Match[str]) -> str:
    word = found[0]
    lettered = any(letter.isascii() and letter.isalpha() for letter in word)
    code = lettered and sum(letter.isdecimal() for letter in word) >= _MIN_DIGITS
    return MASK if code or word.startswith("#") else word
