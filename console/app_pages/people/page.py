"""People page: accounts, roles and invitations."""

from __future__ import annotations

import html
from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.people import commands, queries
from console.dates import moment
from console.i18n import LANGUAGES, t
from core.accounts.user_admin import LONGEST_NAME, Person
from core.models import Role
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()
may_edit = agent.role in auth.ADMINISTRATORS
zone = ZoneInfo(agent.timezone)


def _do(action: Callable[[], object]) -> None:
    try:
        action()
    except BotHubError as error:
        state["people_error"] = layout.say(error)


def _invite() -> None:
    try:
        token = commands.invite(state["invite_name"], state["invite_email"], Role(state["invite_role"]))
    except BotHubError as error:
        state["people_error"] = layout.say(error)
    else:
        state["invitation"] = (state["invite_name"], token)
        state["invite_name"] = state["invite_email"] = ""


def _new_link(person: Person) -> None:
    _do(lambda: state.update(invitation=(person.name, commands.new_link(person.id))))


def _show_invitation(name: str, token: str) -> None:
    address = urlsplit(st.context.url or "")
    with st.container(border=True):
        st.markdown(f":material/link: **{t('people.link_for')}**")
        st.text(name)
        st.code(f"{address.scheme}://{address.netloc}/auth/link?token={token}", language=None, wrap_lines=True)
        st.caption(t("people.link_once"))


def _row(person: Person) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"person_{person.id}"):
        with st.container(gap=None, width="stretch"):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.text(person.name)
                _badges(person)
            seen = t("people.never") if person.last_seen_at is None else moment(person.last_seen_at, zone)
            about = [person.email, t("people.seen", when=seen), t("people.holds", count=person.open_conversations)]
            if person.teams:
                about.append(t("people.teams", names=", ".join(person.teams)))
            st.html(f"<div class='desk-about'>{html.escape(' · '.join(about))}</div>")
        if may_edit:
            st.selectbox(
                t("people.role"), list(Role), index=list(Role).index(person.role), key=f"role_{person.id}", width=170,
                format_func=lambda role: t(f"role.{role}"), label_visibility="collapsed", on_change=_set_role,
                args=(person.id,), disabled=person.disabled_at is not None,
            )  # fmt: skip
            _menu(person)
        else:
            st.badge(t(f"role.{person.role}"), color="gray")


def _badges(person: Person) -> None:
    if person.disabled_at is not None:
        st.badge(t("people.disabled"), color="red")
    elif not person.joined and person.last_seen_at is None:
        st.badge(t("people.invited"), color="orange")
    if person.second_factor:
        st.badge(t("people.second_factor"), color="green", icon=":material/verified_user:")
    if person.language:
        st.badge(LANGUAGES.get(person.language, person.language), color="gray")


def _set_role(agent_id: int) -> None:
    _do(lambda: commands.set_role(agent_id, Role(state[f"role_{agent_id}"])))
    state.pop(f"role_{agent_id}", None)


def _menu(person: Person) -> None:
    choices: dict[str, Callable[[], None]] = {}
    if person.disabled_at is None:
        choices["new_link"] = lambda: _new_link(person)
        if person.id != agent.id:
            choices["disable"] = lambda: _do(lambda: commands.disable(person.id))
    else:
        choices["enable"] = lambda: _do(lambda: commands.enable(person.id))
    if person.second_factor:
        choices["reset_second_factor"] = lambda: _do(lambda: commands.reset_second_factor(person.id))
    with st.popover("", icon=":material/more_vert:", type="tertiary", help=t("people.more"), key=f"more_{person.id}"):
        for name, act in choices.items():
            if name == "disable":
                st.caption(t("people.disable_sure"))
            st.button(t(f"people.{name}"), key=f"{name}_{person.id}", on_click=act, width="stretch")


with layout.page():
    st.title(t("nav.people"))
    st.caption(t("people.lead"))
    if error := state.pop("people_error", None):
        st.error(error, icon=":material/error:")
    if invitation := state.pop("invitation", None):
        _show_invitation(*invitation)
    if may_edit:
        with st.expander(t("people.invite"), icon=":material/person_add:"), st.form("invite", border=False):
            st.text_input(t("people.name"), key="invite_name", max_chars=LONGEST_NAME)
            st.text_input(t("people.email"), key="invite_email", max_chars=254)
            st.segmented_control(
                t("people.role"), list(Role), default=Role.AGENT, required=True, key="invite_role",
                format_func=lambda role: t(f"role.{role}"),
            )  # fmt: skip
            st.caption(t("people.roles"))
            st.form_submit_button(t("people.make_link"), type="primary", on_click=_invite)
    for one in queries.everyone():
        _row(one)
