"""Keys of other programs for the REST interface: made, shown once, and revoked."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.actions import operations as actions
from console.data import operations as data
from console.i18n import t
from console.times import moment
from core.errors import BotHubError
from core.people.api_keys import KeyFacts, Scope

state = st.session_state
agent = shell.viewer()
zone = ZoneInfo(agent.timezone)


def _create() -> None:
    try:
        state["_new_key"] = actions.create_key(state["key_name"], state["key_scopes"])
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")


def _seen() -> None:
    state.pop("_new_key", None)


def _revoke(key_id: int) -> None:
    try:
        actions.revoke_key(key_id)
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
        return
    st.toast(t("keys.revoked_now"), icon=":material/check:")


def _new() -> None:
    if made := state.get("_new_key"):
        with st.container(border=True, key="new_key"):
            st.markdown(f"**{t('keys.once')}**")
            st.code(made, language=None)
            st.button(t("keys.seen"), on_click=_seen, type="primary")
        return
    with st.expander(t("keys.new"), icon=":material/add:"), st.form("new_key_form", border=False, clear_on_submit=True):
        st.text_input(t("keys.name"), key="key_name", max_chars=100, placeholder=t("keys.name_example"))
        st.multiselect(
            t("keys.scopes"), [one.value for one in Scope], key="key_scopes",
            format_func=lambda one: t(f"keys.scope_{one.replace(':', '_')}"), placeholder=t("keys.choose"),
        )  # fmt: skip
        st.form_submit_button(t("keys.create"), type="primary", on_click=_create)


def _scopes(key: KeyFacts) -> str:
    if "*" in key.scopes:
        return t("keys.scope_admin")
    return ", ".join(t(f"keys.scope_{one.replace(':', '_')}") for one in key.scopes)


def _key(key: KeyFacts) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"key_{key.id}"):
        with st.container(gap=None, width="stretch"):
            st.text(f"{key.name} · {key.prefix}…")
            st.caption(_scopes(key))
            used = moment(key.last_used_at, zone) if key.last_used_at else t("keys.never")
            st.caption(t("keys.facts", rate=key.rate_per_minute, created=moment(key.created_at, zone), used=used))
        if key.revoked_at:
            st.badge(t("keys.revoked", when=moment(key.revoked_at, zone)), color="gray")
            return
        with st.popover(t("keys.revoke"), icon=":material/block:", type="tertiary", key=f"revoke_box_{key.id}"):
            st.text(t("keys.revoke_lead"))
            st.button(t("keys.revoke_sure"), key=f"revoke_{key.id}", type="primary", on_click=_revoke, args=(key.id,))


with st.container(key="page", gap="medium"):
    st.title(t("nav.keys"))
    st.caption(t("keys.lead"))
    _new()
    keys = data.keys()
    if not keys:
        st.info(t("keys.empty"), icon=":material/key:")
    for one in keys:
        _key(one)
