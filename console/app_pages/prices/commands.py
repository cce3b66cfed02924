"""Commands of the prices page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.writing import as_administrator
from core.bots import price_table


def save(kept: Mapping[str, Any]) -> None:
    """Replace the business's own prices. Raises `NotAllowed`, `Invalid`."""
    as_administrator(price_table.save, kept)
