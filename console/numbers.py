"""Numbers as whoever looks writes them."""

from __future__ import annotations

from babel.numbers import format_decimal, format_percent

from console.i18n import current

SEPARATORS = {"en": ".,", "es": ",.", "pt": ",."}  # plotly's: of decimals, then of thousands
DAY = {"en": "%b %-d", "es": "%d/%m", "pt": "%d/%m"}  # plotly knows the months' names in English only


def number(value: float, decimals: int = 0, *, least: int | None = None) -> str:
    """With its thousands grouped and just so many decimals; with `least`, none that are zero beyond those."""
    kept = decimals if least is None else least
    return format_decimal(value, f"#,##0.{'0' * kept}{'#' * (decimals - kept)}", locale=current())


def percent(share: float, *, exact: bool = False) -> str:
    """A part of one, in whole percents unless `exact`."""
    return format_percent(round(share, 6), locale=current(), decimal_quantization=not exact)


def usd(value: float, decimals: int = 5) -> str:
    return f"{number(value, decimals)} USD"


def seconds(milliseconds: float) -> str:
    """A short time: "640 ms", "1.4 s"."""
    return f"{number(milliseconds)} ms" if milliseconds < 1000 else f"{number(milliseconds / 1000, 1)} s"
