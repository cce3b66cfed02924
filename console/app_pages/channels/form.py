"""Form to add or edit a channel. Secrets are write-only."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from console import decimals, layout
from console.app_pages.channels import commands, queries
from console.app_pages.channels.commands import ProviderRefused
from console.app_pages.channels.words import reason
from console.i18n import catalogue, current, t
from console.markdown import plain
from core.channels.provider import CredentialField
from core.channels.registry import PROVIDERS
from core.channels.types import Kind
from core.messaging.channels.admin import FASTEST, LONGEST_NAME, ChannelEdit, UnacceptableChannel
from core.monitoring.channel_status import ChannelCard
from core.platform.errors import BotHubError

state = st.session_state
_LONGEST = 64
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
            t("channels.provider"), list(PROVIDERS), default=next(iter(PROVIDERS)), required=True,
            key="channel_provider", format_func=lambda one: t(f"provider.{one}.title"),
        )  # fmt: skip
        kinds = list(PROVIDERS[provider].kinds)
        with st.form("channel_add", border=False):
            kind = kinds[0]
            if len(kinds) > 1:
                kind = st.segmented_control(
                    t("channels.kind"), kinds, default=kinds[0], required=True, key=f"channel_kind_{provider}",
                    format_func=lambda one: t(f"channels.kind_{one}"),
                )  # fmt: skip
            identity = st.text_input(
                t(f"provider.{provider}.identity"), key=f"channel_identity_{provider}", max_chars=_LONGEST,
                help=_help(provider, "identity"),
            )  # fmt: skip
            _submit(provider, None, lambda edit: commands.add(provider, Kind(kind), identity, edit))

    panel()


def edit(one: ChannelCard) -> None:
    """Draw the panel that edits a channel."""

    @st.dialog(t("channels.edit"), position="right", on_dismiss=closed)
    def panel() -> None:
        st.caption(f"{t(f'provider.{one.provider}.title')} · {one.identity}")
        with st.form(f"channel_edit_{one.id}", border=False):
            _submit(one.provider, one, lambda edited: commands.change(one.id, edited))

    panel()


def _submit(provider: str, one: ChannelCard | None, save: Callable[[ChannelEdit], object]) -> None:
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
        above.error(_wrong(provider, error), icon=":material/error:")
    except ProviderRefused as error:
        ours = reason(provider, error.detail)
        above.error(plain(f"{ours} ({error.detail})" if ours else str(error)), icon=":material/error:")
    except BotHubError as error:
        above.error(layout.say(error), icon=":material/error:")
    else:
        closed()
        st.rerun()


def _fields(provider: str, one: ChannelCard | None) -> tuple[ChannelEdit, str]:
    """Return the input and its errors."""
    bots = queries.bots()
    key = f"{provider}_{one.id if one else 'new'}"
    fixed = one is not None and one.from_settings
    name = st.text_input(
        t("channels.name"), one.name if one else "", max_chars=LONGEST_NAME, key=f"channel_name_{key}",
        placeholder=t(f"provider.{provider}.name_hint"),
    )  # fmt: skip
    choices = [None, *bots]
    bot_id = st.selectbox(
        t("channels.bot"), choices, key=f"channel_bot_{key}",
        index=choices.index(one.bot_id) if one else min(1, len(bots)),
        format_func=lambda bot: bots[bot] if bot is not None else t("channels.no_bot"),
    )  # fmt: skip
    if fixed:
        st.info(t("channels.from_settings"), icon=":material/lock:")
    declared = PROVIDERS[provider]
    account = ""
    if declared.account_field:
        account = _input(provider, declared.account_field, key, one.account if one else "", disabled=fixed)
    typed = {
        field.name: _secret(provider, field, key, one, disabled=fixed)
        if field.secret
        else _input(provider, field, key, one.credentials.get(field.name, "") if one else "", disabled=fixed)
        for field in declared.credential_fields
    }
    speed = decimals.field(
        t("channels.speed"), _SLOWEST, float(FASTEST), one.own_speed if one else None,
        placeholder=t("channels.speed_default"), help=t("channels.speed_help"), key=f"channel_speed_{key}",
    )  # fmt: skip
    return ChannelEdit(name, account, bot_id, speed.number, {} if fixed else typed), speed.fault


def _input(provider: str, field: CredentialField, key: str, known: str, *, disabled: bool) -> str:
    return st.text_input(
        t(f"provider.{provider}.{field.name}"), known, max_chars=_LONGEST, key=f"channel_{field.name}_{key}",
        help=_help(provider, field.name), disabled=disabled,
    )  # fmt: skip


def _secret(provider: str, field: CredentialField, key: str, one: ChannelCard | None, *, disabled: bool) -> str:
    return st.text_input(
        t(f"provider.{provider}.{field.name}"), type="password", key=f"channel_{field.name}_{key}",
        max_chars=_LONGEST_SECRET, autocomplete="new-password", disabled=disabled,
        placeholder="••••••••" if one and field.name in one.secrets else "",
        help=t("channels.secret_kept") if one else _help(provider, field.name),
    )  # fmt: skip


def _help(provider: str, name: str) -> str | None:
    return catalogue(current()).get(f"provider.{provider}.{name}_help")


def _wrong(provider: str, error: UnacceptableChannel) -> str:
    words = catalogue(current())
    if error.missing:
        return t("channels.missing", field=words[f"provider.{provider}.{error.part}"])
    return words.get(f"provider.{provider}.{error.part}_wrong") or t(f"channels.wrong_{error.part}")
