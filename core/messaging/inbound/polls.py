"""Fetch events from providers that have no webhooks, and store them as webhooks are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import func, or_, select, text, update

from core.channels.provider import ProbeResult
from core.channels.registry import PROVIDERS
from core.channels.types import Account, Cause, SendError
from core.messaging.channels.accounts import account_of
from core.messaging.inbound.webhook_events import RawEvent, store_raw
from core.models import Channel, ChannelState
from core.platform import job_queue
from core.platform.db import system_transaction
from core.platform.db_retry import POSTGRES_AWAY, log_outage

log = structlog.get_logger(__name__)

_AT_ONCE = 8  # channels: one whose provider does not answer must not delay the others
_REFUSED_FOR = "15 minutes"  # after that it is probed again; asking more often can lock an account


class Poller:
    """Polls the enabled channels whose providers are polled, each channel once at a time.

    An event that two schedulers fetch at once is stored once. What fails for one channel, or lasts, stops no other.
    Leaving it as a context waits for the polls that it started.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, "poll")
        self._started: dict[int, Future[None]] = {}

    def start_due(self) -> None:
        """Start to poll the channels whose last poll is over, and return. Network: call it outside any transaction."""
        self._started = {number: poll for number, poll in self._started.items() if not poll.done()}
        for channel_id, account in _due():
            if channel_id not in self._started:
                self._started[channel_id] = self._pool.submit(_try, channel_id, account)

    def stop(self) -> None:
        """Start nothing more; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()


def _due() -> list[tuple[int, Account]]:
    polled = [name for name, provider in PROVIDERS.items() if provider.polled]
    if not polled:
        return []
    with system_transaction() as session:
        query = select(Channel).where(
            Channel.provider.in_(polled),
            Channel.state != ChannelState.DISABLED,
            or_(
                func.coalesce(Channel.last_probe["well"].astext, "true") == "true",
                func.split_part(Channel.last_probe["detail"].astext, ":", 1).not_in(_refusals(polled)),
                Channel.last_probe_at < func.now() - text(f"interval '{_REFUSED_FOR}'"),
            ),
        )
        return [(row.id, account_of(row)) for row in session.scalars(query.order_by(Channel.id))]


def _refusals(polled: Sequence[str]) -> list[str]:
    return [code for name in polled for code in PROVIDERS[name].refusals]


def _try(channel_id: int, account: Account) -> None:
    try:
        _poll(channel_id, account)
    except SendError as error:
        log.warning("events_not_fetched", channel_id=channel_id, code=error.error.code)
        if error.cause is Cause.ADMIN:
            _record_refusal(channel_id, error)
    except POSTGRES_AWAY as error:
        log_outage(error)
    except Exception as error:  # a fault of one provider must not stop the others
        log.error("poll_failed", channel_id=channel_id, exc_info=error)


def _record_refusal(channel_id: int, error: SendError) -> None:
    """Save a refusal as a probe does, which shows and alerts."""
    result = ProbeResult(False, str(error), error.advice)
    with system_transaction() as session:
        session.execute(
            update(Channel)
            .where(Channel.id == channel_id)
            .values(last_probe_at=func.now(), last_probe=result.as_json())
            .execution_options(synchronize_session=False)
        )


def _poll(channel_id: int, account: Account) -> None:
    for source, event in PROVIDERS[account.provider].poll(account):
        # The credentials of the channel fetched it, which proves its origin as a signature does.
        raw = RawEvent(source, event.content_type, event.query, event.body, event.received_at, (channel_id,))
        with system_transaction() as session:
            connection = session.connection().connection.driver_connection
            assert connection is not None
            store_raw(connection, [raw])
        job_queue.wake_worker()
