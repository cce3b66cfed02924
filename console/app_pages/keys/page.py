"""API keys page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.keys import commands, queries
from console.dates import moment
from console.i18n import t
from core.accounts.api_keys import KeyFacts, Scope

state = st.session_state
agent = layout.viewer()
zone = ZoneInfo(agent.timezone)


def _create() -> None:
    if not state["key_scopes"]:
        state["key_error"] = t("keys.needs_scope")
        return
    state["new_key"] = commands.create(state["key_name"], state["key_scopes"])
    state["key_name"], state["key_scopes"] = "", []


def _row(key: KeyFacts) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"key_{key.id}"):
        with st.container(gap=None, width="stretch"):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.text(key.name)
                if key.revoked_at:
                    st.badge(t("keys.revoked"), color="red")
            used = t("keys.never") if key.last_used_at is None else moment(key.last_used_at, zone)
            st.caption(f"`{key.prefix}…` · {t('keys.used', when=used)} · {t('keys.rate', count=key.rate_per_minute)}")
            st.caption(" · ".join(f"{t(f'scope.{scope}')} (`{scope}`)" for scope in key.scopes))
        if not key.revoked_at:
            with st.popover(t("keys.revoke"), type="tertiary", icon=":material/block:", key=f"end_{key.id}"):
                st.caption(t("keys.revoke_lead"))
                st.button(t("keys.revoke_sure"), key=f"sure_{key.id}", on_click=commands.revoke, args=(key.id,))


with layout.page():
    st.title(t("nav.keys"))
    st.caption(t("keys.lead"))
    if key := state.pop("new_key", None):
        with st.container(border=True):
            st.markdown(f":material/key: **{t('keys.made')}**")
            st.code(key, language=None, wrap_lines=True)
            st.caption(t("keys.once"))
    with st.form("new_key_form"):
        st.text_input(t("keys.name"), key="key_name", max_chars=80, placeholder=t("keys.name_hint"))
        st.multiselect(
            t("keys.scopes"), [one.value for one in Scope], key="key_scopes", placeholder=t("keys.scopes_hint"),
            format_func=lambda scope: f"{t(f'scope.{scope}')} ({scope})",
        )  # fmt: skip
        st.form_submit_button(t("keys.create"), type="primary", on_click=_create)
    if error := state.pop("key_error", None):
        st.error(error, icon=":material/error:")
    for one in queries.every_key():
        _row(one)
