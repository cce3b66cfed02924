"""What the channels page reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.db import transaction
from core.monitoring import channel_status
from core.monitoring.channel_status import ChannelCard


def cards() -> Sequence[ChannelCard]:
    """Every channel of the business. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return channel_status.cards(session, agent.business_id)


def bots() -> dict[int, str]:
    """The names of the bots. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return dict(channel_status.bots(session))


def verify_token(channel_id: int) -> str:
    """The word that Meta proves itself with when it asks for the webhook. Raises `NotAllowed`."""
    agent = auth.require(*auth.ADMINISTRATORS)
    with transaction(agent.business_id) as session:
        return channel_status.verify_token(session, channel_id)
