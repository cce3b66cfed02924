"""Severity of Meta's values, and values shared by its account updates."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from core.channels.json_values import items, text

INFO, WARNING, HIGH = "info", "warning", "high"
Value = dict[str, Any]
LONGEST = 400

RANK = (INFO, WARNING, HIGH)
GRADED = ("event", "status", "new_status", "decision", "alert_severity", "severity")
# A lifted restriction is always of severity info.
_LIFTED = re.compile(
    r"UN(BLOCK|FLAG|PAUSE|LOCK|BAN|RESTRICT|SUSPEND|ARCHIV)|REINSTAT|REACTIVAT|RESTOR|RESOLV|RECONNECT"
)
_GRAVE = re.compile(
    r"DISABL|BANNED|\bBAN\b|BLOCK|RESTRICT|SUSPEND|OFFBOARD|UNINSTALL|REMOVED|CRITICAL|VIOLATION|REVOKED"
)
_DOUBTFUL = re.compile(
    r"REJECT|PAUSE|FLAG|DOWNGRADE|FAIL|WARN|EXPIR|THROTTL|LOCK|DECLIN|DELET|ERROR|LIMIT_EXCEED|DEPRECAT|DENIED"
)


def grade(code: str, *, account: bool = False) -> str:
    """Return the severity of a value of Meta's. Only what affects a whole account is high."""
    if not code or _LIFTED.search(code):
        return INFO
    if code == "CRITICAL" or (account and _GRAVE.search(code)):
        return HIGH
    return WARNING if _GRAVE.search(code) or _DOUBTFUL.search(code) else INFO


def code(value: Any) -> str:
    """Return a code of Meta's in capitals, "" if it is neither text nor a number."""
    return text(value).strip().upper()


def reason_of(value: Any) -> str:
    """Return the reason; Meta writes NONE where there is none."""
    found = text(value).strip()
    return "" if found.upper() == "NONE" else found


def named(**values: Any) -> dict[str, Any]:
    """Return the values present, as text; a list of codes stays a list."""
    kept = {name: value if isinstance(value, list) else text(value)[:LONGEST] for name, value in values.items()}
    return {name: value for name, value in kept.items() if value}


def number_of(value: Value) -> str:
    """Return the phone number that the value is about, a dash for none."""
    return text(value.get("display_phone_number") or value.get("phone_number")) or "—"


def template_of(value: Value) -> str:
    """Return the template's name, else its id, with its language; a dash for none."""
    name = text(value.get("message_template_name")) or text(value.get("message_template_id")) or "—"
    language = text(value.get("message_template_language"))
    return f"{name} ({language})" if language else name


def tier_of(tier: Any) -> str:
    """Return TIER_2K as 2K; "" where there is none."""
    found = text(tier).removeprefix("TIER_")
    return "" if found in ("", "NOT_SET", "-1") else found


def moment_of(value: Any) -> datetime | None:
    """Parse Unix seconds, as a string or a number."""
    found = text(value)
    if not re.fullmatch(r"[0-9]{9,11}", found):
        return None
    return datetime.fromtimestamp(int(found), UTC)


def date_of(value: Any) -> str:
    """Return the day of a timestamp, or the text as it came."""
    found = moment_of(value)
    return f"{found:%Y-%m-%d}" if found else text(value)


def of_groups(value: Value) -> list[Value]:
    """Return the groups that the value is about."""
    return [item for item in items(value, "groups") if isinstance(item, dict)]


def first(found: list[Value], key: str) -> str:
    """Return a field's text in the first of them, "" for none."""
    return text(found[0].get(key)) if found else ""


def content_of(value: Any) -> str:
    """Summarise an unknown value on one line."""
    content = json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return content[:LONGEST]
