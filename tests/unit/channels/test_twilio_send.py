from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses

from core.channels.content.shapes import parse_content
from core.channels.twilio.channel import Twilio
from core.channels.twilio.errors import DIAGNOSES, diagnose, diagnose_failure
from core.channels.twilio.titles import title_of
from core.channels.types import (
    Account,
    Cause,
    InvalidMessage,
    Kind,
    Outgoing,
    OutgoingFile,
    ProviderError,
    SendError,
    Verdict,
)
from tests.unit.channels.test_content import BUTTONS, CTA, LIST

URL = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"


def outgoing(document: dict[str, Any], **kw: Any) -> Outgoing:
    content = parse_content(document).model_dump(mode="json", exclude_none=True)
    return Outgoing(**{"message_id": 4711, "to": "5491123456789", "type": content["type"], "content": content} | kw)


def send(account: Account, message: Outgoing) -> dict[str, str]:
    responses.post(URL, json={"sid": "SM1", "status": "queued"}, status=201)
    assert Twilio(account).send(message).provider_id == "SM1"
    return {key: values[0] for key, values in parse_qs(str(responses.calls[-1].request.body)).items()}


@responses.activate
def test_whatsapp_text(twilio_account: Account) -> None:
    assert send(twilio_account, outgoing({"text": "Hola 🚲"})) == {
        "To": "whatsapp:+5491123456789",
        "From": "whatsapp:+14155238886",
        "Body": "Hola 🚲",
        "StatusCallback": "https://desk.example.com/api/webhooks/twilio/status?message_id=4711",
    }
    assert responses.calls[0].request.headers["Authorization"].startswith("Basic ")


@responses.activate
def test_sms_by_messaging_service_without_callback(twilio_account: Account) -> None:
    account = replace(twilio_account, kind=Kind.SMS, identity="MG1", callback_url="")
    form = send(account, outgoing({"text": "Hola"}))
    assert form == {"To": "+5491123456789", "MessagingServiceSid": "MG1", "Body": "Hola"}


@responses.activate
def test_template_media_and_place(twilio_account: Account) -> None:
    template = {"content_sid": "HX" + "a" * 32, "variables": {"1": "ñandú"}}
    form = send(twilio_account, outgoing({"template": template}))
    assert form["ContentSid"] == template["content_sid"] and json.loads(form["ContentVariables"]) == {"1": "ñandú"}
    form = send(
        twilio_account,
        outgoing(
            {"type": "image", "media": {"attachment_id": 1, "caption": "pie"}},
            files={1: OutgoingFile("a.jpg", link="https://desk.example.com/m/1")},
        ),
    )
    assert (form["MediaUrl"], form["Body"]) == ("https://desk.example.com/m/1", "pie")
    place = {"location": {"latitude": -34.6, "longitude": -58.4, "name": "Obelisco"}}
    form = send(twilio_account, outgoing(place))
    assert (form["PersistentAction"], form["Body"]) == ("geo:-34.6,-58.4|Obelisco", "Obelisco")
    form = send(replace(twilio_account, kind=Kind.SMS), outgoing(place))
    assert form["Body"] == "Obelisco\nhttps://maps.google.com/?q=-34.6,-58.4" and "PersistentAction" not in form


@responses.activate
@pytest.mark.parametrize(
    ("message", "body"),
    [
        (BUTTONS, "¿Confirma?\n\n1. Sí"),
        (LIST, "Elija\n\n1. Uno"),
        (CTA, "Pague aquí\n\nPagar: https://example.com/p"),
    ],
)
def test_buttons_and_lists_become_numbered_lines(twilio_account: Account, message: dict[str, Any], body: str) -> None:
    assert send(twilio_account, outgoing({"interactive": message}))["Body"] == body


@responses.activate
def test_a_file_without_public_address_is_permanent(twilio_account: Account) -> None:
    with pytest.raises(SendError) as raised:
        Twilio(twilio_account).send(outgoing({"type": "image", "media": {"attachment_id": 1}}))
    assert (raised.value.verdict, raised.value.cause) == (Verdict.PERMANENT, Cause.REQUEST)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"text": "x" * 1601}, "text"),
        ({"type": "image", "media": {"link": "https://e.com/a", "caption": "x" * 1601}}, "media.caption"),
        ({"type": "image", "media": {"id": "99"}}, "media.id"),
        ({"template": {"name": "t", "language": "es"}}, "template.content_sid"),
        ({"reaction": {"message_id": "x"}}, "type"),
        ({"interactive": {"type": "flow", "body": {"text": "x"}}}, "interactive.type"),
        ({"interactive": {"type": "flow"}}, "interactive.body.text"),
    ],
)
def test_what_twilio_cannot_carry(twilio_account: Account, document: dict[str, Any], field: str) -> None:
    content = parse_content(document).model_dump(mode="json", exclude_none=True)
    with pytest.raises(InvalidMessage) as raised:
        Twilio(twilio_account).check(content["type"], content)
    assert raised.value.field == field


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "verdict", "cause"),
    [
        (400, {"code": 63016, "message": "window"}, Verdict.PERMANENT, Cause.NEEDS_TEMPLATE),
        (400, {"code": 21610, "message": "unsubscribed"}, Verdict.PERMANENT, Cause.RECIPIENT),
        (401, {"code": 20003, "message": "auth"}, Verdict.RETRYABLE, Cause.ADMIN),
        (401, "", Verdict.RETRYABLE, Cause.ADMIN),
        (403, "", Verdict.PERMANENT, Cause.ADMIN),
        (429, {"code": 20429, "message": "slow"}, Verdict.RETRYABLE, Cause.THROTTLED),
        (400, {"code": 99999, "message": "?"}, Verdict.PERMANENT, Cause.REQUEST),
        (503, {"code": 99999, "message": "?"}, Verdict.RETRYABLE, Cause.PROVIDER),
        (502, "<html>", Verdict.RETRYABLE, Cause.PROVIDER),
        (201, "<html>", Verdict.UNKNOWN, Cause.NETWORK),
        (201, {"sid": None}, Verdict.UNKNOWN, Cause.NETWORK),
        (307, "", Verdict.PERMANENT, Cause.ADMIN),
    ],
)
def test_verdicts(twilio_account: Account, status: int, body: Any, verdict: Verdict, cause: Cause) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    responses.post(URL, body=text, status=status, headers={"Retry-After": "3"})
    with pytest.raises(SendError) as raised:
        Twilio(twilio_account).send(outgoing({"text": "x"}))
    assert (raised.value.verdict, raised.value.cause) == (verdict, cause)
    assert verdict is not Verdict.RETRYABLE or raised.value.retry_after == 3.0


_CLASSES = {
    (
        Verdict.RETRYABLE,
        None,
    ): "429 20429 30001 30008 30017 30022 63009 63010 63012 63017 63018 63119 14107 21611 30410",
    (Verdict.RETRYABLE, Cause.ADMIN): "20003 20005 30002",
    (Verdict.PERMANENT, Cause.NEEDS_TEMPLATE): "63016",
    (
        Verdict.PERMANENT,
        Cause.RECIPIENT,
    ): "21610 21211 21614 21635 30003 30004 30005 30006 30036 63003 63014 63015 63024 63032 63033 63036 63049",
    (Verdict.PERMANENT, Cause.REQUEST): "21602 21603 21604 21617 21620 21654 21655 21656 63005 63006 63013 63019 63021 "
    "63027 63028 63030 63031 63034 63041",
    (Verdict.PERMANENT, Cause.ADMIN): "21212 21408 21606 21608 21612 21660 21703 21910 30007 30010 30023 30032 30034 "
    "63001 63002 63007 63008 63020 63022 63038 11200 11205 12300",
}


def test_every_code_of_the_table_is_classified() -> None:
    """Every code has a title, and no final status promises a retry."""
    listed = set()
    for (verdict, cause), codes in _CLASSES.items():
        for code in codes.split():
            listed.add(code)
            found = diagnose(code)
            assert found.verdict is verdict and cause in (None, found.cause), code
            assert "again by itself" not in found.advice, code
            assert diagnose_failure(ProviderError(code, "")).verdict is Verdict.PERMANENT
            assert code in ("429", "11205") or not title_of(code).startswith("Twilio error"), code
    assert set(DIAGNOSES) <= listed
