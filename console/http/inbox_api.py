"""JSON endpoints of the inbox: its list, a conversation, and commands on it, so that none needs a Streamlit rerun."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from anyio import CapacityLimiter, to_thread
from pydantic import TypeAdapter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from console import auth, i18n, layout
from console.app_pages.inbox import browser_commands, conversation_queries, errors
from console.app_pages.inbox.browser_commands import COMMANDS, Asked
from console.components.conversation_json import to_json
from console.components.inbox_list import to_json as list_json
from console.db import system_transaction
from console.http.security import COOKIE, same_origin
from console.url_state import row_number
from core.accounts import sessions, visibility
from core.accounts.sessions import CurrentAgent
from core.channels import json_sanitizer
from core.channels.types import InvalidMessage
from core.conversations import inbox_list
from core.conversations.inbox_list import Cursor, InboxFilter
from core.platform.db import enter_business
from core.platform.errors import BotHubError, Conflict, NotFound, StoreUnavailable

log = structlog.get_logger(__name__)

MOST = 1_500  # messages
MOST_ROWS = 300
_LONGEST_SEARCH = 200  # characters
_FILTER, _CURSOR = TypeAdapter(InboxFilter), TypeAdapter(Cursor)
_LARGEST = 300_000  # bytes of a command
_REMEMBERED = 5_000  # commands
_SLOW = {"copilot": CapacityLimiter(8)}  # threads for what waits for a model: the other commands do not wait for it
Told = tuple[HTTPStatus, dict[str, Any]]
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (auth.NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
)
_told: OrderedDict[tuple[str, str], asyncio.Task[Told]] = OrderedDict()  # by cookie and key


class _SignedOut(Exception):
    """The session cookie is not valid."""


async def rows(request: Request) -> Response:
    """Return at most `most` rows of the conversation list, after one if it is named, and each view's number.

    Filters have their names in the page's address.
    """
    asked = json_sanitizer.clean(dict(request.query_params))
    asked |= {name: row_number(asked[name]) for name in ("team", "id") if name in asked}
    try:
        wanted = _FILTER.validate_python(asked | {"words": asked.get("q", "")[:_LONGEST_SEARCH]})
        after = _CURSOR.validate_python(asked) if "at" in asked else None
        most = min(int(asked.get("most", inbox_list.PAGE)), MOST_ROWS)
    except ValueError:
        return PlainTextResponse("There is no such list.", 400)

    def read(session: Session, agent: CurrentAgent, _: str) -> dict[str, Any]:
        seen = visibility.seen_by(agent)
        page = inbox_list.page(session, wanted, agent.id, after, max(most, 1), seen=seen)
        return list_json(page, inbox_list.counts(session, seen).of(agent.id))

    return await _answer(request, read)


async def conversation(request: Request) -> Response:
    """Return a conversation with its newest `lines` messages, and with its templates if `templates` is 1.

    404 also for another business's conversation, or one that is not visible to the agent.
    """
    lines = request.query_params.get("lines", "")
    if not lines.isdecimal() or len(lines) > 4 or not 0 < int(lines) <= MOST:
        return PlainTextResponse(f"lines must be a number from 1 to {MOST}.", 400)
    conversation_id, templated = request.path_params["conversation_id"], request.query_params.get("templates") == "1"

    def read(session: Session, agent: CurrentAgent, language: str) -> dict[str, Any]:
        found = conversation_queries.read(session, agent, conversation_id, int(lines), templated=templated)
        return to_json(found, agent, language)

    return await _answer(request, read)


Read = Callable[[Session, CurrentAgent, str], dict[str, Any]]


async def _answer(request: Request, read: Read) -> Response:
    """Return what `read` finds for the signed-in agent, in their language."""
    token, accepted = request.cookies.get(COOKIE, ""), request.headers.get("accept-language", "")
    try:
        found = await to_thread.run_sync(_read, token, accepted, read)
    except StoreUnavailable:
        words = i18n.text(i18n.of_header(accepted), "error.store_unavailable")
        return JSONResponse({"error": words}, 503, {"retry-after": "5"})
    except _SignedOut:
        return PlainTextResponse("You are signed out.", 401)
    except NotFound:
        return PlainTextResponse("No such conversation.", 404)
    return JSONResponse(found, headers={"cache-control": "no-store"})


def _read(token: str, accept_language: str, read: Read) -> dict[str, Any]:
    with system_transaction() as session:
        agent = sessions.session_agent(session, token)
        if agent is None:
            raise _SignedOut
        enter_business(session, agent.scope)
        return read(session, agent, i18n.of_agent(agent, accept_language))


async def command(request: Request) -> Response:
    """Run a command once: a repeat with the same key waits for the first, or gets its answer.

    Browsers repeat a command whose answer was lost, and one that met a database that is away (503). What broke (500)
    is not repeated by itself; neither is kept, so that it can be made again.
    """
    name, token = request.path_params["command"], request.cookies.get(COOKIE, "")
    if not same_origin(request):
        return PlainTextResponse("This did not come from the console's own page.", 403)
    if name not in COMMANDS:
        return PlainTextResponse("No such command.", 404)
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _LARGEST:
        return PlainTextResponse("The command is too long.", 413)
    try:
        asked = Asked.model_validate(json_sanitizer.loads(await request.body()))
    except (ValueError, RecursionError):  # a ValidationError is a ValueError
        return PlainTextResponse("The command cannot be read.", 400)
    conversation_id, language = request.path_params["conversation_id"], request.headers.get("accept-language", "")
    about = (token, f"{conversation_id} {name} {asked.key}")
    if (running := _told.get(about)) is None:
        work = to_thread.run_sync(_run, token, conversation_id, name, asked, language, limiter=_SLOW.get(name))
        running = _told[about] = asyncio.ensure_future(work)
        running.add_done_callback(partial(_forget, about, read=name in browser_commands.READS))
        if len(_told) > _REMEMBERED:
            _told.popitem(last=False)
    try:
        status, told = await asyncio.shield(running)
    except Exception:
        log.exception("inbox_command_failed", command=name)
        words = i18n.text(i18n.of_header(language), "error.unexpected")
        return JSONResponse({"error": words}, HTTPStatus.INTERNAL_SERVER_ERROR)
    return JSONResponse(told, status)


def _forget(about: tuple[str, str], done: asyncio.Task[Told], *, read: bool) -> None:
    if (
        read
        or done.cancelled()
        or done.exception()
        or done.result()[0] >= HTTPStatus.INTERNAL_SERVER_ERROR
        or done.result()[0] == HTTPStatus.UNAUTHORIZED  # strangers must not push out what others sent
    ):
        _told.pop(about, None)


def _run(token: str, conversation_id: int, name: str, asked: Asked, accept_language: str) -> Told:
    with i18n.speaking(i18n.of_header(accept_language)):
        try:
            with system_transaction() as session:
                agent = sessions.session_agent(session, token)
        except StoreUnavailable as error:
            return _refused(error)
    if agent is None:
        return HTTPStatus.UNAUTHORIZED, {}
    with auth.acting(agent), i18n.speaking(i18n.of_agent(agent, accept_language)):
        try:
            answer = COMMANDS[name](conversation_id, asked) or browser_commands.Answer()
        except (BotHubError, InvalidMessage) as error:
            return _refused(error)
        except ValueError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
    return HTTPStatus.OK, asdict(answer)


def _refused(error: BotHubError | InvalidMessage) -> Told:
    """Return why, in the agent's language. The browser keeps and repeats it while the database is away."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY)
    if isinstance(error, InvalidMessage):
        words = errors.message(error)
    elif isinstance(error, StoreUnavailable):
        words = i18n.t("error.database")
    else:
        words = layout.say(error)
    return status, {"error": words}
