"""Side panel to add sources: files, a web page or a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from console.app_pages.knowledge import commands, words
from console.i18n import t
from core.knowledge.parsers.detect import ACCEPTED
from core.knowledge.sources import MAX_ADDRESS_LENGTH, MAX_TITLE_LENGTH
from core.platform.errors import BotHubError

state = st.session_state
_LONGEST_TEXT = 100_000


def closed() -> None:
    """Close the panel."""
    state.pop("knowledge_adding", None)


def panel(bots: Mapping[int, str]) -> None:
    """Open the dialog that adds files, a web page or a text. `bots` are names by id."""

    @st.dialog(t("knowledge.add"), position="right", width="medium", on_dismiss=closed)
    def draw() -> None:
        how = st.segmented_control(
            t("knowledge.add_what"), ["files", "page", "text"], default="files", required=True, key="knowledge_how",
            format_func=lambda one: t(f"knowledge.add_{one}"), label_visibility="collapsed",
        )  # fmt: skip
        bot_id = st.selectbox(
            t("knowledge.for_bot"), [None, *bots], index=min(1, len(bots)), key="knowledge_bot",
            format_func=lambda one: bots[one] if one is not None else t("knowledge.every_bot"),
        )  # fmt: skip
        {"files": _files, "page": _page, "text": _text}[how](bot_id)

    draw()


def _files(bot_id: int | None) -> None:
    turn = state.setdefault("knowledge_round", 0)
    st.caption(t("knowledge.accepted", accepted=words.accepted(), most=words.LARGEST_MEGABYTES))
    files = st.file_uploader(
        t("knowledge.add_files"), type=list(ACCEPTED), accept_multiple_files=True, key=f"knowledge_files_{turn}",
        label_visibility="collapsed", max_upload_size=words.LARGEST_MEGABYTES,
    )  # fmt: skip
    for refused in state.pop("knowledge_refused", []):
        st.error(refused, icon=":material/error:")
    if not st.button(
        t("knowledge.add_these", count=len(files)), type="primary", width="stretch", key="knowledge_add_files",
        disabled=not files,
    ):  # fmt: skip
        return
    refused = []
    bar = st.progress(0.0)
    for number, file in enumerate(files):
        bar.progress(number / len(files), text=file.name)
        if error := _refused(partial(commands.add_file, file, file.name, bot_id)):
            refused.append(error)
    state["knowledge_round"] = turn + 1  # files already added are not offered again
    if refused:
        state["knowledge_refused"] = refused
    else:
        closed()
    st.rerun()


def _page(bot_id: int | None) -> None:
    st.caption(t("knowledge.page_lead"))
    with st.form("knowledge_page", border=False):
        address = st.text_input(
            t("knowledge.address"), placeholder="https://", max_chars=MAX_ADDRESS_LENGTH, key="knowledge_address"
        )
        if st.form_submit_button(t("knowledge.add_it"), type="primary", width="stretch"):
            _finish(lambda: commands.add_page(address, bot_id))


def _text(bot_id: int | None) -> None:
    with st.form("knowledge_text", border=False):
        title = st.text_input(t("knowledge.title"), max_chars=MAX_TITLE_LENGTH, key="knowledge_title")
        typed = st.text_area(
            t("knowledge.words"), height=320, max_chars=_LONGEST_TEXT, key="knowledge_words",
            help=t("knowledge.words_help"),
        )  # fmt: skip
        if st.form_submit_button(t("knowledge.add_it"), type="primary", width="stretch"):
            _finish(lambda: commands.add_text(title, typed, bot_id))


def _finish(add: Callable[[], object]) -> None:
    if error := _refused(add):
        st.error(error, icon=":material/error:")
        return
    closed()
    st.rerun()


def _refused(add: Callable[[], object]) -> str | None:
    try:
        add()
    except BotHubError as error:
        return words.refusal(error)
    return None
