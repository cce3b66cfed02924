"""Events become messages, receipts and news. The one way in.

A batch of events is stored in one transaction. If anything in it is refused, the batch is undone and each event is
stored by itself; if one is refused, each of its items is; an item that is refused alone is quarantined with its
reason, and every other item is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from core.channels.base import AccountNotice, Broken, Consent, IdentityChange, InboundMessage, Parsed, Provider, Receipt
from core.channels.registry import parse_event
from core.db import enter_business, leave_business
from core.inbox import account, events, messages, receipts
from core.models import Channel, EventSource, WebhookEvent

log = structlog.get_logger(__name__)

BATCH = 100
_PROVIDER = {
    EventSource.WHATSAPP_CLOUD: Provider.WHATSAPP_CLOUD,
    EventSource.TWILIO_INBOUND: Provider.TWILIO,
    EventSource.TWILIO_STATUS: Provider.TWILIO,
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where an item belongs."""

    business_id: int
    channel_id: int
    kind: str
    bot_id: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One parsed item, the event it came in, and the channel it is for (None when nobody here owns it)."""

    event_id: int
    parsed: Parsed
    route: Route | None


def receive_pending(session: Session, limit: int = BATCH) -> int:
    """Store the oldest unprocessed events and mark them processed. Returns how many there were."""
    claimed = events.claim(session, limit)
    if not claimed:
        return 0
    _store_events(session, claimed)
    events.mark_processed(session, [event.id for event in claimed])
    return len(claimed)


def _store_events(session: Session, claimed: Sequence[WebhookEvent]) -> None:
    items = [item for event in claimed for item in _items(session, event)]
    if _try_store(session, items) is None:
        return
    for event in claimed:
        own = [item for item in items if item.event_id == event.id]
        if len(claimed) > 1 and _try_store(session, own) is None:
            continue
        for item in own:
            if (error := _try_store(session, [item])) is not None:
                log.error("item_quarantined", event_id=event.id, exc_info=error)
                reason = f"{type(error).__name__}: {error}"
                business_id = item.route.business_id if item.route else None
                events.quarantine(session, event.id, reason, repr(item.parsed)[:20_000], business_id)


def _try_store(session: Session, items: Sequence[Item]) -> Exception | None:
    """Store items or none of them. Returns what stopped it, unless the database itself failed: that is raised."""
    try:
        with session.begin_nested():
            _store_items(session, items)
    except (OperationalError, InterfaceError):
        raise
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return error
    except Exception as error:  # noqa: BLE001 - whatever one item's content provokes must not stop its neighbours
        return error
    return None


def _items(session: Session, event: WebhookEvent) -> Iterable[Item]:
    try:
        parsed = list(parse_event(event.source, event.body, event.content_type, event.query, event.received_at))
    except ValueError as error:
        parsed = [Broken(reason=f"not readable: {error}", raw=None)]
    routes = _routes(session, _PROVIDER[EventSource(event.source)], parsed)
    return [Item(event.id, one, routes.get(_address(one))) for one in parsed]


def _address(parsed: Parsed) -> tuple[str, str]:
    """Which of our channels an item is for: by kind and number, or by account where the news is not about a number."""
    if isinstance(parsed, Broken):
        return ("", "")
    if isinstance(parsed, AccountNotice) and not parsed.route:
        return ("account", parsed.account)
    return (parsed.kind, parsed.route)


def _routes(session: Session, provider: Provider, parsed: Sequence[Parsed]) -> dict[tuple[str, str], Route]:
    wanted = {_address(one) for one in parsed}
    accounts = [value for kind, value in wanted if kind == "account"]
    found: dict[tuple[str, str], Route] = {}
    columns = (Channel.business_id, Channel.id, Channel.kind, Channel.bot_id, Channel.identity, Channel.account)
    for row in session.execute(
        select(*columns).where(Channel.provider == provider, tuple_(Channel.kind, Channel.identity).in_(wanted))
    ):
        found[(row.kind, row.identity)] = Route(row.business_id, row.id, row.kind, row.bot_id)
    if accounts:
        for row in session.execute(
            select(*columns).where(Channel.provider == provider, Channel.account.in_(accounts)).order_by(Channel.id)
        ):
            found.setdefault(("account", row.account), Route(row.business_id, row.id, row.kind, row.bot_id))
    return found


def _store_items(session: Session, items: Sequence[Item]) -> None:
    by_business: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        if isinstance(item.parsed, Broken):
            events.quarantine(session, item.event_id, item.parsed.reason, item.parsed.raw)
        elif item.route is None:
            reason = f"no channel here is {' '.join(_address(item.parsed))}: add it with `core.cli channels add`"
            events.quarantine(session, item.event_id, reason, repr(item.parsed)[:20_000])
        else:
            by_business[item.route.business_id].append(item)
    for business_id, own in by_business.items():
        enter_business(session, business_id)
        _store_for_business(session, business_id, own)
        leave_business(session)


def _store_for_business(session: Session, business_id: int, items: Sequence[Item]) -> None:
    """Changes of identity first, then messages in their order, then receipts, which may be about any of them."""
    routed = [(item.event_id, item.route, item.parsed) for item in items if item.route]
    for event_id, route, one in routed:
        if isinstance(one, IdentityChange):
            account.change_identity(session, business_id, route.channel_id, event_id, one)
    messages.store(session, business_id, [(e, r, one) for e, r, one in routed if isinstance(one, InboundMessage)])
    receipts.store(session, business_id, [(r.channel_id, one) for _, r, one in routed if isinstance(one, Receipt)])
    for _, _, one in routed:
        if isinstance(one, Consent):
            account.record_consent(session, business_id, one)
        elif isinstance(one, AccountNotice):
            account.record_notice(session, business_id, one)
