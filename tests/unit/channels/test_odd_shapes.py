"""Undocumented bodies with content: nothing is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from core.channels.twilio.webhooks import parse_inbound, parse_status
from core.channels.types import AccountUpdate, InboundMessage, Kind, Parsed, Receipt, UnparsedItem
from core.channels.whatsapp_cloud.webhooks.body import IGNORED, parse
from tests.support.payloads import Payload, load_all, meta_bytes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = 1795392000
ROUTE, OWN, ANA = "106540352242922", "15550783881", "447710173736"
OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
FORM = "application/x-www-form-urlencoded"


def read(value: dict[str, Any], **change: Any) -> list[Parsed]:
    metadata = {"display_phone_number": OWN, "phone_number_id": ROUTE}
    change = {"field": "messages", "value": {"metadata": metadata, **value}} | change
    document = {"entry": [{"id": "102290129340398", "changes": [change]}]}
    return list(parse(meta_bytes(document), NOW))


def written(kind: Any = "text", **more: Any) -> dict[str, Any]:
    return {"from": ANA, "id": "wamid.odd", "timestamp": str(AT), "type": kind, **more}


def message(item: dict[str, Any], **value: Any) -> InboundMessage:
    (found,) = read({"messages": [item], **value})
    assert isinstance(found, InboundMessage), found
    return found


@pytest.mark.parametrize("field", [None, "", "standby", 7])
@pytest.mark.parametrize(
    ("part", "item", "made"),
    [
        ("messages", written(text={"body": "hola"}), InboundMessage),
        ("statuses", {"id": "wamid.out", "status": "read"}, Receipt),
        ("message_echoes", written(text={"body": "hola"}, to="5491155550001"), InboundMessage),
        ("calls", {**written(), "id": "wacid.1", "event": "terminate"}, InboundMessage),
        ("history", {"threads": [{"id": ANA, "messages": [written(text={"body": "hola"})]}]}, InboundMessage),
    ],
)
def test_a_change_of_no_known_field_is_read_by_what_it_holds(field: Any, part: str, item: Any, made: type) -> None:
    (found,) = read({part: [item]}, field=field)
    assert isinstance(found, made)


def test_a_change_of_no_known_field_that_holds_none_of_these_is_news() -> None:
    assert isinstance(read({"messages": None, "tomorrow": [1]}, field=None)[0], AccountUpdate)


@pytest.mark.parametrize(("field", "part"), [("messages", "message_echoes"), ("calls", "messages")])
def test_a_change_of_the_wrong_field_is_read_by_what_it_holds(field: str, part: str) -> None:
    (found,) = read({part: [written(text={"body": "hola"}, to="5491155550001")]}, field=field)
    assert isinstance(found, InboundMessage) and found.echo == (part == "message_echoes")


@pytest.mark.parametrize(
    "field", ["messages", "smb_message_echoes", "history", "calls", "user_preferences", "user_id_update"]
)
def test_a_field_with_none_of_its_parts_is_a_dead_letter(field: str) -> None:
    (found,) = read({"message": written(text={"body": "hola"})}, field=field)
    assert isinstance(found, UnparsedItem)
    assert found.reason.startswith(f"a value of the field {field} has no ")


@pytest.mark.parametrize("field", sorted(IGNORED))
def test_an_ignored_field_is_not_notified(field: str) -> None:
    assert read({"data": {"id": "1"}}, field=field) == []
    assert f"| `{field}` |" in OPERATIONS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("item", "type_", "text"),
    [
        (written(text={"body": 12345}), "text", "12345"),
        (written(text="suelto"), "text", "suelto"),
        (written(text={"body": None}), "unknown", ""),
        (written(text={}), "unknown", ""),
        (written(), "unknown", ""),
        (written(errors=[{"code": 131051}]), "unknown", ""),
        (written("TEXT", text={"body": "mayúsculas"}), "text", "mayúsculas"),
        (written("rich_text", text={"body": "de mañana"}), "text", "de mañana"),
        (written(["text"], text={"body": "lista"}), "text", "lista"),
        (written("view_once", image={"id": "1", "caption": "una vez"}), "image", "una vez"),
        (written("poll", poll={"name": "¿Sí?"}, image={"id": "1"}), "unknown", ""),
        (written("location", location={"latitude": "-34.60", "longitude": "-58.38"}), "location", "-34.60, -58.38"),
        (written("location", location={"latitude": "aquí", "longitude": None}), "location", ""),
        (written("contacts", contacts={"name": {"formatted_name": "Rosa"}}), "contacts", "Rosa"),
        (written("contacts", contacts=[{"name": "Rosa", "phones": ["+5411"]}]), "contacts", "Rosa, +5411"),
        (written("contacts", contacts=[{"org": {"title": "Gerente"}}]), "contacts", "Gerente"),
        (
            written("contacts", contacts=[{"addresses": [{"street": "Sol 1", "city": "Lima"}]}]),
            "contacts",
            "Sol 1, Lima",
        ),
        (written("contacts", contacts=[{"phones": {"wa_id": "9715"}}]), "contacts", "9715"),
        (written("contacts", contacts=None), "unknown", ""),
        (written("order", order={"product_items": {"product_retailer_id": "uno"}}), "order", "1 × uno"),
        (written("edit", edit={"message": {"type": "text", "text": {"body": "otra cosa"}}}), "edit", "otra cosa"),
        (written("edit", edit=None), "unknown", ""),
        (written("edit", edit={"original_message_id": "wamid.1", "message": None}), "unknown", ""),
        (written("edit", edit={"original_message_id": "wamid.1", "message": {"type": "unsupported"}}), "unknown", ""),
    ],
)
def test_other_shapes_are_parsed_and_unknown_ones_stored(item: dict[str, Any], type_: str, text: str) -> None:
    found = message(item)
    assert (found.type, found.text, found.sender) == (type_, text, ANA)
    assert type_ != "unknown" or found.payload["raw"] == item


@pytest.mark.parametrize(
    ("answer", "text", "opt_out"),
    [
        ({"type": "button_reply", "button_reply": {"id": "stop"}}, "stop", None),
        ({"type": "button_reply", "button_reply": {"id": "b", "title": None}}, "b", None),
        ({"type": "button_reply", "button_reply": {"id": "b", "title": "Baja"}}, "Baja", True),
        ({"type": "button_reply", "button_reply": {"id": "b", "title": 1}}, "1", None),
        ({"type": "list_reply", "list_reply": {"id": "r", "description": "azul"}}, "azul", None),
        ({"list_reply": {"id": "r", "title": "Talle M"}}, "Talle M", None),
        ({"type": "carousel_reply", "carousel_reply": {"id": "c", "title": "Tarjeta 2"}}, "Tarjeta 2", None),
        ({"type": "carousel_reply", "carousel_reply": None}, "", None),
        ({"type": "payment_method", "payment_method": {"payment_method": "upi"}}, "payment method: upi", None),
    ],
)
def test_a_choice_is_read_from_any_of_its_names(answer: dict[str, Any], text: str, opt_out: bool | None) -> None:
    found = message(written("interactive", interactive=answer))
    assert (found.type, found.text, found.opt_out) == ("interactive", text, opt_out)


@pytest.mark.parametrize("time", [str(AT), AT, f"{AT}123", AT * 1000 + 123, AT + 0.75, f"{AT}.75"])
def test_a_time_is_understood_however_it_is_written(time: Any) -> None:
    assert message(written(text={"body": "x"}, timestamp=time)).timestamp == datetime.fromtimestamp(AT, UTC)


@pytest.mark.parametrize(
    "time", [None, True, "", " 1795392000", "2026-11-23T12:00:00Z", "0", -5, 1e300, 4102444800, [AT]]
)
def test_our_time_replaces_an_invalid_time(time: Any) -> None:
    assert message(written(text={"body": "x"}, timestamp=time)).timestamp == NOW


@pytest.mark.parametrize(
    ("item", "contacts", "sender"),
    [
        ({"from_parent_user_id": "AE.ENT.2109"}, [], "AE.ENT.2109"),
        ({}, [{"parent_user_id": "AE.ENT.2109"}], "AE.ENT.2109"),
        ({"from_user_id": "AE.11", "from_parent_user_id": "AE.ENT.2109"}, [], "AE.11"),
        ({"type": "system", "system": {"type": "customer_identity_changed", "customer": ANA}}, None, ANA),
    ],
)
def test_the_sender_is_found_wherever_it_is_named(item: dict[str, Any], contacts: Any, sender: str) -> None:
    anonymous = {key: part for key, part in written(text={"body": "x"}).items() if key != "from"}
    found = message({**anonymous, **item}, contacts=contacts)
    assert (found.sender, found.aliases) == (sender, ())


@pytest.mark.parametrize(
    ("to", "contacts", "sender", "aliases"),
    [
        ({"to": ANA}, [], ANA, ()),
        ({"to": ANA, "to_user_id": "GB.1"}, [], ANA, ("GB.1",)),
        ({"to": None, "to_user_id": "GB.1"}, [{"user_id": "GB.1"}], "GB.1", ()),
        ({}, [{"wa_id": ANA, "user_id": "GB.1"}], ANA, ("GB.1",)),
        ({"to": ANA}, [{"wa_id": OWN, "profile": {"name": "Tienda"}}], ANA, ()),
    ],
)
def test_an_echo_goes_to_the_named_recipient(
    to: dict[str, Any], contacts: Any, sender: str, aliases: tuple[str, ...]
) -> None:
    item = {"from": OWN, "id": "wamid.echo", "type": "text", "text": {"body": "baja"}, **to}
    (found,) = read({"message_echoes": [item], "contacts": contacts}, field="smb_message_echoes")
    assert isinstance(found, InboundMessage)
    assert (found.echo, found.sender, found.aliases, found.opt_out) == (True, sender, aliases, None)
    assert found.profile_name is None


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"status": "DELIVERED"}, [("delivered", ())]),
        ({"status": "failed", "errors": {"code": 131026, "title": "Undeliverable"}}, [("failed", ("131026",))]),
        ({"status": "failed", "errors": None}, [("failed", ())]),
        ({"status": "RINGING", "type": "call"}, []),
    ],
)
def test_statuses_in_other_shapes(status: dict[str, Any], told: list[Any]) -> None:
    found = read({"statuses": [{"id": "wamid.out", **status}]})
    assert [
        (one.status, tuple(error.code for error in one.errors)) for one in found if isinstance(one, Receipt)
    ] == told
    assert len(found) == len(told)


@pytest.mark.parametrize("name", [None, "", {"a": 1}, ["x"], 7])
def test_news_of_payments_need_no_name(name: Any) -> None:
    (found,) = read({"configuration_name": name, "status": "active"}, field="payment_configuration_update")
    assert isinstance(found, AccountUpdate)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("messages", {"messages": ["x"]}),
        ("smb_message_echoes", {"message_echoes": ["x"]}),
        ("calls", {"calls": ["x"]}),
        ("history", {"history": [{"threads": [{"messages": [["x"]]}]}]}),
    ],
)
def test_what_is_no_message_at_all_says_so(field: str, value: dict[str, Any]) -> None:
    (found,) = read(value, field=field)
    assert isinstance(found, UnparsedItem) and found.reason.startswith(
        ("it is a text, not an obj", "it is a list, not an obj")
    )


_OF_PYTHON = re.compile(r"Error|Exception|attribute|subscript|indices|NoneType|'(dict|list|str|int)'")
_ODD: tuple[Any, ...] = (None, "", 7, "x", [], {"x": 1})


def _mutated(document: Any) -> Iterator[Any]:
    """Yield the document without each of its parts, and with each of them of every other type."""
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            rest = copy(document)
            del rest[key]
            yield rest
            for other in (*_ODD, *_mutated(document[key])):
                rest = copy(document)
                rest[key] = other
                yield rest


@pytest.mark.parametrize("payload", load_all("whatsapp_cloud"), ids=lambda payload: payload.name)
def test_a_missing_or_malformed_part_is_described(payload: Payload) -> None:
    for document in _mutated(json.loads(payload.body)):
        for found in parse(meta_bytes(document), NOW):
            if isinstance(found, UnparsedItem):
                assert not _OF_PYTHON.search(found.reason)
                assert "not known here" not in found.reason, (found.reason, found.raw)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("smb_app_state_sync", {"state_sync": [{"type": "contact"}]}, "contact is missing (in state_sync)"),
        ("smb_app_state_sync", {"state_sync": [{"contact": []}]}, "contact is a list, not an object (in state_sync)"),
        (
            "smb_app_state_sync",
            {"state_sync": [{"contact": {"phone_number": None}}]},
            "phone_number is null, not a telephone number (in state_sync)",
        ),
        ("messages", {"messages": [{"from": ANA, "id": ["x"]}]}, "id is a list, not an id (in messages)"),
        ("messages", {"statuses": [{"id": "wamid.1"}]}, "status is missing (in statuses)"),
        ("messages", {"statuses": [{"id": "w", "status": "lost"}]}, "status is 'lost', which is none that is known"),
        ("user_id_update", {"user_id_update": [{"user_id": 7}]}, "user_id is a number, not an object"),
        ("history", {"history": [{"threads": [True]}]}, "it is true or false, not an object (in threads)"),
        ("user_preferences", {"user_preferences": [{"wa_id": ANA, "value": ""}]}, "value is an empty text, not a wish"),
    ],
)
def test_a_reason_names_the_part_and_its_shape(field: str, value: dict[str, Any], reason: str) -> None:
    (found,) = read(value, field=field)
    assert isinstance(found, UnparsedItem) and found.reason.startswith(reason)


# ---- Twilio


def twilio(fields: dict[str, Any], read_as: Any = parse_inbound, *query: str) -> Parsed:
    form = {"MessageSid": "SM1", "From": "+5491123456789", "To": "+14155238886", "Body": "", **fields}
    (found,) = read_as(urlencode(form).encode(), FORM, *query, NOW)
    return found


@pytest.mark.parametrize(
    ("fields", "type_", "text"),
    [
        ({"ListTitle": "Talle XL", "MessageType": "interactive"}, "interactive", "Talle XL"),
        ({"ListId": "talle_s"}, "interactive", "talle_s"),
        ({"ListId": "s", "ListDescription": "azul"}, "interactive", "azul"),
        ({"Latitude": "", "Longitude": "", "Body": "no es un lugar"}, "text", "no es un lugar"),
        ({"MessageType": "interactive", "Body": "Sent", "FlowData": '{"talle": "M"}'}, "interactive", "talle: M"),
        ({"MessageType": "interactive", "Body": "Sent", "FlowData": "{"}, "text", "Sent"),
        ({"Body": "hola", "Extra": '{"talle": "M"}'}, "text", "hola"),
    ],
)
def test_a_form_is_read_completely(fields: dict[str, str], type_: str, text: str) -> None:
    found = twilio(fields)
    assert isinstance(found, InboundMessage) and (found.type, found.text) == (type_, text)


@pytest.mark.parametrize("count", [{}, {"NumMedia": ""}, {"NumMedia": "0"}, {"NumMedia": "x"}, {"NumMedia": "2"}])
def test_files_count_by_their_addresses(count: dict[str, str]) -> None:
    found = twilio({"MediaUrl1": "https://api.twilio.com/m", "MediaContentType1": "video/mp4", **count})
    assert isinstance(found, InboundMessage)
    assert (found.type, [media.mime_type for media in found.media]) == ("video", ["video/mp4"])


def test_a_message_at_the_address_for_statuses_is_a_message() -> None:
    found = twilio({"SmsStatus": "received", "Body": "hola"}, parse_status, "")
    assert isinstance(found, InboundMessage) and (found.kind, found.text) == (Kind.SMS, "hola")


@pytest.mark.parametrize("name", ["MessageStatus", "SmsStatus"])
def test_a_status_at_the_address_for_messages_is_a_status(name: str) -> None:
    found = twilio({name: "delivered", "From": "whatsapp:+14155238886", "To": "whatsapp:+5491123456789"})
    assert isinstance(found, Receipt)
    assert (found.kind, found.route, found.status) == (Kind.WHATSAPP, "+14155238886", "delivered")


def test_nulls_of_a_json_body_are_not_words() -> None:
    names = ("Body", "NumMedia", "ButtonText", "OptOutType", "ProfileName", "Latitude")
    body = {"MessageSid": "SM1", "From": "+5491123456789", "To": "+14155238886", **dict.fromkeys(names)}
    (found,) = parse_inbound(json.dumps(body).encode(), "application/json", NOW)
    assert isinstance(found, InboundMessage)
    assert (found.type, found.text, found.profile_name, found.opt_out) == ("text", "", None, None)


@pytest.mark.parametrize(
    ("fields", "read_as", "reason"),
    [
        ({"MessageSid": ""}, (parse_inbound,), "MessageSid is missing (in a message)"),
        ({"From": ""}, (parse_inbound,), "From is missing (in a message)"),
        ({"To": ""}, (parse_inbound,), "To is missing (in a message)"),
        ({"From": "+" * 600}, (parse_inbound,), "From is longer than any id: 600 characters (in a message)"),
        ({"MessageStatus": "lost"}, (parse_status, ""), "MessageStatus is 'lost', which is none"),
        ({"MessageStatus": ""}, (parse_status, ""), "MessageStatus is missing (in a status)"),
        ({"MessageStatus": "sent", "MessageSid": ""}, (parse_status, ""), "MessageSid is missing (in a status)"),
    ],
)
def test_twilios_parameters_are_named_too(fields: dict[str, Any], read_as: Any, reason: str) -> None:
    found = twilio(fields, *read_as)
    assert isinstance(found, UnparsedItem) and found.reason.startswith(reason)
