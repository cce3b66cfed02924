"""Queries of the API keys page."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from console.db import transaction
from core.accounts import api_keys
from core.accounts.api_keys import KeyFacts


def every_key() -> Sequence[KeyFacts]:
    """Return the business's keys, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.ADMINISTRATORS)
    with transaction(agent.scope) as session:
        return api_keys.list_keys(session)
