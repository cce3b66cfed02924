"""Dialog to merge two contacts."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.inbox import contact_commands, queries, undo
from console.components.head import written
from console.dates import moment
from console.i18n import t
from console.markdown import plain
from core.messaging.contacts.duplicates import Candidate
from core.messaging.contacts.profile import Profile
from core.platform.errors import BotHubError

state = st.session_state


def ask() -> None:
    """Open the dialog for the contact that the browser names."""
    state["merging"] = int(state["trigger_merge"].pulled)
    st.rerun(["opened"])


def show(customer: Profile, zone: ZoneInfo) -> None:
    """Open it."""
    st.dialog(t("contact.merge"), width="medium", icon=":material/merge:", on_dismiss=_dismissed)(_content)(
        customer, zone
    )


def _dismissed() -> None:
    state.pop("merging", None)


def _content(customer: Profile, zone: ZoneInfo) -> None:
    st.caption(t("contact.merge_lead", name=plain(_named(customer))))
    words = st.text_input(
        t("contact.merge_search"), key="merge_words", type="search", live="300ms", max_chars=100,
        icon=":material/search:", placeholder=t("contact.merge_search_hint"),
    )  # fmt: skip
    found = {one.id: one for one in queries.candidates(customer.id, words or "")}
    if not found:
        st.info(t("contact.merge_nobody" if words else "contact.merge_suggest_none"), icon=":material/person_search:")
        return
    chosen = st.radio(
        t("contact.merge_found" if words else "contact.merge_suggested"), list(found), index=None, key="merge_with",
        format_func=lambda one: plain(_label(found[one])), captions=[_caption(one, zone) for one in found.values()],
    )  # fmt: skip
    if chosen in found:
        _preview(customer, found[chosen])


def _preview(customer: Profile, other: Candidate) -> None:
    """Draw a preview of the merge."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{t('contact.merge_result')}**")
        st.text(_named(customer) if customer.name else _label(other))
        addresses = (*(one.address for one in customer.identities), *other.addresses)
        st.caption(plain(" · ".join(map(written, addresses))))
        st.caption(t("contact.merge_rules", number=other.conversations))
    if st.button(t("contact.merge_do"), key="merge_do", type="primary", icon=":material/merge:", width="stretch"):
        _merge(customer, other)


def _merge(customer: Profile, other: Candidate) -> None:
    try:
        merge_id = contact_commands.merge(customer.id, other.id)
    except BotHubError as error:
        st.error(layout.say(error), icon=":material/error:")
        return
    _dismissed()
    undo.show(undo.offer(t("contact.merged", name=_label(other)), partial(contact_commands.undo_merge, merge_id)))
    st.rerun()


def _named(customer: Profile) -> str:
    return customer.name or (written(customer.identities[0].address) if customer.identities else f"#{customer.id}")


def _label(one: Candidate) -> str:
    return one.name or (written(one.addresses[0]) if one.addresses else f"#{one.id}")


def _caption(one: Candidate, zone: ZoneInfo) -> str:
    shared = [t("contact.merge_same_number")] if one.same_number else []
    known = t("contact.merge_known", number=one.conversations, when=moment(one.since, zone))
    return " · ".join((*shared, *(plain(written(address)) for address in one.addresses), known))
