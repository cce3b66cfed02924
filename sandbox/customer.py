"""Writing to the business as a customer: builds what WhatsApp or Twilio would post, and posts it."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from sandbox import meta_events, twilio_events
from sandbox.media import SAMPLES, MediaFile
from sandbox.state import CHANNELS, Channel, Customer, Entry, digits_of, new_sid, new_wamid
from sandbox.world import World

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
MEDIA_TYPES = ("image", "video", "audio", "voice", "document", "sticker")


class BadMessage(ValueError):
    """The control API was asked for something that no customer could send; the text says what."""


def send(world: World, customer: Customer, request: Mapping[str, Any], base_url: str) -> Entry:
    """Post one message of `customer`. `base_url` is the sandbox's own address, for media links."""
    channel = request.get("channel", "whatsapp")
    if channel not in CHANNELS:
        raise BadMessage(f"channel must be one of {', '.join(CHANNELS)}")
    at = request.get("timestamp", time.time())
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise BadMessage("timestamp must be unix seconds")
    if channel == "whatsapp":
        return _send_meta(world, customer, request, float(at))
    return _send_twilio(world, customer, cast(Channel, channel), request, float(at), base_url)


def _file(world: World, kind: str, request: Mapping[str, Any], media_id: str = "") -> MediaFile:
    """The file of a media message: `media.data` (base64), `media.id` already here, or a sample."""
    given = request.get("media") or {}
    if not isinstance(given, Mapping):
        raise BadMessage("media must be an object")
    if "id" in given:
        kept = world.media.get(str(given["id"]))
        if kept is None:
            raise BadMessage(f"no file with id {given['id']}")
        return kept
    if "data" in given:
        try:
            data = base64.b64decode(str(given["data"]), validate=True)
        except binascii.Error:
            raise BadMessage("media.data must be base64") from None
        mime_type = str(given.get("mime_type") or "application/octet-stream")
        return world.media.add(data, mime_type, str(given.get("filename", "")), media_id)
    if kind not in SAMPLES:
        raise BadMessage(f"there is no sample {kind}: give media.data (base64) and media.mime_type")
    make, mime_type, filename = SAMPLES[kind]
    return world.media.add(make(), mime_type, filename, media_id)


def _require(request: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if request.get(name) in (None, "")]
    if missing:
        raise BadMessage(f"{request.get('type')} needs {', '.join(missing)}")


# Meta


def _meta_media(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    kind = request["type"]
    kept = _file(world, kind, request)
    part: dict[str, Any] = {"id": kept.id, "mime_type": kept.mime_type, "sha256": kept.sha256_base64}
    if request.get("text") and kind in ("image", "video", "document"):
        part["caption"] = request["text"]
    if kind == "document":
        part["filename"] = kept.filename or "document"
    if kind in ("audio", "voice"):
        part["voice"] = kind == "voice"
    if kind == "sticker":
        part["animated"] = False
    name = "audio" if kind == "voice" else kind
    return {"type": name, name: part}


def _meta_location(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "latitude", "longitude")
    keys = ("latitude", "longitude", "name", "address", "url")
    return {"type": "location", "location": {key: request[key] for key in keys if request.get(key) is not None}}


def _meta_contacts(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    sample = [
        {
            "name": {"formatted_name": "Lucía Ortega", "first_name": "Lucía", "last_name": "Ortega"},
            "phones": [{"phone": "+52 55 1234 5678", "type": "CELL", "wa_id": "5215512345678"}],
        }
    ]
    return {"type": "contacts", "contacts": request.get("contacts") or sample}


def _meta_reply(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "reply_id", "text")
    kind = request["type"]
    reply = {"id": request["reply_id"], "title": request["text"]}
    if kind == "list_reply" and request.get("description"):
        reply["description"] = request["description"]
    return {"type": "interactive", "interactive": {"type": kind, kind: reply}}


def _meta_flow_reply(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    reply = {
        "name": "flow",
        "body": request.get("text") or "Sent",
        "response_json": str(request.get("response_json", '{"flow_token":"unused"}')),
    }
    return {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}


def _meta_button(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "text")
    return {"type": "button", "button": {"payload": request.get("reply_id", request["text"]), "text": request["text"]}}


def _meta_reaction(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "message_id")
    reaction = {"message_id": request["message_id"]}
    if request.get("emoji"):
        reaction["emoji"] = request["emoji"]
    return {"type": "reaction", "reaction": reaction}


def _meta_order(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    item = {"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 349.9, "currency": "MXN"}
    order = {
        "catalog_id": str(request.get("catalog_id", "400000000000001")),
        "text": request.get("text", ""),
        "product_items": request.get("product_items") or [item],
    }
    return {"type": "order", "order": order}


def _meta_system(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "wa_id")
    body = request.get("text") or f"User changed their number to {request['wa_id']}"
    return {"type": "system", "system": {"type": "user_changed_number", "wa_id": request["wa_id"], "body": body}}


def _meta_edit(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "message_id", "text")
    changed = {"type": "text", "text": {"body": request["text"]}}
    return {"type": "edit", "edit": {"original_message_id": request["message_id"], "message": changed}}


def _meta_revoke(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "message_id")
    return {"type": "revoke", "revoke": {"original_message_id": request["message_id"]}}


def _meta_unsupported(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return {"type": "unsupported", "errors": [error], "unsupported": {"type": request.get("text") or "poll"}}


def _meta_text(world: World, request: Mapping[str, Any]) -> dict[str, Any]:
    _require(request, "text")
    return {"type": "text", "text": {"body": request["text"]}}


META_TYPES: dict[str, Callable[[World, Mapping[str, Any]], dict[str, Any]]] = {
    "text": _meta_text,
    **dict.fromkeys(MEDIA_TYPES, _meta_media),
    "location": _meta_location,
    "contacts": _meta_contacts,
    "button_reply": _meta_reply,
    "list_reply": _meta_reply,
    "flow_reply": _meta_flow_reply,
    "button": _meta_button,
    "reaction": _meta_reaction,
    "order": _meta_order,
    "system": _meta_system,
    "edit": _meta_edit,
    "revoke": _meta_revoke,
    "unsupported": _meta_unsupported,
}


def _send_meta(world: World, customer: Customer, request: Mapping[str, Any], at: float) -> Entry:
    kind = request.get("type", "text")
    raw = request.get("raw")
    if raw is not None:
        if not isinstance(raw, dict):
            raise BadMessage("raw must be a Meta message object")
        part = dict(raw)
        kind = str(part.get("type", "raw"))
    elif kind in META_TYPES:
        part = META_TYPES[kind](world, {**request, "type": kind})
    else:
        raise BadMessage(f"type must be one of {', '.join(META_TYPES)}, or give raw")
    head: dict[str, Any] = {"id": str(request.get("id") or new_wamid()), "timestamp": str(int(at))}
    if request.get("reply_to"):
        head["context"] = {"from": digits_of(world.settings.whatsapp_number), "id": request["reply_to"]}
    for rider in ("referral", "group_id"):
        if request.get(rider):
            head[rider] = request[rider]
    body = head | part
    entry = Entry(
        id=body["id"],
        channel="whatsapp",
        customer=customer,
        incoming=True,
        type=kind,
        text=str(request.get("text") or ""),
        content={key: value for key, value in part.items() if key != "type"},
        at=at,
        status="received",
        reply_to=request.get("reply_to"),
        address=customer.wa_id,
    )
    _keep(world, entry)
    value = meta_events.message(world.settings, customer, body)
    if kind == "system":
        value.pop("contacts")
    world.webhooks.meta(value, f"{customer.name}: {kind}")
    return entry


def _keep(world: World, entry: Entry) -> None:
    if entry.id not in world.store.messages:  # the same id again is a redelivery, not a second message
        world.store.add(entry)
        if world.events.watched:
            world.events.tell("message", entry.as_json())


# Twilio


def _send_twilio(
    world: World, customer: Customer, channel: Channel, request: Mapping[str, Any], at: float, base_url: str
) -> Entry:
    kind = request.get("type", "text")
    text = str(request.get("text") or "")
    content: dict[str, Any] = {}
    extra: dict[str, str] = {}
    media: list[tuple[str, str]] = []
    has_media = kind in MEDIA_TYPES
    sid = str(request.get("id") or new_sid("MM" if has_media else "SM"))
    if has_media:
        kept = _file(world, kind, request, new_sid("ME"))
        part = {"id": kept.id, "mime_type": kept.mime_type, "filename": kept.filename, "caption": text}
        content = {"audio" if kind == "voice" else kind: part}
        url = f"{base_url}/2010-04-01/Accounts/{world.settings.twilio_account_sid}/Messages/{sid}/Media/{kept.id}"
        media.append((url, kept.mime_type.split(";")[0]))
    elif kind == "location" and channel == "twilio_whatsapp":
        _require({**request, "type": kind}, "latitude", "longitude")
        keys = (("Latitude", "latitude"), ("Longitude", "longitude"), ("Address", "address"), ("Label", "name"))
        extra = {param: str(request.get(key) or "") for param, key in keys}
        content = {"location": {key: request.get(key) for _, key in keys}}
    elif kind in ("button_reply", "list_reply", "button") and channel == "twilio_whatsapp":
        _require({**request, "type": kind}, "text")
        if kind == "list_reply":
            extra = {"ListId": str(request.get("reply_id", "")), "ListTitle": text}
        else:
            extra = {"ButtonText": text, "ButtonPayload": str(request.get("reply_id") or text)}
    elif kind != "text":
        raise BadMessage(f"{channel} cannot carry {kind}")
    whatsapp = channel == "twilio_whatsapp"
    prefix = "whatsapp:" if whatsapp else ""
    business = world.settings.twilio_whatsapp_address if whatsapp else world.settings.twilio_phone_number
    address = prefix + (f"+{customer.wa_id}" if whatsapp else customer.phone)
    if whatsapp and customer.hide_phone:
        address = prefix + customer.user_id
    entry = Entry(
        id=sid,
        channel=channel,
        customer=customer,
        incoming=True,
        type=kind,
        text=text,
        content=content,
        at=at,
        status="received",
        reply_to=request.get("reply_to"),
        address=address,
        business=business,
    )
    _keep(world, entry)
    if not whatsapp:
        extra |= _opt(customer, text)
    extra |= {str(key): str(value) for key, value in (request.get("params") or {}).items()}
    params = twilio_events.inbound(world.settings, entry, media, extra)
    world.webhooks.twilio_inbound(params, f"{customer.name}: {kind}")
    return entry


def _opt(customer: Customer, text: str) -> dict[str, str]:
    """Twilio's own opt-out by SMS: the word is noted and named in the webhook."""
    word = text.strip().upper()
    if word in STOP_WORDS:
        customer.opted_out.add("sms")
        return {"OptOutType": "STOP"}
    if word in START_WORDS:
        customer.opted_out.discard("sms")
        return {"OptOutType": "START"}
    return {"OptOutType": "HELP"} if word in ("HELP", "INFO") else {}
