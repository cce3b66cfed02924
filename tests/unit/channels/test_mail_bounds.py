"""Small mails that would cost much memory or time, and odd ones that would become none."""

from __future__ import annotations

import bz2
import zlib
from datetime import UTC, datetime

import pytest

from core.channels.mailbox import charsets, html_text, parts, quotes
from core.channels.mailbox.parse import Place, parse
from core.channels.types import InboundMessage
from core.channels.webhook import EventBody
from tests.support.mails import SHOP

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FROM = b"From: ana@example.com\r\nMessage-ID: <a@example.com>\r\n"


def message(raw: bytes) -> InboundMessage:
    (one,) = parse(EventBody(FROM + raw, "message/rfc822", Place(SHOP, 7, 31, AT).as_query(), AT))
    assert isinstance(one, InboundMessage)
    return one


@pytest.mark.parametrize(
    "style",
    [
        "padding-left:1000000em",
        "margin-top:900000em",
        "margin-bottom:" + "9" * 5000 + "px",
        "padding-left:" + "9" * 400,
    ],
)
def test_no_style_makes_blanks(style: str) -> None:
    numbered = f"<ol><li value={'9' * 5000}>x"
    new, _ = html_text.to_text(f"<div style='{style}'>" * 20 + "<p>hola" * 300 + numbered)
    assert new.count("hola") == 300 and len(new) < 3000


def test_a_row_of_a_table_is_a_line_whatever_is_in_the_others() -> None:
    wide = f"<tr><td>{'w' * 20_000}<td>b" + "<tr><td>Talle<td>40" * 5000
    new, _ = html_text.to_text(f"<table>{wide}</table>")
    assert new.count("Talle 40") == 5000
    nested = "<table><tr><td><table><tr><td>Precio<th>10</table><td>por par</table>"
    assert html_text.to_text(nested)[0].split() == ["Precio", "10", "por", "par"]


@pytest.mark.parametrize(
    ("charset", "packed"),
    [
        ("bz2", bz2.compress(b"A" * 100_000)),
        ("zlib", zlib.compress(b"A" * 100_000)),
        ("hex", b"41" * 20),
        ("base64_codec", b"QUFB"),
        ("quopri", b"=41=41"),
        ("rot13", b"NNN"),
        ("uu", b"begin 666 x\n#04%!\n \nend\n"),
        ("unicode_escape", b"\\x41\\x41"),
        ("raw_unicode_escape", b"\\u0041\\u0041"),
        ("undefined", b"hola"),
    ],
)
def test_no_charset_unpacks_what_is_no_text(charset: str, packed: bytes) -> None:
    assert "AA" not in charsets.decode(packed, charset)
    assert len(charsets.decode(packed, charset)) <= len(packed)


def test_a_rule_of_blanks_is_read_once() -> None:
    for end in ("x", "-- original message" + " " * 99_000 + "x"):
        text = "--" + " " * 99_000 + end
        assert quotes.split(text) == (text, "")
    rule = "-----\tOriginal Message \t-----"
    assert quotes.split(f"Sí\n{rule}\nviejo") == ("Sí", f"{rule}\nviejo")


@pytest.mark.parametrize("line", ["on x", "De: x", "_" * 20])
def test_many_lines_that_could_begin_a_quotation_are_each_read_alone(line: str) -> None:
    text = f"{line}\n" * (1_000_000 // len(line))
    got = message(b"\r\n" + text.encode())
    assert got.text.startswith(line) and len(got.text) <= 100_000


@pytest.mark.parametrize(
    "kind",
    [
        b"text/plain; charset*=us-ascii''utf-8",
        b'text/plain; charset="a\0b"',
        b"text/plain; charset=undefined",
        b"text/plain; charset*=a%00b''c",
        b"text/plain; charset*" + b"9" * 5000 + b"*=x",
        b'multipart/mixed; boundary="a\0b"',
        b"multipart/mixed; boundary*=a%00b''c",
        b"multipart/mixed; boundary*" + b"9" * 5000 + b"*=x",
        b"multipart/report; report-type*" + b"9" * 5000 + b"*=x; boundary=b",
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_mail_with_odd_parameters_is_a_message(kind: bytes, within: bool) -> None:
    whole = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "¿cuánto?\r\n".encode()
    if within:
        whole = b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" + whole + b"--out--\r\n"
    assert "¿cuánto?" in message(whole).text


def test_a_file_with_odd_parameters_keeps_its_bytes() -> None:
    raw = b'Content-Type: application/pdf; charset="a\0b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xf1x'
    (file,) = parts.files(parts.read(FROM + raw))
    assert parts.content(file.part) == b"\xf1x"


def test_an_attached_mail_nested_too_deeply_to_be_written_is_an_empty_file() -> None:
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 400 + b"Subject: x\r\n\r\nhola"
    mail = parts.read(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + nested + b"\r\n--b--\r\n")
    (attached,) = parts.files(mail)
    assert parts.content(attached.part) == b""
