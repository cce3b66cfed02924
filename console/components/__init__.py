"""Components of our own (Streamlit components, version 2): a typed function, a script and a style sheet each.

They are registered once, at import. The scripts need no build step; `dom.js` stands before each of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def load(name: str, html: str) -> Any:
    """Register the component whose script is `name`.js and whose styles, if any, are `name`.css."""
    style = _FOLDER / f"{name}.css"
    script = (_FOLDER / "dom.js").read_text("utf-8") + (_FOLDER / f"{name}.js").read_text("utf-8")
    return st.components.v2.component(
        f"bothub.{name}", html=html, css=style.read_text("utf-8") if style.exists() else None, js=script
    )
