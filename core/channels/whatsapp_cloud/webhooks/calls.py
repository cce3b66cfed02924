"""WhatsApp voice calls: the outcome of each (Cloud API, Calling, webhooks of the field `calls`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.channels.json_values import items, text
from core.channels.phone_numbers import digits
from core.channels.types import InboundMessage, Parsed
from core.channels.whatsapp_cloud.webhooks.content import Body
from core.channels.whatsapp_cloud.webhooks.fields import Envelope, read_each
from core.channels.whatsapp_cloud.webhooks.messages import contact_of, inbound

_MAX_DURATION = 24 * 3600  # seconds


def calls(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Yield each ended call, as a message of type call from the caller.

    Ringing (`connect`, and the statuses of our calls) is ignored: the end of the call always follows.
    """
    contacts = [contact for contact in items(value, "contacts") if isinstance(contact, dict)]
    return read_each(
        value, "calls", lambda item: [_ended(item, contacts, envelope)] if item.get("event") == "terminate" else []
    )


def _ended(item: dict[str, Any], contacts: list[dict[str, Any]], envelope: Envelope) -> InboundMessage:
    ours = _is_outgoing(item, envelope)
    side = "to" if ours else "from"
    whose = {**item, "from": item.get(side), "from_user_id": item.get(f"{side}_user_id")}
    body = Body("call", payload={"call": _outcome(item)})
    return replace(inbound(whose, body, contact_of(whose, contacts), envelope), echo=ours)


def _is_outgoing(item: dict[str, Any], envelope: Envelope) -> bool:
    """Return whether we called. Early bodies have no direction: then the caller's number decides."""
    if direction := text(item.get("direction")):
        return direction == "BUSINESS_INITIATED"
    number = digits(envelope.own_number)
    return bool(number) and digits(text(item.get("from"))) == number


def _outcome(item: dict[str, Any]) -> dict[str, Any]:
    """Return whether the call was answered and its duration in seconds.

    An unanswered call has COMPLETED too; only an answered one has a duration (webhook reference, terminate). Some
    versions write the status as a list of one.
    """
    status = item.get("status")
    seconds = text(item.get("duration"))
    length = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 10 else 0
    answered = "COMPLETED" in (status if isinstance(status, list) else [status]) and 0 < length <= _MAX_DURATION
    return {"answered": True, "seconds": length} if answered else {"answered": False}
