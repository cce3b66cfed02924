"""HTTP to the providers: pooled sessions, and whether a failed call may have been accepted.

The outbox may send again only if the provider certainly did not accept the message. That is certain only while no byte
of the request was sent: a refused or timed-out connection, an unknown host, a failed TLS handshake. After that, a
missing response proves nothing.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.request import getproxies

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TLSError

from core.channels.types import Cause, Diagnosis, ProviderError, SendError, Verdict

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
IDLE_SECONDS = 10.0
_POOL_SIZE = 64  # more threads than any worker process runs

NO_ANSWER = Diagnosis(
    Verdict.UNKNOWN,
    Cause.NETWORK,
    "The provider did not answer, so the message may have arrived. Ask the customer or wait for its status "
    "before sending it again.",
)
UNREACHABLE = Diagnosis(Verdict.RETRYABLE, Cause.NETWORK, "The provider could not be reached.")
BAD_ADDRESS = Diagnosis(
    Verdict.PERMANENT, Cause.ADMIN, "The provider's address or token in the settings is not usable. Correct it."
)
REDIRECTED = Diagnosis(
    Verdict.PERMANENT, Cause.ADMIN, "The provider's address in the settings leads elsewhere. Correct the address."
)

# Called with a new connection's socket, host and port; raises `OSError` to refuse it.
PeerCheck = Callable[[socket.socket, str, int], None]


class _Connection(HTTPConnection):
    """A connection that is not reused after a pause, and that marks every failure to connect.

    A server may close an idle connection at any time, and a request written at that moment is answered with a reset, as
    if it had been accepted. Not reusing old connections makes such uncertain sends rare.
    """

    vet: PeerCheck | None = None
    _used = 0.0

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._used < IDLE_SECONDS

    def connect(self) -> None:
        self._used = time.monotonic()
        try:
            super().connect()
            check = type(self).vet
            if check is not None and self.sock is not None:
                check(self.sock, self.host, self.port or 0)
        except ConnectTimeoutError:
            raise
        except (OSError, TLSError, ssl.CertificateError) as error:
            raise NewConnectionError(self, f"{type(error).__name__}: {error}") from error

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._used = time.monotonic()
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        """Read the response head within a total time limit: a server that trickles bytes would block for days.

        Raises `TimeoutError`.
        """
        peer = self.sock
        if type(self).vet is None or peer is None or not isinstance(self.timeout, int | float):
            return super().getresponse()
        timed_out = threading.Event()

        def disconnect() -> None:
            timed_out.set()
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.timeout, disconnect)
        timer.daemon = True
        timer.start()
        try:
            answer = super().getresponse()
        except (OSError, HTTPException):
            if timed_out.is_set():
                raise TimeoutError("the answer's head did not come in time") from None
            raise
        finally:
            timer.cancel()
        if timed_out.is_set():  # a response cut off within its headers looks complete
            raise TimeoutError("the answer's head did not come in time")
        return answer


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    def __init__(self, vet: PeerCheck | None) -> None:
        self._vet = vet
        super().__init__(pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        check = None if self._vet is None else staticmethod(self._vet)
        plain = type("Connection", (_Connection,), {"vet": check})
        secure = type("TLSConnection", (_TLSConnection,), {"vet": check})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TLSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def open_session(vet: PeerCheck | None = None) -> requests.Session:
    """Return a thread-safe session: pooled, without retries of its own and without cookies."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if not getproxies():  # otherwise the environment is read for every request, which takes half its time
        session.trust_env = False
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    adapter = _Adapter(vet)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class BearerAuth(requests.auth.AuthBase):
    """A token in the Authorization header. As a plain header a ~/.netrc entry would override it."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def exchange(
    session: requests.Session, method: str, url: str, *, read_timeout: float, **arguments: Any
) -> requests.Response:
    """Make one request without following redirects. Raises `SendError` when no response came.

    The cause is not chained: requests' exceptions carry the URL, which may carry a token.
    """
    try:
        return session.request(method, url, timeout=(CONNECT_SECONDS, read_timeout), allow_redirects=False, **arguments)
    except requests.RequestException as error:
        raise _silence(error) from None


def _silence(error: requests.RequestException) -> SendError:
    reason = error.args[0].reason if error.args and isinstance(error.args[0], MaxRetryError) else None
    if isinstance(reason, ConnectTimeoutError):  # NewConnectionError and NameResolutionError are subclasses
        return SendError(ProviderError("connect", "No connection", _brief(reason)), UNREACHABLE)
    if isinstance(error, requests.ReadTimeout):
        return SendError(ProviderError("timeout", "No answer in time"), NO_ANSWER)
    if isinstance(error, _UNUSABLE):
        return SendError(ProviderError("address", "Address not usable", type(error).__name__), BAD_ADDRESS)
    return SendError(ProviderError("disconnected", "Connection lost", type(error).__name__), NO_ANSWER)


def _brief(reason: BaseException) -> str:
    return str(reason)[:200]


def unreadable(response: requests.Response) -> SendError:
    """Return the error for a success with an unexpected body: the message may have been accepted."""
    title = f"HTTP {response.status_code} with an answer that could not be read"
    return SendError(ProviderError(str(response.status_code), title, response.text[:200]), NO_ANSWER)


def json_object(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object in a response, {} if there is none."""
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def status_diagnosis(status: int) -> Diagnosis:
    """Return the meaning of an HTTP status without an error code of the provider."""
    if status == 429:
        return Diagnosis(Verdict.RETRYABLE, Cause.THROTTLED, "Too many requests.")
    if status >= 500 or status == 408:
        return Diagnosis(Verdict.RETRYABLE, Cause.PROVIDER, "The provider has a problem.")
    if status == 401:
        return Diagnosis(Verdict.RETRYABLE, Cause.ADMIN, "The provider refused our credentials. Check the token.")
    if status == 403:
        return Diagnosis(Verdict.PERMANENT, Cause.ADMIN, "The provider forbade this. Check the account's permissions.")
    if 300 <= status < 400:
        return REDIRECTED
    return Diagnosis(
        Verdict.PERMANENT,
        Cause.REQUEST,
        "The provider refused the message with a code we do not know. Look the code up in its documentation.",
    )


_UNUSABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
)

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait from a Retry-After header: a number or a date (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
