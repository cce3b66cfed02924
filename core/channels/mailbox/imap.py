"""Read a mailbox by IMAP. A mail is marked as taken only once it is stored."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from core.channels.mailbox.parse import Place
from core.channels.mailbox.servers import Encryption, admit, context, failure, imap_server, network_failure, vet
from core.channels.types import Account
from core.channels.webhook import EventBody

SOURCE = "mailbox"
CONTENT_TYPE = "message/rfc822"
TAKEN = b"$BotHubTaken"
_SEEN = b"\\Seen"
_CLOCKS_DIFFER = timedelta(minutes=5)
_AT_ONCE = 100  # mails of a round
LARGEST = 60 * 1024 * 1024  # bytes of a mail that is fetched whole
_BEGINNING = 512 * 1024  # bytes that are fetched of a larger one
_MOST_ENCODED = 256 * 1024  # bytes of one encoded part that are stored with the mail
_LIKELY_TEXTS = 3  # encoded parts
_HEAD = 4096  # bytes that are stored of those after them
_MOST_STORED = 2 * 1024 * 1024


@contextmanager
def opened(account: Account, *, timeout: float, read_only: bool) -> Iterator[tuple[IMAPClient, dict[bytes, Any]]]:
    """Yield the connection with the folder selected, and what the server said of it. Raises `SendError`."""
    server = imap_server(account.credentials["imap_server"])
    admit(account, server)
    try:
        client = IMAPClient(
            server.host, server.port, ssl=server.encryption is Encryption.TLS, ssl_context=context(), timeout=timeout
        )
    except OSError as error:
        raise network_failure(error) from error
    except IMAPClientError as error:
        raise failure("imap", str(error)) from error
    client.normalise_times = False
    try:
        vet(account, server, client.socket())
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
        later = any(code in str(error) for code in ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"))  # RFC 5530
        raise failure("imap" if later else "login", str(error)) from error
    try:
        return dict(client.select_folder(known.get("folder") or "INBOX", readonly=read_only))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise failure("folder", str(error)) from error


def new_mail(account: Account, timeout: float) -> Iterator[tuple[str, EventBody]]:
    """Yield the mails that came since the channel was added and are not marked, oldest first. Raises `SendError`."""
    with opened(account, timeout=timeout, read_only=False) as (client, folder):
        if b"READ-ONLY" in folder:
            raise failure("read_only")
        marks = [TAKEN, _SEEN] if _keeps_keywords(folder) else [_SEEN]
        for uid, size, at in _waiting(client, account.added_at, marks[0]):
            cut = size > LARGEST
            item = f"BODY.PEEK[]<0.{_BEGINNING}>" if cut else "BODY.PEEK[]"
            raw = _body(client.fetch([uid], [item]).get(uid, {}))
            if raw is None:  # deleted meanwhile
                continue
            kept = shortened(raw)
            place = Place(account.identity, int(folder[b"UIDVALIDITY"]), uid, at, cut=cut or len(kept) == _MOST_STORED)
            yield SOURCE, EventBody(kept, CONTENT_TYPE, place.as_query(), datetime.now(UTC))
            client.add_flags([uid], marks, silent=True)


def _keeps_keywords(folder: dict[bytes, Any]) -> bool:
    """Return whether marks of our own are kept. Without them a mail that somebody read elsewhere counts as taken."""
    return any(flag in (b"\\*", TAKEN) for flag in folder.get(b"PERMANENTFLAGS", ()))


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
    """Return the time of arrival, now for a server that does not say it."""
    if at is None:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


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
