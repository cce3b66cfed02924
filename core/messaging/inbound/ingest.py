"""Turn stored webhook events into messages, receipts and account updates.

A batch of events is stored in one transaction. If any item is rejected, the batch is rolled back and repeated with
failures isolated: the items are bisected down to the rejected one, which becomes a dead letter with its reason, and all
others are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.orm import Session

from core.channels.account_states import AddressBookName
from core.channels.registry import PROVIDERS, UnknownSource, parse_event
from core.channels.types import (
    AccountUpdate,
    IdentityChange,
    InboundMessage,
    MarketingConsent,
    Parsed,
    Receipt,
    UnparsedItem,
)
from core.channels.webhook import EventBody
from core.messaging.inbound import account_updates, delivery_receipts, history, store_messages, webhook_events
from core.messaging.inbound.routes import Item, Route, assign
from core.messaging.inbound.webhook_events import DeadItem, StoredEvent
from core.platform.db import enter_business, leave_business
from core.platform.errors import BotHubError
from core.platform.job_queue import TimedOut

log = structlog.get_logger(__name__)

BATCH = 100
ParsedItem = InboundMessage | Receipt | IdentityChange | MarketingConsent | AccountUpdate | AddressBookName
_MAX_ITEMS = 1000  # per call, which keeps statements far from their time-out
# Postgres error classes that no item causes: connection, deadlock, resources, locks, shutdown, system. The driver's
# OperationalError includes more, such as a row too large for an index.
_DATABASE_FAILURES = frozenset({"08", "25", "40", "53", "55", "57", "58"})
_FORGED = "signed with a secret that is not this number's: if the number's app or account changed, save its new secret"


def receive_pending(session: Session, limit: int = BATCH, *, isolate_failures: bool = False) -> int:
    """Store the oldest unprocessed events, or the one that stopped a worker before. Returns how many there were.

    Raises:
        BatchRejected: an item cannot be stored. Roll back, and call again with `isolate_failures` in a new transaction.
    """
    claimed = webhook_events.claim(session, limit, again=isolate_failures)
    if not claimed:
        return _receive_alone(session)
    _store_events(session, claimed, _store if isolate_failures else _store_at_once)
    return len(claimed)


def _receive_alone(session: Session) -> int:
    """Store the event that must be processed alone, or quarantine it after too many attempts."""
    claimed = webhook_events.claim_alone(session, suspects=BATCH)
    if claimed is None:
        return 0
    event, attempts = claimed
    if attempts <= webhook_events.MAX_ATTEMPTS:
        _store_events(session, [event], _store)
    else:
        log.error("event_quarantined", event_id=event.id, attempts=attempts - 1)
        reason = f"processing it was begun {attempts - 1} times and never ended"
        webhook_events.quarantine(session, event.id, reason, event.body[:500].decode(errors="replace"))
    return 1


def _document(parsed: object) -> object:
    """Return a parsed item as readable JSON."""
    if not is_dataclass(parsed) or isinstance(parsed, type):
        return repr(parsed)
    return {one.name: _plain(getattr(parsed, one.name)) for one in fields(parsed)}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _document(value) if is_dataclass(value) else str(value)


class BatchRejected(Exception):
    """An item in a batch cannot be stored."""


def _store_events(
    session: Session, claimed: Sequence[StoredEvent], store: Callable[[Session, Sequence[Item]], None]
) -> None:
    parsed = [(event, one) for event in claimed for one in _parse(event)]
    items = assign(session, parsed)
    for start in range(0, len(items), _MAX_ITEMS):
        if start:
            leave_business(session)
        store(session, items[start : start + _MAX_ITEMS])


def _store_at_once(session: Session, items: Sequence[Item]) -> None:
    try:
        _store_items(session, items)
    except Exception as error:
        if _is_database_failure(error):
            raise
        raise BatchRejected from error


def _store(session: Session, items: Sequence[Item]) -> None:
    """Store items in order, bisecting on failure until the item that cannot be stored is isolated."""
    error = _try_store(session, items)
    if error is None:
        return
    if len(items) > 1:
        middle = len(items) // 2
        _store(session, items[:middle])
        _store(session, items[middle:])
        return
    (item,) = items
    log.error("item_quarantined", event_id=item.event_id, exc_info=error)
    business_id = item.route.business_id if item.route else item.owner
    webhook_events.quarantine(session, item.event_id, _why(error), _document(item.parsed), business_id)


def _why(error: Exception) -> str:
    """Return a readable reason why an item could not be stored; the traceback is in the log."""
    if isinstance(error, DBAPIError):
        return f"the database refused it: {str(error.orig).partition(chr(10))[0]}"
    if isinstance(error, BotHubError):
        return str(error)
    return "it was understood and could not be stored"


def _try_store(session: Session, items: Sequence[Item]) -> Exception | None:
    """Store all items or none. Returns the error, unless the database itself failed: that is raised."""
    try:
        with session.begin_nested():
            _store_items(session, items)
            leave_business(session)
    except Exception as error:  # one item's failure must not stop the others
        if _is_database_failure(error):
            raise
        return error
    return None


def _is_database_failure(error: Exception) -> bool:
    """Return whether the database failed or time ran out, so that no item is known to be the cause."""
    return isinstance(error, InterfaceError | TimedOut) or (
        isinstance(error, DBAPIError)
        and (error.connection_invalidated or str(getattr(error.orig, "sqlstate", ""))[:2] in _DATABASE_FAILURES)
    )


def _parse(event: StoredEvent) -> list[Parsed]:
    try:
        body = EventBody(event.body, event.content_type, event.query, event.received_at)
        return list(parse_event(event.source, body))
    except TimedOut:
        raise
    except UnknownSource as error:
        return [UnparsedItem(reason=str(error), raw=None)]
    except Exception as error:  # an unforeseen body must not stop later events
        log.error("event_not_readable", event_id=event.id, exc_info=error)
        words = f"cannot be read: {error}" if isinstance(error, ValueError) else "has a shape that is not known"
        return [UnparsedItem(reason=f"the body {words}", raw=None)]


def _store_items(session: Session, items: Sequence[Item]) -> None:
    by_business: dict[int, list[Item]] = defaultdict(list)
    dead: list[DeadItem] = []
    for item in items:
        if isinstance(item.parsed, UnparsedItem):
            dead.append(DeadItem(item.event_id, item.parsed.reason, item.parsed.raw, item.owner))
        elif item.route is None:
            reason = _unknown(item.provider, item.parsed)
            dead.append(DeadItem(item.event_id, reason, _document(item.parsed), item.owner))
        elif item.forged:
            dead.append(DeadItem(item.event_id, _FORGED, _document(item.parsed), item.route.business_id))
        else:
            by_business[item.route.business_id].append(item)
    webhook_events.quarantine_all(session, dead)
    for business_id, own in by_business.items():
        enter_business(session, business_id)
        _store_for_business(session, own)


def _unknown(provider: str, parsed: ParsedItem) -> str:
    """Return why no channel matches an item, and how to add one."""
    if isinstance(parsed, AccountUpdate) and not parsed.route and parsed.account:
        return (
            f"no channel here is of the account {parsed.account}: add one of it with"
            f" `{PROVIDERS[provider].add_command(parsed.kind, '', parsed.account)}`"
        )
    service = parsed.service if isinstance(parsed, InboundMessage | Receipt) else ""
    names = [name for name in (parsed.route, service) if name]
    if not names:
        return "it does not say for which of our numbers it is"
    ways = " or ".join(f"`{PROVIDERS[provider].add_command(parsed.kind, name)}`" for name in names)
    return f"no channel here is {parsed.kind} {' or '.join(names)}: add it with {ways}"


def _store_for_business(session: Session, items: Sequence[Item]) -> None:
    """Store a business's items.

    Messages and identity changes come in order, because a number's messages belong to its owner at that time; then
    receipts, which may be about any of them.
    """
    routed = [(item.event_id, item.route, item.parsed) for item in items if item.route]
    written: list[tuple[int, Route, InboundMessage]] = []
    for event_id, route, one in routed:
        if isinstance(one, InboundMessage):
            written.append((event_id, route, one))
        elif isinstance(one, IdentityChange):
            _store_messages(session, written)
            written = []
            account_updates.change_identity(session, route.channel_id, event_id, one, route.account)
    _store_messages(session, written)
    account_updates.save_names(session, [(r.account, one) for _, r, one in routed if isinstance(one, AddressBookName)])
    delivery_receipts.store(session, [(r.channel_id, one) for _, r, one in routed if isinstance(one, Receipt)])
    for _, _, one in routed:
        if isinstance(one, MarketingConsent):
            account_updates.record_consent(session, one)
        elif isinstance(one, AccountUpdate):
            account_updates.record_account_update(session, route.channel_id, one)


def _store_messages(session: Session, written: Sequence[tuple[int, Route, InboundMessage]]) -> None:
    store_messages.store(session, [item for item in written if not item[2].historic])
    history.store(session, [item for item in written if item[2].historic])
