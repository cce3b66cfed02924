"""Customer panel: contact data, assignment and past conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from console import i18n
from console.app_pages.inbox.conversation_queries import Opened
from console.app_pages.quotes import words as quotes
from console.components import load
from console.components.head import written
from console.dates import moment
from console.i18n import t
from core.catalog.quote_reads import QuoteDetails
from core.conversations.triage import LONGEST_TAG, MOST_TAGS
from core.messaging.contacts.limits import LONGEST_ABOUT, LONGEST_FIELD, LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS
from core.messaging.contacts.profile import Past
from core.messaging.csat import LOW_SCORE

_COMPONENT = load("customer", "<section class='customer'></section>")
_BOUNDS = {
    "name": LONGEST_NAME, "about": LONGEST_ABOUT, "field": LONGEST_FIELD, "value": LONGEST_VALUE, "fields": MOST_FIELDS,
    "tag": LONGEST_TAG, "tags": MOST_TAGS,
}  # fmt: skip


def customer(
    *,
    colleagues: Mapping[int, str],
    teams: Mapping[int, str],
    tags: Sequence[str],
    manages: bool,
) -> None:
    """Mount it. `manages`: the viewer may record the customer's opt-outs.

    It fetches what it shows, and sends commands (desk.js).
    """
    data = {
        "colleagues": list(colleagues.items()),
        "teams": list(teams.items()),
        "known": list(tags),
        "manages": manages,
        "bounds": _BOUNDS,
        "words": i18n.section("contact"),
    }
    _COMPONENT(key="customer", data=data)


def to_json(found: Opened, zone: ZoneInfo) -> dict[str, Any]:
    """Return the panel's JSON for the contact and their conversation."""
    thread, one = found.thread, found.customer
    stars = next((past.csat for past in one.past if past.id == thread.id), None)
    return {
        "contact": one.id,
        "name": one.name,
        "address": written(thread.address),
        "identities": [
            {"kind": each.kind, "channel": t(f"list.{each.kind}"), "address": written(each.address),
             "silent": each.opted_out_at is not None, "unsold": each.marketing_stopped_at is not None,
             "former": each.former}
            for each in one.identities
        ],
        "since": t("contact.since", when=moment(one.since, zone)),
        "rated": {"words": t("contact.rated", stars="★" * stars), "low": stars <= LOW_SCORE} if stars else None,
        "quote": _quote(found.quote, zone) if found.quote else None,
        "closed": thread.status == "closed",
        "assignee": thread.assignee_id,
        "assigned": thread.assignee,
        "team": thread.team_id,
        "teamed": thread.team,
        "priority": thread.priority,
        "tags": list(thread.tags),
        "about": one.about,
        "fields": [list(field) for field in one.fields],
        "past": [{"id": past.id, "kind": past.kind, "words": _past(past, zone)}
                 for past in one.past if past.id != thread.id],
    }  # fmt: skip


def _quote(found: QuoteDetails, zone: ZoneInfo) -> dict[str, Any]:
    quote = found.quote
    return {
        "id": quote.id,
        "title": t("quotes.card"),
        "state": quote.state,
        "said": t(f"quotes.state_{quote.state}"),
        "lines": [f"{quotes.quantity(line)} × {quotes.meant(line)}" for line in found.lines],
        "total": f"{t('quotes.total')}: {quotes.total(quote)}",
        "until": t("quotes.until", when=moment(quote.expires_at, zone)) if quote.state in quotes.WAITING else "",
        "see": t("quotes.see"),
    }


def _past(one: Past, zone: ZoneInfo) -> str:
    stars = f" · {'★' * one.csat}" if one.csat else ""
    return f"{moment(one.last_message_at, zone)} · {t(f'inbox.status_{one.status}')}{stars}"
