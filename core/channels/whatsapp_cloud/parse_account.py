"""News about the account, its numbers and its templates, and customers' wishes about marketing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.channels.base import AccountNotice, Consent, Kind, Parsed
from core.channels.news import KnownName, News
from core.channels.numbers import digits
from core.channels.whatsapp_cloud import account_news
from core.channels.whatsapp_cloud.shapes import (
    SHAPE_ERRORS,
    Envelope,
    Malformed,
    broken,
    identifier,
    items,
    mapping,
    text,
)

# What a customer may wish about marketing messages, and whether it allows them.
_WISHES = {"stop": False, "resume": True, "signup": True}


def consents(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """`user_preferences`: each customer who stopped or resumed marketing messages."""
    for item in items(value, "user_preferences"):
        try:
            yield _consent(item, envelope)
        except SHAPE_ERRORS as error:
            yield broken(error, item)


def _consent(item: Any, envelope: Envelope) -> Consent | AccountNotice:
    if not isinstance(item, dict):
        raise Malformed("a preference that is no object")
    sender = identifier(item.get("wa_id")) or identifier(item.get("user_id"))
    wish = text(item.get("value"))
    category = text(item.get("category"))
    if sender is None or not wish or (wish not in _WISHES and not category):
        raise Malformed("a preference without a customer or a wish")
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
    for item in items(value, "state_sync"):
        try:
            contact = mapping(item["contact"])
            name = text(contact.get("full_name")) or text(contact.get("first_name"))
            number = digits(text(contact.get("phone_number")))
            if not number:
                raise Malformed("a contact of the address book without a telephone number")
            if name:
                yield KnownName(Kind.WHATSAPP, envelope.route, number, f"+{number}", name)
        except SHAPE_ERRORS as error:
            yield broken(error, item)


def notice(field: str, value: dict[str, Any], envelope: Envelope) -> AccountNotice:
    """Any other field, known today or not: what it means, how urgent it is, and its content whole."""
    topic = field or "unknown"
    news = account_news.read(topic, value)
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
