"""Business facts that the bot may give to customers."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

import streamlit as st

from console import decimals, layout
from console.app_pages.bot import commands, queries
from console.i18n import t
from core.accounts.business_profile import LONGEST_FACT, MOST_TAGS
from core.platform.errors import BotHubError
from core.types import BusinessFacts

state = st.session_state
_CURRENCIES = (
    "ARS", "BOB", "BRL", "CLP", "COP", "CRC", "CUP", "DOP", "EUR", "GBP", "GTQ", "HNL", "MXN", "NIO", "PAB", "PEN",
    "PYG", "USD", "UYU", "VES",
)  # fmt: skip
_SATISFACTION = (1.0, 5.0)
_LINES = ("name", "sector", "hours", "phone", "website")


def pane(*, locked: bool) -> None:
    """Draw the form of the business facts."""
    known = queries.business_facts()
    st.caption(t("facts.lead"))
    with st.form("facts", border=False):
        for field in _LINES:
            st.text_input(
                t(f"facts.{field}"),
                getattr(known, field),
                key=f"facts.{field}",
                max_chars=LONGEST_FACT,
                disabled=locked,
            )
        zones = sorted(available_timezones())
        st.selectbox(
            t("facts.time_zone"), zones, zones.index(known.time_zone), key="facts.time_zone", disabled=locked,
            help=t("facts.time_zone_help"),
        )  # fmt: skip
        choices = sorted({known.currency, *_CURRENCIES} - {""})
        st.selectbox(
            t("facts.currency"), choices, choices.index(known.currency) if known.currency else None,
            key="facts.currency", disabled=locked, accept_new_options=True, help=t("facts.currency_help"),
            placeholder=t("bot.not_set"),
        )  # fmt: skip
        st.multiselect(
            t("facts.tags"), list(known.tags), list(known.tags), key="facts.tags", accept_new_options=True,
            max_selections=MOST_TAGS, disabled=locked,
        )  # fmt: skip
        decimals.field(
            t("facts.satisfaction"), *_SATISFACTION, known.satisfaction, key="facts.satisfaction", disabled=locked,
            placeholder=t("bot.not_set"),
        )  # fmt: skip
        st.form_submit_button(t("facts.save"), type="primary", on_click=_save, args=(known,), disabled=locked)
    if result := state.pop("facts_result", None):
        (st.success if result[0] else st.error)(result[1])


def _save(known: BusinessFacts) -> None:
    satisfaction = decimals.read(state["facts.satisfaction"], *_SATISFACTION)
    if satisfaction.fault:
        state["facts_result"] = (False, f"{t('facts.satisfaction')}: {satisfaction.fault}")
        return
    typed = {field: state[f"facts.{field}"] for field in (*_LINES, "time_zone")}
    typed["satisfaction"] = satisfaction.number
    try:
        commands.save_facts(
            replace(known, **typed, currency=state["facts.currency"] or "", tags=tuple(state["facts.tags"]))
        )
    except BotHubError as error:
        state["facts_result"] = (False, layout.say(error))
    else:
        state["facts_result"] = (True, t("facts.saved"))
