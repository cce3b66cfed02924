"""News about the account, its numbers and its templates, and customers' wishes about marketing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.channels.account_states import KnownName, News
from core.channels.phone_numbers import digits
from core.channels.types import AccountNotice, Consent, Kind, Parsed
from core.channels.whatsapp_cloud.webhooks import account_updates
from core.channels.whatsapp_cloud.webhooks.fields import Envelope, Malformed, amiss, identifier, read_each, text

# What a customer may wish about marketing messages, and whether it allows them.
_WISHES = {"stop": False, "resume": True, "signup": True}


def consents(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """`user_preferences`: each customer who stopped or resumed marketing messages."""
    return read_each(value, "user_preferences", lambda item: [_consent(item, envelope)])


def _consent(item: dict[str, Any], envelope: Envelope) -> Consent | AccountNotice:
    sender = identifier(item.get("wa_id")) or identifier(item.get("user_id"))
    wish = text(item.get("value"))
    category = text(item.get("category"))
    if sender is None:
        raise Malformed("it names no customer: wa_id and user_id are missing or no ids")
    if not wish:
        raise amiss(item, "value", "a wish")
    if wish not in _WISHES and not category:
        raise amiss(item, "category", "a text")
    if wish not in _WISHES:  # one of tomorrow's: told, for nobody here knows what it allows
        told = f"{category}: {wish}. {text(item.get('detail'))}".strip()
        meant = News("unknown", "info", {"field": "user_preferences", "content": told[:300]}, sender)
        return AccountNotice(
            Kind.WHATSAPP, envelope.route, envelope.account, "user_preferences", "info", told[:500], item, meant
        )
    when = envelope.time(item.get("timestamp"))
    return Consent(Kind.WHATSAPP, envelope.route, sender, _WISHES[wish], when, envelope.account)


def names(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """`smb_app_state_sync`: how the business's own address book names its customers. What it forgets we keep."""
    return read_each(value, "state_sync", lambda item: _known_name(item, envelope))


def _known_name(item: dict[str, Any], envelope: Envelope) -> Iterator[KnownName]:
    contact = item.get("contact")
    if not isinstance(contact, dict):
        raise amiss(item, "contact", "an object")
    name = text(contact.get("full_name")) or text(contact.get("first_name"))
    number = digits(text(contact.get("phone_number")))
    if not number:
        raise amiss(contact, "phone_number", "a telephone number")
    if name:
        yield KnownName(Kind.WHATSAPP, envelope.route, number, f"+{number}", name)


def notice(field: str, value: dict[str, Any], envelope: Envelope) -> AccountNotice:
    """Any other field, known today or not: what it means, how urgent it is, and its content whole."""
    topic = field or "unknown"
    news = account_updates.read(topic, value)
    return AccountNotice(
        kind=Kind.WHATSAPP,
        route=envelope.route,
        account=envelope.account,
        topic=topic,
        severity=news.severity,
        text=" · ".join(str(fact) for fact in news.facts.values()),
        payload=value,
        news=news,
    )
