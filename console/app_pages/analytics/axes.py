"""Chart axes: days, horizontal bars of constant thickness, durations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from console.formatting import DAY, WHOLE_DAY, exactly
from console.i18n import current
from core.reporting.metrics import Figures, days_between

FEW = 7  # minimum number of bars a chart has room for
_MARKS = (0.1, 1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400)  # seconds
_MARGIN = 1.15


def days(found: Figures) -> dict[str, Any]:
    """Return an axis of days. In a short span every day has a tick, and bars stay as narrow as in a long one."""
    axis = {"type": "date", "tickformat": DAY[current()], "hoverformat": WHOLE_DAY[current()]}
    shown = days_between(found.first, found.last)
    if len(shown) >= FEW:
        return axis
    middle = datetime.combine(found.first, time()) + (found.last - found.first) / 2
    ends = [(middle + timedelta(days=sign * FEW / 2)).isoformat() for sign in (-1, 1)]
    return {**axis, "tickvals": [day.isoformat() for day in shown], "range": ends}


def rows(names: Sequence[str]) -> dict[str, Any]:
    """Return an axis of horizontal bars, top to bottom, whose thickness does not depend on their number."""
    return {"range": [max(len(names), FEW) - 0.5, -0.5], "automargin": True, "type": "category"}


def durations(lengths: Iterable[float]) -> dict[str, Any]:
    """Return a logarithmic axis of seconds with familiar tick values."""
    known = list(lengths) or [1.0]
    low = max((one for one in _MARKS if one <= min(known)), default=_MARKS[0])
    high = min((one for one in _MARKS if one > max(known)), default=_MARKS[-1])
    marks = [one for one in _MARKS if low <= one <= high]
    ends = [math.log10(marks[0] / _MARGIN), math.log10(marks[-1] * _MARGIN)]
    return {"type": "log", "tickvals": marks, "ticktext": [exactly(one) for one in marks], "range": ends}
