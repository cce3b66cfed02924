"""ASGI application of the console: Streamlit, sign-in, live updates and files.

Serve it with `python -m console`, or `uvicorn console.asgi:app` from the project's folder.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
import structlog
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute
from streamlit import config

from console import components, i18n, layout, streamlit_patches
from console.http import access, document, files, inbox_api, live_updates, security, sign_in, sso
from core.platform.errors import ConfigurationError, StoreUnavailable

log = structlog.get_logger(__name__)


def check_configuration() -> None:
    """Refuse to serve without `.streamlit/config.toml`, which Streamlit looks for in the current folder.

    Raises:
        ConfigurationError: the file was not found.
    """
    if config.get_option("runner.postScriptGC"):
        raise ConfigurationError(
            "The console's .streamlit/config.toml was not read: start the console from the project's folder."
        )


# Streamlit scans all its settings for each theme section in each script run, a seventh of the cost of a redraw.
# None changes while the process lives.
config.get_options_for_section = cache(config.get_options_for_section)


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    if host := security.public_address().hostname:  # a proxy may ask for another one
        config.set_option("browser.serverAddress", host)
    listening = asyncio.create_task(live_updates.listen())
    gc.collect()
    gc.freeze()  # imported objects live as long as the process: exclude them from garbage collection
    yield {}
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


def _on_script_error(error: Exception) -> bool:
    """Log a bug and show a generic message, or that the database is unavailable."""
    if isinstance(error, StoreUnavailable):
        log.warning("page_without_database", reason=str(error.__cause__ or error))
        words = layout.say(error)
    else:
        log.error("page_failed", exc_info=error)
        words = i18n.t("error.unexpected")
    st.error(words, icon=":material/error:")  # in place of the page or its fragment
    st.toast(words, icon=":material/error:")  # in a place that is always visible
    return True


def _inbox(request: Request) -> RedirectResponse:
    """Redirect /inbox to the first page, which is the inbox."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/", 307)


class _Id(IntegerConvertor):
    """Path parameter with a row id. A number too long for one becomes 0, which no row has."""

    def convert(self, value: str) -> int:
        return super().convert(value) if len(value) < 19 else 0


check_configuration()
register_url_convertor("id", _Id())
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[
        Route("/auth/login", sign_in.form, methods=["GET"]),
        Route("/auth/login", sign_in.login, methods=["POST"]),
        Route("/auth/code", sign_in.code_page, methods=["GET"]),
        Route("/auth/code", sign_in.code, methods=["POST"]),
        Route("/auth/link", sign_in.link_page, methods=["GET"]),
        Route("/auth/link", sign_in.link, methods=["POST"]),
        Route("/auth/oidc", sso.begin, methods=["GET"]),
        Route("/auth/oidc/callback", sso.callback, methods=["GET"]),
        Route("/auth/logout", sign_in.logout, methods=["POST"]),
        Route("/files", files.hand_in, methods=["POST"]),
        Route("/files/{attachment_id:id}", files.download, methods=["GET"]),
        Route("/inbox", _inbox, methods=["GET"]),
        *(Route(page, document.serve, methods=["GET"]) for page in sorted(security.PAGES - {"/inbox"})),
        Route("/inbox/rows", inbox_api.rows, methods=["GET"]),
        Route("/inbox/{conversation_id:id}", inbox_api.conversation, methods=["GET"]),
        Route("/inbox/{conversation_id:id}/{command}", inbox_api.command, methods=["POST"]),
        Route("/components/{version}/{name:path}", components.serve, methods=["GET"]),
        WebSocketRoute("/live", live_updates.socket),
    ],
    middleware=[
        Middleware(security.Headers),
        Middleware(access.Gate),
        Middleware(security.SignInFirst),
        Middleware(streamlit_patches.TimersPressNothing),
    ],
    exception_handlers={StoreUnavailable: sign_in.without_store},
    lifespan=_lifespan,
    on_script_error=_on_script_error,
)
