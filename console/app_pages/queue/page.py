"""Retry queue page: unsent messages by cause, with advice and actions."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.queue import commands, queries
from console.dates import moment
from console.formatting import number, percent
from console.i18n import catalogue, current, t
from console.markdown import plain
from core.messaging.outbound.queue_reads import Group, QueueState, Unsent
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()
may_act = agent.role in auth.MANAGERS
zone = ZoneInfo(agent.timezone)


def _retry(ids: list[int] | None, cause: str | None) -> None:
    try:
        result = commands.retry(ids, cause)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")
        return
    layout.toast(t("queue.retried", number=len(result.queued)), icon=":material/check:")
    for refusal in result.refused[:3]:
        layout.toast(layout.say_refusal(refusal.reason), icon=":material/block:")


def _give_up(ids: list[int]) -> None:
    layout.toast(t("queue.given_up", number=commands.give_up(ids)), icon=":material/check:")


@st.fragment(key="queue", run_every=15)
def _queue() -> None:
    layout.viewer()
    now = queries.state()
    _figures(now)
    groups = [*now.by_cause, *now.waiting]
    if not groups:
        st.success(t("queue.empty"), icon=":material/done_all:")
    for group in groups:
        _group(group)


def _figures(now: QueueState) -> None:
    with st.container(horizontal=True, key="queue_figures"):
        st.metric(t("queue.size"), number(now.queue_size), border=True)
        st.metric(t("queue.retrying"), number(now.pending_retry), border=True)
        st.metric(t("queue.failed"), number(now.failed), border=True)
        st.metric(t("queue.uncertain"), number(now.uncertain), border=True)
        success, tries = now.success_rate, now.avg_attempts
        said = "–" if success is None else percent(success, exact=True)
        st.metric(t("queue.success"), said, border=True, help=t("queue.week"))
        said = "–" if tries is None else number(tries, 2, least=0)
        st.metric(t("queue.attempts"), said, border=True, help=t("queue.week"))


def _group(group: Group) -> None:
    cause = group.cause or "none"
    title = f"{t(f'queue.state_{group.status}')} · {t(f'queue.cause_{cause}')}"
    with st.container(horizontal=True, key=f"counted_{group.status}_{cause}"):
        # The number is outside the title: Streamlit treats an expander with a changed title as new, and closes it.
        box = st.expander(title, icon=_ICON.get(group.status), key=f"group_{group.status}_{cause}", on_change="rerun")
        st.badge(number(group.count), color="red" if group.status == "failed" else "gray")
    if box.open:
        with box:
            _opened(group, cause)


def _opened(group: Group, cause: str) -> None:
    words = catalogue(current())
    who = words.get(f"queue.who_{group.status}_{cause}") or t(f"queue.who_{cause}")
    st.markdown(f"**{t('queue.who')}** {who}")
    if advice := words.get(f"{group.status}.{cause}") or words.get(f"cause.{cause}"):
        st.text(advice)
    if may_act and group.status == "failed":
        _retry_all(group)
    for one in queries.group(group.status, group.cause, None):
        _message(one, group.status)


_ICON = {
    "failed": ":material/error:", "uncertain": ":material/help:", "queued": ":material/schedule:",
    "sending": ":material/send:",
}  # fmt: skip


def _retry_all(group: Group) -> None:
    """Preview a bulk resend before running it."""
    with st.popover(t("queue.retry_all"), icon=":material/replay:"):
        preview = queries.preview(group.cause)
        st.text(t("queue.preview", messages=preview.messages, people=preview.people))
        for reason, count in preview.refused.items():
            st.text(f"{number(count)} × {layout.say_refusal(reason)}")
        st.button(
            t("queue.retry_sure"), key=f"all_{group.cause}", type="primary", disabled=not preview.messages,
            on_click=_retry, args=(None, group.cause),
        )  # fmt: skip


def _message(one: Unsent, status: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.page_link("app_pages/inbox/page.py", label=plain(one.to), query_params={"c": str(one.conversation_id)})
            st.text(one.text or t(f"list.type_{one.type}"))
            error = one.error or {}
            parts = [moment(one.created_at, zone), t("queue.tries", number=one.attempts)]
            if error:
                parts.append(plain(f"{error.get('title', '')} ({error.get('code', '')})"))
            if one.next_attempt_at:
                parts.append(t("queue.next", when=moment(one.next_attempt_at, zone)))
            st.caption(" · ".join(parts))
        if may_act:
            _choices(one, status)


def _choices(one: Unsent, status: str) -> None:
    if status == "uncertain":
        st.button(t("thread.arrived"), key=f"arrived_{one.id}", on_click=commands.arrived, args=(one.id,))
    if status in ("failed", "uncertain"):
        label = "thread.retry" if status == "failed" else "thread.send_again"
        st.button(t(label), key=f"retry_{one.id}", on_click=_retry, args=([one.id], None))
    if status != "sending":
        with st.popover("", icon=":material/cancel:", help=t("queue.give_up"), type="tertiary"):
            st.text(t("queue.give_up_lead"))
            st.button(t("queue.give_up_sure"), key=f"give_up_{one.id}", on_click=_give_up, args=([one.id],))


with layout.page():
    st.title(t("nav.queue"))
    st.caption(t("queue.lead"))
    _queue()
