"""Form to add or edit a channel. Secrets are write-only."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from console import decimals, layout
from console.app_pages.channels import commands, queries
from console.app_pages.channels.commands import ProviderRefused
from console.app_pages.channels.words import reason
from console.i18n import t
from console.markdown import plain
from core.channels.types import Kind, Provider
from core.messaging.channels.admin import FASTEST, KINDS, LONGEST_NAME, SECRETS, ChannelEdit, UnacceptableChannel
from core.monitoring.channel_status import ChannelCard
from core.platform.errors import BotHubError

state = st.session_state
_LONGEST_SECRET = 1000
_SLOWEST = 0.1  # messages a second


def closed() -> None:
    """Close the panel."""
    state.pop("channel_form", None)


def add() -> None:
    """Draw the panel that adds a channel."""

    @st.dialog(t("channels.add"), position="right", on_dismiss=closed)
    def panel() -> None:
        provider = st.segmented_control(
            t("channels.provider"), list(Provider), default=Provider.WHATSAPP_CLOUD, required=True,
            key="channel_provider", format_func=lambda one: t(f"channels.provider_{one}"),
        )  # fmt: skip
        kinds = KINDS[provider]
        with st.form("channel_add", border=False):
            kind = kinds[0]
            if len(kinds) > 1:
                kind = st.segmented_control(
                    t("channels.kind"), list(kinds), default=kinds[0], required=True, key=f"channel_kind_{provider}",
                    format_func=lambda one: t(f"channels.kind_{one}"),
                )  # fmt: skip
            identity = st.text_input(
                t(f"channels.identity_{provider}"), key=f"channel_identity_{provider}", max_chars=64,
                help=t(f"channels.identity_help_{provider}"),
            )  # fmt: skip
            _submit(provider, None, lambda edit: commands.add(provider, Kind(kind), identity, edit))

    panel()


def edit(one: ChannelCard) -> None:
    """Draw the panel that edits a channel."""

    @st.dialog(t("channels.edit"), position="right", on_dismiss=closed)
    def panel() -> None:
        st.caption(f"{t(f'channels.provider_{one.provider}')} · {one.identity}")
        with st.form(f"channel_edit_{one.id}", border=False):
            _submit(Provider(one.provider), one, lambda edited: commands.change(one.id, edited))

    panel()


def _submit(provider: Provider, one: ChannelCard | None, save: Callable[[ChannelEdit], object]) -> None:
    """Draw the shared fields and the save button, with errors above."""
    above = st.container()
    edited, fault = _fields(provider, one)
    if not st.form_submit_button(t("channels.save"), type="primary", width="stretch"):
        st.caption(t("channels.checked_first"))
        return
    if fault:
        above.error(f"{t('channels.speed')}: {fault}", icon=":material/error:")
        return
    try:
        with st.spinner(t("channels.asking")):
            save(edited)
    except UnacceptableChannel as error:
        above.error(t(f"channels.wrong_{error.part}"), icon=":material/error:")
    except ProviderRefused as error:
        ours = reason(error.detail)
        above.error(plain(f"{ours} ({error.detail})" if ours else str(error)), icon=":material/error:")
    except BotHubError as error:
        above.error(layout.say(error), icon=":material/error:")
    else:
        closed()
        st.rerun()


def _fields(provider: Provider, one: ChannelCard | None) -> tuple[ChannelEdit, str]:
    """Return the input and its errors."""
    bots = queries.bots()
    key = f"{provider}_{one.id if one else 'new'}"
    fixed = one is not None and one.from_settings
    name = st.text_input(
        t("channels.name"), one.name if one else "", max_chars=LONGEST_NAME, key=f"channel_name_{key}",
        placeholder=t(f"channels.name_hint_{provider}"),
    )  # fmt: skip
    choices = [None, *bots]
    bot_id = st.selectbox(
        t("channels.bot"), choices, key=f"channel_bot_{key}",
        index=choices.index(one.bot_id) if one else min(1, len(bots)),
        format_func=lambda bot: bots[bot] if bot is not None else t("channels.no_bot"),
    )  # fmt: skip
    if fixed:
        st.info(t("channels.from_settings"), icon=":material/lock:")
    account = st.text_input(
        t(f"channels.account_{provider}"), one.account if one else "", max_chars=64, key=f"channel_account_{key}",
        disabled=fixed,
    )  # fmt: skip
    typed = {
        secret: st.text_input(
            t(f"channels.secret_{secret}"), type="password", key=f"channel_{secret}_{key}", max_chars=_LONGEST_SECRET,
            autocomplete="new-password", disabled=fixed,
            placeholder="••••••••" if one and secret in one.secrets else "",
            help=t("channels.secret_kept") if one else None,
        )
        for secret in SECRETS[provider]
    }  # fmt: skip
    speed = decimals.field(
        t("channels.speed"), _SLOWEST, float(FASTEST), one.own_speed if one else None,
        placeholder=t("channels.speed_default"), help=t("channels.speed_help"), key=f"channel_speed_{key}",
    )  # fmt: skip
    return ChannelEdit(name, account, bot_id, speed.number, {} if fixed else typed), speed.fault
