"""Teams page. Managers view; administrators change."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from console import auth, layout
from console.app_pages.bot import queries as bots
from console.app_pages.people import queries
from console.app_pages.teams import commands
from console.i18n import t
from core.accounts.teams import LONGEST_NAME, TeamFacts
from core.conversations.assignment import MAX_OPEN_LIMIT, Rules
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()
may_edit = agent.role in auth.ADMINISTRATORS


def _done(action: Callable[[], object]) -> bool:
    try:
        action()
    except BotHubError as error:
        state["teams_error"] = layout.say(error)
        return False
    return True


def _do(action: Callable[[], object]) -> None:
    _done(action)


def _create() -> None:
    if _done(lambda: commands.create(state["team_name"])):
        state["team_name"] = ""


def _rename(team_id: int) -> None:
    if not _done(lambda: commands.rename(team_id, state[f"name_{team_id}"])):
        state.pop(f"name_{team_id}")  # show the saved value again


def _edit(team: TeamFacts, names: dict[int, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            t("teams.name"), team.name, key=f"name_{team.id}", max_chars=LONGEST_NAME, on_change=_rename,
            args=(team.id,),
        )  # fmt: skip
        with st.popover("", icon=":material/more_vert:", type="tertiary", help=t("teams.more"), key=f"more_{team.id}"):
            st.caption(t("teams.remove_sure"))
            st.button(
                t("teams.remove"), key=f"remove_{team.id}", icon=":material/delete:", width="stretch",
                on_click=lambda: _do(lambda: commands.remove(team.id)),
            )  # fmt: skip
    st.multiselect(
        t("teams.members"), list(names), [one for one in team.members if one in names], key=f"members_{team.id}",
        format_func=names.__getitem__, placeholder=t("teams.members_hint"),
        on_change=lambda: _do(lambda: commands.set_members(team.id, state[f"members_{team.id}"])),
    )  # fmt: skip

    st.multiselect(
        t("teams.channels"), [one for one in channels if one in team.channels or one not in taken],
        [one for one in team.channels if one in channels],
        key=f"channels_{team.id}", format_func=channels.__getitem__, placeholder=t("teams.channels_hint"),
        on_change=lambda: _do(lambda: commands.set_channels(team.id, state[f"channels_{team.id}"])),
    )  # fmt: skip


def _show(team: TeamFacts, names: dict[int, str]) -> None:
    st.subheader(team.name, anchor=False)
    st.text(", ".join(names[one] for one in team.members if one in names) or t("teams.nobody"))
    if served := [channels[one] for one in team.channels if one in channels]:
        st.caption(t("teams.gets", channels=", ".join(served)))


def _set_rules() -> None:
    _do(lambda: commands.set_rules(Rules(state["automatic"], state["max_open"])))


def _rules() -> None:
    """Draw the assignment rules."""
    known = queries.assignment()
    st.subheader(t("teams.rules"), anchor=False)
    if not may_edit:
        st.text(t("teams.by_rule", count=known.max_open) if known.automatic else t("teams.by_hand"))
        return
    st.toggle(
        t("teams.automatic"), known.automatic, key="automatic", on_change=_set_rules, help=t("teams.automatic_help")
    )
    st.number_input(
        t("teams.max_open"), 1, MAX_OPEN_LIMIT, known.max_open, key="max_open", on_change=_set_rules,
        disabled=not known.automatic, help=t("teams.max_open_help"),
    )  # fmt: skip


def _set_visibility() -> None:
    _do(lambda: commands.set_visibility(state["agents_see"]))


def _visibility() -> None:
    """Draw the visibility setting."""
    known = queries.agents_see()
    st.subheader(t("teams.visibility"), anchor=False)
    if not may_edit:
        st.text(t(f"teams.sees_{known}"))
        return
    st.radio(
        t("teams.visibility"), list(type(known)), list(type(known)).index(known), key="agents_see",
        format_func=lambda one: t(f"teams.sees_{one}"), captions=[t(f"teams.sees_{one}_help") for one in type(known)],
        label_visibility="collapsed", on_change=_set_visibility,
    )  # fmt: skip
    st.caption(t("teams.visibility_help"))


with layout.page():
    st.title(t("nav.teams"))
    st.caption(t("teams.lead"))
    if error := state.pop("teams_error", None):
        st.error(error, icon=":material/error:")
    if may_edit:
        with st.form("new_team", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(t("teams.new"), key="team_name", max_chars=LONGEST_NAME)
            st.form_submit_button(t("teams.create"), type="primary", on_click=_create)
    with st.container(border=True, key="assignment"):
        _rules()
    with st.container(border=True, key="visibility"):
        _visibility()
    people = {one.id: one.name for one in queries.everyone()}
    channels = {one.id: one.name for one in bots.channels()}
    found = queries.teams()
    taken = {one for team in found for one in team.channels}
    if not found:
        st.info(t("teams.empty"), icon=":material/groups:")
    for one in found:
        with st.container(border=True, key=f"team_{one.id}"):
            (_edit if may_edit else _show)(one, people)
            st.caption(t("teams.holds", count=one.open_conversations))
