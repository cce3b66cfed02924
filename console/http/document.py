"""HTML document of every page: Streamlit's own, with the server's address and our scripts added.

Without the address its script looks for the server below the page's path first: two failing requests for every directly
opened page but the first. Without the scripts a page would ask for them one after another, import by import.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse

from console import components

# Streamlit 1.67 reads it once at start, for sockets, media, uploads and components.
_SERVER = "<script>window.__streamlit = {BACKEND_BASE_URL: location.origin}</script>\n    "


@cache
def source() -> str:
    """Return the HTML, with ours before Streamlit's."""
    ours = "".join(f'<link rel="modulepreload" href="{address}">\n    ' for address in components.modules())
    streamlits = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    start = streamlits.index("<script")
    return streamlits[:start] + _SERVER + ours + streamlits[start:]


def serve(_: Request) -> HTMLResponse:
    """Serve the document. It holds no user data; the files it loads have content hashes in their names."""
    return HTMLResponse(source(), headers={"cache-control": "no-cache"})
