"""Routes of sign-in through an identity provider: redirect and callback."""

from __future__ import annotations

import structlog
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from console.db import system_transaction
from console.http.security import cookie_is_secure
from console.http.sign_in import browser_of, let_in
from core.accounts import oidc, sessions, users
from core.accounts.oidc import Attempt, ProviderFailed
from core.accounts.sessions import LoginResult
from core.platform.config import get_settings

log = structlog.get_logger(__name__)

_COOKIE = "bothub_oidc"
_PATH = "/auth/oidc"
_LASTS = 600  # seconds


async def begin(request: Request) -> Response:
    """Redirect to the identity provider."""
    if not get_settings().oidc_active:
        return PlainTextResponse("Not found", 404)
    attempt = oidc.new_attempt()
    try:
        address = await to_thread.run_sync(oidc.authorization_url, get_settings(), attempt, _redirect_uri(request))
    except ProviderFailed as error:
        return _failed(str(error))
    response = RedirectResponse(address, 303)
    kept = ".".join((attempt.state, attempt.nonce, attempt.verifier))
    response.set_cookie(
        _COOKIE, kept, max_age=_LASTS, path=_PATH, httponly=True, samesite="lax", secure=cookie_is_secure(request)
    )
    return response


async def callback(request: Request) -> Response:
    """Sign in whoever comes back from the identity provider."""
    if not get_settings().oidc_active:
        return PlainTextResponse("Not found", 404)
    response = await _come_back(request)
    response.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax", secure=cookie_is_secure(request))
    return response


async def _come_back(request: Request) -> Response:
    kept = request.cookies.get(_COOKIE, "").split(".")
    if len(kept) != 3 or not all(kept):
        return _failed("this browser began no sign-in, or too long ago")
    answer = dict(request.query_params)
    try:
        email = await to_thread.run_sync(
            oidc.verified_email, get_settings(), Attempt(*kept), _redirect_uri(request), answer
        )
    except ProviderFailed as error:
        return _failed(str(error))
    admitted = await to_thread.run_sync(_admit, email, browser_of(request))
    return _failed("nobody who may sign in has this address") if admitted is None else let_in(request, admitted)


def _admit(email: str, browser: str) -> LoginResult | None:
    with system_transaction() as session:
        who = users.find_by_verified_email(session, email)
        return None if who is None else sessions.start_login(session, who, browser)


def _failed(reason: str) -> Response:
    log.warning("single_sign_on_refused", reason=reason)
    return RedirectResponse("/auth/login?provider", 303)


def _redirect_uri(request: Request) -> str:
    """Return the callback URL as the browser sees it. The provider accepts only registered ones."""
    scheme = "https" if cookie_is_secure(request) else "http"
    return f"{scheme}://{request.headers.get('host', '')}{_PATH}/callback"
