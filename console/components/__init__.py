"""Custom components (Streamlit components, version 2): a typed function, a script and a style sheet each.

They are registered once, at import. The scripts need no build step; `dom.js` is prepended to each. Streamlit would
send a component's script and style with every change of its data: it gets a loader instead, and browsers fetch and
cache the rest from a URL that changes with its content.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).parent
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_scripts: dict[str, str] = {}

# Hidden until its style has loaded.
_UNTIL_STYLED = ":host {\n  visibility: hidden;\n}"
_STYLED = ":host { visibility: visible; }\n"
_LOADER = """const {default: draw, style} = await import(new URL('/components/%s', location.origin));
export default (component) => {
  const root = component.parentElement.getRootNode();
  if (!root.adoptedStyleSheets.includes(style)) root.adoptedStyleSheets.push(style);
  return draw(component);
};
"""


def load(name: str, html: str, **tables: object) -> Any:
    """Register the component of `name`.js and `name`.css, or of all scripts and styles of the folder `name`.

    `tables` are constants of the script: data shared by all users that is too large to send with every run.
    """
    style = json.dumps(_STYLED + sources(name, "css"))
    sheet = f"export const style = new CSSStyleSheet();\nstyle.replaceSync({style});\n"
    constants = "".join(f"const {table} = {json.dumps(value)};\n" for table, value in tables.items())
    script = sheet + constants + (_FOLDER / "dom.js").read_text("utf-8") + sources(name, "js")
    address = f"{name}-{hashlib.sha256(script.encode()).hexdigest()[:16]}.js"
    _scripts[address] = script
    return st.components.v2.component(f"bothub.{name}", html=html, css=_UNTIL_STYLED, js=_LOADER % address)


def serve(request: Request) -> Response:
    """Serve a component's script, cacheable forever: the content of a URL never changes, and it holds no user data."""
    script = _scripts.get(request.path_params["address"])
    if script is None:
        return Response(status_code=404)
    return Response(script, media_type="text/javascript", headers=_FOR_EVER)


def sources(name: str, ending: str) -> str:
    """Return the concatenated text of a component's files of one type."""
    folder = _FOLDER / name
    files = sorted(folder.glob(f"*.{ending}")) if folder.is_dir() else [folder.with_suffix(f".{ending}")]
    return "".join(file.read_text("utf-8") for file in files if file.exists())
