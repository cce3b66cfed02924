"""Saved test cases: customer questions with expectations."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from pydantic import ValidationError

from console import layout
from console.app_pages.bot import replay_commands, replay_queries
from console.i18n import t
from console.markdown import plain
from core.evaluation.replay_diff import Expectation
from core.evaluation.test_cases import LONGEST_NAME, MAX_QUESTION_LENGTH, Case
from core.platform.errors import BotHubError
from core.text.labels import with_signs

state = st.session_state
_ENDS = {"either": None, "hands_off": True, "answers": False}


def pane(bot_id: int) -> None:
    """Draw the bot's cases and a form to add one."""
    known = replay_queries.cases(bot_id)
    st.markdown(f"**{t('rehearsal.cases', count=len(known))}**", help=t("rehearsal.cases_help"))
    if not known:
        st.caption(t("rehearsal.no_cases"))
    for case in known:
        _case(case)
    with st.expander(t("rehearsal.add_case"), icon=":material/add:"):
        expectation_form(
            f"case_new_{bot_id}",
            lambda name, question, expected: replay_commands.add_case(bot_id, name, question, expected),
            asks=True,
        )  # fmt: skip


def _case(case: Case) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="stretch"):
            st.text(case.name)
            st.caption(plain(with_signs(case.said[-1].text)))
            st.caption(expected_words(case.expected))
        with st.popover("", icon=":material/delete:", help=t("rehearsal.remove"), type="tertiary"):
            st.text(t("rehearsal.remove_sure", name=case.name))
            st.button(
                t("rehearsal.remove"), key=f"case_remove_{case.id}", type="primary", on_click=_remove, args=(case.id,)
            )


def _remove(case_id: int) -> None:
    try:
        replay_commands.remove_case(case_id)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def expected_words(expected: Expectation) -> str:
    """Return the expectations in one line."""
    parts = [
        t("rehearsal.must_say", phrases=", ".join(expected.contains)) if expected.contains else "",
        t("rehearsal.must_not_say", phrases=", ".join(expected.avoids)) if expected.avoids else "",
        t("rehearsal.must_cite") if expected.cites else "",
        t("rehearsal.ends_hands_off") if expected.hands_off else "",
        t("rehearsal.ends_answers") if expected.hands_off is False else "",
    ]
    return plain(" · ".join(filter(None, parts)) or t("rehearsal.expects_nothing"))


Keep = Callable[[str, str, Expectation], None]  # name, question, what is expected


def expectation_form(key: str, keep: Keep, *, asks: bool = False, name: str = "") -> None:
    """Draw the form for name, question (if `asks`) and expectations; submit to `keep`. Invalid input stays."""
    if error := state.pop(f"{key}_error", None):
        st.error(error, icon=":material/error:")
    with st.form(key, clear_on_submit=False, border=False):
        st.text_input(t("rehearsal.name"), value=name, max_chars=LONGEST_NAME, key=f"{key}_name")
        if asks:
            st.text_area(t("rehearsal.question"), max_chars=MAX_QUESTION_LENGTH, key=f"{key}_question",
                         help=t("rehearsal.question_help"))  # fmt: skip
        st.text_area(t("rehearsal.contains"), key=f"{key}_contains", help=t("rehearsal.line_each"), height=68)
        st.text_area(t("rehearsal.avoids"), key=f"{key}_avoids", help=t("rehearsal.line_each"), height=68)
        st.segmented_control(
            t("rehearsal.ends"), list(_ENDS), default="either", required=True, key=f"{key}_ends",
            format_func=lambda one: t(f"rehearsal.ends_{one}"),
        )  # fmt: skip
        st.checkbox(t("rehearsal.cites"), key=f"{key}_cites")
        st.form_submit_button(t("rehearsal.keep_case"), type="primary", on_click=_keep, args=(key, keep))


def _keep(key: str, keep: Keep) -> None:
    try:
        expected = Expectation(
            contains=_lines(f"{key}_contains"),
            avoids=_lines(f"{key}_avoids"),
            hands_off=_ENDS[state.get(f"{key}_ends") or "either"],
            cites=bool(state.get(f"{key}_cites")),
        )
        keep(str(state.get(f"{key}_name") or ""), str(state.get(f"{key}_question") or ""), expected)
    except ValidationError:
        state[f"{key}_error"] = t("rehearsal.too_long")
    except BotHubError as error:
        state[f"{key}_error"] = layout.say(error)
    else:
        for part in ("name", "question", "contains", "avoids"):
            if f"{key}_{part}" in state:
                state[f"{key}_{part}"] = ""
        layout.toast(t("rehearsal.kept"), icon=":material/check:")


def _lines(key: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in str(state.get(key) or "").splitlines() if line.strip())
