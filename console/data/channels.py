"""What the channels page reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.store import transaction
from core.business import channel_cards
from core.business.channel_cards import ChannelCard


def cards() -> Sequence[ChannelCard]:
    """Every channel of the business. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return channel_cards.cards(session, agent.business_id)


def bots() -> dict[int, str]:
    """The names of the bots. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return dict(channel_cards.bots(session))


def verify_token(channel_id: int) -> str:
    """The word that Meta proves itself with when it asks for the webhook. Raises `NotAllowed`."""
    agent = auth.require(*auth.ADMINISTRATORS)
    with transaction(agent.business_id) as session:
        return channel_cards.verify_token(session, channel_id)
