"""Assign items to channels, and check that the signer of an event may speak for the channel.

Routing alone trusts the body, which any holder of one of the installation's secrets could forge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.channels.registry import provider_of
from core.channels.types import AccountUpdate, InboundMessage, MarketingConsent, Parsed, Receipt, UnparsedItem
from core.messaging.channels.signing import may_speak_for
from core.messaging.inbound.webhook_events import StoredEvent
from core.models import Channel
from core.platform.db import run
from core.types import ReplyPolicy

log = structlog.get_logger(__name__)

Address = tuple[str, str, str]

_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Route:
    """The channel of an item and its bot's reply policy (None: no bot)."""

    business_id: int
    channel_id: int
    kind: str
    bot: ReplyPolicy | None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A parsed item, its event and its channel (None when no channel matches).

    `forged`: the event was signed with a secret that is not this channel's. `owner` is the business that signed the
    event, if exactly one did; it owns the dead letters of items without a channel.
    """

    event_id: int
    parsed: Parsed
    route: Route | None
    forged: bool = False
    owner: int | None = None
    provider: str = ""


def assign(session: Session, parsed: Sequence[tuple[StoredEvent, Parsed]]) -> list[Item]:
    """Return a batch's items with their channels, in order. Needs a system transaction."""
    channels = _Channels(session, parsed)
    found = [(event, one, channels.candidates(event, one)) for event, one in parsed]
    unverified: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for event, _, routes in found:
        if routes and _signer(event, routes) is None:
            unverified[tuple(event.signed_by or ())].update(route.channel_id for route in routes)
    allowed = {signers: may_speak_for(session, channel_ids, signers) for signers, channel_ids in unverified.items()}
    owners = _owners(session, [event for event, _, routes in found if not routes])
    items = [_item(event, one, routes, allowed, owners) for event, one, routes in found]
    if forged := sorted({item.event_id for item in items if item.forged}):
        spoken_for = sorted({item.route.channel_id for item in items if item.forged and item.route})
        log.warning("webhook_signed_by_another", event_ids=forged, channel_ids=spoken_for)
    return items


def _item(
    event: StoredEvent,
    parsed: Parsed,
    routes: Sequence[Route],
    allowed: dict[tuple[int, ...], frozenset[int]],
    owners: dict[int, int],
) -> Item:
    if not routes:
        signers = {owners[channel_id] for channel_id in event.signed_by or () if channel_id in owners}
        owner = signers.pop() if len(signers) == 1 else None
        provider = "" if isinstance(parsed, UnparsedItem) else _provider(event)
        return Item(event.id, parsed, None, owner=owner, provider=provider)
    if (route := _signer(event, routes)) is not None:
        return Item(event.id, parsed, route)
    may = allowed[tuple(event.signed_by or ())]
    if (route := next((one for one in routes if one.channel_id in may), None)) is not None:
        return Item(event.id, parsed, route)
    return Item(event.id, parsed, routes[0], forged=True)


def _owners(session: Session, events: Sequence[StoredEvent]) -> dict[int, int]:
    """Return the businesses of the channels that signed events."""
    signers = {channel_id for event in events for channel_id in event.signed_by or ()}
    if not signers:
        return {}
    rows = session.execute(select(Channel.id, Channel.business_id).where(Channel.id.in_(signers)))
    return {row.id: row.business_id for row in rows}


def _signer(event: StoredEvent, routes: Sequence[Route]) -> Route | None:
    """Return the channel that signed the event itself; the first one if the event has no recorded signers."""
    if event.signed_by is None:
        return routes[0]
    return next((route for route in routes if route.channel_id in event.signed_by), None)


class _Channels:
    """The channels that a batch may be for: the one of a number or service, all of an account (oldest first)."""

    def __init__(self, session: Session, parsed: Sequence[tuple[StoredEvent, Parsed]]) -> None:
        self._session = session
        self._found: dict[Address, list[Route]] = defaultdict(list)
        self._by_id: dict[int, Route] = {}
        self._sent: dict[tuple[str, int | str], int] = {}
        named = {value for event, one in parsed for _, _, value in _addresses(event, one)}
        self._load({"wanted": list(named), "ids": []})
        self._find_sent([(event, one) for event, one in parsed if isinstance(one, Receipt)])

    def candidates(self, event: StoredEvent, parsed: Parsed) -> Sequence[Route]:
        """Return the candidate channels of an item. A status belongs to the channel that sent its message."""
        if isinstance(parsed, Receipt) and (sent_by := self._sender(event, parsed)) is not None:
            return [sent_by]
        return self._named(event, parsed)

    def _named(self, event: StoredEvent, parsed: Parsed) -> Sequence[Route]:
        return next((routes for key in _addresses(event, parsed) if (routes := self._found.get(key))), [])

    def _sender(self, event: StoredEvent, receipt: Receipt) -> Route | None:
        provider = _provider(event)
        for message_ref in (receipt.our_id, receipt.provider_id):
            if message_ref is not None and (channel_id := self._sent.get((provider, message_ref))) is not None:
                return self._by_id.get(channel_id)
        return None

    def _find_sent(self, receipts: Sequence[tuple[StoredEvent, Receipt]]) -> None:
        """Look up the senders of statuses' messages. Where they name it, only unmatched ones are queried."""
        unmatched = [
            (event, one)
            for event, one in receipts
            if not (provider_of(event.source).receipts_name_channel and self._named(event, one))
        ]
        if not unmatched:
            return
        theirs = {(_provider(event), one.provider_id) for event, one in unmatched}
        values = {
            "ours": [one.our_id for _, one in unmatched if one.our_id is not None],
            "theirs": [provider_id for _, provider_id in theirs],
            "providers": list({provider for provider, _ in theirs}),
        }
        by_id = {one.our_id: one for _, one in unmatched}
        for row in run(self._session, _SENT, values):
            if _matches(row, by_id.get(row.id)):
                self._sent[(row.provider, row.id)] = row.channel_id
            if row.provider_id is not None:
                self._sent[(row.provider, row.provider_id)] = row.channel_id
        if missing := set(self._sent.values()) - self._by_id.keys():
            self._load({"wanted": [], "ids": list(missing)})

    def _load(self, values: dict[str, list[str] | list[int]]) -> None:
        for row in run(self._session, _CHANNELS, values):
            bot = None if row.enabled is None else ReplyPolicy(row.enabled, row.autonomy, row.quiet)
            route = Route(row.business_id, row.id, row.kind, bot, row.account or "")
            self._by_id[row.id] = route
            self._found[(row.provider, row.kind, row.identity)].append(route)
            self._found[(row.provider, _ACCOUNT, row.account)].append(route)


def _matches(sent: Any, receipt: Receipt | None) -> bool:
    """Return whether a status with our id may be about that message: another installation uses the same ids.

    A status without the provider's message id must name the number or the service that sent it.
    """
    if receipt is None:
        return True
    if not receipt.provider_id:
        return sent.identity in (receipt.service, receipt.route)
    return sent.provider_id in (None, receipt.provider_id)


def _provider(event: StoredEvent) -> str:
    return provider_of(event.source).name


def _addresses(event: StoredEvent, parsed: Parsed) -> list[Address]:
    """Return how an item names our channel, most specific first.

    By messaging service, by kind and number, or by account where the update is not about a number.
    """
    if isinstance(parsed, UnparsedItem):
        return []
    provider = _provider(event)
    if isinstance(parsed, AccountUpdate | MarketingConsent) and not parsed.route:
        return [(provider, _ACCOUNT, parsed.account)] if parsed.account else []
    service = parsed.service if isinstance(parsed, InboundMessage | Receipt) else ""
    return [(provider, parsed.kind, value) for value in (service, parsed.route) if value]


# A message of ours by its own id, else by the provider's within its channels.
_SENT = """
SELECT m.id, m.provider_id, m.channel_id, c.provider, c.identity
FROM messages m JOIN channels c ON c.id = m.channel_id
WHERE m.id = ANY(%(ours)s::bigint[]) AND m.direction = 'outbound'
UNION ALL
SELECT m.id, m.provider_id, m.channel_id, c.provider, c.identity
FROM channels c JOIN messages m ON m.channel_id = c.id AND m.provider_id = ANY(%(theirs)s::text[])
WHERE c.provider = ANY(%(providers)s::text[]) AND m.direction = 'outbound'
"""
_CHANNELS = """
SELECT c.id, c.business_id, c.provider, c.kind, c.identity, c.account, v.enabled, v.autonomy, v.quiet
FROM channels c
LEFT JOIN LATERAL (
    SELECT (data ->> 'enabled')::boolean AS enabled, data ->> 'autonomy' AS autonomy,
           (data ->> 'quiet_seconds')::float AS quiet
    FROM bot_versions WHERE bot_id = c.bot_id ORDER BY version DESC LIMIT 1
) v ON true
WHERE c.identity = ANY(%(wanted)s::text[]) OR c.account = ANY(%(wanted)s::text[]) OR c.id = ANY(%(ids)s::bigint[])
ORDER BY c.id
"""
