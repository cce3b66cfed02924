"""Status of a business's channels: configuration, throughput and the last probe of the provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.channels.provider import ProbeResult
from core.channels.registry import PROVIDERS
from core.messaging.channels.admin import from_settings
from core.messaging.outbound import rate_limit
from core.models import Bot, Channel
from core.platform.config import get_settings
from core.platform.db import business_of, run
from core.platform.errors import NotFound

_INBOUND_WITHIN_DAYS = 7


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel, without its secrets.

    `credentials` are those that may be shown, `secrets` the names of the others that are stored. `sent` counts the
    messages of the last minute, `left` how many more the rate allowed. `breaker_until` is set while the circuit breaker
    is open. `heard_at` is the time of the latest inbound message within seven days. `webhook` is the address to give to
    the provider, if it has webhooks.
    """

    id: int
    name: str
    kind: str
    provider: str
    identity: str
    account: str
    state: str
    reason: str | None
    bot_id: int | None
    bot: str | None
    per_second: float
    own_speed: float | None
    sent: int
    left: int
    waiting: int
    oldest_seconds: float
    begun: int
    heard_at: datetime | None
    failures: int
    breaker_until: datetime | None
    last_probe_at: datetime | None
    answer: ProbeResult | None
    credentials: Mapping[str, str]
    secrets: frozenset[str]
    from_settings: bool
    webhook: str | None


_FIGURES = """
SELECT c.id,
    coalesce(s.sent, 0) AS sent, coalesce(b.begun, 0) AS begun, h.created_at AS heard_at,
    coalesce(w.waiting, 0) AS waiting, coalesce(w.oldest, 0) AS oldest,
    coalesce(f.failures, 0) AS failures, CASE WHEN f.open_until > now() THEN f.open_until END AS breaker_until
FROM channels c
LEFT JOIN channel_limits f ON f.channel_id = c.id
LEFT JOIN (
    SELECT channel_id, count(*) AS sent FROM messages
    WHERE business_id = %(business)s AND created_at > now() - interval '1 hour'
        AND sent_at > now() - interval '1 minute' GROUP BY 1
) s ON s.channel_id = c.id
LEFT JOIN (
    SELECT channel_id, count(*) AS begun FROM conversations
    WHERE business_id = %(business)s AND created_at > now() - interval '24 hours' GROUP BY 1
) b ON b.channel_id = c.id
LEFT JOIN (
    SELECT channel_id, count(*) AS waiting, greatest(0, extract(epoch FROM now() - min(next_attempt_at))) AS oldest
    FROM deliveries WHERE next_attempt_at <= now() GROUP BY 1
) w ON w.channel_id = c.id
LEFT JOIN LATERAL (
    SELECT created_at FROM messages m
    WHERE m.business_id = %(business)s AND m.channel_id = c.id AND m.direction = 'inbound'
        AND m.created_at > now() - make_interval(days => %(days)s)
    ORDER BY m.created_at DESC LIMIT 1
) h ON true
WHERE c.business_id = %(business)s
"""


def cards(session: Session) -> Sequence[ChannelCard]:
    """Return the channels of the business, oldest first, disabled ones last."""
    values = {"business": business_of(session), "days": _INBOUND_WITHIN_DAYS}
    figures = {row.id: row for row in run(session, _FIGURES, values)}
    rows = session.execute(
        select(Channel, Bot.name)
        .outerjoin(Bot, Bot.id == Channel.bot_id)
        .order_by(Channel.state == "disabled", Channel.id)
    )
    return [_card(row, bot, figures[row.id]) for row, bot in rows]


def _card(row: Channel, bot: str | None, now: Any) -> ChannelCard:
    rate = rate_limit.per_second(row.provider, row.kind, row.settings)
    sent: int = now.sent
    own = row.settings.get("messages_per_second")
    provider = PROVIDERS[row.provider]
    fields = provider.credential_fields
    path = provider.webhooks[0].paths[0] if provider.webhooks else None
    stored = {field: row.credentials[field.name] for field in fields if row.credentials.get(field.name)}
    return ChannelCard(
        id=row.id,
        name=row.name,
        kind=row.kind,
        provider=row.provider,
        identity=row.identity,
        account=row.account,
        state=row.state,
        reason=row.state_reason,
        bot_id=row.bot_id,
        bot=bot,
        per_second=rate,
        own_speed=float(own) if isinstance(own, int | float) else None,
        sent=sent,
        left=max(0, int(rate * 60) - sent),
        waiting=now.waiting,
        oldest_seconds=float(now.oldest),
        begun=now.begun,
        heard_at=now.heard_at,
        failures=now.failures,
        breaker_until=now.breaker_until,
        last_probe_at=row.last_probe_at,
        answer=ProbeResult.of_json(row.last_probe),
        credentials={field.name: value for field, value in stored.items() if not field.secret},
        secrets=frozenset(field.name for field in stored if field.secret),
        from_settings=from_settings(row.provider, row.kind, row.identity),
        webhook=get_settings().callback_base + path if path else None,
    )


def verify_token(session: Session, channel_id: int) -> str:
    """Return the token to enter at the provider beside the webhook: the channel's own, else the installation's.

    Empty if there is none, or its provider asks for none. Raises `NotFound`.
    """
    row = session.get(Channel, channel_id)
    if row is None:
        raise NotFound(f"No channel {channel_id}.")
    provider = PROVIDERS[row.provider]
    if provider.challenge is None:
        return ""
    name = provider.challenge.credential
    return row.credentials.get(name) or provider.settings_credentials(get_settings()).get(name, "")


def bots(session: Session) -> Sequence[tuple[int, str]]:
    """Return (id, name) of the bots a channel may use, by name."""
    return [(row.id, row.name) for row in session.execute(select(Bot.id, Bot.name).order_by(func.lower(Bot.name)))]
