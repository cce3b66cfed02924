"""Meaning of Meta's updates of an account, a number, a template or a flow.

Each has a text key, a severity, and whether the account's numbers may send (Webhooks reference of the WhatsApp Business
Platform, by field).
"""

from __future__ import annotations

from collections.abc import Callable

from core.channels.account_states import News, SendingEffect
from core.channels.json_values import items, mapping, text
from core.channels.whatsapp_cloud.webhooks.account_values import (
    GRADED,
    HIGH,
    INFO,
    RANK,
    WARNING,
    Value,
    code,
    content_of,
    date_of,
    first,
    grade,
    moment_of,
    named,
    number_of,
    of_groups,
    reason_of,
    template_of,
    tier_of,
)  # fmt: skip


def read(topic: str, value: Value) -> News:
    """Return the meaning of one change. Every field and value has one."""
    reader = _READERS.get(topic)
    news = reader(value) if reader else None
    if news is None and topic.startswith("group_"):
        news = News("group", INFO, {"event": first(of_groups(value), "type") or topic})
    return news or _unknown(topic, value)


# ---- the account


_ACCOUNT = {  # event: words, severity, whether its numbers may send
    "VERIFIED_ACCOUNT": ("account_verified", INFO, SendingEffect.UNCHANGED),
    "ACCOUNT_VIOLATION": ("account_violation", HIGH, SendingEffect.UNCHANGED),
    "ACCOUNT_DELETED": ("account_deleted", HIGH, SendingEffect.STOP),
    "ACCOUNT_OFFBOARDED": ("account_offboarded", HIGH, SendingEffect.STOP),
    "ACCOUNT_RECONNECTED": ("account_reconnected", INFO, SendingEffect.RESUME),
    "PARTNER_ADDED": ("partner_added", INFO, SendingEffect.UNCHANGED),
    "PARTNER_REMOVED": ("partner_removed", HIGH, SendingEffect.UNCHANGED),
    "PARTNER_APP_INSTALLED": ("partner_app_installed", INFO, SendingEffect.UNCHANGED),
    "PARTNER_APP_UNINSTALLED": ("partner_app_uninstalled", HIGH, SendingEffect.UNCHANGED),
}
_BANS = {
    "DISABLE": ("account_disabled", HIGH, SendingEffect.STOP),
    "SCHEDULE_FOR_DISABLE": ("account_disable_scheduled", HIGH, SendingEffect.UNCHANGED),
    "REINSTATE": ("account_reinstated", INFO, SendingEffect.RESUME),
}


def _account_update(value: Value) -> News:
    event = code(value.get("event"))
    if event == "ACCOUNT_RESTRICTION":
        return _restriction(value)
    if event == "DISABLED_UPDATE":
        ban = mapping(value.get("ban_info"))
        state = code(ban.get("waba_ban_state"))
        # A ban with an unknown state is of high severity and does not pause numbers.
        words, severity, may = _BANS.get(state, ("account_ban", HIGH, SendingEffect.UNCHANGED))
        return News(words, severity, named(state=state, when=ban.get("waba_ban_date")), event, may)
    if event in _ACCOUNT:
        words, severity, may = _ACCOUNT[event]
        violation = mapping(value.get("violation_info"))
        return News(words, severity, named(violation=violation.get("violation_type")), event, may)
    rest = {key: item for key, item in value.items() if key != "event"}
    return News("account_event", grade(event, account=True), named(event=event, content=content_of(rest)), event)


def _restriction(value: Value) -> News:
    """Return the meaning of a restriction: on messaging, it stops the numbers until the last restriction ends.

    One on business-initiated messages alone, with an end, still allows answers.
    """
    found = [item for item in items(value, "restriction_info") if isinstance(item, dict)]
    kinds = [kind for item in found if (kind := code(item.get("restriction_type")))]
    messaging = [item for item in found if "ADD_PHONE_NUMBER" not in code(item.get("restriction_type"))]
    ends = [moment_of(item.get("expiration")) for item in (messaging or found)]
    known = [end for end in ends if end is not None]
    until = max(known) if known and len(known) == len(ends) else None
    facts = named(limits=kinds, until=f"{until:%Y-%m-%d %H:%M} UTC" if until else None)
    effect = SendingEffect.STOP if messaging or not found else SendingEffect.UNCHANGED
    if until and messaging and all("BIZ_INITIATED" in code(item.get("restriction_type")) for item in messaging):
        effect = SendingEffect.ANSWERS_ONLY
    ends_at = None if effect is SendingEffect.UNCHANGED else until
    return News("account_restricted", HIGH, facts, "ACCOUNT_RESTRICTION", effect, ends_at)


def _account_review(value: Value) -> News:
    decision = code(value.get("decision"))
    severity = {"APPROVED": INFO, "PENDING": INFO, "DEFERRED": WARNING, "REJECTED": HIGH}.get(decision)
    facts = named(decision=decision or "—", reason=reason_of(value.get("rejection_reason")))
    words = f"review_{decision.lower()}" if severity else "review"
    return News(words, severity or grade(decision), facts, "review")


def _account_alert(value: Value) -> News:
    alert = {**value, **mapping(value.get("alert_info"))}
    level = code(alert.get("alert_severity"))
    severity = {"CRITICAL": HIGH, "WARNING": WARNING, "INFORMATIONAL": INFO, "INFO": INFO}.get(level, WARNING)
    status = code(alert.get("alert_status"))
    if status in ("RESOLVED", "INACTIVE", "CLEARED"):
        severity = INFO
    facts = named(alert=alert.get("alert_type"), status=status, provider_says=alert.get("alert_description"))
    subject = f"{text(alert.get('entity_type'))} {text(alert.get('entity_id'))} {text(alert.get('alert_type'))}"
    return News("account_alert", severity, facts, subject)


def _capability(value: Value) -> News:
    daily = value.get("max_daily_conversation_per_phone") or value.get("max_daily_conversations_per_business")
    return News("capability", INFO, named(limit=tier_of(daily), numbers=value.get("max_phone_numbers_per_business")))


def _security(value: Value) -> News:
    event = code(value.get("event"))
    known = event in ("PIN_CHANGED", "PIN_RESET_REQUEST", "PIN_RESET_SUCCESS")
    words = f"security_{event.lower()}" if known else "security"
    facts = named(number=number_of(value), event=event, requester=value.get("requester"))
    return News(words, WARNING, facts, number_of(value))


# ---- numbers


def _quality(value: Value) -> News:
    event = code(value.get("event"))
    known = event in ("FLAGGED", "UNFLAGGED", "DOWNGRADE", "UPGRADE", "ONBOARDING", "THROUGHPUT_UPGRADE")
    words = f"number_{event.lower()}" if known else "number_quality"
    limit = tier_of(value.get("max_daily_conversations_per_business") or value.get("current_limit"))
    return News(words, grade(event), named(number=number_of(value), event=event, limit=limit), number_of(value))


def _name(value: Value) -> News:
    decision = code(value.get("decision"))
    known = decision in ("APPROVED", "REJECTED", "DEFERRED", "PENDING")
    words = f"name_{decision.lower()}" if known else "name"
    name = value.get("requested_verified_name") or value.get("verified_name")
    reason = reason_of(value.get("rejection_reason"))
    facts = named(number=number_of(value), name=name or "—", decision=decision, reason=reason)
    return News(words, WARNING if decision == "DEFERRED" else grade(decision), facts, number_of(value))


def _username(value: Value) -> News:
    status = code(value.get("status"))
    return News("username", grade(status), named(name=value.get("username") or "—", status=status), number_of(value))


# ---- templates and flows


_TEMPLATE_EVENTS = frozenset({
    "APPROVED", "REJECTED", "PAUSED", "DISABLED", "FLAGGED", "REINSTATED", "PENDING", "IN_APPEAL", "PENDING_DELETION",
    "DELETED", "LOCKED", "UNLOCKED", "ARCHIVED", "UNARCHIVED", "LIMIT_EXCEEDED",
})  # fmt: skip

# Values that are a template's status (Graph API, message template); the others are events.
_TEMPLATE_STATES = _TEMPLATE_EVENTS - {"FLAGGED", "REINSTATED", "LOCKED", "UNLOCKED", "UNARCHIVED"}


def _template_status(value: Value) -> News:
    event = code(value.get("event"))
    words = f"template_{event.lower()}" if event in _TEMPLATE_EVENTS else "template_status"
    rejection = mapping(value.get("rejection_info"))
    other = mapping(value.get("other_info"))
    facts = named(
        template=template_of(value),
        event=event,
        reason=rejection.get("reason") or reason_of(value.get("reason")),
        advice=rejection.get("recommendation"),
        when=date_of(mapping(value.get("disable_info")).get("disable_date")),
        provider_says=" ".join(filter(None, (text(other.get("title")), text(other.get("description"))))),
    )
    status = {"REINSTATED": "APPROVED"}.get(event, event if event in _TEMPLATE_STATES else "")
    rejected = {"rejected_reason": facts["reason"]} if event == "REJECTED" and "reason" in facts else {}
    return News(
        words,
        min(grade(event), WARNING, key=RANK.index),
        facts,
        template_of(value),
        template=_changed(value, status=status, **rejected),
    )


def _changed(value: Value, **changes: str) -> dict[str, str]:
    """Return the changes to a template's row; nothing where Meta does not name the template."""
    name, language = text(value.get("message_template_name")), text(value.get("message_template_language"))
    new = {key: change for key, change in changes.items() if change}
    return {"name": name, "language": language, **new} if name and language and new else {}


def _template_quality(value: Value) -> News:
    new = code(value.get("new_quality_score"))
    facts = named(template=template_of(value), old_quality=code(value.get("previous_quality_score")), quality=new)
    severity = WARNING if new in ("RED", "YELLOW") else INFO
    return News("template_quality", severity, facts, template_of(value), template=_changed(value, quality=new))


def _template_category(value: Value) -> News:
    old = value.get("previous_category")
    new = value.get("new_category") or value.get("correct_category")
    facts = named(template=template_of(value), old_category=code(old), category=code(new))
    changed = _changed(value, category=code(value.get("new_category")))
    return News("template_category", WARNING, facts, template_of(value), template=changed)


def _template_parts(value: Value) -> News:
    return News("template_changed", INFO, named(template=template_of(value)), template_of(value))


def _flow(value: Value) -> News:
    event, new, state = code(value.get("event")), code(value.get("new_status")), code(value.get("alert_state"))
    facts = named(flow=value.get("flow_id") or "—", event=event, status=new, provider_says=value.get("message"))
    about = f"{text(value.get('flow_id'))} {event}"
    if new:
        known = new in ("BLOCKED", "THROTTLED")
        return News(f"flow_{new.lower()}" if known else "flow_status", grade(new), facts, about)
    if state == "DEACTIVATED":
        return News("flow_well", INFO, facts, about)
    return News("flow_alert", WARNING, facts, about)


# ---- customers, payments and others


def _payment(value: Value) -> News:
    status = code(value.get("status") or value.get("event"))
    facts = named(name=text(value.get("configuration_name")) or "—", status=status, provider=value.get("provider_name"))
    return News("payment", WARNING if "NEED" in status else grade(status), facts, text(facts["name"]))


def _unknown(topic: str, value: Value) -> News:
    alert = {**value, **mapping(value.get("alert_info"))}
    level = max((grade(code(alert.get(key))) for key in GRADED), key=RANK.index)
    return News("unknown", level, {"field": topic or "?", "content": content_of(value) or "—"})


_READERS: dict[str, Callable[[Value], News]] = {
    "account_update": _account_update,
    "account_review_update": _account_review,
    "account_alerts": _account_alert,
    "business_capability_update": _capability,
    "security": _security,
    "phone_number_quality_update": _quality,
    "phone_number_name_update": _name,
    "business_username_update": _username,
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "message_template_components_update": _template_parts,
    "template_category_update": _template_category,
    "template_correct_category_detection": _template_category,
    "flows": _flow,
    "payment_configuration_update": _payment,
}
