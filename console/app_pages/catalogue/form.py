"""Side panel to create or edit a product."""

from __future__ import annotations

import re

import streamlit as st

from console import decimals, layout
from console.app_pages.catalogue import commands, words
from console.i18n import current, t
from core.catalog.products import LONGEST, Facts, Listed, UnacceptableProduct
from core.platform.errors import BotHubError
from core.text import prices
from core.text.prices import NoPrice

state = st.session_state
_ALIASES = re.compile(r"[,;\n]")


def closed() -> None:
    """Close the panel."""
    state.pop("product_form", None)


def show(one: Listed | None, own_currency: str) -> None:
    """Draw the panel for a product, or for a new one."""

    @st.dialog(t("catalogue.edit" if one else "catalogue.add"), position="right", on_dismiss=closed)
    def panel() -> None:
        with st.form(f"product_{one.id if one else 'new'}", border=False):
            _fields(one.id if one else None, one.facts if one else None, own_currency)

    panel()


def _fields(product_id: int | None, known: Facts | None, own_currency: str) -> None:
    key = f"product_{{}}_{product_id or 'new'}".format
    name = st.text_input(t("catalogue.name"), known.name if known else "", max_chars=LONGEST["name"], key=key("name"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        price = st.text_input(
            t("catalogue.price"), decimals.written(known.price) if known else "", max_chars=30, key=key("price")
        )
        codes = sorted(prices.codes())
        currency = st.selectbox(
            t("catalogue.currency"), codes, codes.index(known.currency) if known and known.currency else None,
            key=key("currency"), placeholder=own_currency, width=130,
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        unit = st.text_input(
            t("catalogue.unit"), known.unit if known else "", max_chars=LONGEST["unit"], key=key("unit"),
            placeholder=t("catalogue.unit_hint"),
        )  # fmt: skip
        sku = st.text_input(t("catalogue.sku"), known.sku if known else "", max_chars=LONGEST["sku"], key=key("sku"))
    aliases = st.text_area(
        t("catalogue.aliases"), ", ".join(known.aliases) if known else "", key=key("aliases"), height=80,
        help=t("catalogue.aliases_help"), placeholder=t("catalogue.aliases_hint"),
    )  # fmt: skip
    description = st.text_area(
        t("catalogue.description"), known.description if known else "", max_chars=LONGEST["description"],
        key=key("description"), height=90,
    )  # fmt: skip
    active = st.checkbox(t("catalogue.active"), known.active if known else True, key=key("active"))
    if not st.form_submit_button(t("catalogue.save"), type="primary", width="stretch"):
        return
    try:
        said = prices.read(price, frozenset({"." if current() == "en" else ","}))
        commands.save(
            Facts(
                name, said.amount, sku, description, unit, currency or said.currency, tuple(_ALIASES.split(aliases)),
                active,
            ),
            product_id,
        )  # fmt: skip
    except (NoPrice, UnacceptableProduct) as error:
        st.error(words.fault(error.reason), icon=":material/error:")
    except BotHubError as error:
        st.error(layout.say(error), icon=":material/error:")
    else:
        closed()
        st.rerun()
