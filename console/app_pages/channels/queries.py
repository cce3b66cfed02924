"""Queries of the channels page."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.db import transaction
from core.monitoring import channel_status
from core.monitoring.channel_status import ChannelCard


def cards() -> Sequence[ChannelCard]:
    """Return the business's channels. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return channel_status.cards(session)


def bots() -> dict[int, str]:
    """Return the bots' names. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return dict(channel_status.bots(session))


def verify_token(channel_id: int) -> str:
    """Return the token that the provider sends to verify the webhook. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS)
    with transaction(agent.scope) as session:
        return channel_status.verify_token(session, channel_id)
