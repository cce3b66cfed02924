"""Parse account, number and template updates, and customers' marketing preferences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.channels.account_states import AddressBookName, News
from core.channels.json_values import text
from core.channels.phone_numbers import digits
from core.channels.types import AccountUpdate, Kind, MarketingConsent, Parsed
from core.channels.whatsapp_cloud.webhooks import account_updates
from core.channels.whatsapp_cloud.webhooks.fields import Envelope, Malformed, identifier, problem_with, read_each

# Marketing preferences, and whether each allows messages.
_WISHES = {"stop": False, "resume": True, "signup": True}


def consents(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Parse `user_preferences`: customers who stopped or resumed marketing messages."""
    return read_each(value, "user_preferences", lambda item: [_consent(item, envelope)])


def _consent(item: dict[str, Any], envelope: Envelope) -> MarketingConsent | AccountUpdate:
    sender = identifier(item.get("wa_id")) or identifier(item.get("user_id"))
    wish = text(item.get("value"))
    category = text(item.get("category"))
    if sender is None:
        raise Malformed("it names no customer: wa_id and user_id are missing or no ids")
    if not wish:
        raise problem_with(item, "value", "a wish")
    if wish not in _WISHES and not category:
        raise problem_with(item, "category", "a text")
    if wish not in _WISHES:  # a future value: reported, because its meaning is unknown
        content = f"{category}: {wish}. {text(item.get('detail'))}".strip()
        news = News("unknown", "info", {"field": "user_preferences", "content": content[:300]}, sender)
        return AccountUpdate(
            Kind.WHATSAPP, envelope.route, envelope.account, "user_preferences", "info", content[:500], item, news
        )
    when = envelope.time(item.get("timestamp"))
    return MarketingConsent(Kind.WHATSAPP, envelope.route, sender, _WISHES[wish], when, envelope.account)


def names(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Parse `smb_app_state_sync`: customers' names in the business's address book. Removals are ignored."""
    return read_each(value, "state_sync", lambda item: _known_name(item, envelope))


def _known_name(item: dict[str, Any], envelope: Envelope) -> Iterator[AddressBookName]:
    contact = item.get("contact")
    if not isinstance(contact, dict):
        raise problem_with(item, "contact", "an object")
    name = text(contact.get("full_name")) or text(contact.get("first_name"))
    number = digits(text(contact.get("phone_number")))
    if not number:
        raise problem_with(contact, "phone_number", "a telephone number")
    if name:
        yield AddressBookName(Kind.WHATSAPP, envelope.route, number, f"+{number}", name)


def notice(field: str, value: dict[str, Any], envelope: Envelope) -> AccountUpdate:
    """Parse any other field, known or not: its meaning, severity and full content."""
    topic = field or "unknown"
    news = account_updates.read(topic, value)
    return AccountUpdate(
        kind=Kind.WHATSAPP,
        route=envelope.route,
        account=envelope.account,
        topic=topic,
        severity=news.severity,
        text=" · ".join(str(fact) for fact in news.facts.values()),
        payload=value,
        news=news,
    )
