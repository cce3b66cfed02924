"""Components of our own (Streamlit components, version 2): a typed function, a script and a style sheet each.

They are registered once, at import. The scripts need no build step; `dom.js` stands before each of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def load(name: str, html: str) -> Any:
    """Register the component of `name`.js and `name`.css, or of all scripts and styles of the folder `name`."""
    style = sources(name, "css")
    script = (_FOLDER / "dom.js").read_text("utf-8") + sources(name, "js")
    return st.components.v2.component(f"bothub.{name}", html=html, css=style or None, js=script)


def sources(name: str, ending: str) -> str:
    """The text of a component's files of one kind."""
    folder = _FOLDER / name
    files = sorted(folder.glob(f"*.{ending}")) if folder.is_dir() else [folder.with_suffix(f".{ending}")]
    return "".join(file.read_text("utf-8") for file in files if file.exists())
