"""Bulk actions on conversations, run at once or after a dialog for assignee or tags."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from console import layout
from console.app_pages.inbox import bulk_commands, commands, queries, undo
from console.i18n import t
from core.conversations.triage import LONGEST_TAG
from core.messaging.closing import CloseUndo
from core.platform.errors import BotHubError

state = st.session_state


def do(action: str, conversation_ids: Sequence[int]) -> None:
    """Run the action, or open the dialog for its parameters."""
    if action not in bulk_commands.WITHOUT_VALUE:
        state["bulk_asked"] = (action, list(conversation_ids))
        return
    try:
        _report(bulk_commands.several(action, conversation_ids))
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def ask() -> None:
    """Draw the dialog if the selected action needs parameters."""
    if asked := state.get("bulk_asked"):
        action, conversation_ids = asked
        title = t(f"list.bulk_{action}_title", number=len(conversation_ids))
        st.dialog(title, on_dismiss=_dismissed)(_content)(action, conversation_ids)


def _dismissed() -> None:
    state.pop("bulk_asked", None)


def _content(action: str, conversation_ids: list[int]) -> None:
    value: int | list[str] | None
    if action == "assign":
        colleagues = {one.id: one.name for one in queries.colleagues()}
        value = st.selectbox(
            t("contact.assignee"), list(colleagues), index=None, key="bulk_assignee",
            format_func=colleagues.__getitem__, placeholder=t("contact.nobody"),
        )  # fmt: skip
    else:
        value = st.multiselect(
            t("contact.tags"), queries.tags(), key="bulk_tags", accept_new_options=True,
            placeholder=t("contact.tags_hint"), help=t("list.bulk_tag_help", number=LONGEST_TAG),
        )  # fmt: skip
    if st.button(t(f"list.bulk_{action}_do"), key="bulk_do", type="primary", width="stretch", disabled=value == []):
        progress = st.progress(0.0)
        try:
            outcome = bulk_commands.several(action, conversation_ids, value, progress.progress)
        except BotHubError as error:
            st.error(layout.say(error), icon=":material/error:")
            return
        _dismissed()
        _report(outcome)
        st.rerun()


def _report(outcome: bulk_commands.Outcome) -> None:
    done = t("list.bulk_done", number=outcome.done)
    if outcome.stood:
        undo.show(undo.offer(done, partial(_open_again, outcome.stood)))
    elif outcome.done:
        layout.toast(done, icon=":material/check:")
    if outcome.refused:
        layout.toast(t("list.bulk_failed", number=outcome.refused), icon=":material/error:")


def _open_again(stood: list[CloseUndo]) -> str | None:
    """Reopen, and return how many could not be."""
    missing = len(stood) - bulk_commands.take_back(stood)
    return t("list.bulk_not_reopened", number=missing) if missing else None


def close(conversation_id: int) -> undo.Offer | None:
    """Close a conversation and offer undo, unless it was closed. Raises `NotAllowed`, `NotFound`."""
    stood = commands.close(conversation_id)
    return undo.offer(t("list.closed_one"), partial(_open_again, [stood])) if stood else None
