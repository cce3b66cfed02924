"""One's own account: password, language, and where one is signed in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.actions import account as actions
from console.data import account as data
from console.i18n import LANGUAGES, current, t
from core.errors import BotHubError
from core.people.agents import LONGEST_PASSWORD, SHORTEST_PASSWORD

state = st.session_state
agent = shell.viewer()


def _set_password() -> None:
    if state["password"] != state["password_again"]:
        state["password_result"] = ("error", t("account.passwords_differ"))
        return
    try:
        actions.set_password(state["password"])
    except BotHubError as error:
        state["password_result"] = ("error", shell.say(error))
    else:
        state["password_result"] = ("success", t("account.password_set"))
        state["password"] = state["password_again"] = ""


def _set_language() -> None:
    actions.set_language(state["language"])


with st.container(key="page", gap="medium"):
    st.title(agent.name)
    st.text(f"{agent.email} · {t(f'role.{agent.role}')} · {agent.business_name}")

    with st.container(border=True):
        st.subheader(t("account.password"))
        with st.form("password_form", border=False):
            st.text_input(
                t("account.new_password"), type="password", key="password", autocomplete="new-password",
                max_chars=LONGEST_PASSWORD, help=t("account.password_rule", shortest=SHORTEST_PASSWORD),
            )  # fmt: skip
            st.text_input(
                t("account.new_password_again"), type="password", key="password_again", autocomplete="new-password",
                max_chars=LONGEST_PASSWORD,
            )  # fmt: skip
            st.form_submit_button(t("account.set_password"), type="primary", on_click=_set_password)
        if result := state.pop("password_result", None):
            (st.success if result[0] == "success" else st.error)(result[1])

    with st.container(border=True):
        st.subheader(t("account.language"))
        state["language"] = current()
        st.selectbox(
            t("account.language"), list(LANGUAGES), key="language", format_func=LANGUAGES.__getitem__,
            label_visibility="collapsed", on_change=_set_language,
        )  # fmt: skip

    with st.container(border=True):
        st.subheader(t("account.sessions"))
        for one in data.open_sessions():
            with st.container(horizontal=True, vertical_alignment="center"):
                since = one.created_at.astimezone(ZoneInfo(agent.timezone))
                st.markdown(t("account.session_since", when=f"{since:%d/%m/%Y %H:%M}"), width="stretch")
                if one.id == agent.session_id:
                    st.badge(t("account.this_session"), color="green")
                else:
                    st.button(
                        t("account.revoke"), key=f"revoke_{one.id}", on_click=actions.revoke_session, args=(one.id,)
                    )
