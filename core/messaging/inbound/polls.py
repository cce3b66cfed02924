"""Fetch events from providers that have no webhooks, and store them as webhooks are."""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.channels.registry import PROVIDERS
from core.channels.types import Account, SendError
from core.messaging.channels.accounts import account_of
from core.messaging.inbound.webhook_events import RawEvent, store_raw
from core.models import Channel, ChannelState
from core.platform import job_queue
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)


def poll_all() -> None:
    """Poll every enabled channel whose provider is polled. Network: call it outside any transaction.

    An event that two schedulers fetch at once is stored once. What fails for one channel stops no other.
    """
    polled = [name for name, provider in PROVIDERS.items() if provider.polled]
    if not polled:
        return
    with system_transaction() as session:
        query = select(Channel).where(Channel.provider.in_(polled), Channel.state != ChannelState.DISABLED)
        accounts = [(row.id, account_of(row)) for row in session.scalars(query.order_by(Channel.id))]
    for channel_id, account in accounts:
        try:
            _poll(channel_id, account)
        except SendError as error:
            log.warning("events_not_fetched", channel_id=channel_id, code=error.error.code)
        except OperationalError:
            raise
        except Exception as error:  # a fault of one provider must not stop the others
            log.error("poll_failed", channel_id=channel_id, exc_info=error)


def _poll(channel_id: int, account: Account) -> None:
    for source, event in PROVIDERS[account.provider].poll(account):
        # The credentials of the channel fetched it, which proves its origin as a signature does.
        raw = RawEvent(source, event.content_type, event.query, event.body, event.received_at, (channel_id,))
        with system_transaction() as session:
            connection = session.connection().connection.driver_connection
            assert connection is not None
            store_raw(connection, [raw])
        job_queue.wake_worker()
