"""Voice calls on WhatsApp: how each of them ended (Cloud API, Calling, webhooks of the field `calls`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.channels.phone_numbers import digits
from core.channels.types import InboundMessage, Parsed
from core.channels.whatsapp_cloud.webhooks.content import Body
from core.channels.whatsapp_cloud.webhooks.fields import Envelope, items, read_each, text
from core.channels.whatsapp_cloud.webhooks.messages import contact_of, inbound

_LONGEST = 24 * 3600  # seconds


def calls(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Each call that has ended, as a message of type call from whoever rang.

    That it rings (`connect`, and the statuses of calls of ours) is not told: its end follows in any case.
    """
    contacts = [contact for contact in items(value, "contacts") if isinstance(contact, dict)]
    return read_each(
        value, "calls", lambda item: [_ended(item, contacts, envelope)] if item.get("event") == "terminate" else []
    )


def _ended(item: dict[str, Any], contacts: list[dict[str, Any]], envelope: Envelope) -> InboundMessage:
    ours = _rung_by_us(item, envelope)
    side = "to" if ours else "from"
    whose = {**item, "from": item.get(side), "from_user_id": item.get(f"{side}_user_id")}
    body = Body("call", payload={"call": _outcome(item)})
    return replace(inbound(whose, body, contact_of(whose, contacts), envelope), echo=ours)


def _rung_by_us(item: dict[str, Any], envelope: Envelope) -> bool:
    """Early bodies tell no direction: then the caller's number does."""
    if direction := text(item.get("direction")):
        return direction == "BUSINESS_INITIATED"
    number = digits(envelope.own_number)
    return bool(number) and digits(text(item.get("from"))) == number


def _outcome(item: dict[str, Any]) -> dict[str, Any]:
    """Whether it was answered and how long it took, in seconds.

    A call that nobody took has COMPLETED too; only one that was taken has a duration (webhook reference, terminate).
    Some versions write the status as a list of one.
    """
    status = item.get("status")
    seconds = text(item.get("duration"))
    length = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 10 else 0
    answered = "COMPLETED" in (status if isinstance(status, list) else [status]) and 0 < length <= _LONGEST
    return {"answered": True, "seconds": length} if answered else {"answered": False}
