"""Charts, each with a table, a CSV download and a drill-down to its conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from console.app_pages.analytics import axes, behind, commands, queries
from console.app_pages.analytics.period import Span
from console.dates import TYPED
from console.formatting import SEPARATORS, roughly
from console.i18n import catalogue, current, t
from core.reporting.metrics import Figures

_CONFIG = {"displayModeBar": False, "displaylogo": False}
_HEIGHT = 280
_LIGHT = {
    "program": "#B45309",
    "bot": "#6D28D9",
    "agent": "#0F766E",
    "customer": "#8A9896",
    "bad": "#B91C1C",
    "plain": "#1D4ED8",
}
_DARK = {
    "program": "#FBBF24",
    "bot": "#B197FC",
    "agent": "#2DD4BF",
    "customer": "#94A3A0",
    "bad": "#F87171",
    "plain": "#60A5FA",
}


def colour_of(name: str) -> str:
    """Return the colour of a series in the viewer's theme."""
    return (_DARK if st.context.theme.type == "dark" else _LIGHT)[name]


def overview(found: Figures, span: Span) -> None:
    """Draw how much customers write, when, and about what."""
    with st.container(key="charts"):
        card("volume", _volume(found), span)
        card("heatmap", _heatmap(found), span, wide=True)
        card("tag", _labels(found, "tag", "tag", "agent"), span, drill=("tag", of_label))


def service(found: Figures, span: Span) -> None:
    """Draw waiting times, hand-overs, closed conversations and ratings."""
    with st.container(key="charts"):
        card("response", _response(found), span)
        card("handoff", _labels(found, "handoff", "reason", "agent"), span, drill=("handoff", of_label))
        card("closed", _closed(found), span)
        card("csat", _scores(found), span, drill=("csat", of_label))


def delivery(found: Figures, span: Span) -> None:
    """Draw what became of sent messages, and why some failed."""
    with st.container(key="charts"):
        card("status", _labels(found, "sent", "thread.status", "plain", "_"), span, drill=("sent", of_label))
        card("failure", _labels(found, "failure", "queue.cause", "bad", "_"), span, drill=("failure", of_label))


def cost(found: Figures, span: Span) -> None:
    """Draw the cost of answers and messages, in USD."""
    with st.container(key="charts"):
        card("cost", _cost(found), span)
        card("message_cost", _money(found, "message_cost", _category_words), span)
        card("bot_cost", _money(found, "bot_cost", queries.bot_names().get), span)
        card("outcome", _labels(found, "ai", "analytics.outcome", "bot", "_"), span, drill=("ai", of_label))


def quotes(found: Figures, span: Span) -> None:
    """Draw quotes by state, and what was sold."""
    with st.container(key="charts"):
        card("quotes", _labels(found, "quote", "quotes.state", "plain", "_"), span, drill=("quote", of_label))
        card("sold", _sold(found), span)


Chart = tuple[go.Figure, pd.DataFrame]  # with its table
Drawn = Chart | None  # None where there is nothing to show


def of_label(table: pd.DataFrame, row: int) -> str:
    """Return the label behind a row of a table from `bars`, for a drill-down."""
    return str(table.attrs["labels"][row])


def card(
    name: str,
    drawn: Drawn,
    span: Span,
    *,
    drill: tuple[str, Callable[[pd.DataFrame, int], str]] | None = None,
    wide: bool = False,
) -> None:
    """Draw a chart with its table. `drill` is a metric and how a row of the table gives its label."""
    with st.container(border=True, key=f"chart_{'wide_' if wide else ''}{name}"):
        title = t(f"analytics.chart_{name}")
        st.markdown(f"**{title}**", help=t(f"analytics.chart_{name}_help"))
        if drawn is None:
            st.caption(t("analytics.nothing"))
            return
        chart, table = drawn
        st.plotly_chart(chart, config=_CONFIG, key=f"plot_{name}", alt=title)
        with st.expander(t("analytics.table")):
            _table(name, title, table, span, drill)


def _table(
    name: str, title: str, table: pd.DataFrame, span: Span, drill: tuple[str, Callable[[pd.DataFrame, int], str]] | None
) -> None:
    def opened() -> None:
        rows = st.session_state[f"table_{name}"].selection.rows
        if rows and drill:
            behind.ask(span, drill[0], drill[1](table, rows[0]), title)

    st.dataframe(
        table, hide_index=True, height="content", key=f"table_{name}",
        column_config={t("analytics.day"): st.column_config.DateColumn(format=TYPED[current()])},
        on_select=opened if drill else "ignore", selection_mode="single-row",
    )  # fmt: skip
    if drill:
        st.caption(t("analytics.choose_row"))
    st.download_button(
        t("analytics.csv"), table.to_csv(index=False).encode("utf-8-sig"), f"{name}.csv", "text/csv",
        icon=":material/download:", key=f"csv_{name}", on_click=commands.note, args=(f"analytics:{name}",),
    )  # fmt: skip


def figure(*traces: Any, **layout: Any) -> go.Figure:
    """Build a chart with the margins and separators that all charts share."""
    chart = go.Figure(traces)
    chart.update_layout(
        height=_HEIGHT, margin={"l": 0, "r": 0, "t": 8, "b": 0}, bargap=0.25,
        legend={"orientation": "h", "y": 1.12, "x": 0}, separators=SEPARATORS[current()],
        **{"hovermode": "x unified", **layout},
    )  # fmt: skip
    return chart


def _volume(found: Figures) -> Drawn:
    if not found.count("message"):
        return None
    days = {who: found.by_day("message", who) for who in ("customer", "bot", "agent", "program")}
    days = {who: counts for who, counts in days.items() if who != "program" or any(counts.values())}
    names = {who: t(f"analytics.by_{who}") for who in days}
    traces = [
        go.Bar(x=list(counts), y=list(counts.values()), name=names[who], marker_color=colour_of(who))
        for who, counts in days.items()
    ]
    table = pd.DataFrame(
        {t("analytics.day"): list(days["bot"]), **{names[who]: list(c.values()) for who, c in days.items()}}
    )
    return figure(
        *traces,
        barmode="stack",
        xaxis={**axes.days(found), **({"dtick": 86400000} if axes.FEW <= len(table) < 10 else {})},
    ), table


def _heatmap(found: Figures) -> Drawn:
    counts = found.by_label("hour")
    if not counts:
        return None
    grid = [[counts.get(f"{day}-{hour}", 0) for hour in range(24)] for day in range(7)]
    weekdays = [t(f"analytics.weekday_{day}") for day in range(7)]
    colour = colour_of("agent")
    trace = go.Heatmap(
        z=grid, x=[f"{hour:02}" for hour in range(24)], y=weekdays,
        colorscale=[[0, "rgba(128,140,138,.10)"], [1, colour]],
        showscale=False, xgap=2, ygap=2, hovertemplate="%{y} %{x}:00 · %{z}<extra></extra>",
    )  # fmt: skip
    table = pd.DataFrame(grid, columns=[f"{hour:02}" for hour in range(24)])
    table.insert(0, t("analytics.weekday"), weekdays)
    return figure(trace, hovermode="closest", yaxis={"autorange": "reversed"}, xaxis={"type": "category"}), table


def _response(found: Figures) -> Drawn:
    """Return median and 90th percentile per day, for bot and team."""
    if not found.count("response"):
        return None
    days = list(found.by_day("response"))
    columns: dict[str, list[float | None]] = {}
    traces = []
    for who in ("bot", "agent"):
        for share, dash in ((0.5, "solid"), (0.9, "dot")):
            name = f"{t(f'analytics.by_{who}')}, {t('analytics.median' if share == 0.5 else 'analytics.p90')}"
            columns[name] = [found.quantile("response", share, who, day=day) for day in days]
            traces.append(
                go.Scatter(
                    x=days, y=columns[name], name=name, mode="lines+markers", connectgaps=True,
                    line={"color": colour_of(who), "dash": dash, "width": 2}, hovertemplate="%{customdata}",
                    customdata=["" if one is None else roughly(one) for one in columns[name]],
                )
            )  # fmt: skip
    about = t("analytics.about")
    rounded = {
        f"{name} ({about})": [None if one is None else round(one) for one in values] for name, values in columns.items()
    }
    layout = {
        "yaxis": axes.durations(one for values in columns.values() for one in values if one),
        "xaxis": axes.days(found),
    }
    return figure(*traces, **layout), pd.DataFrame({t("analytics.day"): days, **rounded})


def _closed(found: Figures) -> Drawn:
    days = {who: found.by_day("closed", who) for who in ("bot", "agent")}
    if not found.count("closed"):
        return None
    names = {"bot": t("analytics.closed_bot"), "agent": t("analytics.closed_agent")}
    traces = [
        go.Bar(x=list(counts), y=list(counts.values()), name=names[who], marker_color=colour_of(who))
        for who, counts in days.items()
    ]
    table = pd.DataFrame(
        {t("analytics.day"): list(days["bot"]), **{names[who]: list(c.values()) for who, c in days.items()}}
    )
    return figure(*traces, barmode="stack", xaxis=axes.days(found)), table


def _cost(found: Figures) -> Drawn:
    if not found.count("ai_cost"):
        return None
    per_day: dict[Any, float] = dict.fromkeys(found.by_day("ai_cost"), 0.0)
    for row in found.of("ai_cost", "known"):
        per_day[row.day] += row.total
    trace = go.Bar(
        x=list(per_day),
        y=list(per_day.values()),
        marker_color=colour_of("bot"),
        hovertemplate="%{y:.4f} USD<extra></extra>",
    )
    unknown = found.by_day("ai_cost", "unknown")
    table = pd.DataFrame(
        {
            t("analytics.day"): list(per_day),
            "USD": list(per_day.values()),
            t("analytics.unknown_price"): list(unknown.values()),
        }
    )
    return figure(trace, xaxis=axes.days(found), yaxis={"tickprefix": "$"}), table


def _category_words(label: str) -> str | None:
    return t("analytics.cost_unknown") if label == "unknown" else t(f"analytics.category_{label}")


def _money(found: Figures, metric: str, words: Callable[[str], str | None]) -> Drawn:
    """Return USD and count by label, most expensive first."""
    totals: dict[str, float] = {}
    for row in found.of(metric):
        totals[row.label] = totals.get(row.label, 0.0) + row.total
    if not totals:
        return None
    labels = sorted(totals, key=lambda label: -totals[label])
    names = [words(label) or label for label in labels]
    counts = found.by_label(metric)
    trace = go.Bar(
        x=[totals[label] for label in labels], y=names, orientation="h", marker_color=colour_of("plain"),
        hovertemplate="%{y} · %{x:.4f} USD<extra></extra>",
    )  # fmt: skip
    table = pd.DataFrame(
        {"": names, "USD": [round(totals[label], 6) for label in labels], "n": [counts[label] for label in labels]}
    )
    return figure(trace, yaxis=axes.rows(names), xaxis={"tickprefix": "$"}), table


def _sold(found: Figures) -> Drawn:
    """Chart confirmed value per day, one series per currency: currencies are never added."""
    currencies = [label for label in found.by_label("sold") if label]
    if not currencies:
        return None
    days = {currency: dict.fromkeys(found.by_day("sold"), 0.0) for currency in currencies}
    for currency, totals in days.items():
        for row in found.of("sold", currency):
            totals[row.day] += row.total
    colours = [colour_of(name) for name in ("agent", "plain", "customer")]
    traces = [
        go.Bar(
            x=list(totals), y=list(totals.values()), name=currency, marker_color=colours[number % len(colours)],
            hovertemplate=f"%{{y:,.2f}} {currency}<extra></extra>",
        )
        for number, (currency, totals) in enumerate(days.items())
    ]  # fmt: skip
    table = pd.DataFrame(
        {
            t("analytics.day"): list(found.by_day("sold")),
            **{currency: list(totals.values()) for currency, totals in days.items()},
        }
    )
    return figure(*traces, xaxis=axes.days(found)), table


def _scores(found: Figures) -> Drawn:
    counts = found.by_label("csat")
    if not counts:
        return None
    scores = [str(score) for score in range(1, 6)]
    return bars(scores, ["★" * int(score) for score in scores], [counts.get(score, 0) for score in scores], "agent")


def _labels(found: Figures, metric: str, words: str, colour: str, joint: str = ".") -> Drawn:
    """Return translated labels and counts, most frequent first."""
    counts = found.by_label(metric)
    if not counts:
        return None
    said = catalogue(current())
    names = [said.get(f"{words}{joint}{label}", label.replace("_", " ") or "—") for label in counts]
    return bars(list(counts), names, list(counts.values()), colour)


def bars(labels: Sequence[str], names: Sequence[str], counts: Sequence[int], colour: str) -> Chart:
    """Build a bar for each label, named by `names`, and its table."""
    trace = go.Bar(
        x=counts, y=names, orientation="h", marker_color=colour_of(colour), hovertemplate="%{y}: %{x}<extra></extra>"
    )
    table = pd.DataFrame({t("analytics.what"): names, t("analytics.count"): counts})
    table.attrs["labels"] = list(labels)
    return figure(trace, hovermode="closest", yaxis=axes.rows(names)), table
