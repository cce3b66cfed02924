"""Contact cards as phones write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.content.plain_text import as_text
from core.channels.vcard import contacts

FOUR = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Lucía Pérez\r\nitem1.TEL;waid=5691:+56 9 1\r\n"
    "ORG:Vivero\\, Sur;Ventas\r\nEND:VCARD"
).encode()
TWO = (
    b"BEGIN:VCARD\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:G=C3=B3mez;Ana\n"
    b"TEL;CELL:123\nEMAIL:a@b.example\nEND:VCARD\n"
)
FOLDED = b'BEGIN:VCARD\nFN:Una lar\n ga\nTEL;TYPE="voice,home":tel:+1\nEND:VCARD\nBEGIN:VCARD\nFN:Otro\nEND:VCARD'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (FOUR, "Lucía Pérez, Vivero, Sur, Ventas, +56 9 1"),
        (TWO, "Ana Gómez, 123, a@b.example"),
        (FOLDED, "Una larga, +1\nOtro"),
        (b"\xff\xfe", ""),
        (b"TEL:1", ""),
    ],
)
def test_cards_are_read(body: bytes, words: str) -> None:
    assert as_text("contacts", {"contacts": contacts(body)}) == words


@given(st.binary(max_size=300))
def test_nothing_raises(body: bytes) -> None:
    contacts(b"BEGIN:VCARD\n" + body)
