"""Texts of the prices page about a refused table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from console.dates import TYPED
from console.i18n import current, t
from core.bots.price_table import MAX_ENTRIES

_NEEDS = dict.fromkeys(("input", "cached", "output"), "amount") | dict.fromkeys(("channel", "category"), "choice")
_WRITTEN = {"MM/DD/YYYY": "%m/%d/%Y", "DD/MM/YYYY": "%d/%m/%Y"}


def refused(values: Mapping[str, Any], today: date) -> str:
    """Return which cell is wrong and what to write there, of the values of `invalid_prices`."""
    table, row, column, given = (values[name] for name in ("table", "row", "column", "given"))
    if not row:
        return t("prices.too_many", table=t(f"prices.{table}"), most=MAX_ENTRIES)
    place = t("prices.place", table=t(f"prices.{table}"), row=row, column=t(f"prices.{column}"))
    wrong = t("prices.wrong", given=given[:40]) if given else t("prices.empty")
    needed = t(f"prices.needs_{_NEEDS.get(column, column)}", example=today.strftime(_WRITTEN[TYPED[current()]]))
    return f"{place}: {wrong} {needed}"
