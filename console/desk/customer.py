"""The right pane: who writes, who looks after them, and what was said before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, shell
from console.actions import contacts
from console.actions import conversations as actions
from console.data import inbox as data
from console.data import people
from console.data.reading import together
from console.desk import listing, merging, quote, selection
from console.desk.conversation import do
from console.i18n import t
from console.times import moment
from core.contacts.bounds import LONGEST_ABOUT, LONGEST_FIELD, LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS
from core.contacts.profile import Past, Profile
from core.conversations.rating import LOW
from core.conversations.thread import Thread
from core.errors import BotHubError
from core.people.sessions import CurrentAgent

_PRIORITIES = (0, 1, 2, 3)
_ICON = {"whatsapp": ":material/chat:", "sms": ":material/sms:", "email": ":material/mail:"}
state = st.session_state
_numbers = count()


@st.fragment(key="customer")
@together()
def pane() -> None:
    agent = shell.viewer()
    chosen = selection.chosen()
    thread = None if chosen is None else data.thread(chosen, 0)
    customer = None if thread is None else data.customer(thread.contact_id)
    if thread is None or customer is None:
        state.pop("customer_shown", None)
        return
    if state.get("customer_shown") == thread.id:
        title = customer.name or thread.address
        st.dialog(title, position="right", icon=":material/person:", on_dismiss=_drawer_closed)(_content)(
            agent, customer, thread
        )
    else:
        _content(agent, customer, thread)
    if state.get("merging") == customer.id:
        merging.show(customer, ZoneInfo(agent.timezone))


def _content(agent: CurrentAgent, customer: Profile, thread: Thread) -> None:
    zone = ZoneInfo(agent.timezone)
    _who(agent, customer, zone)
    _rating(customer, thread.id)
    quote.card(thread.id, zone)
    _care(thread)
    _facts(customer)
    _past(customer, thread.id, zone)
    st.button(
        t("contact.merge"), key="merge_ask", type="tertiary", icon=":material/merge:", on_click=_merge_asked,
        args=(customer.id,),
    )  # fmt: skip


def _drawer_closed() -> None:
    state.pop("customer_shown", None)
    st.rerun(["customer"])


def _merge_asked(contact_id: int) -> None:
    state.pop("customer_shown", None)
    state["merging"] = contact_id
    st.rerun(["customer"])


def _who(agent: CurrentAgent, customer: Profile, zone: ZoneInfo) -> None:
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
        if agent.role in auth.MANAGERS:
            _consent(customer)
        st.caption(t("contact.since", when=moment(customer.since, zone)))


def _rating(customer: Profile, shown: int) -> None:
    if stars := next((one.csat for one in customer.past if one.id == shown), None):
        st.badge(t("contact.rated", stars="★" * stars), color="red" if stars <= LOW else "green")


def _consent(customer: Profile) -> None:
    """Managers write down what a customer said of being written to, channel by channel."""
    silent = {one.kind: bool(one.opted_out_at) for one in customer.identities}
    with st.popover(t("contact.consent"), key="consent", icon=":material/do_not_disturb_on:", width="content"):
        for kind, opted_out in silent.items():
            name = t(f"list.{kind}")
            st.caption(t("contact.opt_in_lead" if opted_out else "contact.opt_out_lead", channel=name))
            st.button(
                t("contact.opt_in" if opted_out else "contact.opt_out", channel=name), key=f"consent_{kind}",
                on_click=_consented, args=(customer.id, kind, not opted_out),
            )  # fmt: skip


def _consented(contact_id: int, kind: str, opted_out: bool) -> None:
    _try(lambda: contacts.set_opted_out(contact_id, kind, opted_out))


def _care(thread: Thread) -> None:
    """Who has the conversation, how urgent it is, and what it is about."""
    colleagues = {one.id: one.name for one in data.colleagues()}
    key = _key("assignee", thread.id, thread.assignee_id)
    st.selectbox(
        t("contact.assignee"), list(colleagues), _place(list(colleagues), thread.assignee_id), key=key,
        format_func=colleagues.__getitem__, placeholder=t("contact.nobody"), disabled=thread.status == "closed",
        on_change=_assigned, args=(key, thread.assignee_id),
    )  # fmt: skip
    teams = {one.id: one.name for one in people.teams()}
    if teams:
        key = _key("of_team", thread.id, thread.team_id)
        st.selectbox(
            t("contact.team"), list(teams), _place(list(teams), thread.team_id), key=key,
            format_func=teams.__getitem__, placeholder=t("contact.no_team"), disabled=thread.status == "closed",
            on_change=_given, args=(key, thread.team_id),
        )  # fmt: skip
    key = _key("priority", thread.id, thread.priority)
    st.segmented_control(
        t("contact.priority"), _PRIORITIES, default=thread.priority, key=key, required=True, width="stretch",
        format_func=lambda one: t(f"contact.priority_{one}"), on_change=_prioritised, args=(key, thread.priority),
    )  # fmt: skip
    key = _key("tags", thread.id, list(thread.tags))
    st.multiselect(
        t("contact.tags"), sorted({*data.tags(), *thread.tags}), list(thread.tags), key=key, accept_new_options=True,
        placeholder=t("contact.tags_hint"), on_change=_tagged, args=(key, list(thread.tags)),
    )  # fmt: skip


def _facts(customer: Profile) -> None:
    key = _key("about", customer.id, customer.about)
    st.text_area(
        t("contact.about"), customer.about, key=key, max_chars=LONGEST_ABOUT, height=90,
        placeholder=t("contact.about_hint"), on_change=_described, args=(customer.id, key),
    )  # fmt: skip
    for number, (name, value) in enumerate(customer.fields):
        key = _key(f"fact_{number}", customer.id, value)
        st.text_input(
            name, value, key=key, max_chars=LONGEST_VALUE, help=t("contact.fact_help"), on_change=_corrected,
            args=(customer.id, name, key),
        )  # fmt: skip
    if len(customer.fields) < MOST_FIELDS:
        with st.popover(t("contact.fact_add"), key="fact_add", icon=":material/add:", width="content", type="tertiary"):
            st.text_input(t("contact.fact_name"), key="fact_name", max_chars=LONGEST_FIELD)
            st.text_input(t("contact.fact_value"), key="fact_value", max_chars=LONGEST_VALUE)
            st.button(
                t("contact.fact_keep"), key="fact_keep", type="primary", on_click=_added, args=(customer.id,),
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
    """A widget's key for what the database says. When that changes it is another widget, and never one of before: a
    browser may still hold what was chosen in that one, and would send it as somebody's choice.
    """
    shown: dict[str, tuple[int, object, int]] = state.setdefault("customer_keys", {})
    if name not in shown or shown[name][:2] != (subject, value):
        shown[name] = (subject, value, next(_numbers))
    return f"{name}_{subject}_{shown[name][2]}"


def _place(options: list[int], chosen: int | None) -> int | None:
    """Where in the options what is chosen stands; a colleague who left is not among them."""
    return options.index(chosen) if chosen in options else None


def _renamed(contact_id: int, key: str) -> None:
    _try(lambda: contacts.rename(contact_id, str(state[key])))


def _described(contact_id: int, key: str) -> None:
    _try(lambda: contacts.describe(contact_id, str(state[key] or "")))


def _corrected(contact_id: int, name: str, key: str) -> None:
    _try(lambda: contacts.set_field(contact_id, name, str(state[key] or "")))


def _added(contact_id: int) -> None:
    name, value = str(state["fact_name"] or ""), str(state["fact_value"] or "")
    if name.strip() and value.strip():
        state["fact_name"] = state["fact_value"] = ""
        _try(lambda: contacts.set_field(contact_id, name, value))
    else:
        st.toast(t("contact.fact_both"), icon=":material/error:")


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(["thread", "list", "customer"])


# A browser that has not drawn a change yet still sends what it shows, which is nobody's choice.
def _assigned(key: str, shown: int | None) -> None:
    if (chosen := state[key]) != shown:
        do(lambda conversation_id: actions.assign(conversation_id, chosen))


def _given(key: str, shown: int | None) -> None:
    if (chosen := state[key]) != shown:
        do(lambda conversation_id: actions.give_to_team(conversation_id, chosen))


def _prioritised(key: str, shown: int) -> None:
    if (chosen := int(state[key] or 0)) != shown:
        do(lambda conversation_id: actions.set_priority(conversation_id, chosen))


def _tagged(key: str, shown: list[str]) -> None:
    if (chosen := list(state[key])) != shown:
        do(lambda conversation_id: actions.set_tags(conversation_id, chosen))
