"""What if: compare the page's settings with the current ones on past conversations and saved cases."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import streamlit as st

from console import decimals, layout
from console.app_pages.bot import cases, replay_commands, replay_queries
from console.app_pages.bot.versions import words_between
from console.formatting import number, percent, usd
from console.i18n import catalogue, current, t
from core.bots.settings import BotSettings
from core.evaluation.replay_diff import Difference, Kind, ReplayResult
from core.evaluation.replays import MAX_ITEMS, MAX_USD, Item, RehearsalView
from core.platform.errors import BotHubError
from core.text.labels import with_signs

state = st.session_state
_SOURCES = ("conversations", "cases")
_LOOK_SECONDS = 2.0
_ICONS = {
    Difference.SAME: ":material/check:",
    Difference.WORDS: ":material/edit:",
    Difference.MANNER: ":material/edit:",
    Difference.NOW_HANDS_OFF: ":material/front_hand:",
    Difference.NOW_ANSWERS: ":material/smart_toy:",
}


def pane(bot_id: int, in_force: BotSettings, typed: BotSettings | list[str]) -> None:
    """Draw the start form, progress and results of a replay, and the cases."""
    st.caption(t("rehearsal.lead"))
    if error := state.pop("rehearsal_error", None):
        st.error(error, icon=":material/error:")
    newest = replay_queries.latest(bot_id)
    is_open = newest is not None and newest.is_open
    if isinstance(typed, list):
        st.warning(t("rehearsal.invalid"), icon=":material/edit_off:")
    elif not is_open:
        _beginning(bot_id, in_force, typed)
    results = st.fragment(_results, key="rehearsal", run_every=_LOOK_SECONDS if is_open else None)
    results(bot_id, was_open=is_open)
    cases.pane(bot_id)


def _beginning(bot_id: int, in_force: BotSettings, typed: BotSettings) -> None:
    if in_force == typed:
        st.info(t("rehearsal.nothing_changed"), icon=":material/info:")
    most = replay_queries.most_of_a_question(in_force, typed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            t("rehearsal.source"), _SOURCES, default=_SOURCES[0], required=True, key="rehearsal_source",
            format_func=lambda one: t(f"rehearsal.source_{one}"),
        )  # fmt: skip
        count = st.number_input(t("rehearsal.count"), 1, MAX_ITEMS, 10, key="rehearsal_count", width=150)
        limit = decimals.field(
            t("rehearsal.spend"), 0.01, float(MAX_USD), 0.5, key="rehearsal_spend", needed=True, disabled=most is None,
            width=190,
        )  # fmt: skip
        st.button(
            t("rehearsal.begin"), icon=":material/play_arrow:", type="primary", key="rehearsal_begin", on_click=_begin,
            args=(bot_id, typed, source, int(count), None if most is None else limit.value), disabled=bool(limit.fault),
        )  # fmt: skip
    st.caption(_costs(most, int(count)))


def _costs(most: Decimal | None, count: int) -> str:
    if not replay_queries.can_write():
        return t("rehearsal.no_model")
    if most is None:
        return t("rehearsal.no_price")
    return t("rehearsal.at_most", usd=number(most * count, 4))


def _begin(bot_id: int, settings: BotSettings, source: str, count: int, limit: Decimal | None) -> None:
    try:
        replay_commands.begin(bot_id, settings, source, count=count, spend_limit=limit)
    except BotHubError as error:
        state["rehearsal_error"] = layout.say(error)


def _results(bot_id: int, *, was_open: bool) -> None:
    layout.viewer()
    run = replay_queries.latest(bot_id)
    if run is None:
        st.caption(t("rehearsal.none"))
        return
    if was_open and not run.is_open:
        st.rerun()  # rerun the whole page: polling stops and another replay may start
    _progress(run)
    st.markdown(summary(run))
    only = st.segmented_control(
        t("rehearsal.show"), ["changed", "all"], default="changed", required=True, key="rehearsal_show",
        format_func=lambda one: t(f"rehearsal.show_{one}"), label_visibility="collapsed",
    )  # fmt: skip
    shown = [one for one in run.items if one.after and (only == "all" or _worth_a_look(one))]
    if not shown and not run.is_open:
        st.caption(t("rehearsal.nothing_differs"))
    for item in shown:
        _item(bot_id, item)


def _progress(run: RehearsalView) -> None:
    if run.work is None or not run.is_open:
        if ended := run.ended or _broken_off(run):
            st.warning(t(f"rehearsal.ended_{ended}"), icon=":material/stop_circle:")
        return
    done, total = run.work.done, len(run.items)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / total, text=t("rehearsal.progress", done=done, total=total))
        st.button(
            t("rehearsal.cancel"), icon=":material/stop:", key="rehearsal_cancel", on_click=_cancel, args=(run.id,)
        )


def _broken_off(run: RehearsalView) -> str | None:
    return run.work.state if run.work is not None and run.work.state in ("failed", "cancelled") else None


def _cancel(replay_id: int) -> None:
    try:
        replay_commands.cancel(replay_id)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def summary(run: RehearsalView) -> str:
    """Return a one-line summary: unchanged, changed, handed over, failed, cost."""
    found = Counter(item.difference for item in run.items if item.after)
    changed = found[Difference.WORDS] + found[Difference.MANNER]
    parts = [
        t("rehearsal.sum_version", version=run.base_version),
        t("rehearsal.sum_same", count=found[Difference.SAME]),
        t("rehearsal.sum_changed", count=changed),
        t("rehearsal.sum_now_hands_off", count=found[Difference.NOW_HANDS_OFF]),
        t("rehearsal.sum_now_answers", count=found[Difference.NOW_ANSWERS]),
    ]
    expecting = [item for item in run.items if item.after and item.expected.asks_anything]
    if expecting:
        met = sum(not item.missed for item in expecting)
        parts.append(t("rehearsal.sum_met", met=met, total=len(expecting)))
    return " · ".join([*parts, t("why.cost_unknown") if _unknown_cost(run) else usd(run.spent)])


def _unknown_cost(run: RehearsalView) -> bool:
    """Return whether a model without a known price was used."""
    both = [one for item in run.items for one in (item.before, item.after) if one is not None]
    return any(one.model is not None and one.cost is None for one in both)


def of_version(bot_id: int, number: int) -> None:
    """Draw the result of the last replay of a version."""
    run = replay_queries.of_version(bot_id, number)
    if run is None:
        st.caption(t("rehearsal.version_untried"))
    else:
        st.caption(f":material/science: {t('rehearsal.version_tried')} {summary(run)}")


def _worth_a_look(item: Item) -> bool:
    return item.difference is not Difference.SAME or bool(item.missed)


def _item(bot_id: int, item: Item) -> None:
    if item.before is None or item.after is None or item.difference is None:
        return
    with st.container(border=True, gap="xsmall", key=f"rehearsal_item_{item.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{_ICONS[item.difference]} **{t(f'rehearsal.is_{item.difference}')}**", width="content")
            if item.expected.asks_anything:
                _verdict(item)
        st.text(with_signs(item.said[-1].text))
        before, after = st.columns(2, gap="small")
        with before:
            _answer(t("rehearsal.before"), item.before)
        with after:
            _answer(t("rehearsal.after"), item.after)
        if item.difference is Difference.WORDS:
            with st.expander(t("rehearsal.words"), icon=":material/difference:"):
                st.html(f"<div class='diff'>{words_between(item.before.text, item.after.text)}</div>")
        with st.popover(t("rehearsal.as_case"), icon=":material/bookmark_add:", type="tertiary"):
            cases.expectation_form(
                f"case_item_{item.id}",
                lambda name, _, expected: replay_commands.keep_item(bot_id, item.id, name, expected),
                name=item.name,
            )


def _verdict(item: Item) -> None:
    if item.missed:
        how = ", ".join(t(f"rehearsal.miss_{one}") for one in item.missed)
        st.badge(t("rehearsal.missed", how=how), icon=":material/close:", color="red")
    else:
        st.badge(t("rehearsal.met"), icon=":material/check:", color="green")


def _answer(title: str, made: ReplayResult) -> None:
    st.caption(f"**{title}** · {_decision(made)}")
    if made.text:
        st.text(made.text)
    parts = []
    if made.confidence is not None:
        parts.append(t("why.confidence", percent=percent(made.confidence)))
    if made.model is not None:
        parts.append(t("why.cost_unknown") if made.cost is None else usd(made.cost))
    if made.sources:
        parts.append(", ".join(made.sources))
    if parts:
        st.caption(" · ".join(parts))
    if made.error:
        st.warning(made.error, icon=":material/error:")


def _decision(made: ReplayResult) -> str:
    if made.kind is Kind.HAND_OFF:
        return t("bot.try_hands_off", reason=catalogue(current()).get(f"reason.{made.reason}", made.reason))
    return t({Kind.REPLY: "bot.try_answers", Kind.DRAFT: "bot.try_drafts"}.get(made.kind, "bot.try_silent"))
