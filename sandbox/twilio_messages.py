"""Twilio's messages as its API describes them, and the filters of their list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

from sandbox import twilio_events
from sandbox.state import Entry
from sandbox.twilio_errors import TwilioError
from sandbox.world import World


def message(world: World, entry: Entry) -> dict[str, Any]:
    """Return a message as Twilio's API describes it."""
    account = world.settings.twilio_account_sid
    path = f"/2010-04-01/Accounts/{account}/Messages/{entry.id}"
    made = format_datetime(datetime.fromtimestamp(entry.at, UTC))
    media = [part for part in entry.content.values() if isinstance(part, dict) and "mime_type" in part]
    return {
        "account_sid": account,
        "api_version": twilio_events.API_VERSION,
        "body": entry.text,
        "date_created": made,
        "date_sent": made,
        "date_updated": format_datetime(datetime.fromtimestamp(entry.history[-1][1], UTC)) if entry.history else made,
        "direction": "inbound" if entry.incoming else "outbound-api",
        "error_code": entry.error["code"] if entry.error else None,
        "error_message": entry.error["title"] if entry.error else None,
        "from": entry.address if entry.incoming else entry.business,
        "messaging_service_sid": entry.business if entry.business.startswith("MG") else None,
        "num_media": str(len(media) if entry.incoming else len(entry.content.get("media", []))),
        "num_segments": str(twilio_events.segments(entry.text)),
        "price": None,
        "price_unit": "USD",
        "sid": entry.id,
        "status": entry.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "tags": None,
        "to": entry.business if entry.incoming else entry.address,
        "uri": f"{path}.json",
    }


def message_filter(query: Mapping[str, str]) -> Callable[[dict[str, Any]], bool]:
    """Return the condition set by To, From and DateSent with `<` and `>`, dates or times in UTC.

    Raises `TwilioError` for an unreadable date.
    """
    to, sender = query.get("To"), query.get("From")
    try:
        day = date.fromisoformat(query["DateSent"][:10]) if query.get("DateSent") else None
        first = _moment(query["DateSent>"]) if query.get("DateSent>") else None
        last = _moment(query["DateSent<"]) if query.get("DateSent<") else None
    except ValueError:
        raise TwilioError(20001, message="DateSent must be a date") from None

    def wanted(item: dict[str, Any]) -> bool:
        at = datetime.strptime(item["date_sent"], "%a, %d %b %Y %H:%M:%S %z")
        return (
            (not to or item["to"] == to)
            and (not sender or item["from"] == sender)
            and (day is None or at.date() == day)
            and (first is None or at >= first)
            and (last is None or at <= last)
        )

    return wanted


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
