"""Dead letters: what arrived and could not be processed, why, and trying it again or giving it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.actions import operations as actions
from console.components import raw
from console.data import operations as data
from console.i18n import t
from console.times import moment
from core.errors import BotHubError
from core.inbox.dead_letters import Letter, Outcome, Reason
from core.inbox.raw import legible, legible_item

_PAGE = 20
_ICON = {
    Outcome.UNDER_WAY: ":material/hourglass_top:", Outcome.SOLVED: ":material/check_circle:",
    Outcome.FAILED_AGAIN: ":material/error:",
}  # fmt: skip
state = st.session_state
agent = shell.viewer()
zone = ZoneInfo(agent.timezone)


def _do(act: Callable[..., int], said: str, letter_ids: Sequence[int] | None, reason: str | None) -> None:
    try:
        number = act(letter_ids=letter_ids, reason=reason)
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
        return
    st.toast(t(said, number=number), icon=":material/check:")


def _choices(key: str, number: int, letter_ids: Sequence[int] | None, reason: str | None) -> None:
    with st.container(horizontal=True):
        st.button(
            t("dead.replay_all", number=number) if reason is not None else t("dead.replay"), key=f"replay_{key}",
            icon=":material/replay:", on_click=_do,
            args=(actions.replay_letters, "dead.replayed", letter_ids, reason),
        )  # fmt: skip
        with st.popover(t("dead.discard"), icon=":material/delete:", type="tertiary", key=f"discard_box_{key}"):
            st.text(t("dead.discard_lead", number=number))
            st.button(
                t("dead.discard_sure"), key=f"discard_{key}", type="primary", on_click=_do,
                args=(actions.discard_letters, "dead.discarded", letter_ids, reason),
            )  # fmt: skip


@st.fragment(key="dead_letters", run_every=15)
def _letters() -> None:
    shell.viewer()
    waiting = data.reasons()
    if not waiting:
        st.success(t("dead.empty"), icon=":material/done_all:")
    for number, reason in enumerate(waiting):
        _reason(number, reason)
    if tried := data.letters(replayed=True, limit=10):
        st.subheader(t("dead.results"))
        for letter in tried:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"{letter.event_id}", width=80)
                st.badge(
                    t(f"dead.outcome_{letter.outcome}"), icon=_ICON[letter.outcome],
                    color={"solved": "green", "failed_again": "red"}.get(letter.outcome, "gray"),
                )  # fmt: skip
                st.text(letter.reason[:160], width="stretch")
                st.caption(moment(letter.replayed_at or letter.created_at, zone), width="content")


def _reason(number: int, reason: Reason) -> None:
    with st.container(border=True, key=f"reason_{number}"):
        st.text(reason.reason)
        st.caption(t("dead.count", number=reason.count, when=moment(reason.newest, zone)))
        _choices(f"all_{number}", reason.count, None, reason.reason)
        with st.expander(t("dead.items"), on_change="rerun", key=f"items_{hash(reason.reason)}") as box:
            if not box.open:
                return
            place = f"more_{hash(reason.reason)}"
            found = data.letters(reason=reason.reason, limit=state.get(place, _PAGE) + 1)
            for letter in found[: state.get(place, _PAGE)]:
                _letter(letter)
            if len(found) > state.get(place, _PAGE) and st.button(t("dead.more"), key=f"button_{place}"):
                state[place] = state.get(place, _PAGE) + _PAGE
                st.rerun(scope="fragment")


def _letter(letter: Letter) -> None:
    with st.container(border=True):
        st.caption(
            f"{t(f'hooks.source_{letter.source}')} · {moment(letter.received_at, zone)} · "
            + t("dead.event", number=letter.event_id)
        )
        _choices(str(letter.id), 1, [letter.id], None)
        with st.expander(t("dead.raw"), on_change="rerun", key=f"raw_{letter.id}") as box:
            if box.open:
                _raw(letter)


def _raw(letter: Letter) -> None:
    if letter.item is not None:
        raw.show(legible_item(letter.item))
    elif data.shares_installation():
        st.caption(t("hooks.shared"))
    else:
        event = data.raw_body(letter.event_id)
        raw.show(legible(event.body, event.content_type))


with st.container(key="page", gap="medium"):
    st.title(t("nav.dead_letters"))
    st.caption(t("dead.lead"))
    _letters()
