"""Audit log page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.analytics import commands
from console.app_pages.audit.details import details, subject, who
from console.app_pages.people import queries
from console.dates import moment
from console.i18n import catalogue, current, t
from console.markdown import plain
from core.accounts.audit_log import Entry

_PAGE = 50
_MOST_EXPORTED = 10_000
_PERIODS = {"day": 1, "week": 7, "month": 30, "all": 0}
_AREAS = sorted({key.split(".")[1] for key in catalogue("en") if key.startswith("audit.") and key.count(".") == 2})
state = st.session_state
agent = layout.viewer()
zone = ZoneInfo(agent.timezone)


def _since() -> datetime | None:
    days = _PERIODS[state.get("audit_period", "week")]
    return datetime.now(zone) - timedelta(days=days) if days else None


def _found(before_id: int | None, limit: int) -> Sequence[Entry]:
    person = state.get("audit_person")
    return queries.entries(f"agent:{person}" if person else None, state.get("audit_area"), _since(), before_id, limit)


def _action(entry: Entry) -> str:
    return catalogue(current()).get(f"audit.{entry.action}", entry.action)


def _row(entry: Entry) -> dict[str, str]:
    return {
        t("audit.when"): moment(entry.at, zone),
        t("audit.person"): plain(who(entry)),
        t("audit.what"): _action(entry),
        t("audit.subject"): plain(subject(entry)),
        t("audit.details"): plain(details(entry)),
    }


def _export() -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["time", "who", "actor", "action", "subject", "name", "data"])
    for one in _found(None, _MOST_EXPORTED):
        name = one.names.get(one.subject, "")
        cells = [one.at.isoformat(), who(one), one.actor, one.action, one.subject, name, json.dumps(one.data)]
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _filters() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            t("audit.period"), list(_PERIODS), default="week", required=True, key="audit_period",
            format_func=lambda one: t(f"audit.{one}"),
        )  # fmt: skip
        names = {one.id: one.name for one in queries.everyone()}
        st.selectbox(
            t("audit.person"), list(names), index=None, key="audit_person", format_func=names.__getitem__, width=220,
            placeholder=t("audit.everybody"),
        )  # fmt: skip
        st.selectbox(
            t("audit.area"), _AREAS, index=None, key="audit_area", width=220, placeholder=t("audit.everything"),
            format_func=lambda one: t(f"audit.area_{one}"),
        )  # fmt: skip
        st.download_button(
            t("audit.export"),
            _export,
            "audit.csv",
            "text/csv",
            icon=":material/download:",
            on_click=commands.note,
            args=("audit",),
        )


def _older(last_id: int) -> None:
    state["audit_places"] = [*state.get("audit_places", []), last_id]


def _newer() -> None:
    state["audit_places"] = state.get("audit_places", [])[:-1]


with layout.page():
    st.title(t("nav.audit"))
    st.caption(t("audit.lead"))
    _filters()
    chosen = (state.get("audit_period"), state.get("audit_person"), state.get("audit_area"))
    if state.get("_audit_chosen") != chosen:
        state["_audit_chosen"], state["audit_places"] = chosen, []
    places = state.get("audit_places", [])
    entries = _found(places[-1] if places else None, _PAGE + 1)
    if not entries:
        st.info(t("audit.empty"), icon=":material/history:")
    else:
        shown = entries[:_PAGE]
        st.table(
            [_row(one) for one in shown], border="horizontal", hide_index=True, hide_header=False
        )  # wraps, in full
        with st.container(horizontal=True):
            st.button(t("audit.newer"), disabled=not places, on_click=_newer, icon=":material/chevron_left:")
            st.button(
                t("audit.older"), disabled=len(entries) <= _PAGE, on_click=_older, args=(shown[-1].id,),
                icon=":material/chevron_right:",
            )  # fmt: skip
