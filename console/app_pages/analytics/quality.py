"""AI quality part of the analytics page: outcomes, confidence, sources and cost of the bot's answers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from console.app_pages.analytics import axes, quality_queries, queries
from console.app_pages.analytics.charts import Drawn, bars, card, colour_of, figure, of_label
from console.app_pages.analytics.period import Span
from console.app_pages.analytics.tiles import money, share
from console.formatting import Colour, number, percent
from console.i18n import catalogue, current, t
from core.bots.budget import Level
from core.evaluation.calibration_fit import Bin, Reliability
from core.evaluation.outcomes import DURABLE
from core.models import AnswerVerdict
from core.reporting.bot_quality import BINS, Named, Quality
from core.reporting.metrics import Figures

_COLOURS = {"good": "agent", "bad": "bad", "handed_over": "plain", "unknown": "customer"}
_LEVELS: dict[Level, Colour] = {Level.WITHIN: "green", Level.NEAR: "orange", Level.REACHED: "red"}


def draw(found: Figures, span: Span) -> None:
    """Draw the AI quality part of the analytics page."""
    measured = quality_queries.quality(span.first, span.last, span.whose)
    _tiles(found, span, measured)
    with st.container(key="charts"):
        card("causes", _causes(measured), span, drill=("verdict", of_label))
        card("handed_over", _handed_over(measured), span, drill=("verdict", of_label))
        card("topics", _named(measured.topics), span)
        card("sources", _named(measured.sources), span)
        card("confidence", _confidence(measured), span)
        _calibration(span)
    _budgets()


def _tiles(found: Figures, span: Span, measured: Quality) -> None:
    good, bad = measured.count(AnswerVerdict.GOOD), measured.count(AnswerVerdict.BAD)
    ended = measured.resolutions
    earlier = queries.figures(span.first - DURABLE, span.last - DURABLE, span.whose)
    with st.container(key="quality_tiles"):
        _tile("durable", _share(ended.durable, ended.ended), count=ended.ended)
        _tile("durable_bot", _share(ended.by_bot, ended.ended), count=ended.by_bot)
        _tile("good", _share(good, good + bad), count=good + bad)
        _tile("per_conversation", _cost_each(found, measured.conversations), count=measured.conversations)
        _tile("per_resolution", _cost_each(earlier, ended.durable), count=ended.durable)
    if unknown := found.count("ai_cost", "unknown"):
        st.caption(t("improve.unknown_price", count=unknown), help=t("improve.unknown_price_help"))


def _tile(name: str, value: str, **counted: int) -> None:
    with st.container(border=True, gap=None):
        st.metric(t(f"improve.tile_{name}"), value, help=t(f"improve.tile_{name}_help"))
        st.caption(t(f"improve.of_{name}", **counted))


def _share(part: int, whole: int) -> str:
    value = share(part, whole)
    return "—" if value is None else percent(value)


def _cost_each(found: Figures, count: int) -> str:
    """Return the cost per item: a lower bound if some calls have no known price, unknown if none has."""
    known, unknown = found.count("ai_cost", "known"), found.count("ai_cost", "unknown")
    if not count or not (known or unknown):
        return "—"
    if not known:
        return t("improve.unknown")
    return ("≥ " if unknown else "") + money(found.total("ai_cost", "known") / count)


def _causes(measured: Quality) -> Drawn:
    counts = {
        pair: count for pair, count in measured.causes.items() if pair[0] in (AnswerVerdict.GOOD, AnswerVerdict.BAD)
    }
    if not counts:
        return None
    pairs = sorted(counts, key=lambda pair: (pair[0] != AnswerVerdict.GOOD, -counts[pair]))
    names = [t(f"improve.cause_{cause}") for _, cause in pairs]
    chart, table = bars([":".join(pair) for pair in pairs], names, [counts[pair] for pair in pairs], "agent")
    chart.update_traces(marker_color=[colour_of(_COLOURS[verdict]) for verdict, _ in pairs])
    return chart, table


def _handed_over(measured: Quality) -> Drawn:
    counts = measured.handed_over
    if not counts:
        return None
    said = catalogue(current())
    names = [said.get(f"reason.{cause}", cause.replace("_", " ")) for cause in counts]
    return bars([f"handed_over:{cause}" for cause in counts], names, list(counts.values()), "plain")


def _named(found: Sequence[Named]) -> Drawn:
    if not found:
        return None
    names = [t("improve.facts") if one.name == "facts" else one.name for one in found]
    columns = {
        "good": [one.good for one in found],
        "bad": [one.bad for one in found],
        "handed_over": [one.handed_over for one in found],
        "unknown": [one.count - one.good - one.bad - one.handed_over for one in found],
    }
    traces = [
        go.Bar(x=values, y=names, orientation="h", name=t(f"improve.verdict_{verdict}"),
               marker_color=colour_of(_COLOURS[verdict]))
        for verdict, values in columns.items()
    ]  # fmt: skip
    table = pd.DataFrame(
        {t("analytics.what"): names, **{t(f"improve.verdict_{name}"): values for name, values in columns.items()}}
    )
    return figure(*traces, barmode="stack", hovermode="closest", yaxis=axes.rows(names)), table


def _confidence(measured: Quality) -> Drawn:
    if not any(measured.confidence):
        return None
    ranges = [f"{number(place / BINS, 1)}–{number((place + 1) / BINS, 1)}" for place in range(BINS)]
    columns = {verdict: [counts.get(verdict, 0) for counts in measured.confidence] for verdict in _COLOURS}
    names = {verdict: t(f"improve.verdict_{verdict}") for verdict in columns}
    traces = [
        go.Bar(x=ranges, y=values, name=names[verdict], marker_color=colour_of(_COLOURS[verdict]))
        for verdict, values in columns.items()
    ]
    table = pd.DataFrame(
        {t("improve.confidence"): ranges, **{names[verdict]: values for verdict, values in columns.items()}}
    )
    return figure(*traces, barmode="stack", xaxis={"type": "category"}), table


def _calibration(span: Span) -> None:
    """Draw one bot's calibration plot; confidence scales differ between bots."""
    bots = quality_queries.bots()
    if not bots:
        return
    names = {one.id: one.name for one in bots}
    chosen = bots[0].id
    if len(bots) > 1:
        chosen = st.selectbox(t("bot.which"), list(names), format_func=names.__getitem__, key="quality_bot", width=220)
    found = quality_queries.reliability(chosen)
    card("calibration", _curve(found), span)
    if found.error_before is not None and found.error_after is not None:
        words = "calibrated" if found.sample else "not_calibrated"
        st.caption(
            t(f"improve.{words}", count=found.sample, before=percent(found.error_before),
              after=percent(found.error_after))
        )  # fmt: skip


def _curve(found: Reliability) -> Drawn:
    if not found.before:
        return None
    traces = [
        go.Scatter(x=[0, 1], y=[0, 1], name=t("improve.perfect"), mode="lines", hoverinfo="skip",
                   line={"color": colour_of("customer"), "dash": "dot", "width": 1}),
        _points(found.before, t("improve.before"), "customer"),
    ]  # fmt: skip
    series = [(t("improve.before"), found.before)]
    if found.sample:
        traces.append(_points(found.after, t("improve.after"), "bot"))
        series.append((t("improve.after"), found.after))
    table = pd.DataFrame(
        [(name, round(one.claimed, 3), round(one.observed, 3), one.count) for name, bins in series for one in bins],
        columns=[t("analytics.what"), t("improve.claimed"), t("improve.observed"), t("analytics.count")],
    )
    axis = {"range": [-0.03, 1.03], "tickformat": ".0%"}
    return figure(
        *traces, hovermode="closest", xaxis={**axis, "title": t("improve.claimed")},
        yaxis={**axis, "title": t("improve.observed")},
    ), table  # fmt: skip


def _points(bins: Sequence[Bin], name: str, colour: str) -> go.Scatter:
    """Return the points, sized by number of judged answers."""
    most = max(one.count for one in bins)
    return go.Scatter(
        x=[one.claimed for one in bins], y=[one.observed for one in bins], name=name, mode="lines+markers",
        line={"color": colour_of(colour), "width": 2}, customdata=[one.count for one in bins],
        marker={"size": [7 + 13 * (one.count / most) ** 0.5 for one in bins]},
        hovertemplate="%{x:.0%} → %{y:.0%} · %{customdata}<extra></extra>",
    )  # fmt: skip


def _budgets() -> None:
    """Draw the spending of each bot that has a budget."""
    for one in quality_queries.budgets():
        words = [
            t(f"improve.spent_{span}", spent=money(float(spent)), limit=money(limit))
            for span, spent, limit in (
                ("day", one.money.day, one.per_day), ("month", one.money.month, one.per_month),
            ) if limit is not None
        ]  # fmt: skip
        if one.money.unknown_month:
            words.append(t("improve.spent_unknown", count=one.money.unknown_month))
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.badge(t(f"improve.budget_{one.level}"), color=_LEVELS[one.level], icon=":material/savings:")
            st.text(f"{one.name} · {' · '.join(words)}")
