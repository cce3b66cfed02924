"""Which channel an item is for, and whether whoever signed its event may speak for that channel.

Routing alone goes by what a body says of itself, which anybody who owns one secret of the installation could write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.business.secrets import may_speak_for
from core.channels.base import AccountNotice, Broken, Parsed, Provider
from core.conversations.bots import Manners
from core.db import run
from core.inbox.events import StoredEvent
from core.models import Channel, EventSource

log = structlog.get_logger(__name__)

Address = tuple[str, str, str]

_ACCOUNT = "account"
_PROVIDER = {
    EventSource.WHATSAPP_CLOUD: Provider.WHATSAPP_CLOUD,
    EventSource.TWILIO_INBOUND: Provider.TWILIO,
    EventSource.TWILIO_STATUS: Provider.TWILIO,
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where an item belongs, and how the bot of that channel behaves (None: it has none)."""

    business_id: int
    channel_id: int
    kind: str
    bot: Manners | None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One parsed item, the event it came in, and the channel it is for (None when nobody here owns it).

    `forged`: the event was signed with a secret that is not this channel's. `owner` is the business of whoever signed
    an event, where that is one; it is told for items without a channel.
    """

    event_id: int
    parsed: Parsed
    route: Route | None
    forged: bool = False
    owner: int | None = None


def assign(session: Session, parsed: Sequence[tuple[StoredEvent, Parsed]]) -> list[Item]:
    """The items of a batch with their channels, in their order. Needs a system transaction."""
    candidates = _candidates(session, parsed)
    to_ask: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for event, one in parsed:
        routes = candidates.get(_address(event, one), [])
        if routes and _signer(event, routes) is None:
            to_ask[tuple(event.signed_by or ())].update(route.channel_id for route in routes)
    allowed = {signers: may_speak_for(session, channels, signers) for signers, channels in to_ask.items()}
    owners = _owners(session, [event for event, one in parsed if not candidates.get(_address(event, one))])
    items = [_item(event, one, candidates.get(_address(event, one), []), allowed, owners) for event, one in parsed]
    if forged := sorted({item.event_id for item in items if item.forged}):
        channels = sorted({item.route.channel_id for item in items if item.forged and item.route})
        log.warning("webhook_signed_by_another", event_ids=forged, channel_ids=channels)
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
        return Item(event.id, parsed, None, owner=signers.pop() if len(signers) == 1 else None)
    if (route := _signer(event, routes)) is not None:
        return Item(event.id, parsed, route)
    may = allowed[tuple(event.signed_by or ())]
    if (route := next((one for one in routes if one.channel_id in may), None)) is not None:
        return Item(event.id, parsed, route)
    return Item(event.id, parsed, routes[0], forged=True)


def _owners(session: Session, events: Sequence[StoredEvent]) -> dict[int, int]:
    """The businesses of the channels that signed events."""
    signers = {channel_id for event in events for channel_id in event.signed_by or ()}
    if not signers:
        return {}
    rows = session.execute(select(Channel.id, Channel.business_id).where(Channel.id.in_(signers)))
    return {row.id: row.business_id for row in rows}


def _signer(event: StoredEvent, routes: Sequence[Route]) -> Route | None:
    """The channel that signed the event itself; the first one of an event that came before signers were noted."""
    if event.signed_by is None:
        return routes[0]
    return next((route for route in routes if route.channel_id in event.signed_by), None)


def _address(event: StoredEvent, parsed: Parsed) -> Address:
    """Which of our channels an item is for: by kind and number, or by account where the news is not about a number."""
    provider = _PROVIDER[EventSource(event.source)]
    if isinstance(parsed, Broken):
        return (provider, "", "")
    if isinstance(parsed, AccountNotice) and not parsed.route:
        return (provider, _ACCOUNT, parsed.account)
    return (provider, parsed.kind, parsed.route)


def _candidates(session: Session, parsed: Sequence[tuple[StoredEvent, Parsed]]) -> dict[Address, list[Route]]:
    """The channels that a batch may be for: the one of a number, all of an account (oldest first)."""
    wanted = {_address(event, one)[2] for event, one in parsed} - {""}
    found: dict[Address, list[Route]] = defaultdict(list)
    for row in run(session, _CHANNELS, {"wanted": list(wanted)}):
        bot = None if row.enabled is None else Manners(row.enabled, row.autonomy, row.quiet)
        route = Route(row.business_id, row.id, row.kind, bot, row.account or "")
        found[(row.provider, row.kind, row.identity)].append(route)
        found[(row.provider, _ACCOUNT, row.account)].append(route)
    return found


_CHANNELS = """
SELECT c.id, c.business_id, c.provider, c.kind, c.identity, c.account, v.enabled, v.autonomy, v.quiet
FROM channels c
LEFT JOIN LATERAL (
    SELECT (data ->> 'enabled')::boolean AS enabled, data ->> 'autonomy' AS autonomy,
           (data ->> 'quiet_seconds')::float AS quiet
    FROM bot_settings WHERE bot_id = c.bot_id ORDER BY version DESC LIMIT 1
) v ON true
WHERE c.identity = ANY(%(wanted)s::text[]) OR c.account = ANY(%(wanted)s::text[]) ORDER BY c.id
"""
