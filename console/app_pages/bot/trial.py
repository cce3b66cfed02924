"""Trial chat with the page's settings, saved or not. Nothing is sent to customers."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.bot import commands
from console.formatting import percent, seconds, usd
from console.i18n import catalogue, current, t
from console.markdown import plain
from console.model_failures import model_failure
from core.bots.settings import BotSettings
from core.platform.errors import BotHubError
from core.replies.decision import HandOff, Outcome, Reply

state = st.session_state
_LONGEST = 4000  # characters


def pane(bot_id: int, settings: BotSettings | None) -> None:
    """Draw the chat. It is disabled without settings (invalid input)."""
    st.markdown(f"**{t('bot.try')}**", help=t("bot.try_help"))
    turns: list[tuple[str, str]] = state.setdefault("trial", [])
    notes: dict[int, Outcome] = state.setdefault("trial_notes", {})
    with st.container(height=430, border=True, key="trial_box", autoscroll=True):
        if not turns:
            st.caption(t("bot.try_empty"))
        for number, (role, words) in enumerate(turns):
            with st.chat_message("user" if role == "customer" else "assistant"):
                st.text(words)
            if number in notes:
                _note(notes[number])
        _answer(bot_id, settings, turns, notes)
    st.chat_input(t("bot.try_ask"), max_chars=_LONGEST, disabled=settings is None, key="trial_input", on_submit=_ask)
    if turns:
        st.button(t("bot.try_clear"), icon=":material/restart_alt:", on_click=_clear, type="tertiary")


def _answer(bot_id: int, settings: BotSettings | None, turns: list[tuple[str, str]], notes: dict[int, Outcome]) -> None:
    """Answer the pending question once and store the result with it."""
    if settings is None or not turns or turns[-1][0] != "customer" or len(turns) - 1 in notes:
        return
    try:
        with st.spinner(t("bot.try_thinks")):
            outcome = commands.try_it(bot_id, settings, turns, [notes[number] for number in sorted(notes)])
    except BotHubError as error:
        st.warning(layout.say(error), icon=":material/hourglass:")
        st.button(t("bot.try_again"), icon=":material/refresh:")
        return
    notes[len(turns) - 1] = outcome
    words = outcome.text if isinstance(outcome, Reply | HandOff) else None
    _note(outcome)
    if words:
        turns.append(("bot", words))
        with st.chat_message("assistant"):
            st.text(words)


def _note(outcome: Outcome) -> None:
    """Draw decision, confidence and usage."""
    trace = outcome.trace
    words = catalogue(current())
    match outcome:
        case HandOff():
            said = t("bot.try_hands_off", reason=words.get(f"reason.{outcome.reason}", str(outcome.reason)))
        case Reply():
            said = t("bot.try_drafts") if outcome.draft else t("bot.try_answers")
        case _:
            said = t("bot.try_silent")
    parts = [said]
    if "result" in trace.confidence:
        parts.append(t("why.confidence", percent=percent(trace.confidence["result"])))
    if trace.usage:
        parts.append(t("why.tokens_of", input=trace.usage.input, cached=trace.usage.cached, output=trace.usage.output))
        parts.append(t("why.cost_unknown") if trace.cost is None else usd(trace.cost))
    if trace.latency_ms is not None:
        parts.append(seconds(trace.latency_ms))
    if trace.sources:
        parts.append(", ".join(trace.sources))
    st.caption(" · ".join(parts))
    if trace.error:
        st.warning(plain(model_failure(trace.error)), icon=":material/error:")


def _ask() -> None:
    state["trial"].append(("customer", state["trial_input"]))


def _clear() -> None:
    state["trial"], state["trial_notes"] = [], {}


@st.fragment(key="trial")
def fragment(bot_id: int, settings: BotSettings | None) -> None:
    """Draw the trial so that its questions do not rerun the whole page."""
    layout.viewer()
    pane(bot_id, settings)
