"""News about the account, its numbers and its templates, and customers' wishes about marketing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.channels.base import AccountNotice, Consent, Kind, Parsed
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

# Events that stop or threaten sending: an administrator is alerted.
_HIGH = frozenset(
    {
        "ACCOUNT_RESTRICTION",
        "ACCOUNT_VIOLATION",
        "ACCOUNT_DELETED",
        "DISABLED_UPDATE",
        "PARTNER_REMOVED",
        "PARTNER_APP_UNINSTALLED",
        "DISABLED",
        "CRITICAL",
    }
)
_WARNING = frozenset({"REJECTED", "PAUSED", "FLAGGED", "DOWNGRADE", "LOCKED", "PENDING_DELETION", "RED", "WARNING"})
_WARNING_TOPICS = frozenset({"security", "template_category_update"})
# The keys whose values make the line that a person reads, in this order.
_TELLING = (
    "message_template_name",
    "message_template_language",
    "display_phone_number",
    "phone_number",
    "event",
    "new_quality_score",
    "new_category",
    "max_daily_conversations_per_business",
    "current_limit",
    "reason",
    "alert_severity",
    "alert_type",
    "alert_description",
    "violation_type",
    "waba_ban_state",
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
        return AccountNotice(
            Kind.WHATSAPP, envelope.route, envelope.account, "user_preferences", "info", told[:500], item
        )
    when = envelope.time(item.get("timestamp"))
    return Consent(Kind.WHATSAPP, envelope.route, sender, _WISHES[wish], when)


def notice(field: str, value: dict[str, Any], envelope: Envelope) -> AccountNotice:
    """Any other field, known today or not: its topic, how urgent it is, and its content whole."""
    told = {**value, **mapping(value.get("alert_info"))}
    told |= mapping(value.get("violation_info")) | mapping(value.get("ban_info"))
    parts = [text(told.get(key)) for key in _TELLING]
    return AccountNotice(
        kind=Kind.WHATSAPP,
        route=envelope.route,
        account=envelope.account,
        topic=field or "unknown",
        severity=_severity(field, told),
        text=" · ".join(part for part in parts if part and part != "NONE"),
        payload=value,
    )


def _severity(field: str, told: dict[str, Any]) -> str:
    said = {text(told.get(key)).upper() for key in ("event", "alert_severity", "new_quality_score")}
    about_template = field.startswith("message_template")
    if said & _HIGH and not about_template:
        return "high"
    if said & (_HIGH | _WARNING) or field in _WARNING_TOPICS:
        return "warning"
    return "info"
