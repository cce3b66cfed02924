"""Summary tiles: each figure with its change from the previous period and its drill-down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from console.app_pages.analytics import behind
from console.app_pages.analytics.period import Span
from console.formatting import number, percent, roughly, usd
from console.i18n import t
from core.reporting.metrics import Figures

_MONTH_DAYS = 365.25 / 12
Read = Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile. `good`: whether more is better (None: neither). `metric` and `label` select its conversations.

    `personal`: available for a single person.
    """

    name: str
    read: Read
    write: Callable[[float], str]
    good: bool | None
    metric: str
    label: str | None = None
    personal: bool = True


def share(part: int, whole: int) -> float | None:
    """Return part / whole, None for an empty whole."""
    return part / whole if whole else None


def _score(value: float) -> str:
    return f"{number(value, 1)} / 5"


def money(value: float) -> str:
    """Format USD in cents, smaller amounts in hundredths of a cent."""
    return usd(value, 2 if abs(value) >= 0.01 or value == 0 else 4)


def _cost(found: Figures) -> float | None:
    """Return the cost, None while no price is known: unknown is not zero."""
    return found.total("ai_cost", "known") if found.count("ai_cost", "known") or not found.count("ai_cost") else None


def _delivered(found: Figures) -> float | None:
    arrived = found.count("sent", "delivered", "read", "played")
    return share(arrived, arrived + found.count("sent", "failed", "uncertain"))


_OURS = ("bot", "agent", "program")
TILES = (
    Tile("new", lambda found: found.count("new"), number, None, "new"),
    Tile("received", lambda found: found.count("message", "customer"), number, None, "message", "customer",
         personal=False),
    Tile("sent", lambda found: found.count("message", *_OURS), number, None, "message"),
    Tile("bot_share", lambda found: share(found.count("message", "bot"), found.count("message", *_OURS)),
         percent, True, "response", "bot", personal=False),
    Tile("handoffs", lambda found: share(found.count("handoff"), found.count("new")), percent, False, "handoff",
         personal=False),
    Tile("first_bot", lambda found: found.quantile("first", 0.5, "bot"), roughly, False, "first", "bot",
         personal=False),
    Tile("first_agent", lambda found: found.quantile("first", 0.5, "agent"), roughly, False, "first", "agent"),
    Tile("after_handoff", lambda found: found.quantile("after_handoff", 0.5), roughly, False, "after_handoff"),
    Tile("reply_agent", lambda found: found.quantile("response", 0.5, "agent"), roughly, False, "response",
         "agent"),
    Tile("resolution", lambda found: found.quantile("closed", 0.5), roughly, False, "closed"),
    Tile("reopened", lambda found: found.count("reopened"), number, False, "reopened"),
    Tile("delivered", _delivered, percent, True, "failure"),
    Tile("csat", lambda found: found.total("csat") / found.count("csat") if found.count("csat") else None, _score,
         True, "csat"),
    Tile("cost", _cost, money, False, "ai_cost", personal=False),
    Tile("cost_closed", lambda found: None if _cost(found) is None or not found.count("closed")
         else found.total("ai_cost") / found.count("closed"), money, False, "closed", personal=False),
)  # fmt: skip
OPEN_TILE = Tile(
    "reply_open", lambda found: found.quantile("response_open", 0.5), roughly, False, "response_open", "agent"
)
MESSAGE_TILE = Tile("message_cost", lambda found: found.total("message_cost"), money, False, "message", personal=False)
QUOTE_TILES = (
    Tile("quotes", lambda found: found.count("quote"), number, None, "quote"),
    Tile("quotes_confirmed", lambda found: share(found.count("quote", "confirmed"), found.count("quote")), percent,
         True, "quote", "confirmed"),
)  # fmt: skip


def margin(plan_a_month: float) -> Tile:
    """Return plan revenue of the period minus model and message costs."""

    def left(found: Figures) -> float:
        days = (found.last - found.first).days + 1
        return plan_a_month * days / _MONTH_DAYS - found.total("ai_cost") - found.total("message_cost")

    return Tile("margin", left, money, True, "ai_cost", personal=False)


def show(now: Figures, earlier: Figures, span: Span, plan_a_month: float | None = None) -> None:
    """Draw the tiles; the plan margin only if a plan (USD a month) is set."""
    shown = [*TILES]
    if now.count("response_open") or earlier.count("response_open"):
        shown.append(OPEN_TILE)
    if now.count("message_cost") or earlier.count("message_cost"):
        shown.append(MESSAGE_TILE)
    if plan_a_month is not None:
        shown.append(margin(plan_a_month))
    if now.count("quote") or earlier.count("quote"):
        shown += QUOTE_TILES
    with st.container(key="tiles"):
        for tile in shown:
            if span.whose.agent_id is not None and not tile.personal:
                continue
            with st.container(border=True, key=f"tile_{tile.name}", gap="xsmall"):
                _tile(tile, tile.read(now), tile.read(earlier))
                st.button(
                    t("analytics.behind"), key=f"behind_{tile.name}", type="tertiary", icon=":material/forum:",
                    on_click=behind.ask, args=(span, tile.metric, tile.label, t(f"analytics.tile_{tile.name}")),
                )  # fmt: skip


def _tile(tile: Tile, value: float | None, before: float | None) -> None:
    change, ratio = None, 0.0
    colour: Literal["off", "normal", "inverse"] = "off"
    if value is not None and before:
        ratio = round(value / before - 1, 2) or 0.0  # not -0.0
        change = f"{'+' if ratio > 0 else ''}{percent(ratio)}"
        if tile.good is not None and ratio:
            colour = "normal" if tile.good else "inverse"
    st.metric(
        t(f"analytics.tile_{tile.name}"), "—" if value is None else tile.write(value), change, colour,
        help=t(f"analytics.tile_{tile.name}_help"), delta_arrow="auto" if ratio else "off",
        delta_description=t("analytics.before") if change else None,
    )  # fmt: skip
