"""Cells of the price tables: as they are shown, read and refused.

Amounts are texts: the grid's own numbers have a decimal point in every language, and read "3,25" as 325. No cell is
validated in the browser, which refuses without a word and keeps back rows that lack a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from pydantic import BaseModel

from console import decimals
from console.dates import TYPED
from console.i18n import current, t
from core.bots.price_table import MAX_ENTRIES
from core.platform.errors import Invalid

COLUMNS = {
    "models": ("model", "valid_from", "input", "cached", "output", "source"),
    "messages": ("channel", "category", "prefix", "valid_from", "usd", "source"),
}
_HIGHEST = {"input": 1_000_000, "cached": 1_000_000, "output": 1_000_000, "usd": 100}
_WRITTEN = {"MM/DD/YYYY": "%m/%d/%Y", "DD/MM/YYYY": "%d/%m/%Y"}


def frame(table: str, entries: Sequence[BaseModel]) -> pd.DataFrame:
    """Return the entries as the rows of a table."""
    rows = [
        {name: decimals.written(cell) if name in _HIGHEST else cell for name, cell in one.model_dump().items()}
        for one in entries
    ]
    return pd.DataFrame(rows, columns=COLUMNS[table])


def read(table: str, edited: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of an edited table, without empty cells. Raises `Invalid` for the first amount that is none."""
    return [
        {"source": ""}
        | {str(name): _read(table, row, name, cell) for name, cell in one.items() if not pd.isna(cell) and cell != ""}
        for row, one in enumerate(edited.to_dict("records"), start=1)
    ]


def _read(table: str, row: int, column: Any, cell: Any) -> Any:
    if column not in _HIGHEST:
        return cell
    typed = decimals.read(str(cell), 0, _HIGHEST[column])
    if typed.fault:
        raise Invalid("invalid_prices", typed.fault, table=table, row=row, column=column, given=str(cell))
    return typed.value


def refused(values: Mapping[str, Any], today: date) -> str:
    """Return which cell is wrong and what to write there, of the values of `invalid_prices`."""
    table, row, column, given = (values[name] for name in ("table", "row", "column", "given"))
    if not row:
        return t("prices.too_many", table=t(f"prices.{table}"), most=MAX_ENTRIES)
    place = t("prices.place", table=t(f"prices.{table}"), row=row, column=t(f"prices.{column}"))
    wrong = t("prices.wrong", given=given[:40]) if given else t("prices.empty")
    return f"{place}: {wrong} {_needed(column, today)}"


def _needed(column: str, today: date) -> str:
    if column in _HIGHEST:
        return decimals.fault(0, _HIGHEST[column])
    example = today.strftime(_WRITTEN[TYPED[current()]])
    return t("prices.needs_choice" if column in ("channel", "category") else f"prices.needs_{column}", example=example)
