"""The document that browsers load for each page: Streamlit's own, told where its server is.

Left to itself its script looks for the server below the page's own address first: two requests that find nothing, for
every page but the first one that is opened by its address.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse

# Streamlit 1.67 reads it once, as it starts; sockets, media, uploads and components then use it.
_SERVER = "<script>window.__streamlit = {BACKEND_BASE_URL: location.origin}</script>\n    "


@cache
def source() -> str:
    """Its text. Our script stands before all of Streamlit's."""
    streamlits = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    start = streamlits.index("<script")
    return streamlits[:start] + _SERVER + streamlits[start:]


def serve(_: Request) -> HTMLResponse:
    """It holds nothing that is anybody's; what it loads tells by its name whether it is new."""
    return HTMLResponse(source(), headers={"cache-control": "no-cache"})
