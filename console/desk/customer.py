"""The right pane: who writes, who looks after them, and what was said before."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.data import inbox as data
from console.data import people
from console.desk import listing, selection
from console.desk.conversation import do
from console.i18n import t
from console.times import moment
from core.contacts.profile import LONGEST_ABOUT, LONGEST_NAME, Past, Profile
from core.conversations.thread import Thread
from core.errors import BotHubError

_PRIORITIES = (0, 1, 2, 3)
_ICON = {"whatsapp": ":material/chat:", "sms": ":material/sms:", "email": ":material/mail:"}
state = st.session_state


@st.fragment(key="customer")
def pane() -> None:
    agent = shell.viewer()
    chosen = selection.chosen()
    thread = None if chosen is None else data.thread(chosen, 1)
    customer = None if thread is None else data.customer(thread.contact_id)
    if thread is None or customer is None:
        return
    zone = ZoneInfo(agent.timezone)
    _who(customer, zone)
    _care(thread)
    _about(customer)
    _past(customer, thread.id, zone)


def _who(customer: Profile, zone: ZoneInfo) -> None:
    with st.container(gap="xsmall"):
        key = _key("contact_name", customer.id, customer.name)
        st.text_input(
            t("contact.name"), customer.name, key=key, max_chars=LONGEST_NAME, on_change=_renamed,
            args=(customer.id, key),
        )  # fmt: skip
        for one in customer.identities:
            shown = f"+{one.address}" if one.address.isdigit() else one.address
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.text(f"{shown} · {t(f'list.{one.kind}')}")
                if one.opted_out_at:
                    st.badge(t("contact.opted_out"), color="red", icon=":material/block:")
        st.caption(t("contact.since", when=moment(customer.since, zone)))


def _care(thread: Thread) -> None:
    """Who has the conversation, how urgent it is, and what it is about."""
    colleagues = {one.id: one.name for one in data.colleagues()}
    key = _key("assignee", thread.id, thread.assignee_id)
    st.selectbox(
        t("contact.assignee"), list(colleagues), _place(list(colleagues), thread.assignee_id), key=key,
        format_func=colleagues.__getitem__, placeholder=t("contact.nobody"), on_change=_assigned, args=(key,),
        disabled=thread.status == "closed",
    )  # fmt: skip
    teams = {one.id: one.name for one in people.teams()}
    if teams:
        key = _key("of_team", thread.id, thread.team_id)
        st.selectbox(
            t("contact.team"), list(teams), _place(list(teams), thread.team_id), key=key,
            format_func=teams.__getitem__, placeholder=t("contact.no_team"), on_change=_given, args=(key,),
            disabled=thread.status == "closed",
        )  # fmt: skip
    key = _key("priority", thread.id, thread.priority)
    st.segmented_control(
        t("contact.priority"), _PRIORITIES, default=thread.priority, key=key, required=True, width="stretch",
        format_func=lambda one: t(f"contact.priority_{one}"), on_change=_prioritised, args=(key,),
    )  # fmt: skip
    key = _key("tags", thread.id, list(thread.tags))
    st.multiselect(
        t("contact.tags"), sorted({*data.tags(), *thread.tags}), list(thread.tags), key=key, accept_new_options=True,
        placeholder=t("contact.tags_hint"), on_change=_tagged, args=(key,),
    )  # fmt: skip


def _about(customer: Profile) -> None:
    key = _key("about", customer.id, customer.about)
    st.text_area(
        t("contact.about"), customer.about, key=key, max_chars=LONGEST_ABOUT, height=90,
        placeholder=t("contact.about_hint"), on_change=_described, args=(customer.id, key),
    )  # fmt: skip


def _past(customer: Profile, shown: int, zone: ZoneInfo) -> None:
    others = [one for one in customer.past if one.id != shown]
    if not others:
        return
    st.markdown(f"**{t('contact.past')}**")
    for one in others:
        st.button(
            _title(one, zone), key=f"past_{one.id}", type="tertiary", icon=_ICON.get(one.kind, _ICON["sms"]),
            on_click=listing.open_conversation, args=(one.id,), width="stretch",
        )  # fmt: skip


def _title(one: Past, zone: ZoneInfo) -> str:
    stars = f" · {'★' * one.csat}" if one.csat else ""
    return f"{moment(one.last_message_at, zone)} · {t(f'inbox.status_{one.status}')}{stars}"


def _key(name: str, subject: int, value: object) -> str:
    """A widget's key for what the database says. When that changes it is another widget: a browser that still holds
    the value from before cannot send it as somebody's choice.
    """
    return f"{name}_{subject}_{zlib.crc32(repr(value).encode()):08x}"


def _place(options: list[int], chosen: int | None) -> int | None:
    """Where in the options what is chosen stands; a colleague who left is not among them."""
    return options.index(chosen) if chosen in options else None


def _renamed(contact_id: int, key: str) -> None:
    _try(lambda: actions.rename_contact(contact_id, str(state[key])))


def _described(contact_id: int, key: str) -> None:
    _try(lambda: actions.describe_contact(contact_id, str(state[key] or "")))


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(["list", "thread", "customer"])


def _assigned(key: str) -> None:
    chosen = state[key]
    do(lambda conversation_id: actions.assign(conversation_id, chosen))


def _given(key: str) -> None:
    chosen = state[key]
    do(lambda conversation_id: actions.give_to_team(conversation_id, chosen))


def _prioritised(key: str) -> None:
    chosen = int(state[key] or 0)
    do(lambda conversation_id: actions.set_priority(conversation_id, chosen))


def _tagged(key: str) -> None:
    chosen = list(state[key])
    do(lambda conversation_id: actions.set_tags(conversation_id, chosen))
