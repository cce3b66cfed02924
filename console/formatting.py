"""Numbers in the viewer's format."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from babel.numbers import format_decimal, format_percent

from console.i18n import current

Colour = Literal["red", "orange", "blue", "green", "violet", "gray"]  # of badges, as Streamlit names them
SEPARATORS = {"en": ".,", "es": ",.", "pt": ",."}  # Plotly separators: decimal, then thousands
DAY = {"en": "%b %-d", "es": "%d/%m", "pt": "%d/%m"}  # Plotly has month names in English only
WHOLE_DAY = {"en": "%b %-d, %Y", "es": "%d/%m/%Y", "pt": "%d/%m/%Y"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MEGABYTE = 2**20
_UNITS = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))


def number(value: float | Decimal, decimals: int = 0, *, least: int | None = None) -> str:
    """Format with grouped thousands and fixed decimals; with `least`, drop trailing zeros beyond that many."""
    kept = decimals if least is None else least
    return format_decimal(value, f"#,##0.{'0' * kept}{'#' * (decimals - kept)}", locale=current())


def percent(share: float, *, exact: bool = False) -> str:
    """Format a fraction as percent, rounded to whole ones unless `exact`."""
    return format_percent(round(share, 6), locale=current(), decimal_quantization=not exact)


def usd(value: float | Decimal, decimals: int = 5) -> str:
    """Format an amount with its unit: "0.00042 USD"."""
    return f"{number(value, decimals)} USD"


def seconds(milliseconds: float) -> str:
    """Format a short time: "640 ms", "1.4 s"."""
    return f"{number(milliseconds)} ms" if milliseconds < 1000 else f"{number(milliseconds / 1000, 1)} s"


def duration(seconds: float) -> str:
    """Format a duration in its two largest units."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:02.0f} s"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:02.0f} min"
    return f"{seconds // _DAY:.0f} d {seconds % _DAY // _HOUR:.0f} h"


def roughly(length: float) -> str:
    """Format an approximate duration in seconds, in its largest unit: "≈ 1.5 h", "≈ 40 s"."""
    size, unit = next((one for one in _UNITS if length >= one[0]), _UNITS[-1])
    count = length / size
    return f"≈ {number(count, 1 if count < 9.95 else 0, least=0)} {unit}"


def exactly(length: float) -> str:
    """Format a round duration in seconds, in its largest unit: "10 min". For axis ticks."""
    return roughly(length).removeprefix("≈ ")


def size(count: int) -> str:
    """Format bytes: "640 B", "1.5 KB", "12 MB"."""
    unit, of = ("B", 1) if count < 1024 else ("KB", 1024) if count < _MEGABYTE / 10 else ("MB", _MEGABYTE)
    return f"{number(count / of, 1, least=0)} {unit}"
