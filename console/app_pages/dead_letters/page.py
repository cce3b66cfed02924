"""Dead letters page: webhook items that could not be processed, to replay or discard."""

from __future__ import annotations

import json
from itertools import groupby
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.dead_letters import commands, queries
from console.app_pages.webhooks import body_view
from console.dates import moment
from console.i18n import t
from core.messaging.inbound.dead_letters import DeadItem

state = st.session_state
agent = layout.viewer()
zone = ZoneInfo(agent.timezone)


def _replay(event_ids: list[int] | None) -> None:
    layout.toast(t("dead.replayed", count=commands.replay(event_ids)), icon=":material/replay:")


def _discard(ids: list[int]) -> None:
    layout.toast(t("dead.discarded", count=commands.discard(ids)), icon=":material/delete:")


def _why(one: DeadItem) -> str:
    """Return the readable reason for a kind of error."""
    kinds = {"KeyError": "missing", "ValueError": "shape", "TypeError": "shape", "AttributeError": "shape"}
    name = kinds.get(one.kind) or ("refused" if one.kind.endswith("Error") else "other")
    return t(f"dead.why_{name}")


def _item(one: DeadItem) -> str:
    """Draw the formatted item, with secrets masked."""
    words = one.raw if isinstance(one.raw, str) else json.dumps(one.raw, ensure_ascii=False)
    return body_view.readable("application/json", words.encode())


def _group(kind: str, items: list[DeadItem]) -> None:
    with st.container(border=True, key=f"dead_{kind}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{t('dead.kind', count=len(items))}**", width="content")
            st.badge(kind.replace("_", " ")[:60], color="red")
            st.space("stretch")
            st.button(
                t("dead.replay_group"), icon=":material/replay:", key=f"replay_{kind}", on_click=_replay,
                args=([one.event_id for one in items],),
            )  # fmt: skip
            with st.popover(t("dead.discard"), icon=":material/delete:", type="tertiary", key=f"discard_{kind}"):
                st.caption(t("dead.discard_lead"))
                st.button(
                    t("dead.discard_sure", count=len(items)), key=f"sure_{kind}", on_click=_discard,
                    args=([one.id for one in items],),
                )  # fmt: skip
        for one in items:
            with st.expander(f"{moment(one.created_at, zone)} · {t(f'source.{one.source}')} · #{one.event_id}"):
                st.text(_why(one))
                st.code(one.reason, language=None, wrap_lines=True)
                st.code(_item(one), language="json", wrap_lines=True)


with layout.page():
    st.title(t("nav.dead_letters"))
    st.caption(t("dead.lead"))
    items = list(queries.dead(state.get("dead_before")))
    if not items:
        st.success(t("dead.none"), icon=":material/check:")
    for kind, found in groupby(sorted(items, key=lambda one: one.kind), key=lambda one: one.kind):
        _group(kind, list(found))
    if len(items) == 50:
        st.button(t("dead.older"), on_click=lambda: state.update(dead_before=items[-1].id))
    if state.get("dead_before"):
        st.button(t("dead.newest"), on_click=lambda: state.pop("dead_before"))
