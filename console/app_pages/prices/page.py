"""Prices page: dated prices of models and messages, and the plan's revenue."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from console import auth, decimals, layout
from console.app_pages.prices import cells, commands, queries
from console.dates import TYPED
from console.i18n import current, t
from console.markdown import plain
from core.bots.price_table import CATEGORIES, CHANNELS, Prices
from core.platform.errors import BotHubError

_HIGHEST_PLAN = 10_000_000.0
state = st.session_state
agent = layout.viewer()
may_edit = agent.role in auth.ADMINISTRATORS
today = datetime.now(ZoneInfo(agent.timezone)).date()


def _models(kept: Prices) -> pd.DataFrame:
    return st.data_editor(
        cells.frame("models", kept.models), key="prices_models", num_rows="dynamic", hide_index=True,
        width="stretch", disabled=not may_edit,
        column_config={
            "model": st.column_config.TextColumn(t("prices.model"), max_chars=100),
            "valid_from": _from_day(),
            "input": _usd("prices.input"),
            "cached": _usd("prices.cached"),
            "output": _usd("prices.output"),
            "source": st.column_config.TextColumn(t("prices.source"), max_chars=200, default=""),
        },
    )  # fmt: skip


def _messages(kept: Prices) -> pd.DataFrame:
    return st.data_editor(
        cells.frame("messages", kept.messages), key="prices_messages", num_rows="dynamic", hide_index=True,
        width="stretch", disabled=not may_edit,
        column_config={
            "channel": st.column_config.SelectboxColumn(
                t("prices.channel"), options=list(CHANNELS), default="whatsapp"
            ),
            "category": st.column_config.SelectboxColumn(
                t("prices.category"), options=list(CATEGORIES), default="service"
            ),
            "prefix": st.column_config.TextColumn(t("prices.prefix"), default=""),
            "valid_from": _from_day(),
            "usd": _usd("prices.usd"),
            "source": st.column_config.TextColumn(t("prices.source"), max_chars=200, default=""),
        },
    )  # fmt: skip


def _from_day() -> Any:
    return st.column_config.DateColumn(t("prices.valid_from"), default=today, format=TYPED[current()])


def _usd(label: str) -> Any:
    return st.column_config.TextColumn(t(label), alignment="right")


def _save(models: pd.DataFrame, messages: pd.DataFrame, plan: decimals.Typed) -> None:
    if plan.fault:
        state["prices_told"] = ("error", f"{t('prices.plan')}: {plan.fault}")
        return
    try:
        commands.save(
            {
                "models": cells.read("models", models),
                "messages": cells.read("messages", messages),
                "plan_usd": plan.value,
            }
        )
    except BotHubError as error:
        wrong = cells.refused(error.values, today) if error.code == "invalid_prices" else ""
        state["prices_told"] = ("error", f"{layout.say(error)} {wrong}".rstrip())
    else:
        state["prices_told"] = ("success", t("prices.saved"))
        for key in ("prices_models", "prices_messages"):
            state.pop(key, None)


with layout.page():
    st.title(t("nav.prices"))
    st.caption(t("prices.lead"))
    kept = queries.own()
    st.subheader(t("prices.models"), anchor=False)
    st.caption(t("prices.models_lead"))
    models = _models(kept)
    st.subheader(t("prices.messages"), anchor=False)
    st.caption(t("prices.messages_lead"))
    messages = _messages(kept)
    plan = decimals.field(
        t("prices.plan"), 0, _HIGHEST_PLAN, kept.plan_usd, key="prices_plan", disabled=not may_edit,
        help=t("prices.plan_help"), placeholder="—", width=300,
    )  # fmt: skip
    if told := state.pop("prices_told", None):
        (st.success if told[0] == "success" else st.error)(plain(told[1]))
    if may_edit:
        st.button(t("prices.save"), type="primary", on_click=_save, args=(models, messages, plan))
    for problem in queries.problems():
        st.warning(plain(problem), icon=":material/warning:")
