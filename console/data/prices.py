"""What the page on prices reads."""

from __future__ import annotations

from console import auth
from console.data.reading import reading
from core.business import prices
from core.business.prices import Prices


def own() -> Prices:
    """What the business has set. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with reading(agent.business_id) as session:
        return prices.read(session, agent.business_id)


def problems() -> list[str]:
    """What cannot be read of the installation's own price file, a line each."""
    auth.require(*auth.MANAGERS)
    return prices.problems()
