"""What the page on prices reads."""

from __future__ import annotations

from console import auth
from console.reading import reading
from core.bots import price_table
from core.bots.price_table import Prices


def own() -> Prices:
    """What the business has set. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return price_table.read(session, agent.business_id)


def problems() -> list[str]:
    """What cannot be read of the installation's own price file, a line each."""
    auth.require(*auth.MANAGERS)
    return price_table.problems()
