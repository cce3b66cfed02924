"""Card of one channel: identity, state and the provider's report."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.channels import commands, queries
from console.app_pages.channels.words import reason
from console.dates import moment
from console.formatting import Colour, duration
from console.i18n import t
from core.channels.provider import ProbeResult
from core.channels.registry import PROVIDERS
from core.channels.types import Kind
from core.monitoring.channel_status import ChannelCard
from core.monitoring.probes import token_ends_soon
from core.platform.config_values import is_local
from core.platform.errors import BotHubError

_ICONS = {Kind.WHATSAPP: ":material/chat:", Kind.SMS: ":material/sms:", Kind.EMAIL: ":material/mail:"}
_STATES: dict[str, Colour] = {"active": "green", "paused": "orange", "disabled": "gray"}
_QUALITIES: dict[str, Colour] = {"GREEN": "green", "YELLOW": "orange", "RED": "red"}
state = st.session_state


@dataclass(frozen=True, slots=True)
class Watcher:
    """The viewer's time zone and whether they may change channels."""

    zone: ZoneInfo
    may_edit: bool


def attempt(action: Callable[[], object]) -> None:
    """Run the command, or keep its error for the next draw."""
    try:
        action()
    except BotHubError as error:
        state["channels_error"] = layout.say(error)


def draw(one: ChannelCard, who: Watcher) -> None:
    """Draw the card of a channel."""
    with st.container(border=True, key=f"channel_{one.id}", gap="small"):
        _head(one, who)
        if one.state == "paused":
            _paused(one, who)
        _facts(one, who)
        _provider_report(one, who)
        if one.webhook:
            with st.expander(
                t("channels.webhook"), icon=":material/webhook:", key=f"hook_{one.id}", on_change="rerun"
            ) as hook:
                if hook.open:
                    _webhook(one, one.webhook, who)


def _head(one: ChannelCard, who: Watcher) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="stretch"):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.markdown(_ICONS[Kind(one.kind)], width="content")
                st.html(f'<span class="desk-name">{html.escape(one.name)}</span>', width="content")
                st.badge(t(f"channels.state_{one.state}"), color=_STATES[one.state])
                if one.breaker_until is not None:
                    st.badge(t("channels.breaker_open"), color="red", icon=":material/electrical_services:")
            st.caption(" · ".join(filter(None, _whose(one))))
        if who.may_edit:
            _menu(one)


def _whose(one: ChannelCard) -> list[str]:
    answer = one.answer
    number = answer.number if answer and answer.number else one.identity
    known = answer.verified_name if answer else ""
    return [t(f"provider.{one.provider}.title"), t(f"channels.kind_{one.kind}"), number, known]


def _menu(one: ChannelCard) -> None:
    if st.button(t("channels.edit"), icon=":material/edit:", type="tertiary", key=f"edit_{one.id}", width="content"):
        state["channel_form"] = one.id
        st.rerun()  # the whole page: the panel is outside this fragment
    more = st.popover("", icon=":material/more_vert:", type="tertiary", help=t("channels.more"), key=f"more_{one.id}")
    with more, st.container(width=300, gap="small"):
        for verb, target in (("pause", "paused"), ("resume", "active"), ("disable", "disabled")):
            if target == one.state or (verb == "pause" and one.state == "disabled"):
                continue
            if verb == "disable":
                polled = PROVIDERS[one.provider].polled
                st.caption(t("channels.disable_sure_polled") if polled else t("channels.disable_sure"))
            st.button(
                t(f"channels.{verb}"), key=f"{verb}_{one.id}", width="stretch", on_click=_set_state,
                args=(one.id, target),
            )  # fmt: skip


def _set_state(channel_id: int, target: str) -> None:
    reason = t("channels.paused_by_hand") if target == "paused" else None
    attempt(lambda: commands.set_state(channel_id, target, reason))


def _paused(one: ChannelCard, who: Watcher) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(one.reason or t("channels.paused_unknown"), icon=":material/pause_circle:")
        if who.may_edit:
            st.button(
                t("channels.resume"), key=f"go_on_{one.id}", icon=":material/play_arrow:", width="content",
                on_click=_set_state, args=(one.id, "active"),
            )  # fmt: skip


def _facts(one: ChannelCard, who: Watcher) -> None:
    answer = one.answer
    facts = {
        "bot": one.bot or t("channels.no_bot"),
        "begun": str(one.begun),
        "rate": t("channels.rate_now", sent=one.sent, left=one.left),
        "waiting": t("channels.waiting_now", count=one.waiting, oldest=duration(one.oldest_seconds))
        if one.waiting
        else "0",
        "breaker": _breaker(one, who),
        "heard": moment(one.heard_at, who.zone) if one.heard_at else t("channels.not_heard"),
    }
    if answer and answer.limit:
        facts["limit"] = _limit(answer.limit)
    cells = "".join(
        f"<div><dt>{html.escape(t(f'channels.{name}'))}</dt><dd>{html.escape(words)}</dd></div>"
        for name, words in facts.items()
    )
    st.html(f'<dl class="facts">{cells}</dl>')


def _limit(tier: str) -> str:
    """Return a limit such as TIER_2K as customers per day."""
    return (
        t("channels.limit_none") if "UNLIMITED" in tier else t("channels.limit_day", count=tier.removeprefix("TIER_"))
    )


def _breaker(one: ChannelCard, who: Watcher) -> str:
    if one.breaker_until is not None:
        return t("channels.breaker_until", when=moment(one.breaker_until, who.zone))
    return t("channels.breaker_failures", count=one.failures) if one.failures else t("channels.breaker_closed")


def _provider_report(one: ChannelCard, who: Watcher) -> None:
    """Draw the result of the last provider check and the button to check again."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"said_{one.id}"):
        st.button(
            t("channels.test"), key=f"test_{one.id}", icon=":material/network_check:", width="content",
            on_click=lambda: attempt(lambda: commands.test(one.id)),
        )  # fmt: skip
        if one.answer is None or one.last_probe_at is None:
            st.caption(t("channels.never_asked"))
            return
        if one.answer.well:
            st.badge(t("channels.connected", ms=one.answer.latency), color="green", icon=":material/check_circle:")
        else:
            st.badge(t("channels.not_connected"), color="red", icon=":material/error:")
        _quality(one.answer, who)
        st.caption(moment(one.last_probe_at, who.zone))
    if not one.answer.well:
        st.text(f"{one.answer.detail}\n{reason(one.provider, one.answer.detail) or one.answer.advice}".strip())


def _quality(answer: ProbeResult, who: Watcher) -> None:
    if answer.quality in _QUALITIES:
        st.badge(t(f"channels.quality_{answer.quality.lower()}"), color=_QUALITIES[answer.quality])
    if answer.expires_at is not None:
        st.badge(
            t("channels.token_until", when=moment(answer.expires_at, who.zone)), icon=":material/key:",
            color="red" if token_ends_soon(answer) else "gray",
        )  # fmt: skip


def _webhook(one: ChannelCard, address: str, who: Watcher) -> None:
    st.caption(t(f"provider.{one.provider}.webhook"))
    st.code(address, language=None, wrap_lines=True)
    if is_local(address):
        st.warning(t("channels.webhook_local"), icon=":material/cloud_off:")
    if PROVIDERS[one.provider].challenge is None:
        return
    if not who.may_edit:
        st.caption(t("channels.token_hidden"))
    elif token := queries.verify_token(one.id):
        st.caption(t("channels.verify_token"))
        st.code(token, language=None, wrap_lines=True)
    else:
        st.caption(t("channels.no_token"))
