"""Catalogue page: products and prices."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from console import auth, layout
from console.app_pages.analytics import commands as analytics_commands
from console.app_pages.catalogue import commands as catalogue_commands
from console.app_pages.catalogue import form, import_dialog, queries, words
from console.i18n import t
from core.catalog import price_list_file
from core.catalog.products import Listed
from core.platform.errors import BotHubError

_PAGE = 25
state = st.session_state
agent = layout.viewer()
may_edit = agent.role in auth.MANAGERS


def _edit(product_id: int | None) -> None:
    state["product_form"] = product_id or "new"


def _offer(product_id: int, *, active: bool) -> None:
    _try(lambda: catalogue_commands.offer(product_id, active=active))


def _remove(product_id: int) -> None:
    _try(lambda: catalogue_commands.remove(product_id))


def _try(act: Callable[[], None]) -> None:
    try:
        act()
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def _searched() -> None:
    state["catalogue_page"] = 0


def _turn(by: int) -> None:
    state["catalogue_page"] = max(0, state.get("catalogue_page", 0) + by)


def _bar() -> str:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            t("catalogue.search"), key="catalogue_search", placeholder=t("catalogue.search"), type="search",
            label_visibility="collapsed", icon=":material/search:", on_change=_searched,
        )  # fmt: skip
        with st.popover(t("catalogue.export"), icon=":material/download:", key="export"):
            st.download_button(
                "CSV", lambda: price_list_file.csv_of(queries.everything()), "products.csv", "text/csv",
                width="stretch",
                on_click=analytics_commands.note, args=("catalogue",),
            )  # fmt: skip
            st.download_button(
                "Excel", lambda: price_list_file.xlsx_of(queries.everything()), "products.xlsx", width="stretch",
                on_click=analytics_commands.note, args=("catalogue",),
            )  # fmt: skip
        if may_edit:
            st.button(
                t("catalogue.add"), key="add", type="primary", icon=":material/add:", on_click=_edit, args=(None,)
            )
    return query or ""


def _row(one: Listed) -> None:
    known = one.facts
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"product_{one.id}"):
        with st.container(gap=None, width="stretch"):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.text(known.name)
                if not known.active:
                    st.badge(t("catalogue.inactive"), color="gray")
            about = [known.sku, ", ".join(known.aliases), known.description]
            if any(about):
                st.html(f"<div class='desk-about'>{html.escape(' · '.join(part for part in about if part))}</div>")
        st.text(words.per_unit(known, own), width="content")
        if may_edit:
            st.button(
                "", key=f"edit_{one.id}", icon=":material/edit:", type="tertiary", help=t("catalogue.edit"),
                on_click=_edit, args=(one.id,),
            )  # fmt: skip
            _menu(one)


def _menu(one: Listed) -> None:
    with st.popover("", icon=":material/more_vert:", type="tertiary", help=t("catalogue.more"), key=f"more_{one.id}"):
        label = "catalogue.withdraw" if one.facts.active else "catalogue.offer"
        st.button(
            t(label), key=f"offer_{one.id}", width="stretch", on_click=_offer, args=(one.id,),
            kwargs={"active": not one.facts.active},
        )  # fmt: skip
        st.caption(t("catalogue.remove_lead"))
        st.button(t("catalogue.remove"), key=f"remove_{one.id}", width="stretch", on_click=_remove, args=(one.id,))


with layout.page():
    st.title(t("nav.catalogue"))
    st.caption(t("catalogue.lead"))
    own = queries.currency()
    query = _bar()
    if may_edit:
        with st.expander(t("catalogue.import"), icon=":material/upload:"):
            import_dialog.draw(own)
    number = state.get("catalogue_page", 0)
    found = queries.page(query, number, _PAGE)
    if number and not found.products:  # the last product of this page was deleted
        number = state["catalogue_page"] = max(0, found.total - 1) // _PAGE
        found = queries.page(query, number, _PAGE)
    if not found.known:
        st.info(t("catalogue.empty"), icon=":material/sell:")
    elif not found.total:
        st.info(t("catalogue.nothing"), icon=":material/search_off:")
    with st.container(gap="small"):
        for product in found.products:
            _row(product)
    if found.total > _PAGE:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
            st.button("", key="newer", icon=":material/chevron_left:", disabled=not number, on_click=_turn, args=(-1,),
                      help=t("catalogue.previous"))  # fmt: skip
            last = min(found.total, (number + 1) * _PAGE)
            st.text(t("catalogue.of", first=number * _PAGE + 1, last=last, total=found.total))
            st.button("", key="older", icon=":material/chevron_right:", disabled=last >= found.total, on_click=_turn,
                      args=(1,), help=t("catalogue.next"))  # fmt: skip
    if (chosen := state.get("product_form")) and may_edit:
        edited = next((one for one in found.products if one.id == chosen), None)
        if chosen == "new" or edited:
            form.show(edited, own)
