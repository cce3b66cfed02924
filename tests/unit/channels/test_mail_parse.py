"""Mails of every shape: read whole, by whom and about what, and never a crash."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.channels.mailbox import message_ids, parts
from core.channels.mailbox.parse import Place, parse
from core.channels.mailbox.quotes import split
from core.channels.types import InboundMessage, Parsed, Receipt, UnparsedItem
from core.channels.webhook import EventBody
from tests.support.mails import SHOP, bounce, mail

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PLACE = Place(SHOP, 7, 31, AT)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_ids, "signing_keys", lambda purpose: (purpose.encode(),))


def read(raw: bytes | str) -> list[Parsed]:
    body = raw.replace("\n", "\r\n").encode() if isinstance(raw, str) else raw
    return list(parse(EventBody(body, "message/rfc822", PLACE.as_query(), AT)))


def message(raw: bytes | str) -> InboundMessage:
    (one,) = read(raw)
    assert isinstance(one, InboundMessage)
    return one


@pytest.mark.parametrize("number", range(90))
def test_a_mail_of_each_shape_is_read_whole(number: int) -> None:
    given_mail = mail(number)
    got = message(given_mail.raw)
    said = got.text + got.payload["mail"].get("quoted", "")
    assert given_mail.says in said or given_mail.says in " ".join(said.split()), given_mail.shape
    assert len(got.media) == given_mail.files, given_mail.shape
    assert got.for_people is given_mail.automatic, given_mail.shape
    assert (got.route, got.timestamp, got.sender) == (SHOP, AT, f"ana{number % 40}@mail{number % 7}.example")
    assert got.provider_id == given_mail.message_id or given_mail.shape == "no id"
    assert "alert(1)" not in got.text and "\u202e" not in (got.profile_name or "")
    assert message(given_mail.raw) == got, "read again it is the same"


@given(st.integers(0, 2000), st.binary(max_size=40), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=150)
def test_no_damage_stops_the_parser(number: int, noise: bytes, start: float, length: float) -> None:
    raw = mail(number).raw[:20_000]
    at = int(start * len(raw))
    damaged = raw[:at] + noise + raw[at + int(length * (len(raw) - at)) :]
    for one in read(damaged):
        assert isinstance(one, InboundMessage | Receipt | UnparsedItem)
        if isinstance(one, InboundMessage):
            assert "\0" not in one.text and one.text.encode() is not None
            assert one.sender and one.provider_id and len(one.provider_id) <= 512


@given(st.binary(max_size=3000))
def test_no_bytes_stop_the_parser(raw: bytes) -> None:
    for one in read(raw):
        assert isinstance(one, InboundMessage | UnparsedItem)


def test_nothing_nests_too_deeply() -> None:
    inner = "Content-Type: text/plain\r\n\r\nhola\r\n"
    for level in range(1100):
        inner = f'Content-Type: multipart/mixed; boundary="n{level}"\r\n\r\n--n{level}\r\n{inner}'
    assert "hola" in message(f"From: ana@example.com\r\n{inner}".encode()).text
    deep = "<div>" * 20_000 + "hola"
    assert "hola" in message(f"From: ana@example.com\nContent-Type: text/html\n\n{deep}").text


@pytest.mark.parametrize(
    "unit", ["<style", "> ", "On a wrote", "=?utf-8?b?", "a@", "<a@b>", "<![CDATA[", "&#", "(", "-- \n"]
)
def test_hostile_repetition_takes_no_long_time(unit: str) -> None:
    started = time.process_time()
    text = unit * (300_000 // len(unit))
    read(f"From: ana@example.com\nSubject: {text[:60_000]}\nCc: {text[:60_000]}\nReferences: {text[:60_000]}\n\n{text}")
    read(f"From: ana@example.com\nContent-Type: text/html\n\n{text}")
    assert time.process_time() - started < 10, "a worker's time"


@pytest.mark.parametrize(
    ("headers", "sender", "name"),
    [
        ("From: Ana Paz <Ana@Example.COM>", "ana@example.com", "Ana Paz"),
        ("From: =?utf-8?Q?Jos=C3=A9?= <jose@example.com>", "jose@example.com", "José"),
        ("From: =?utf-8?B?5bGx?= =?utf-8?B?55Sw?= <y@example.com>", "y@example.com", "山田"),
        ('From: "Paz, Ana" <ana@example.com>, otro@example.com', "ana@example.com", "Paz, Ana"),
        ("From: Tienda <tienda@shop.example>\nReply-To: Ana <ana@example.com>", "ana@example.com", "Ana"),
        ("From: form@web.example\nReply-To: ana@example.com", "ana@example.com", None),
        ("From: ana@example.com\nReply-To: tienda@shop.example", "ana@example.com", None),
        ("From: undisclosed\nSender: ana@example.com", "ana@example.com", None),
    ],
)
def test_an_answer_goes_to_who_the_customer_is(headers: str, sender: str, name: str | None) -> None:
    got = message(f"{headers}\nTo: tienda@shop.example\n\nHola")
    assert (got.sender, got.profile_name) == (sender, name)


def test_where_it_was_written_from_stays_visible() -> None:
    about = message("From: Banco <aviso@bank.example>\nReply-To: ladron@evil.example\n\nHola").payload["mail"]
    assert (about["from"], about["reply_to"]) == ("Banco <aviso@bank.example>", "ladron@evil.example")


def test_a_mail_without_a_sender_is_kept_with_its_reason() -> None:
    (one,) = read("To: tienda@shop.example\nSubject: Hola\n\nHola")
    assert isinstance(one, UnparsedItem) and "sender" in one.reason and one.raw["Subject"] == "Hola"


def test_a_thread_is_named_by_its_nearest_mail_first() -> None:
    got = message("From: a@b.example\nIn-Reply-To: <3@x>\nReferences: <1@x>\n <2@x> <3@x>\nSubject: Re: X\n\nHola")
    assert (got.thread, got.reply_to, got.text) == (("<3@x>", "<2@x>", "<1@x>"), "<3@x>", "Hola")
    first = message("From: a@b.example\nSubject: Pedido 12\n\nHola")
    assert (first.thread, first.text) == ((), "Pedido 12\n\nHola"), "the first one says a part in its subject"


def test_those_in_copy_are_kept_and_a_copy_to_us_is_for_people() -> None:
    got = message("From: a@b.example\nTo: tienda@shop.example, c@d.example\nCc: e@f.example, a@b.example\n\nHola")
    assert (got.payload["mail"]["cc"], got.for_people) == (["c@d.example", "e@f.example"], False)
    assert message("From: a@b.example\nTo: c@d.example\nCc: tienda@shop.example\n\nHola").for_people is True


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-generated", "Auto-Submitted: Auto-Replied (vacation)", "Precedence: Bulk",
        "List-Id: x <a.b>", "X-Auto-Response-Suppress: All", "Return-Path: <>", "From: no-reply@x.example",
        "From: MAILER-DAEMON@x.example", "From: bounce+1=2@x.example", "From: tienda@shop.example",
        "Subject: Respuesta automática: Hola", "Subject: Out of office", "Content-Type: multipart/report; boundary=x",
    ],
)  # fmt: skip
def test_what_a_machine_wrote_is_for_people(header: str) -> None:
    sender = "" if header.startswith("From") else "From: a@b.example\n"
    assert message(f"{sender}{header}\n\nHola").for_people is True


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "From: noreen@x.example", "Subject: Outlook no abre"])
def test_what_a_person_wrote_is_not(header: str) -> None:
    sender = "" if header.startswith("From") else "From: a@b.example\n"
    assert message(f"{sender}{header}\n\nHola").for_people is False


@pytest.mark.parametrize(("action", "status"), [("failed", "failed"), ("delayed", "sent"), ("delivered", "delivered")])
def test_a_bounce_is_a_receipt_of_the_message_it_is_about(action: str, status: str) -> None:
    ours = message_ids.new(81, "shop.example")
    (one,) = read(bounce(ours, "ana@example.com", action=action))
    assert isinstance(one, Receipt)
    assert (one.our_id, one.provider_id, one.status, one.recipient) == (81, ours, status, "ana@example.com")
    assert [(error.code, error.details) for error in one.errors] == (
        [("5.1.1", "550 5.1.1 User unknown")] if status == "failed" else []
    )


def test_a_bounce_of_somebody_in_copy_fails_nothing() -> None:
    raw = bounce(message_ids.new(81, "shop.example"), "ana@example.com").replace(
        b"rfc822; ana@example.com", b"rfc822; copia@example.com"
    )
    assert message(raw).for_people is True


@pytest.mark.parametrize("forged", ["<bothub.81.00000000.000000000000000000000000@shop.example>", "<81@shop.example>"])
def test_a_bounce_of_what_is_not_ours_is_mail_for_people(forged: str) -> None:
    assert message(bounce(forged, "ana@example.com")).for_people is True


def test_a_bounce_in_words_counts_as_well() -> None:
    ours = message_ids.new(82, "shop.example")
    raw = (
        "From: Mail Delivery Subsystem <mailer-daemon@x.example>\nX-Failed-Recipients: ana@example.com\n\n"
        f"550 5.2.2 mailbox full\n\n------ This is a copy of the message ------\n\nMessage-ID: {ours}\n"
    )
    (one,) = read(raw)
    assert isinstance(one, Receipt) and (one.our_id, one.status, one.errors[0].code) == (82, "failed", "5.2.2")


def test_a_read_receipt_says_read() -> None:
    ours = message_ids.new(83, "shop.example")
    raw = (
        'From: ana@example.com\nContent-Type: multipart/report; report-type=disposition-notification; boundary="r"\n\n'
        "--r\nContent-Type: text/plain\n\nRead.\n--r\nContent-Type: message/disposition-notification\n\n"
        f"Original-Message-ID: {ours}\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--r--\n"
    )
    (one,) = read(raw)
    assert isinstance(one, Receipt) and (one.our_id, one.status) == (83, "read")


def test_our_own_mail_that_comes_back_is_nothing_new() -> None:
    assert read(f"From: tienda@shop.example\nMessage-ID: {message_ids.new(5, 'shop.example')}\n\nHola") == []


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Sí\n\nOn Mon, Ana <a@b.example> wrote:\n> x", "Sí"),
        ("Sí\n\nEl lun, 2 mar 2026 a las 10:01, Tienda (<t@s.example>)\nescribió:\n\n> x", "Sí"),
        ("Sí\n-- \nAna Paz\nTel. 1", "Sí"),
        ("Sí\n\nEnviado desde mi iPhone", "Sí"),
        (
            "Sí\n________________________________\nDe: Ana <a@b.example>\nEnviado: lunes\nPara: T\nAsunto: X\n\nviejo",
            "Sí",
        ),
        ("Sí\n\n-----Mensaje original-----\nviejo", "Sí"),
        ("Sí\n\n> viejo\n> viejo", "Sí"),
        ("> ¿Color?\nRojo\n> ¿Talle?\n40", "> ¿Color?\nRojo\n> ¿Talle?\n40"),
        ("On Monday I wrote:\nthe order is late", "On Monday I wrote:\nthe order is late"),
        ("De: Buenos Aires a Salta, ¿cuánto?", "De: Buenos Aires a Salta, ¿cuánto?"),
        ("Hola\nGracias por la info.\n¿Y el precio?", "Hola\nGracias por la info.\n¿Y el precio?"),
        ("Uno\n---\nDos", "Uno\n---\nDos"),
        ("On Mon, Ana wrote:\n> all is quoted", "On Mon, Ana wrote:\n> all is quoted"),
    ],
)
def test_what_is_new_is_told_from_what_is_quoted(text: str, new: str) -> None:
    got, rest = split(text)
    assert got == new
    assert all(line.strip() in got + rest for line in text.split("\n"))


@given(st.text(alphabet="ab >-:_\n\tOnwrte", max_size=300))
def test_no_word_is_lost_by_splitting(text: str) -> None:
    new, rest = split(text)
    assert f"{new} {rest}".split() == text.split()


def test_a_forwarded_mail_is_read_with_what_it_forwards() -> None:
    got = message("From: a@b.example\nSubject: RV: Factura\n\nVer abajo\n\n-----Mensaje original-----\nTotal 500")
    assert "Total 500" in got.text


def test_an_answer_shows_that_what_it_answers_arrived() -> None:
    ours = message_ids.new(84, "shop.example")
    answer, receipt = read(f"From: a@b.example\nIn-Reply-To: {ours}\n\nSí")
    assert isinstance(answer, InboundMessage) and isinstance(receipt, Receipt)
    assert (answer.thread, receipt.our_id, receipt.status) == ((ours,), 84, "delivered")


def test_a_place_is_stored_and_read_again() -> None:
    assert Place.of_query(PLACE.as_query()) == PLACE
    with pytest.raises(ValueError, match="lacks"):
        Place.of_query("mailbox=x&at=1")


def test_files_are_named_by_their_place_and_decoded_by_their_number() -> None:
    raw = mail(3).raw
    named = message(raw).media[0].provider_media_id or ""
    validity, uid, number, own_id = named.split("/", 3)
    assert (validity, uid, own_id) == ("7", "31", mail(3).message_id)
    found = {one.number: one for one in parts.files(parts.read(raw))}
    assert len(parts.content(found[int(number)].part)) > 0


@pytest.mark.parametrize("sender", ["<>", "MAILER-DAEMON@mx (Mail Delivery System)", "Mail Delivery <MAILER-DAEMON>"])
def test_a_bounce_needs_no_sender_that_can_be_answered(sender: str) -> None:
    raw = bounce(message_ids.new(81, "shop.example"), "ana@example.com")
    (one,) = read(raw.replace(b"Mail Delivery System <MAILER-DAEMON@mx.example>", sender.encode()))
    assert isinstance(one, Receipt) and one.status == "failed"


@pytest.mark.parametrize(
    "headers",
    ["From: ana@x.example\nX-Failed-Recipients: b@x.example", "From: postmaster@x.example\nIn-Reply-To: <1@x>"],
)
def test_a_person_who_quotes_our_mail_reports_no_bounce(headers: str) -> None:
    assert "precio" in message(f"{headers}\n\n¿precio?\n> {message_ids.new(82, 'shop.example')}").text


@pytest.mark.parametrize("ids", ["{ours}", "<a@b.example> {ours}"])
def test_a_mail_of_another_with_an_id_of_ours_is_kept(ids: str) -> None:
    named = ids.format(ours=message_ids.new(5, "shop.example"))
    assert "Hola" in message(f"From: ana@x.example\nMessage-ID: {named}\n\nHola").text


def test_a_mail_that_its_writer_did_not_send_is_for_people_and_adds_nobody() -> None:
    raw = "From: ana@x.example\nCc: b@x.example\n\nHola"
    forged = message(f"Authentication-Results: mx.example; spf=pass;\n dmarc=fail (p=none)\n{raw}")
    assert forged.for_people and forged.payload["mail"]["cc"] and "others" not in forged.payload["mail"]
    passed = message(f"Authentication-Results: mx.example; dmarc=pass\nAuthentication-Results: x; dmarc=fail\n{raw}")
    assert not passed.for_people and passed.payload["mail"]["others"] == ["b@x.example"]
