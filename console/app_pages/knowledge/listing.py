"""Source cards: state, progress, errors and actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import streamlit as st

from console.app_pages.knowledge import commands, price_list, queries, words
from console.i18n import t
from console.markdown import plain
from core.knowledge.parsers.detect import ACCEPTED
from core.knowledge.reads import SourceView
from core.knowledge.sources import MAX_TITLE_LENGTH
from core.models import SourceKind, SourceState
from core.platform.errors import BotHubError
from core.text.normalize import fold

state = st.session_state
_CARDS_A_PAGE = 25
_NARROWED_FROM = 8  # with fewer sources no search is needed
_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Viewer:
    """The viewer's time zone and whether they may change sources."""

    zone: ZoneInfo
    may_edit: bool


def draw(viewer: Viewer) -> None:
    """Draw the cards, refreshing while a source is being read."""
    busy = any(one.is_working for one in queries.sources())

    @st.fragment(key="knowledge_list", run_every=_EVERY_SECONDS if busy else None)
    def cards() -> None:
        found = queries.sources()
        if busy != any(one.is_working for one in found):
            st.rerun()  # rerun the whole page: only that starts or stops the refresh
        _cards(found, viewer)

    cards()


def _cards(found: Sequence[SourceView], viewer: Viewer) -> None:
    if error := state.pop("knowledge_error", None):
        st.error(error, icon=":material/error:")
    if not found:
        st.info(t("knowledge.empty"), icon=":material/menu_book:")
        return
    if queries.is_offline():
        st.caption(f":material/cloud_off: {t('knowledge.offline_short')}")
    shown = found
    if len(found) >= _NARROWED_FROM:
        typed = st.text_input(
            t("knowledge.narrow"), key="knowledge_narrow", type="search", icon=":material/search:",
            placeholder=t("knowledge.narrow"), label_visibility="collapsed",
        )  # fmt: skip
        asked = fold(typed or "").split()
        shown = [one for one in found if all(word in fold(f"{one.title} {one.origin}") for word in asked)]
    pages = -(-len(shown) // _CARDS_A_PAGE)
    page = st.pagination(pages, key="knowledge_page_of") if pages > 1 else 1
    uses, price_lists = queries.uses(), queries.price_lists()
    for one in shown[(page - 1) * _CARDS_A_PAGE : page * _CARDS_A_PAGE]:
        _card(one, viewer, uses, is_price_list=one.id in price_lists)


def _card(one: SourceView, viewer: Viewer, uses: Mapping[int, int], *, is_price_list: bool) -> None:
    with st.container(border=True, key=f"source_{one.id}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(words.ICONS[one.kind], width="content")
            st.markdown(f"**{plain(one.title)}**", width="stretch")
            words.badge(one)
            if viewer.may_edit:
                _menu(one)
        st.caption(plain(words.about(one, viewer.zone, uses.get(one.id, 0))))
        if one.is_working:
            _work(one, viewer)
        if one.state is SourceState.FAILED:
            st.error(words.fault(one.fault or "crashed"), icon=":material/error:")
        if one.in_use and one.state in (SourceState.FAILED, SourceState.CANCELLED):
            st.caption(t("knowledge.still_in_use"))
        with st.container(horizontal=True):
            if one.in_use and st.button(
                t("knowledge.see_passages"), key=f"see_{one.id}", icon=":material/segment:", type="tertiary"
            ):  # fmt: skip
                state["knowledge_open"] = one.id
                st.rerun()
            if is_price_list and st.button(
                t("knowledge.as_catalogue"), key=f"as_catalogue_{one.id}", icon=":material/sell:", type="tertiary"
            ):  # fmt: skip
                price_list.opened(one.id)
                st.rerun()
            if viewer.may_edit and one.state in (SourceState.FAILED, SourceState.CANCELLED):
                st.button(
                    t("knowledge.try_again"), key=f"again_{one.id}", icon=":material/replay:", type="tertiary",
                    on_click=_do, args=(lambda: commands.reread(one.id),),
                )  # fmt: skip


def _work(one: SourceView, viewer: Viewer) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(one.done / one.total, 1.0) if one.total else 0.0, text=words.progress(one))
        if viewer.may_edit:
            st.button(
                t("knowledge.cancel"), key=f"cancel_{one.id}", icon=":material/close:", type="tertiary",
                on_click=_do, args=(lambda: commands.cancel(one.id),),
            )  # fmt: skip


def _menu(one: SourceView) -> None:
    with st.popover("", icon=":material/more_vert:", type="tertiary", help=t("knowledge.more"), key=f"more_{one.id}"):
        name = f"title_{one.id}_{one.title}"
        st.text_input(
            t("knowledge.title"), one.title, key=name, max_chars=MAX_TITLE_LENGTH,
            on_change=lambda: _do(lambda: commands.rename(one.id, state[name])),
        )  # fmt: skip
        if one.kind is SourceKind.PAGE:
            st.button(
                t("knowledge.read_again"), key=f"reread_{one.id}", icon=":material/refresh:", width="stretch",
                disabled=one.is_working, on_click=_do, args=(lambda: commands.reread(one.id),),
            )  # fmt: skip
        else:
            _replacing(one)
        st.caption(t("knowledge.remove_sure"))
        st.button(
            t("knowledge.remove"), key=f"remove_{one.id}", icon=":material/delete:", width="stretch",
            on_click=_do, args=(lambda: commands.remove(one.id),),
        )  # fmt: skip


def _replacing(one: SourceView) -> None:
    turn = state.setdefault(f"replace_round_{one.id}", 0)
    file = st.file_uploader(
        t("knowledge.replace"), type=list(ACCEPTED), key=f"replace_{one.id}_{turn}", help=t("knowledge.replace_help"),
        max_upload_size=words.LARGEST_MEGABYTES,
    )  # fmt: skip
    if file is not None:
        st.button(
            t("knowledge.replace_now"), key=f"replace_now_{one.id}", type="primary", width="stretch",
            on_click=lambda: _replace(one.id, lambda: commands.replace(one.id, file, file.name)),
        )  # fmt: skip


def _replace(source_id: int, action: Callable[[], object]) -> None:
    _do(action)
    state[f"replace_round_{source_id}"] += 1


def _do(action: Callable[[], object]) -> None:
    try:
        action()
    except BotHubError as error:
        state["knowledge_error"] = words.refusal(error)
