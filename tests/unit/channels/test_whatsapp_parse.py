from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.channels.types import (
    AccountUpdate,
    IdentityChange,
    InboundMessage,
    Kind,
    MarketingConsent,
    Receipt,
    UnparsedItem,
)
from core.channels.whatsapp_cloud.webhooks.body import parse
from tests.support.payloads import load, load_all, meta_bytes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENT_AT = datetime.fromtimestamp(1795392000, UTC)
ROUTE, WABA, WA, BSUID = "106540352242922", "102290129340398", "5491123456789", "AR.13491208655302741918"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def read(name: str) -> list[Any]:
    return list(parse(load("whatsapp_cloud", name).body, NOW))


def message(name: str) -> InboundMessage:
    (only,) = read(name)
    assert isinstance(only, InboundMessage)
    return only


def test_text_carries_everything_a_desk_needs() -> None:
    found = message("text")
    assert found == InboundMessage(
        kind=Kind.WHATSAPP,
        route=ROUTE,
        provider_id=found.provider_id,
        sender=WA,
        timestamp=SENT_AT,
        type="text",
        text="Hola, ¿tienen bicicletas? 🚲",
        phone="+" + WA,
        profile_name="María Gómez",
    )
    assert found.provider_id.startswith("wamid.")


@pytest.mark.parametrize(
    ("name", "type_", "text", "payload"),
    [
        ("image", "image", "la rueda", {"caption": "la rueda"}),
        ("video", "video", "cómo suena", {}),
        ("document", "document", "la factura", {"filename": "factura.pdf"}),
        ("sticker", "sticker", "", {"animated": False}),
        ("sticker_animated", "sticker", "", {"animated": True}),
        ("audio", "audio", "", {"voice": False}),
        ("audio_voice_note", "audio", "", {"voice": True}),
        ("voice_legacy", "audio", "", {"voice": True}),
        ("location", "location", "Obelisco, Av. 9 de Julio, Buenos Aires", {"latitude": -34.603722}),
        ("location_bare", "location", "-34.603722, -58.381592", {"longitude": -58.381592}),
        (
            "contacts",
            "contacts",
            "Juan Pérez, Taller, +54 9 11 5555-0101, juan@example.com\nSin teléfono, 4444-1234",
            {},
        ),
        ("interactive_button_reply", "interactive", "Sí", {"button_reply": {"id": "si", "title": "Sí"}}),
        ("interactive_list_reply", "interactive", "Rodado 26", {"type": "list_reply"}),
        ("interactive_nfm_reply", "interactive", "talle: M", {"response": {"flow_token": "t1", "talle": "M"}}),
        ("interactive_nfm_reply_absent", "interactive", "Sent", {"response": None}),
        ("interactive_nfm_reply_invalid", "interactive", '{"talle":', {"response": None}),
        ("interactive_nfm_reply_list", "interactive", "M\nL", {"response": ["M", "L"]}),
        ("interactive_call_permission_reply", "interactive", "📞 ✓", {"type": "call_permission_reply"}),
        ("interactive_without_object", "unsupported", "", {"unsupported": {"type": "interactive"}}),
        ("button", "button", "Confirmar", {"payload": "CONFIRMAR", "text": "Confirmar"}),
        ("order", "order", "para hoy\n1 × bici-26 (250000 ARS)", {"catalog_id": "194836987003835"}),
        ("system_customer_identity_changed", "system", "identity changed", {"identity": "a1b2c3"}),
        ("unsupported", "unsupported", "", {}),
        ("unsupported_poll", "unsupported", "", {"unsupported": {"type": "poll_creation"}}),
        ("request_welcome", "request_welcome", "", {}),
        ("unknown_type", "unknown", "", {}),
        ("unknown_named", "unknown", "", {}),
    ],
)
def test_types(name: str, type_: str, text: str, payload: dict[str, Any]) -> None:
    found = message(name)
    assert (found.type, found.text, found.sender) == (type_, text, WA)
    assert found.payload.items() >= payload.items()


def test_errors_of_a_message_are_kept() -> None:
    for name in ("unsupported", "unsupported_poll", "interactive_without_object"):
        assert message(name).payload["errors"][0]["code"] == 131051


def test_an_unknown_type_is_stored_whole() -> None:
    assert message("unknown_type").payload["raw"]["hologram"] == {"depth": 3, "frames": ["a", "b"]}


def test_media_reference_has_its_hash_in_hex() -> None:
    (media,) = message("image").media
    assert (media.provider_media_id, media.mime_type, media.sha256) == ("1003383421387256", "image/jpeg", SHA256)
    assert media.url is not None and media.url.startswith("https://lookaside.fbsbx.com/")
    assert message("document").media[0].filename == "factura.pdf"


@pytest.mark.parametrize(
    ("name", "emoji"), [("reaction", "👍"), ("reaction_removed_empty", ""), ("reaction_removed_missing", "")]
)
def test_reaction_and_its_removal(name: str, emoji: str) -> None:
    found = message(name)
    assert (found.type, found.text, found.payload["emoji"]) == ("reaction", emoji, emoji)
    assert found.target is not None and found.target.endswith("ours")


def test_edit_and_revoke_name_the_message_they_are_about() -> None:
    edit, caption, revoke = message("edit"), message("edit_caption"), message("revoke")
    assert (edit.type, edit.text) == ("edit", "Hola, ¿tienen monopatines?")
    assert edit.target is not None and edit.target.endswith("text") and edit.target != edit.provider_id
    assert (caption.text, caption.payload["message"]["type"]) == ("la rueda trasera", "image")
    assert revoke.type == "revoke" and revoke.target == edit.target


def test_message_context() -> None:
    assert message("text_forwarded").payload["forwarded"] is True
    assert message("text_frequently_forwarded").payload["frequently_forwarded"] is True
    reply = message("text_reply")
    assert reply.reply_to is not None and reply.reply_to.endswith("ours")
    product = message("text_referred_product").payload["context"]["referred_product"]
    assert product["product_retailer_id"] == "bici-26"
    assert message("text_referral").payload["referral"]["ctwa_clid"] == "Aff-n8ZTODiE79d22KtAwQKj9e"
    assert message("text_group").group_id == "Y2FwaV9ncm91cDoxNzA1NTU1"
    assert message("button_without_context").reply_to is None


@pytest.mark.parametrize(
    ("name", "opt_out"), [("text_stop", True), ("button_without_context", True), ("text_start", False), ("text", None)]
)
def test_opt_out_words(name: str, opt_out: bool | None) -> None:
    assert message(name).opt_out is opt_out


def test_nul_is_removed_from_every_string() -> None:
    assert message("text_nul").text == "antesdespués"


@pytest.mark.parametrize(
    ("escape", "kept"),
    [
        (r"a\ud83db", "ab"),
        (r"a\ude00b", "ab"),
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d\ud83d\ude00", "😀"),
        (r"\ude00\ud83d", ""),
        (r"\\ud83d\ude00", r"\ud83d"),
        (r"\ud83d\\ude00", r"\ude00"),
        (r"a\u0000", "a"),
    ],
)
def test_what_postgres_refuses_is_removed_everywhere(escape: str, kept: str) -> None:
    body = load("whatsapp_cloud", "text_nul").body.replace(rb"antes\u0000despu\u00e9s", escape.encode())
    body = body.replace(rb"Mar\u00eda", escape.encode())
    (found,) = parse(body, NOW)
    assert isinstance(found, InboundMessage)
    assert (found.text, found.profile_name) == (kept, kept + " Gómez")


@pytest.mark.parametrize("name", ["timestamp_missing", "timestamp_absurd"])
def test_our_time_replaces_an_absent_or_absurd_one(name: str) -> None:
    assert message(name).timestamp == NOW


@pytest.mark.parametrize(
    ("name", "sender", "aliases", "phone", "profile"),
    [
        ("bsuid_only", BSUID, (), None, "Ana"),
        ("bsuid_contact_only", BSUID, (), None, "ana.bici"),
        ("bsuid_with_phone", WA, (BSUID,), "+" + WA, "María Gómez"),
    ],
)
def test_identity_without_a_phone_number(
    name: str, sender: str, aliases: tuple[str, ...], phone: str | None, profile: str
) -> None:
    found = message(name)
    assert (found.sender, found.aliases, found.phone, found.profile_name) == (sender, aliases, phone, profile)


def test_a_batch_over_entries_and_changes_keeps_order_and_owners() -> None:
    first, second, sent, third = read("batch")
    assert [first.profile_name, second.profile_name] == ["María Gómez", "João Silva"]  # listed the other way round
    assert isinstance(sent, Receipt) and sent.our_id is None
    assert (third.route, third.text) == ("106540352242999", "otra línea")


def test_bad_items_are_quarantined_and_the_others_processed() -> None:
    found = read("batch_with_bad_items")
    kinds = [type(item) for item in found]
    assert kinds == [InboundMessage, UnparsedItem, UnparsedItem, UnparsedItem, InboundMessage, UnparsedItem, Receipt]
    assert found[1].reason == "id is missing (in messages)" and found[1].raw["text"] == {"body": "sin id"}
    assert "teleported" in found[5].reason


@pytest.mark.parametrize(
    ("name", "old_and_new"),
    [
        ("system_user_changed_number", [(WA, "5491199998888"), ("AR.111", "AR.222")]),
        ("system_changed_number_old", [(WA, "5491199998888")]),
        ("system_customer_changed_number", [(WA, "5491199998888")]),
        ("system_user_changed_user_id", [(BSUID, "AR.99991208655302741918")]),
    ],
)
def test_identity_changes(name: str, old_and_new: list[tuple[str, str]]) -> None:
    found = read(name)
    assert all(isinstance(item, IdentityChange) and item.route == ROUTE for item in found)
    assert [(item.old, item.new) for item in found] == old_and_new


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("status_sent", "sent"),
        ("status_sent_free_entry", "sent"),
        ("status_delivered", "delivered"),
        ("status_read", "read"),
        ("status_played", "played"),
        ("status_deleted", "delivered"),
        ("status_failed", "failed"),
    ],
)
def test_statuses(name: str, status: str) -> None:
    (found,) = read(name)
    assert isinstance(found, Receipt)
    assert (found.status, found.our_id, found.recipient, found.route) == (status, 4711, WA, ROUTE)


def test_status_details() -> None:
    assert read("status_sent")[0].pricing["category"] == "utility"
    (error,) = read("status_failed")[0].errors
    assert (error.code, error.title) == ("131047", "Re-engagement message")
    assert "24 hours" in error.details
    assert read("status_bsuid")[0].recipient == BSUID
    assert read("status_foreign_callback_data")[0].our_id is None
    assert isinstance(read("status_unknown")[0], UnparsedItem)


def test_value_errors_are_account_updates() -> None:
    (found,) = read("value_errors")
    assert isinstance(found, AccountUpdate)
    assert (found.topic, found.payload["code"]) == ("error", "130429")


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("message_template_status_update_approved", "info"),
        ("message_template_status_update_pending", "info"),
        ("message_template_status_update_rejected", "warning"),
        ("message_template_status_update_paused", "warning"),
        ("message_template_status_update_disabled", "warning"),
        ("message_template_quality_update", "warning"),
        ("template_category_update", "warning"),
        ("phone_number_quality_update", "info"),
        ("phone_number_quality_update_flagged", "warning"),
        ("account_update_restriction", "high"),
        ("account_update_violation", "high"),
        ("account_update_ban", "high"),
        ("account_update_partner", "info"),
        ("account_alerts", "high"),
        ("security", "warning"),
        ("business_username_update", "info"),
        ("group_lifecycle_update", "info"),
        ("field_of_tomorrow", "info"),
    ],
)
def test_account_updates(name: str, severity: str) -> None:
    (found,) = read(name)
    assert isinstance(found, AccountUpdate)
    assert (found.severity, found.account) == (severity, WABA)
    assert name.startswith(found.topic)
    assert found.payload


def test_marketing_preferences_are_consent() -> None:
    stop, resume, vague = read("user_preferences")
    assert isinstance(stop, MarketingConsent) and (stop.sender, stop.allowed) == (WA, False)
    assert isinstance(resume, MarketingConsent) and (resume.sender, resume.allowed) == (BSUID, True)
    assert isinstance(vague, UnparsedItem)
    (system,) = read("system_user_preference_changed")
    assert isinstance(system, MarketingConsent) and system.allowed is False


def test_echo_is_filed_under_the_customer() -> None:
    found = message("smb_message_echoes")
    assert (found.echo, found.sender, found.text) == (True, WA, "Te llamo en un rato")


def test_history_says_who_wrote() -> None:
    theirs, ours, placeholder = read("history")
    assert [item.echo for item in (theirs, ours, placeholder)] == [False, True, False]
    assert all(item.historic and item.sender == WA for item in (theirs, ours, placeholder))
    assert placeholder.type == "unknown"
    (declined,) = read("history_declined")
    assert isinstance(declined, AccountUpdate) and "2593109" in declined.text


@pytest.mark.parametrize("name", ["wrong_list", "wrong_string", "wrong_null", "wrong_no_entry", "wrong_entry_object"])
def test_a_body_of_the_wrong_shape_is_one_broken_item(name: str) -> None:
    (found,) = read(name)
    assert isinstance(found, UnparsedItem)


def test_wrong_shapes_inside_do_not_stop_what_follows() -> None:
    *broken, last = read("wrong_inside")
    assert len(broken) == 6 and all(isinstance(item, UnparsedItem) for item in broken)
    assert isinstance(last, InboundMessage) and last.text == "sigo aquí"


@pytest.mark.parametrize("body", [b"", b"hola", b'{"entry": [', b"\xff\xfe\xfd"])
def test_what_is_not_json_raises_at_once(body: bytes) -> None:
    with pytest.raises(ValueError):
        parse(body, NOW)


def test_a_number_of_ten_thousand_digits_and_deep_nesting_are_survived() -> None:
    huge = load("whatsapp_cloud", "text").body.replace(b'"1795392000"', b"9" * 10_000)
    (found,) = parse(huge, NOW)
    assert isinstance(found, InboundMessage) and found.timestamp == NOW
    assert isinstance(next(parse(b"[" * 100_000 + b"]" * 100_000, NOW)), UnparsedItem)


def test_every_recorded_shape_is_understood_or_meant_to_be_broken() -> None:
    odd = {"batch_with_bad_items", "status_unknown", "user_preferences"}
    for payload in load_all("whatsapp_cloud"):
        found = list(parse(payload.body, NOW))
        assert found, payload.name
        if payload.name not in odd and not payload.name.startswith("wrong"):
            assert not [item for item in found if isinstance(item, UnparsedItem)], payload.name


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _paths(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(document, dict):
        return [path, *(p for key, item in document.items() for p in _paths(item, (*path, key)))]
    if isinstance(document, list):
        return [path, *(p for index, item in enumerate(document) for p in _paths(item, (*path, index)))]
    return [path]


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_storable(key) and _storable(item) for key, item in value.items())
    return all(map(_storable, value)) if isinstance(value, list) else True


_documents = [json.loads(payload.body) for payload in load_all("whatsapp_cloud")]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_real_body_with_anything_in_any_place_never_raises(data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from(_documents))))
    path = data.draw(st.sampled_from(_paths(document)))
    replacement = data.draw(_json)
    if path:
        owner = document
        for step in path[:-1]:
            owner = owner[step]
        owner[path[-1]] = replacement
    else:
        document = replacement
    for item in parse(meta_bytes(document), NOW):
        if isinstance(item, InboundMessage):
            assert item.provider_id and item.sender and item.timestamp.tzinfo is UTC
            assert _storable(dict(item.payload)) and _storable([item.text, item.sender, item.profile_name or ""])


@settings(max_examples=200, deadline=None)
@given(document=_json)
def test_any_json_never_raises(document: Any) -> None:
    assert list(parse(meta_bytes(document), NOW))


@pytest.mark.parametrize(
    ("name", "ours", "outcome"),
    [
        ("calls_answered", False, {"answered": True, "seconds": 125}),
        ("calls_missed", False, {"answered": False}),
        ("calls_failed", False, {"answered": False}),
        ("calls_of_ours", True, {"answered": False}),
    ],
)
def test_a_call_is_reported_when_it_has_ended(name: str, ours: bool, outcome: dict[str, Any]) -> None:
    found = message(name)
    assert (found.type, found.sender, found.phone, found.echo) == ("call", WA, "+" + WA, ours)
    assert (found.payload, found.text, found.provider_id[:6]) == ({"call": outcome}, "", "wacid.")


def test_a_ringing_call_is_not_reported_yet() -> None:
    ended = load("whatsapp_cloud", "calls_missed").body
    assert list(parse(ended.replace(b'"terminate"', b'"connect"'), NOW)) == []
