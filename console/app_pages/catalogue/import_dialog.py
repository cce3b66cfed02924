"""Price list import with a preview of the changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import streamlit as st

from console import layout
from console.app_pages.catalogue import commands, queries, words
from console.formatting import number
from console.i18n import t
from core.catalog import price_list_file
from core.catalog.price_list_file import Fault, Read, UnreadableFile
from core.catalog.price_list_import import Change, Plan
from core.catalog.products import Facts
from core.platform.errors import BotHubError

state = st.session_state
_MOST_SHOWN = 20  # faults
_MOST_CHANGES = 500


def draw(own_currency: str) -> None:
    """Draw the file picker and, with a file, the changes that it would make."""
    st.caption(t("catalogue.import_lead"))
    file = st.file_uploader(
        t("catalogue.file"), type=["csv", "xlsx", "txt"], key=f"price_list_{state.get('price_list_round', 0)}",
        max_upload_size=price_list_file.LARGEST_FILE // 1_000_000,
    )  # fmt: skip
    if file is not None:
        preview(file.getvalue, own_currency)


def preview(content: Callable[[], bytes], own_currency: str) -> None:
    """Draw the preview of an import and the button that runs it."""
    try:
        with st.spinner(t("catalogue.reading")):
            read = _read(content())
            plan = queries.planned(read)
    except UnreadableFile as error:
        st.error(words.fault(error.reason), icon=":material/error:")
        return
    _counts(plan, read.faults)
    st.button(
        t("catalogue.take"), type="primary", key="take_list", disabled=not (plan.added or plan.changed),
        on_click=_take, args=(read,),
    )  # fmt: skip
    _faults(read.faults)
    _changes(plan, own_currency)


@st.cache_data(max_entries=20, ttl=600, show_spinner=False)
def _read(content: bytes) -> Read:
    return price_list_file.read(content)


def _take(read: Read) -> None:
    try:
        done = commands.take(read)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")
        return
    layout.toast(t("catalogue.taken", added=len(done.added), changed=len(done.changed)), icon=":material/check:")
    state["price_list_round"] = state.get("price_list_round", 0) + 1


def _counts(plan: Plan, faults: Sequence[Fault]) -> None:
    with st.container(horizontal=True):
        st.metric(t("catalogue.new"), number(len(plan.added)), border=True)
        st.metric(t("catalogue.changed"), number(len(plan.changed)), border=True)
        st.metric(t("catalogue.unchanged"), number(plan.unchanged), border=True)
        st.metric(t("catalogue.faults"), number(len(faults)), border=True)


def _faults(faults: Sequence[Fault]) -> None:
    if not faults:
        return
    lines = [t("catalogue.line", line=one.line, reason=words.fault(one.reason)) for one in faults[:_MOST_SHOWN]]
    if more := len(faults) - len(lines):
        lines.append(t("catalogue.more_faults", count=more))
    st.warning("\n".join(f"- {line}" for line in lines), icon=":material/warning:")


def _changes(plan: Plan, own_currency: str) -> None:
    """Return new and changed products, the first few hundred."""
    shown = [(one, _previous_values(one, own_currency)) for one in plan.changed[:_MOST_CHANGES]]
    rows = [(t("catalogue.changed"), one.after, told) for one, told in shown]
    rows += [(t("catalogue.new"), one, "") for one in plan.added[: _MOST_CHANGES - len(rows)]]
    if rows:
        st.dataframe(
            {
                t("catalogue.what"): [kind for kind, _, _ in rows],
                t("catalogue.sku"): [one.sku for _, one, _ in rows],
                t("catalogue.name"): [one.name for _, one, _ in rows],
                t("catalogue.price"): [words.per_unit(one, own_currency) for _, one, _ in rows],
                t("catalogue.before"): [told for _, _, told in rows],
            },
            hide_index=True,
        )


def _previous_values(change: Change, own_currency: str) -> str:
    """Return a product's previous values that change."""
    before, after = change.before, change.after
    priced = ("price", "currency", "unit")
    differs = [one.name for one in fields(Facts) if getattr(before, one.name) != getattr(after, one.name)]
    told = [words.per_unit(before, own_currency)] if any(name in priced for name in differs) else []
    told += [t(f"catalogue.{name}") for name in differs if name not in priced]
    return ", ".join(told)
