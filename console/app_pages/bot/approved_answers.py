"""Approved answers: searchable table with CSV import and export."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from console.app_pages.analytics import commands
from console.app_pages.bot import tables
from console.app_pages.bot.tables import Row
from console.i18n import t
from core.bots import approved_answers_csv
from core.bots.approved_answers_csv import Read, UnreadableFile
from core.bots.settings import QaPair

state = st.session_state
_FIELD = "qa_pairs"
_MOST_FAULTS_SHOWN = 20


def draw(*, locked: bool) -> None:
    """Draw the table of approved answers with its search, export and import."""
    st.caption(t("bot.qa_pairs_help"))
    bar = st.container(horizontal=True, vertical_alignment="center")
    with bar:
        query = st.text_input(
            t("bot.pairs_search"), key="bot.qa_pairs.query", placeholder=t("bot.pairs_search"), type="search",
            label_visibility="collapsed", icon=":material/search:",
        )  # fmt: skip
    narrowed = st.empty()
    columns = {
        "question": st.column_config.TextColumn(t("bot.question"), max_chars=500, required=True, width="medium"),
        "answer": st.column_config.TextColumn(t("bot.answer"), max_chars=4000, required=True, width="large"),
        "approved": st.column_config.CheckboxColumn(t("bot.approved"), default=False, width="small"),
    }
    tables.draw(_FIELD, columns, locked=locked, query=query or "")
    found = tables.rows(_FIELD)
    if query:
        narrowed.caption(t("bot.pairs_found", found=len(tables.matching(found, query)), count=len(found)))
    with bar:
        st.download_button(
            t("bot.export"), lambda: approved_answers_csv.write(_whole(found)), "answers.csv", "text/csv",
            icon=":material/download:", on_click=commands.note, args=("answers",), disabled=not found,
        )  # fmt: skip
        if not locked:
            with st.popover(t("bot.import"), icon=":material/upload:"):
                _import(found)


def _import(found: list[Row]) -> None:
    """Preview the changes of a CSV import."""
    st.caption(t("bot.import_lead"))
    turn = state.setdefault("bot_import_round", 0)
    file = st.file_uploader("CSV", type="csv", key=f"bot_import_{turn}", label_visibility="collapsed")
    if file is None:
        return
    try:
        read = approved_answers_csv.read(file.getvalue())
    except UnreadableFile as error:
        st.error(t(f"bot.import_{error.reason}"), icon=":material/error:")
        return
    added, changed = compared(found, read)
    same = len(read.pairs) - len(added) - len(changed)
    st.markdown(t("bot.import_preview", new=len(added), changed=len(changed), same=same))
    _faults(read)
    st.button(
        t("bot.import_take"), type="primary", on_click=_take, args=(found, added, changed),
        disabled=not (added or changed), help=t("bot.import_take_help"),
    )  # fmt: skip
    if fresh := [*added, *changed]:
        st.dataframe(
            {t("bot.question"): [one.question for one in fresh], t("bot.answer"): [one.answer for one in fresh]},
            hide_index=True,
        )  # fmt: skip


def _faults(read: Read) -> None:
    if not read.faults:
        return
    shown = [t("bot.import_line", line=one.line, reason=t(f"bot.import_{one.reason}")) for one in read.faults]
    more = len(shown) - _MOST_FAULTS_SHOWN
    lines = shown[:_MOST_FAULTS_SHOWN] + ([t("bot.import_more", count=more)] if more > 0 else [])
    st.warning("\n".join(f"- {line}" for line in lines), icon=":material/warning:")


def compared(found: list[Row], read: Read) -> tuple[list[QaPair], list[QaPair]]:
    """Return the file's new pairs, and those whose question exists with another answer or approval."""
    known = {row["question"]: row for row in found}
    added = [one for one in read.pairs if one.question not in known]
    changed = [one for one in read.pairs if one.question in known and known[one.question] != one.model_dump()]
    return added, changed


def _take(found: list[Row], added: list[QaPair], changed: list[QaPair]) -> None:
    better = {one.question: one.model_dump() for one in changed}
    kept = [better.get(row["question"], row) for row in found]
    tables.load(_FIELD, kept + [one.model_dump() for one in added])
    state["bot_import_round"] += 1
    state["bot.qa_pairs.query"] = ""


def _whole(found: list[Row]) -> list[QaPair]:
    """Return the complete rows; incomplete ones are not exported."""
    kept = []
    for row in found:
        try:
            kept.append(QaPair.model_validate(row))
        except ValidationError:
            continue
    return kept
