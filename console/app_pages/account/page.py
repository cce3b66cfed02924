"""Account page: name, language, password, two-step sign-in and open sessions."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import segno
import streamlit as st

from console import layout
from console.app_pages.account import commands, queries
from console.app_pages.account.user_agent import recognise
from console.components.theme import theme
from console.dates import moment
from console.i18n import LANGUAGES, current, t
from core.accounts import two_factor
from core.accounts.sessions import OpenSession
from core.accounts.users import LONGEST_PASSWORD, SHORTEST_PASSWORD
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()


def _try(result: str, action: Callable[[], None]) -> bool:
    try:
        action()
    except BotHubError as error:
        state[result] = ("error", layout.say(error))
        return False
    return True


def _show_result(result: str) -> None:
    if found := state.pop(result, None):
        (st.success if found[0] == "success" else st.error)(found[1])


def _set_password() -> None:
    if state["password"] != state["password_again"]:
        state["password_result"] = ("error", t("account.passwords_differ"))
    elif _try("password_result", lambda: commands.set_password(state.get("password_present", ""), state["password"])):
        state["password_result"] = ("success", t("account.password_set"))
        state["password"] = state["password_again"] = state["password_present"] = ""


def _enrol() -> None:
    def confirm() -> None:
        state["recovery_codes"] = commands.enrol_second_factor(
            state.get("first_password", ""), state["new_secret"], state["first_code"]
        )
        del state["new_secret"]

    _try("second_result", confirm)


def _remove_second_factor() -> None:
    _try("second_result", lambda: commands.remove_second_factor(state.get("second_password", "")))


def _password_field(key: str, label: str, autocomplete: str, rule: str | None = None) -> None:
    st.text_input(t(label), type="password", key=key, autocomplete=autocomplete, max_chars=LONGEST_PASSWORD, help=rule)


def _person() -> None:
    state["own_name"], state["language"] = agent.name, current()
    with st.container(horizontal=True):
        st.text_input(
            t("account.name"), key="own_name", max_chars=80, on_change=lambda: commands.rename(state["own_name"])
        )
        st.selectbox(
            t("account.language"), list(LANGUAGES), key="language", format_func=LANGUAGES.__getitem__,
            on_change=lambda: commands.set_language(state["language"]),
        )  # fmt: skip
    st.caption(t("account.theme"))
    theme(t("account.theme"), [t(f"account.theme_{one}") for one in ("light", "dark", "system")])


def _password() -> None:
    with st.form("password_form", border=False):
        if agent.has_password:
            _password_field("password_present", "account.present_password", "current-password")
        rule = t("account.password_rule", shortest=SHORTEST_PASSWORD)
        _password_field("password", "account.new_password", "new-password", rule)
        _password_field("password_again", "account.new_password_again", "new-password")
        st.form_submit_button(t("account.set_password"), type="primary", on_click=_set_password)
    _show_result("password_result")


def _second_factor() -> None:
    st.caption(t("account.second_factor_lead"))
    if codes := state.pop("recovery_codes", None):
        st.success(t("account.recovery"), icon=":material/key:")
        st.code("\n".join(codes), language=None)
    elif agent.second_factor:
        st.markdown(f":material/verified_user: {t('account.second_factor_on')}")
        with st.form("second_off", border=False):
            _password_field("second_password", "account.present_password", "current-password")
            st.form_submit_button(t("account.second_factor_remove"), on_click=_remove_second_factor)
    elif secret := state.get("new_secret"):
        st.caption(t("account.second_factor_scan"))
        st.image(segno.make(two_factor.address(secret, agent.email)).svg_inline(scale=4, light="white"), width=200)
        st.code(secret, language=None)
        with st.form("second_on", border=False):
            if agent.has_password:
                _password_field("first_password", "account.present_password", "current-password")
            st.text_input(t("account.second_factor_code"), key="first_code", max_chars=6, autocomplete="one-time-code")
            st.form_submit_button(t("account.second_factor_confirm"), type="primary", on_click=_enrol)
    else:
        st.button(
            t("account.second_factor_begin"), icon=":material/verified_user:",
            on_click=lambda: state.update(new_secret=two_factor.new_secret()),
        )  # fmt: skip
    _show_result("second_result")


def _session(one: OpenSession) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            known = recognise(one.user_agent)
            st.text(
                t("account.unknown_browser")
                if known is None
                else t("account.browser", browser=known[0], system=known[1])
            )
            st.caption(t("account.session_seen", when=moment(one.last_seen_at, ZoneInfo(agent.timezone))))
        if one.id == agent.session_id:
            st.badge(t("account.this_session"), color="green")
        else:
            st.button(t("account.revoke"), key=f"revoke_{one.id}", on_click=commands.revoke_session, args=(one.id,))


def _sessions() -> None:
    found = queries.open_sessions()
    for one in found:
        _session(one)
    if len(found) > 1:
        st.button(t("account.revoke_others"), icon=":material/logout:", on_click=commands.revoke_others)


with layout.page():
    st.title(agent.name)
    st.text(f"{agent.email} · {t(f'role.{agent.role}')} · {agent.business_name}")
    with st.container(border=True):
        _person()
    for title, draw in (("password", _password), ("second_factor", _second_factor), ("sessions", _sessions)):
        with st.container(border=True):
            st.subheader(t(f"account.{title}"))
            draw()
