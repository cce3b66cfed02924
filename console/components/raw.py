"""A raw body on a page: as text in a box, never as markup."""

from __future__ import annotations

import streamlit as st

from console.i18n import t
from core.inbox.raw import Legible


def show(body: Legible) -> None:
    """Show a body laid out by `core.inbox.raw`."""
    with st.container(height=360):
        st.code(body.text or t("dead.nothing"), language="json" if body.form == "json" else None, wrap_lines=True)
    notes = [t(f"dead.form_{body.form}"), t("dead.masked")]
    if body.cut:
        notes.append(t("dead.cut"))
    st.caption(" · ".join(notes))
