"""Parse Twilio's webhooks (Twilio, Messaging: incoming messages; status callbacks)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from core.channels import json_sanitizer
from core.channels.content.plain_text import as_text
from core.channels.media_types import bare
from core.channels.opt_out_keywords import opt_out_of
from core.channels.phone_numbers import digits, is_short_code
from core.channels.twilio.errors import CANCELLED
from core.channels.twilio.titles import title_of
from core.channels.types import InboundMessage, Kind, MediaRef, Parsed, ProviderError, Receipt, UnparsedItem

_WHATSAPP = "whatsapp:"
_MOST_MEDIA = 32  # Twilio sends at most ten
_LONGEST_ID = 512

# Twilio has several words for "taken and on its way"; each proves that it has the message.
_STATUSES = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    CANCELLED: "failed",
}
_COMING = frozenset({"receiving", "received"})  # of a message that a customer wrote
_OPT_OUT = {"STOP": True, "START": False}
_REFERRAL = {
    "ReferralSourceUrl": "source_url",
    "ReferralSourceId": "source_id",
    "ReferralSourceType": "source_type",
    "ReferralHeadline": "headline",
    "ReferralBody": "body",
    "ReferralMediaUrl": "media_url",
    "ReferralMediaContentType": "media_type",
    "ReferralCtwaClid": "ctwa_clid",
}

# Parameters that are read, or that tell of the request and not of the message.
_NAMED = re.compile(
    "(Message|Sms|SmsMessage|Account|MessagingService)Sid|From|To|Body|Num(Media|Segments)|Media(Url|ContentType)[0-9]+"
    "|SmsStatus|ApiVersion|OptOutType|(From|To)(City|State|Zip|Country)|ProfileName|WaId|MessageType"
    "|Button(Text|Payload)|List(Id|Title|Description)|Latitude|Longitude|Address|Label|(Frequently)?Forwarded"
    "|OriginalRepliedMessage(Sid|Sender)|ExternalUserId|ChannelMetadata|" + "|".join(_REFERRAL)
)

Form = Mapping[str, str]


def parse_inbound(body: bytes, content_type: str, received_at: datetime) -> Iterator[Parsed]:
    """Parse an inbound webhook into one message.

    Twilio sends no time: `received_at` to the second is used. Never raises.

    A status is accepted too: the account may use this URL for both.
    """
    form = _read(body, content_type)
    if form is None:
        yield UnparsedItem("not a form", _excerpt(body))
    else:
        yield _status(form, "", received_at) if _state(form) in _STATUSES else _inbound(form, received_at)


def parse_status(body: bytes, content_type: str, query: str, received_at: datetime) -> Iterator[Parsed]:
    """Parse a status callback; `query` is the callback URL's, which carries our message id. Never raises.

    A message is accepted too.
    """
    form = _read(body, content_type)
    if form is None:
        yield UnparsedItem("not a form", _excerpt(body))
    else:
        yield _inbound(form, received_at) if _state(form) in _COMING else _status(form, query, received_at)


def _state(form: Form) -> str:
    return (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()


def _read(body: bytes, content_type: str) -> dict[str, str] | None:
    """Return the parameters, each with its last value; None if the body is neither a form nor a JSON object."""
    if "json" in content_type.lower():
        try:
            document = json_sanitizer.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict):
            return None
        return {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in document.items()
            if value is not None
        }
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return None
    return {json_sanitizer.clean_text(name): json_sanitizer.clean_text(value) for name, value in pairs}


def _inbound(form: Form, received_at: datetime) -> Parsed:
    provider_id = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or ""
    sender, route, service = form.get("From", ""), form.get("To", ""), form.get("MessagingServiceSid", "")
    named = {"MessageSid": provider_id, "From": sender, "To": route or service}
    if problem := _problem_with(named | {"MessagingServiceSid": service or route}):
        return UnparsedItem(f"{problem} (in a message)", dict(form))
    kind = _kind(sender, route)
    address = sender.removeprefix(_WHATSAPP)
    user = form.get("ExternalUserId", "").removeprefix(_WHATSAPP)[:_LONGEST_ID]
    number = "" if is_short_code(address) else digits(address) or digits(form.get("WaId", ""))
    what, words, payload = _body(form)
    return InboundMessage(
        kind=kind,
        route=route.removeprefix(_WHATSAPP),
        provider_id=provider_id,
        sender=address,
        timestamp=received_at.replace(microsecond=0),
        type=what,
        text=words,
        payload=payload | _riders(form),
        media=_media(form),
        phone="+" + number if number else None,
        aliases=(user,) if user and user != address else (),
        profile_name=form.get("ProfileName") or None,
        reply_to=form.get("OriginalRepliedMessageSid", "")[:_LONGEST_ID] or None,
        opt_out=_opt_out(form, words, kind),
        answered=form.get("OptOutType", "").upper() == "HELP",  # by the account's Advanced Opt-Out
        service=service,
    )


def _kind(*addresses: str) -> Kind:
    return Kind.WHATSAPP if any(address.startswith(_WHATSAPP) for address in addresses) else Kind.SMS


def _opt_out(form: Form, words: str, kind: Kind) -> bool | None:
    """Return whether the message opts out; Twilio's own verdict (Advanced Opt-Out) has precedence."""
    declared = form.get("OptOutType", "").upper()
    return _OPT_OUT.get(declared) if declared else opt_out_of(words, sms=kind is Kind.SMS)


def _body(form: Form) -> tuple[str, str, dict[str, Any]]:
    """Return type, text and payload. With a file the text is its caption."""
    words = form.get("Body", "")
    media = _media(form)
    if media:
        return _media_type(form, media[0]), words, {}
    if form.get("Latitude") and form.get("Longitude"):
        return _location(form)
    if form.get("ButtonPayload") or form.get("ButtonText"):
        label = form.get("ButtonText") or words or form.get("ButtonPayload", "")
        return "button", label, {"payload": form.get("ButtonPayload", ""), "text": label}
    if form.get("ListId") or form.get("ListTitle"):
        title = form.get("ListTitle") or words
        reply = {"id": form.get("ListId", ""), "title": title, "description": form.get("ListDescription", "")}
        return "interactive", title or reply["description"] or reply["id"], {"type": "list_reply", "list_reply": reply}
    return _structured(form) or (("text", words, {}) if words.strip() else _without_words(form))


def _structured(form: Form) -> tuple[str, str, dict[str, Any]] | None:
    """Return an order, a form or contacts. Twilio documents no parameter for them, so any that holds JSON is parsed.

    A form has text too ("Sent"), which is not the customer's.
    """
    if form.get("Body", "").strip() and form.get("MessageType", "").lower() not in ("interactive", "order", "contacts"):
        return None
    for value in _unnamed(form).values():
        try:
            found = json_sanitizer.loads(value.encode()) if value.lstrip()[:1] in ("{", "[") else None
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get("product_items"), list):
            return "order", as_text("order", found), found
        if isinstance(found, dict) and isinstance(found.get("contacts"), list):
            return "contacts", as_text("contacts", found), found
        if found and (words := as_text("interactive", {"response": found})):
            return "interactive", words, {"type": "nfm_reply", "nfm_reply": {"response_json": value}, "response": found}
    return None


def _without_words(form: Form) -> tuple[str, str, dict[str, Any]]:
    declared = form.get("MessageType", "").lower()
    if declared in ("", "text"):
        return "text", "", {}
    return "unsupported", "", {"unsupported": {"type": declared}}


def _unnamed(form: Form) -> dict[str, str]:
    """Return unknown parameters. New ones appear unannounced."""
    return {name: value for name, value in form.items() if value and not _NAMED.fullmatch(name)}


def _location(form: Form) -> tuple[str, str, dict[str, Any]]:
    place: dict[str, Any] = {"latitude": _number(form["Latitude"]), "longitude": _number(form["Longitude"])}
    place |= {ours: form[theirs] for theirs, ours in (("Label", "name"), ("Address", "address")) if form.get(theirs)}
    words = ", ".join(filter(None, (form.get("Label"), form.get("Address")))) or form.get("Body", "")
    return "location", words or f"{place['latitude']}, {place['longitude']}", place


def _number(value: str) -> float | str:
    try:
        found = float(value)
    except ValueError:
        return value
    return found if abs(found) <= 180 else value


def _media(form: Form) -> tuple[MediaRef, ...]:
    return tuple(
        MediaRef(url=form[f"MediaUrl{index}"], mime_type=form.get(f"MediaContentType{index}") or None)
        for index in range(_MOST_MEDIA)
        if form.get(f"MediaUrl{index}")
    )


def _media_type(form: Form, media: MediaRef) -> str:
    declared = form.get("MessageType", "")
    if declared in ("image", "video", "audio", "document", "sticker"):
        return declared
    family = bare(media.mime_type).partition("/")[0]
    return family if family in ("image", "video", "audio") else "document"


def _riders(form: Form) -> dict[str, Any]:
    riders: dict[str, Any] = {}
    referral = {ours: form[theirs] for theirs, ours in _REFERRAL.items() if form.get(theirs)}
    if referral:
        riders["referral"] = referral
    if form.get("OriginalRepliedMessageSid"):
        context = {"id": form["OriginalRepliedMessageSid"], "from": form.get("OriginalRepliedMessageSender", "")}
        riders["context"] = context
    for theirs, ours in (("Forwarded", "forwarded"), ("FrequentlyForwarded", "frequently_forwarded")):
        if form.get(theirs, "").lower() == "true":
            riders[ours] = True
    if unnamed := _unnamed(form):
        riders["parameters"] = unnamed
    if form.get("MessagingServiceSid"):
        riders["messaging_service_sid"] = form["MessagingServiceSid"]
    return riders


def _status(form: Form, query: str, received_at: datetime) -> Parsed:
    provider_id = form.get("MessageSid") or form.get("SmsSid") or ""
    state, our_id = _state(form), _our_id(query)
    named = {"MessageStatus": state} if our_id is not None and not provider_id else {"MessageSid": provider_id}
    if problem := _problem_with(named | {"MessageStatus": state}):
        return UnparsedItem(f"{problem} (in a status)", dict(form))
    if (status := _STATUSES.get(state)) is None:
        return UnparsedItem(f"MessageStatus is {state!r:.60}, which is none that is known (in a status)", dict(form))
    sender, recipient = form.get("From", ""), form.get("To", "")
    return Receipt(
        kind=_kind(sender, recipient),
        route=sender.removeprefix(_WHATSAPP),
        provider_id=provider_id,
        status=status,
        timestamp=received_at,
        our_id=our_id,
        recipient=recipient.removeprefix(_WHATSAPP) or None,
        errors=_errors(form),
        service=form.get("MessagingServiceSid", "")[:_LONGEST_ID],
    )


def _problem_with(named: Mapping[str, str]) -> str:
    """Return what is wrong with the required parameters: the first that is missing, or longer than any id."""
    for name, value in named.items():
        if not value:
            return f"{name} is missing"
        if len(value) > _LONGEST_ID:
            return f"{name} is longer than any id: {len(value)} characters"
    return ""


def _errors(form: Form) -> tuple[ProviderError, ...]:
    code = form.get("ErrorCode", "")
    if code in ("", "0"):
        cancelled = _state(form) == CANCELLED
        return (ProviderError(CANCELLED, "The message was cancelled at Twilio", ""),) if cancelled else ()
    title = form.get("ErrorMessage") or title_of(code)
    return (ProviderError(code, title, form.get("ChannelStatusMessage", "")),)


def _our_id(query: str) -> int | None:
    try:
        value = parse_qs(query, max_num_fields=100).get("message_id", [""])[0]
    except ValueError:
        return None
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None


def _excerpt(body: bytes) -> str:
    return body[:500].decode("utf-8", "replace").replace("\0", "")
