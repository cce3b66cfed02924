"""What administrators set of prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.actions.people import change
from core.business import prices


def save(kept: Mapping[str, Any]) -> None:
    """Replace the business's own prices. Raises `NotAllowed`, `UnacceptablePrices`."""
    change(lambda session, business_id, actor: prices.save(session, business_id, actor, kept))
