"""The published schema of a message and the server refuse the same bodies, whatever the state of the business."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from pydantic import ValidationError

from core.channels.content.shapes import parse_content
from core.channels.kinds import rules
from core.channels.phone_numbers import PHONE, dialled
from core.channels.types import InvalidMessage
from tests.integration.webhook_app.test_api_faults import RIGHT, SEND, spoiled
from webhook_app.api.schemas import SendMessage

PATH = "/api/v1/messages"
MESSAGES = [body for path, body in RIGHT if path == PATH]
PICTURE = {"id": "1"}
WORDS = {"type": "text", "text": "x"}
DEEP = {"type": "flow", "action": {"parameters": {"data": [{"note": "x", "more": {"a": None, "b": 1.5}}]}}}


def refusal(body: dict[str, Any]) -> str:
    """What the server has against a body before it looks at the business; "" if nothing."""
    try:
        message = SendMessage.model_validate(body)
        parse_content(message.content())
        if message.to is None:
            return "" if message.conversation_id is not None else "nobody to write to"
        if message.channel is None:
            return "no channel"
        rules(message.channel).read_address(message.to)
    except (ValidationError, InvalidMessage) as error:
        return str(error)
    return ""


@pytest.fixture
def document(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/openapi.json").json
    return found


@pytest.fixture
def published(document: dict[str, Any]) -> Draft202012Validator:
    whole = {"$ref": "#/components/schemas/SendMessage", "components": document["components"]}
    return Draft202012Validator(whole)


@pytest.mark.parametrize("right", MESSAGES, ids=lambda body: "-".join(sorted(body.keys() - SEND.keys())))
def test_what_is_wrong_with_a_part_is_wrong_for_both(published: Draft202012Validator, right: dict[str, Any]) -> None:
    for body in [right, *spoiled(right)]:
        if "\\ud800" in ascii(body):
            continue  # no schema can say it, and JSON in UTF-8 cannot hold it
        against = refusal(body)
        assert published.is_valid(body) == (not against), (body, against)


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        (SEND | WORDS, True), (SEND | {"text": "x"}, True), ({"conversation_id": 1, "text": "x"}, True),
        ({"conversation_id": 1, "channel": "whatsapp", "to": None, "text": "x", "media": None}, True),
        ({"text": "x"}, False), ({"channel": "whatsapp", "text": "x"}, False),
        ({"to": "5511955550001", "text": "x"}, False),
        (SEND | {"to": "Ana", "text": "x"}, False), (SEND | {"to": "+54 (0)11 5555-0001", "text": "x"}, True),
        (SEND | {"to": "AR.13491208655302741918", "text": "x"}, True),
        ({"channel": "sms", "to": "AR.13491208655302741918", "text": "x"}, False),
        ({"channel": "email", "to": "Ana@example.com", "text": "x"}, True),
        ({"channel": "email", "to": "ana@example", "text": "x"}, False),
        (SEND | {"type": "image", "text": "x"}, False), (SEND | {"type": "text", "media": PICTURE}, False),
        (SEND | {"media": PICTURE}, False), (SEND | {"type": "image", "media": PICTURE}, True),
        (SEND | {"type": "image", "media": PICTURE | {"voice": True}}, False),
        (SEND | {"type": "audio", "media": PICTURE | {"voice": True}}, True),
        (SEND | {"type": "audio", "media": PICTURE | {"link": "https://a.example/b.ogg"}}, False),
        (SEND | {"text": "x", "reaction": {"message_id": "wamid.1"}}, False), (SEND | {"contacts": []}, False),
        (SEND | {"interactive": DEEP}, True),
        (SEND | {"location": {"latitude": "-34.6", "longitude": "-158.4"}}, True),
        (SEND | {"location": {"latitude": "north", "longitude": 1}}, False),
        (SEND | {"location": {"latitude": "-90.5", "longitude": 1}}, False),
        (SEND | {"interactive": {"type": "list", "body": {"text": "x"}}}, False),
        (SEND | {"template": {"name": "x", "language": "es", "variables": {"1": "x"}}}, False),
    ],
)  # fmt: skip
def test_what_goes_together_is_published(published: Draft202012Validator, body: dict[str, Any], fits: bool) -> None:
    assert published.is_valid(body) is fits
    assert (not refusal(body)) is fits


@pytest.mark.parametrize("spoil", ["a\0b", {"a\0b": "x"}])
def test_u_0000_is_refused_in_what_is_passed_on(published: Draft202012Validator, spoil: Any) -> None:
    newer = {"type": "newer", "parameters": [{"type": "newer", "inside": [spoil]}]}
    flow = {
        "type": "button",
        "sub_type": "flow",
        "index": 0,
        "parameters": [{"type": "action", "action": {"x": spoil}}],
    }
    for part in (
        {"interactive": DEEP | {"note": spoil}},
        {"interactive": {"type": "flow", "action": {"data": [[spoil]]}}},
        {"template": {"name": "x", "language": "es", "components": [newer]}},
        {"template": {"name": "x", "language": "es", "components": [flow]}},
    ):
        assert refusal(SEND | part)
        assert not published.is_valid(SEND | part)


LIKE_NUMBERS = st.text("+0123456789 ()-.;\u00a0telwhasp:", max_size=24) | st.from_regex(PHONE, fullmatch=True)


@given(LIKE_NUMBERS)
def test_the_published_form_of_a_number_is_what_is_dialled(written: str) -> None:
    found = dialled(written)
    assert (found == "") == (not Draft202012Validator({"pattern": PHONE}).is_valid(written))
    assert found == "" or (found.isascii() and found.isdigit() and 3 <= len(found) <= 15 and found[0] != "0")


def test_bodies_made_from_the_schema_are_not_refused_for_their_form(client: Any) -> None:
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", client.application)
    operation = described[PATH]["POST"]

    @given(case=operation.as_strategy())
    @settings(max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def fit(case: Any) -> None:
        assert not refusal(case.body)

    fit()
