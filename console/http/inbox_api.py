"""JSON endpoint that returns one conversation, so opening it needs no Streamlit rerun.

Browsers call it on a click or a change event. A script run draws the conversation only if the call failed.
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from console import i18n
from console.app_pages.inbox import conversation_queries
from console.components.conversation_json import to_json
from console.db import system_transaction
from console.http.security import COOKIE
from core.accounts import sessions
from core.platform.db import enter_business
from core.platform.errors import NotFound

MOST = 300  # messages; longer threads are drawn by a script run


class _SignedOut(Exception):
    """The session cookie is not valid."""


async def conversation(request: Request) -> Response:
    """Return a conversation with its newest `lines` messages.

    404 also for another business's conversation, or one that is not visible to the agent.
    """
    lines = request.query_params.get("lines", "")
    if not lines.isdecimal() or len(lines) > 3 or not 0 < int(lines) <= MOST:
        return PlainTextResponse(f"lines must be a number from 1 to {MOST}.", 400)
    token, language = request.cookies.get(COOKIE, ""), request.headers.get("accept-language", "")
    try:
        found = await to_thread.run_sync(_read, token, request.path_params["conversation_id"], int(lines), language)
    except _SignedOut:
        return PlainTextResponse("You are signed out.", 401)
    except NotFound:
        return PlainTextResponse("No such conversation.", 404)
    return JSONResponse(found, headers={"cache-control": "no-store"})


def _read(token: str, conversation_id: int, lines: int, accept_language: str) -> dict[str, Any]:
    with system_transaction() as session:
        agent = sessions.session_agent(session, token)
        if agent is None:
            raise _SignedOut
        enter_business(session, agent.business_id)
        found = conversation_queries.read(session, agent, conversation_id, lines)
    return to_json(found, agent, i18n.of_agent(agent, accept_language))
