"""Sign-in and sign-out: plain HTML pages, so that password managers work and Streamlit runs only after sign-in."""

from __future__ import annotations

import html
from functools import lru_cache, partial
from pathlib import Path
from string import Template
from urllib.parse import quote, unquote

import structlog
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from console import i18n
from console.db import system_transaction
from console.http.security import COOKIE, cookie_is_secure, own_page, same_origin
from console.http.sign_in_limits import Guesses, TooMany, address_of, remember
from core.accounts import audit_log, sessions, users
from core.accounts.sessions import LoginResult
from core.platform import crypto
from core.platform.config import get_settings

log = structlog.get_logger(__name__)

_LARGEST_FORM = 8192  # bytes
_CODE_COOKIE = "bothub_code"
_NEXT_COOKIE = "bothub_next"  # page to open after sign-in
_NEXT_LASTS = 3600  # seconds
_EMAIL_COOKIE = "bothub_email"  # address typed with a wrong password, encrypted, to refill the form
_EMAIL_LASTS = 60  # seconds
_LONGEST_EMAIL = 254
_SAID = {"failed": "login.error", "provider": "login.provider_error", "ended": "login.ended"}
_PAGE = Template(Path(__file__).with_name("sign_in.html").read_text("utf-8"))


@lru_cache(maxsize=1)
def _guesses() -> Guesses:
    return Guesses()


async def form(request: Request) -> Response:
    """Show the sign-in page. A wrong password and an unknown address give the same error."""
    asked = request.query_params
    error = next((_SAID[one] for one in _SAID if one in asked), None)
    first = await to_thread.run_sync(_nobody_has_a_password)
    typed = crypto.decrypt_text(request.cookies.get(_EMAIL_COOKIE, "")) if "failed" in asked else None
    answer = _page(request, "login", error=error, email=typed or "", lead="login.first" if first else "")
    if _EMAIL_COOKIE in request.cookies:
        answer.delete_cookie(
            _EMAIL_COOKIE, "/auth/login", httponly=True, samesite="lax", secure=cookie_is_secure(request)
        )
    if "next" in asked:
        answer.set_cookie(
            _NEXT_COOKIE,
            quote(own_page(asked["next"])),
            max_age=_NEXT_LASTS,
            path="/auth",
            httponly=True,
            samesite="lax",
            secure=cookie_is_secure(request),
        )
    return answer


async def login(request: Request) -> Response:
    """Check address and password, and sign in or ask for the second step."""
    fields = await _fields(request)
    if fields is None:
        return _refused()
    email, password = fields.get("email", ""), fields.get("password", "")
    known = _guesses().browser_of(request, email)
    try:
        async with _guesses().turn(request):
            admitted = await to_thread.run_sync(
                partial(_sign_in, email, password, browser_of(request), known_browser=known is not None)
            )
    except TooMany as error:
        log.warning("sign_in_limited")
        answer = _page(request, "login", error="login.too_many", email=email, status=429)
        answer.headers["retry-after"] = str(error.retry_after)
        return answer
    if admitted is None:
        log.info("sign_in_refused", remote=address_of(request))
        _guesses().note(*filter(None, (address_of(request), known)))
        return _failed(request, email)
    answer = let_in(request, admitted)
    remember(request, answer, email)
    return answer


def _failed(request: Request, email: str) -> Response:
    """Redirect to the form with the address refilled from an encrypted cookie: it is in no URL and no log."""
    answer = RedirectResponse("/auth/login?failed", 303)
    if email and len(email) <= _LONGEST_EMAIL:
        answer.set_cookie(
            _EMAIL_COOKIE,
            crypto.encrypt_text(email),
            max_age=_EMAIL_LASTS,
            path="/auth/login",
            httponly=True,
            samesite="lax",
            secure=cookie_is_secure(request),
        )
    return answer


async def code_page(request: Request) -> Response:
    """Show the second step."""
    return _page(request, "code", error="code.error" if "failed" in request.query_params else None)


async def code(request: Request) -> Response:
    """Check the code of the second step and sign in."""
    fields = await _fields(request)
    if fields is None:
        return _refused()
    owed = request.cookies.get(_CODE_COOKIE, "")
    token = await to_thread.run_sync(_prove, owed, fields.get("code", ""), browser_of(request))
    if token is None:
        log.info("code_refused", remote=address_of(request))
        return RedirectResponse("/auth/code?failed", 303)
    response = _signed_in(request, token)
    response.delete_cookie(_CODE_COOKIE, path="/auth", httponly=True, samesite="lax", secure=cookie_is_secure(request))
    return response


async def link_page(request: Request) -> Response:
    """Show the page of a one-time link. A GET does not use it up, because link previews send one too."""
    token = request.query_params.get("token", "")
    good = await to_thread.run_sync(_link_is_good, token)
    return _page(request, "link", error=None if good else "link.spent", token=token if good else "")


async def link(request: Request) -> Response:
    """Sign in by a one-time link."""
    fields = await _fields(request)
    if fields is None:
        return _refused()
    admitted = await to_thread.run_sync(_spend, fields.get("token", ""), browser_of(request))
    if admitted is None:
        return _page(request, "link", error="link.spent", status=410)
    return let_in(request, admitted, to="/account")  # the page where a password is set


async def logout(request: Request) -> Response:
    """End the session."""
    if not same_origin(request):
        return _refused()
    audit_log.set_address(address_of(request))
    token = request.cookies.get(COOKIE)
    if token:
        await to_thread.run_sync(_sign_out, token)
    response = RedirectResponse("/auth/login", 303)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=cookie_is_secure(request))
    return response


async def _fields(request: Request) -> dict[str, str] | None:
    """Return the fields of a small same-origin form; None for anything else."""
    audit_log.set_address(address_of(request))
    length = request.headers.get("content-length", "")
    if not same_origin(request) or not length.isdigit() or int(length) > _LARGEST_FORM:
        return None
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def without_store(request: Request, error: Exception) -> Response:
    """Wrap a handler to answer 503 while the database is unavailable, with a message on this module's pages."""
    log.warning("request_without_database", path=request.url.path, reason=str(error.__cause__ or error))
    if request.url.path.startswith("/auth/"):
        which = "code" if request.url.path == "/auth/code" else "login"
        answer = _page(request, which, error="login.store_unavailable", status=503)
    else:
        answer = PlainTextResponse("The database does not answer; try again in a moment.", 503)
    answer.headers["retry-after"] = "5"
    return answer


def _refused() -> Response:
    return PlainTextResponse("This form did not come from the console's own page. Reload it and try again.", 403)


def browser_of(request: Request) -> str:
    """Return the User-Agent header."""
    return request.headers.get("user-agent", "")


def let_in(request: Request, admitted: LoginResult, to: str = "/") -> Response:
    """Sign in, or redirect to the second step if required."""
    if not admitted.owes_code:
        return _signed_in(request, admitted.token, to)
    response = RedirectResponse("/auth/code", 303)
    response.set_cookie(
        _CODE_COOKIE,
        admitted.token,
        max_age=int(sessions.CODE_LASTS.total_seconds()),
        path="/auth",
        httponly=True,
        samesite="lax",
        secure=cookie_is_secure(request),
    )
    return response


def _signed_in(request: Request, token: str, to: str = "/") -> Response:
    wanted = own_page(unquote(request.cookies.get(_NEXT_COOKIE, "/")))
    response = RedirectResponse(wanted if to == "/" else to, 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.SESSION_LASTS.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=cookie_is_secure(request),
    )
    if _NEXT_COOKIE in request.cookies:
        response.delete_cookie(_NEXT_COOKIE, "/auth", httponly=True, samesite="lax", secure=cookie_is_secure(request))
    return response


def _sign_in(email: str, password: str, browser: str, *, known_browser: bool) -> LoginResult | None:
    with system_transaction() as session:
        who = users.authenticate(session, email, password, known_browser=known_browser)
        return None if who is None else sessions.start_login(session, who, browser)


def _nobody_has_a_password() -> bool:
    with system_transaction() as session:
        return not users.any_has_password(session)


def _prove(token: str, code: str, browser: str) -> str | None:
    with system_transaction() as session:
        return sessions.verify_second_factor(session, token, code, browser)


def _link_is_good(token: str) -> bool:
    with system_transaction() as session:
        return sessions.link_is_valid(session, token)


def _spend(token: str, browser: str) -> LoginResult | None:
    with system_transaction() as session:
        return sessions.consume_login_link(session, token, browser)


def _sign_out(token: str) -> None:
    with system_transaction() as session:
        sessions.end_session(session, token)


def _page(
    request: Request,
    which: str,
    *,
    error: str | None,
    token: str = "",
    email: str = "",
    lead: str = "",
    status: int = 200,
) -> Response:
    language = i18n.of_header(request.headers.get("accept-language", ""))

    def say(key: str) -> str:
        return html.escape(i18n.text(language, key))

    body = _PAGE.substitute(
        language=language,
        title=say(f"{which}.title"),
        lead=say(lead or f"{which}.lead"),
        error=f'<p class="error" role="alert">{say(error)}</p>' if error else "",
        email=say("login.email"),
        known=html.escape(email),
        focus_email="" if email else "autofocus",
        focus_password="autofocus" if email else "",
        password=say("login.password"),
        submit=say(f"{which}.submit"),
        provider=say("login.provider"),
        show_provider="" if which == "login" and get_settings().oidc_active else "hidden",
        token=html.escape(token),
        show_password="" if which == "login" else "hidden disabled",
        show_link="" if token else "hidden",
        code=say("code.code"),
        show_code="" if which == "code" else "hidden disabled",
        back=say("link.back"),
        show_back="" if which == "code" or (which == "link" and not token) else "hidden",
    )
    return HTMLResponse(body, status, headers={"cache-control": "no-store"})
