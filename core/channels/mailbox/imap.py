"""Read a mailbox by IMAP. A mail is marked as taken only once it is stored."""

from __future__ import annotations

import imaplib
import itertools
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from core.channels.mailbox.parse import Place
from core.channels.mailbox.servers import (
    Encryption,
    Server,
    admit,
    context,
    ended_after,
    failure,
    imap_server,
    network_failure,
    vet,
)
from core.channels.types import Account, SendError
from core.channels.webhook import EventBody

SOURCE = "mailbox"
CONTENT_TYPE = "message/rfc822"
TAKEN = b"$BotHubTaken"
_SEEN = b"\\Seen"
_LONGEST = 120.0  # seconds of a connection
_CLOCKS_DIFFER = timedelta(minutes=5)
_AT_ONCE = 100  # mails of a round
LARGEST = 60 * 1024 * 1024  # bytes of a mail that is fetched whole
_BEGINNING = 512 * 1024  # bytes that are fetched of a larger one
_MOST_ENCODED = 256 * 1024  # bytes of one encoded part that are stored with the mail
_LIKELY_TEXTS = 3  # encoded parts
_HEAD = 4096  # bytes that are stored of those after them
_MOST_STORED = 2 * 1024 * 1024


class _Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    """A client that shows its connection to `connected` before it reads anything from it."""

    normalise_times: bool

    def __init__(self, server: Server, timeout: float, connected: Callable[[socket.socket], None]) -> None:
        self._connected = connected
        tls = server.encryption is Encryption.TLS
        super().__init__(server.host, server.port, ssl=tls, ssl_context=context(), timeout=timeout)

    def _create_IMAP4(self) -> imaplib.IMAP4:
        connected = self._connected

        class Shown(IMAP4_TLS if self.ssl else IMAP4WithTimeout):  # type: ignore[misc]  # a class that is chosen at run time
            def open(self, *given: Any, **named: Any) -> None:
                super().open(*given, **named)
                connected(self.sock)

        seconds = self._timeout.connect
        return Shown(self.host, self.port, *([self.ssl_context] if self.ssl else []), seconds)


@contextmanager
def opened(
    account: Account, *, timeout: float, read_only: bool, longest: float = _LONGEST
) -> Iterator[tuple[IMAPClient, dict[bytes, Any]]]:
    """Yield the connection with the folder selected, and what the server said of it. Raises `SendError`."""
    server = imap_server(account.credentials["imap_server"])
    admit(account, server)
    with ExitStack() as ends:

        def connected(peer: socket.socket) -> None:
            vet(account, server, peer)
            ends.enter_context(ended_after(longest, peer))

        try:
            client = _Client(server, timeout, connected)
        except OSError as error:
            raise network_failure(error) from error
        except IMAPClientError as error:
            raise failure("imap", str(error)) from error
        with _in_use(client, account, server, read_only=read_only) as found:
            yield found


@contextmanager
def _in_use(
    client: IMAPClient, account: Account, server: Server, *, read_only: bool
) -> Iterator[tuple[IMAPClient, dict[bytes, Any]]]:
    client.normalise_times = False
    try:
        if server.encryption is Encryption.STARTTLS:
            client.starttls(context())
        yield client, _selected(client, account, read_only=read_only)
    except OSError as error:
        raise network_failure(error) from error
    except IMAPClientAbortError as error:
        raise failure("connect", str(error)) from error
    except CapabilityError as error:
        raise failure("no_tls", str(error)) from error
    except IMAPClientError as error:
        raise failure("imap", str(error)) from error
    finally:
        with suppress(IMAPClientError, OSError):
            client.logout()


def _selected(client: IMAPClient, account: Account, *, read_only: bool) -> dict[bytes, Any]:
    known = account.credentials
    try:
        client.login(known.get("username") or account.identity, known["password"])
    except (LoginError, UnicodeError, ValueError) as error:
        raise _refusal("login", error) from error
    try:
        return dict(client.select_folder(known.get("folder") or "INBOX", readonly=read_only))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise _refusal("folder", error) from error


def _refusal(code: str, error: Exception) -> SendError:
    """Return what a refused command means, unless the server says that it may be tried again."""
    later = any(word in str(error) for word in ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"))  # RFC 5530
    return failure("imap" if later else code, str(error))


def new_mail(account: Account, timeout: float, *, longest: float = _LONGEST) -> Iterator[tuple[str, EventBody]]:
    """Yield the mails that came since the channel was added and are not marked, oldest first. Raises `SendError`."""
    with opened(account, timeout=timeout, read_only=False, longest=longest) as (client, folder):
        marks = _marks(folder)
        for uid, size, at in _waiting(client, account.added_at, marks[0]):
            cut = size > LARGEST
            item = f"BODY.PEEK[]<0.{_BEGINNING}>" if cut else "BODY.PEEK[]"
            raw = _body(client.fetch([uid], [item]).get(uid, {}))
            if raw is None:  # deleted meanwhile
                continue
            kept = shortened(raw)
            place = Place(account.identity, int(folder[b"UIDVALIDITY"]), uid, at, cut=cut or len(kept) == _MOST_STORED)
            yield SOURCE, EventBody(kept, CONTENT_TYPE, place.as_query(), datetime.now(UTC))
            _mark(client, uid, marks)


def _mark(client: IMAPClient, uid: int, marks: list[bytes]) -> None:
    try:
        client.add_flags([uid], marks, silent=True)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise _refusal("read_only", error) from error


def _marks(folder: dict[bytes, Any]) -> list[bytes]:
    """Return how a mail is marked as taken. Raises `SendError` if the folder keeps no mark.

    Where it keeps none of our own, a mail that somebody read elsewhere counts as taken. A server that says nothing of
    what it keeps, keeps it (RFC 3501, 7.1).
    """
    kept = {flag.lower() for flag in folder.get(b"PERMANENTFLAGS", (_SEEN,))}
    if b"READ-ONLY" not in folder:
        if not kept.isdisjoint((b"\\*", TAKEN.lower())):
            return [TAKEN, _SEEN]
        if _SEEN.lower() in kept:
            return [_SEEN]
    raise failure("read_only")


def _waiting(client: IMAPClient, since: datetime | None, mark: bytes) -> list[tuple[int, int, datetime]]:
    """Return number, size and time of arrival of the mails to take."""
    unmarked = ["UNSEEN"] if mark == _SEEN else ["UNKEYWORD", mark]
    # Servers compare days in time zones of their own.
    dated = ["SINCE", (since - timedelta(days=2)).date()] if since else []
    uids = sorted(client.search([*unmarked, "UNDELETED", *dated]))
    found: list[tuple[int, int, datetime]] = []
    for start in range(0, len(uids), _AT_ONCE):
        facts = client.fetch(uids[start : start + _AT_ONCE], ["INTERNALDATE", "RFC822.SIZE"])
        for uid in sorted(facts):
            at = _aware(facts[uid].get(b"INTERNALDATE"))
            if since is None or at >= since - _CLOCKS_DIFFER:
                found.append((uid, int(facts[uid].get(b"RFC822.SIZE", 0)), at))
        if len(found) >= _AT_ONCE:
            break
    return found[:_AT_ONCE]


def _aware(at: datetime | None) -> datetime:
    """Return the time of arrival, now for a server that does not say it or says what is no time."""
    if at is None:
        return datetime.now(UTC)
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # a time zone of more than a day, the year 0
        return datetime.now(UTC)


def _body(fetched: dict[bytes, Any]) -> bytes | None:
    return next(
        (value for key, value in fetched.items() if key.startswith(b"BODY[]") and isinstance(value, bytes)), None
    )


_ENCODED = re.compile(rb"(?:^[A-Za-z0-9+/]{40,}+={0,2}[ \t]*\r?\n)++", re.M)


def shortened(raw: bytes) -> bytes:
    """Return a mail without the greater part of large files, which are fetched when they are stored.

    Only within runs of encoded lines: what gives the mail its form stays as it is, and its first parts, which may be
    text, keep more. The same mail gives the same bytes.
    """
    if len(raw) <= _MOST_ENCODED:
        return raw
    runs = itertools.count()

    def cut(found: re.Match[bytes]) -> bytes:
        most = _MOST_ENCODED if next(runs) < _LIKELY_TEXTS else _HEAD
        run = found[0]
        return run if len(run) <= most else run[: run.rfind(b"\n", 0, most) + 1]

    return _ENCODED.sub(cut, raw)[:_MOST_STORED]


def whole(account: Account, place: Sequence[str], timeout: float) -> bytes | None:
    """Return a mail by its UIDVALIDITY and UID, or by its Message-ID if it was moved; None if it is gone.

    Raises `SendError`.
    """
    validity, uid, _, own_id = place
    with opened(account, timeout=timeout, read_only=True) as (client, folder):
        numbers = [int(uid)] if str(folder[b"UIDVALIDITY"]) == validity else []
        if not numbers or _size(client, numbers[0]) is None:
            numbers = client.search(["HEADER", "Message-ID", own_id])[-1:]
        if not numbers or (size := _size(client, numbers[0])) is None or size > LARGEST:
            return None
        return _body(client.fetch(numbers, ["BODY.PEEK[]"]).get(numbers[0], {}))


def _size(client: IMAPClient, uid: int) -> int | None:
    size = client.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE")
    return None if size is None else int(size)
