"""What the page of API keys reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.store import transaction
from core.people import api_keys
from core.people.api_keys import KeyFacts


def every_key() -> Sequence[KeyFacts]:
    """The business's keys, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.ADMINISTRATORS)
    with transaction(agent.business_id) as session:
        return api_keys.list_keys(session, agent.business_id)
