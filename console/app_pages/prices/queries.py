"""Queries of the prices page."""

from __future__ import annotations

from console import auth
from console.reading import reading
from core.bots import price_table
from core.bots.price_table import Prices


def own() -> Prices:
    """Return the business's prices. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return price_table.read(session)


def problems() -> list[str]:
    """Return the errors of the installation's price file, a line each."""
    auth.require(*auth.MANAGERS)
    return price_table.problems()
