"""Custom components (Streamlit components, version 2): a typed function, a script and a style sheet each.

They are registered once, at import. Scripts are plain modules without a build step. Streamlit would send a component's
script and style with every change of its data: it gets a loader instead, and browsers fetch and cache the files from
addresses that change with their content. The reasons are in docs/decisions/0007-browser-modules.md.
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
_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
_served = {path.relative_to(_FOLDER).as_posix(): path.read_text("utf-8") for path in sorted(_FOLDER.rglob("*.js"))}


def _version() -> str:
    """Return a hash of all files that browsers get."""
    paths = [*_FOLDER.rglob("*.js"), *_FOLDER.rglob("*.css"), *(_FOLDER.parent / "locales").rglob("*.json")]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


_ADDRESS = f"/components/{_version()}"
# Hidden until its style has loaded.
_UNTIL_STYLED = ":host {\n  visibility: hidden;\n}"
_STYLED = ":host { visibility: visible; }\n"
_LOADER = """const {mount} = await import(new URL('%s/mount.js', location.origin));
export default await mount('%s', '%s');
"""


def load(name: str, html: str, table: object = None) -> Any:
    """Register the component of `name`.js and `name`.css, or of the folder `name`, whose script is index.js.

    `table` is data shared by all users that is too large to send with every run: its script fetches `name`.json.
    """
    _served[f"{name}.css"] = _STYLED + _style(name)
    if table is not None:
        _served[f"{name}.json"] = json.dumps(table)
    script = f"./{name}/index.js" if (_FOLDER / name).is_dir() else f"./{name}.js"
    return st.components.v2.component(
        f"bothub.{name}", html=html, css=_UNTIL_STYLED, js=_LOADER % (_ADDRESS, name, script)
    )


def _style(name: str) -> str:
    folder = _FOLDER / name
    files = sorted(folder.glob("*.css")) if folder.is_dir() else [folder.with_suffix(".css")]
    return "".join(file.read_text("utf-8") for file in files if file.exists())


def modules() -> list[str]:
    """Return the addresses of all scripts, for a page to fetch them at once and not import by import."""
    return [f"{_ADDRESS}/{name}" for name in _served if name.endswith(".js")]


def serve(request: Request) -> Response:
    """Serve a file, cacheable forever: the content of an address never changes, and it holds no user data."""
    name = request.path_params["name"]
    found = _served.get(name) if request.url.path == f"{_ADDRESS}/{name}" else None
    if found is None:
        return Response(status_code=404)
    return Response(found, media_type=_TYPES[Path(name).suffix], headers=_FOR_EVER)
