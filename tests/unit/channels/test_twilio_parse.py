from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.channels.twilio.errors import diagnose_failure
from core.channels.twilio.webhooks import parse_inbound, parse_status
from core.channels.types import InboundMessage, Kind, Receipt, UnparsedItem
from tests.support.payloads import load

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
BSUID = "AR.13491208655302741918"


def message(name: str) -> InboundMessage:
    payload = load("twilio_inbound", name)
    (found,) = parse_inbound(payload.body, payload.content_type, NOW)
    assert isinstance(found, InboundMessage)
    return found


def receipt(name: str) -> Receipt:
    payload = load("twilio_status", name)
    (found,) = parse_status(payload.body, payload.content_type, payload.query, NOW)
    assert isinstance(found, Receipt)
    return found


def test_whatsapp_text() -> None:
    found = message("whatsapp_text")
    assert found == InboundMessage(
        kind=Kind.WHATSAPP,
        route="+14155238886",
        provider_id=found.provider_id,
        sender="+5491123456789",
        timestamp=NOW,
        type="text",
        text="Hola, ¿tienen bicicletas? 🚲",
        phone="+5491123456789",
        aliases=(BSUID,),
        profile_name="María Gómez",
    )


def test_sms_text() -> None:
    found = message("sms_text")
    assert (found.kind, found.route, found.sender) == (Kind.SMS, "+14155238886", "+5491123456789")
    assert (found.type, found.text, found.aliases) == ("text", "hola por sms", ())


@pytest.mark.parametrize(
    ("name", "type_", "text", "payload"),
    [
        ("whatsapp_image", "image", "la rueda", {}),
        ("whatsapp_voice_note", "audio", "", {}),
        ("whatsapp_document", "document", "factura.pdf", {}),
        ("whatsapp_contact", "document", "", {}),
        ("mms_two_pictures", "image", "dos fotos", {}),
        ("whatsapp_location", "location", "Obelisco, Av. 9 de Julio", {"latitude": -34.603722, "name": "Obelisco"}),
        ("whatsapp_button", "button", "Confirmar", {"payload": "CONFIRMAR", "text": "Confirmar"}),
        ("whatsapp_list_reply", "interactive", "Rodado 26", {"type": "list_reply"}),
        ("whatsapp_forwarded", "text", "mirá", {"forwarded": True}),
        ("whatsapp_empty", "text", "", {}),
        ("whatsapp_new_parameter", "text", "hola", {}),
    ],
)
def test_types(name: str, type_: str, text: str, payload: dict[str, Any]) -> None:
    found = message(name)
    assert (found.type, found.text) == (type_, text)
    assert found.payload.items() >= payload.items()


def test_every_file_of_a_message_is_referred_to() -> None:
    assert [media.mime_type for media in message("mms_two_pictures").media] == ["image/jpeg", "image/png"]
    assert message("whatsapp_image").media[0].url is not None


def test_reply_context_and_referral() -> None:
    reply = message("whatsapp_reply")
    assert reply.reply_to == reply.payload["context"]["id"]
    assert message("whatsapp_referral").payload["referral"]["ctwa_clid"] == "Aff-n8"


def test_a_customer_without_a_number() -> None:
    found = message("whatsapp_bsuid")
    assert (found.sender, found.phone, found.aliases) == (BSUID, None, ())


@pytest.mark.parametrize(
    ("name", "opt_out"),
    [
        ("sms_stop", True),
        ("sms_start", False),
        ("sms_help", None),
        ("sms_cancel", True),
        ("whatsapp_stop", True),
        ("whatsapp_cancel_is_no_stop", None),
    ],
)
def test_opt_out(name: str, opt_out: bool | None) -> None:
    assert message(name).opt_out is opt_out


def test_a_message_from_nobody_is_broken() -> None:
    (found,) = parse_inbound(load("twilio_inbound", "sms_without_sender").body, FORM, NOW)
    assert isinstance(found, UnparsedItem) and found.raw["Body"] == "?"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("accepted", "sent"),
        ("scheduled", "sent"),
        ("queued", "sent"),
        ("sending", "sent"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("partially_delivered", "delivered"),
        ("read", "read"),
        ("canceled", "failed"),
        ("failed", "failed"),
        ("undelivered", "failed"),
    ],
)
def test_statuses(name: str, status: str) -> None:
    found = receipt(name)
    assert (found.status, found.our_id, found.route, found.recipient) == (
        status,
        4711,
        "+14155238886",
        "+5491123456789",
    )


def test_status_errors_and_ids() -> None:
    (error,) = receipt("failed").errors
    assert (error.code, error.title) == ("63016", "Failed to send freeform message")
    assert [error.code for error in receipt("undelivered").errors] == ["30003"]
    assert receipt("failed").kind is Kind.WHATSAPP and receipt("undelivered").kind is Kind.SMS
    assert receipt("without_our_id").our_id is None and receipt("foreign_query").our_id is None
    (cancelled,) = receipt("canceled").errors
    assert (cancelled.code, cancelled.title) == ("canceled", "The message was cancelled at Twilio")
    assert "cancelled in Twilio" in diagnose_failure(cancelled).advice
    payload = load("twilio_status", "unknown_status")
    assert isinstance(next(parse_status(payload.body, FORM, payload.query, NOW)), UnparsedItem)


def test_json_bodies_are_read_too() -> None:
    body = b'{"MessageSid": "SM1", "From": "+5491123456789", "To": "+14155238886", "Body": "a\\u0000b", "NumMedia": 0}'
    (found,) = parse_inbound(body, "application/json", NOW)
    assert isinstance(found, InboundMessage) and found.text == "ab"


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=200), content_type=st.sampled_from(["", FORM, "application/json"]), query=st.text())
def test_any_bytes_never_raise(body: bytes, content_type: str, query: str) -> None:
    assert len(list(parse_inbound(body, content_type, NOW))) == 1
    assert len(list(parse_status(body, content_type, query, NOW))) == 1


_names = st.sampled_from(
    ["MessageSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "Latitude", "Longitude", "ListId", "ButtonText"]
)


@settings(max_examples=200, deadline=None)
@given(form=st.dictionaries(_names, st.text(max_size=20)))
def test_any_form_gives_one_storable_item(form: dict[str, str]) -> None:
    full = {"MessageSid": "SM1", "From": "+5491123456789", "To": "+14155238886"} | form
    (found,) = parse_inbound(urlencode(full, errors="surrogatepass").encode(), FORM, NOW)
    if isinstance(found, InboundMessage):
        told = [found.text, found.sender, found.route, json.dumps(dict(found.payload), allow_nan=False)]
        assert not any("\0" in text or "\\u0000" in text for text in told)
        assert all(text.encode() or not text for text in told)
