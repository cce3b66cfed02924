"""Fetch a web page by its address, with access to public hosts only."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from core.channels.http import CONNECT_SECONDS
from core.channels.media_types import bare
from core.channels.ssrf import UnknownHost, UnsafeUrl, guard, guarded_session
from core.knowledge.parsers.types import MEGABYTE, BadFile, Fault

LARGEST_PAGE = 10 * MEGABYTE
_SECONDS = 30.0
_READ_SECONDS = 10.0
_MAX_REDIRECTS = 5
_PIECE = 64 * 1024  # bytes, unpacked: limits a decompression bomb
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
}
_HEADERS = {"User-Agent": "BotHub", "Accept": ", ".join(_SUFFIXES), "Accept-Encoding": "gzip"}
_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{1,2000})</title>", re.I)
_HEAD = 1024  # bytes, within which a page names its encoding (HTML standard, 4.2.5.4)
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page. `name` has the extension of its type; `title` is "" when it has none."""

    content: bytes
    url: str
    name: str
    title: str


@lru_cache(maxsize=8)
def _session(allowed_origins: tuple[str, ...]) -> requests.Session:
    return guarded_session(allowed_origins)


def fetch(url: str, *, allowed_origins: tuple[str, ...] = ()) -> Page:
    """Fetch a public https address, at most `LARGEST_PAGE` bytes within half a minute.

    Each redirect is checked like the first address. Raises `BadFile`: forbidden_address, unreachable, refused,
    wrong_type, too_large, timed_out, empty. An origin in `allowed_origins` is not checked.
    """
    deadline = time.monotonic() + _SECONDS
    for _ in range(_MAX_REDIRECTS + 1):
        try:
            guard(url, allowed_origins=allowed_origins)
        except UnknownHost as error:
            raise BadFile(Fault.UNREACHABLE, str(error)) from error
        except UnsafeUrl as error:
            raise BadFile(Fault.FORBIDDEN_ADDRESS, str(error)) from error
        try:
            with _session(allowed_origins).get(
                url, headers=_HEADERS, stream=True, allow_redirects=False, timeout=(CONNECT_SECONDS, _READ_SECONDS)
            ) as answer:
                if answer.status_code not in _REDIRECTS or "Location" not in answer.headers:
                    return _page(answer, url, deadline)
                url = urljoin(url, answer.headers["Location"])
        except (requests.Timeout, ReadTimeoutError) as error:
            raise BadFile(Fault.TIMED_OUT) from error
        except (requests.RequestException, HTTPError, ValueError) as error:  # `urljoin` on an invalid address, too
            raise BadFile(Fault.UNREACHABLE, type(error).__name__) from error
    raise BadFile(Fault.UNREACHABLE, "too many redirects")


def _page(answer: requests.Response, url: str, deadline: float) -> Page:
    if not answer.ok:
        raise BadFile(Fault.REFUSED, f"HTTP {answer.status_code}")
    declared = answer.headers.get("Content-Type")
    suffix = _SUFFIXES.get(bare(declared) or "text/html")
    if suffix is None:
        raise BadFile(Fault.WRONG_TYPE, bare(declared))
    content = bytearray()
    # Not `iter_content`: it waits for a whole piece, so a server that sends single bytes would block the worker.
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        content += piece
        if len(content) > LARGEST_PAGE:
            raise BadFile(Fault.TOO_LARGE, f"more than {LARGEST_PAGE} bytes")
        if time.monotonic() > deadline:
            raise BadFile(Fault.TIMED_OUT)
    if not content.strip():
        raise BadFile(Fault.EMPTY)
    page = bytes(content) if suffix == ".pdf" else _in_utf8(bytes(content), declared or "")
    return Page(page, url, f"page{suffix}", _title(page) if suffix == ".html" else "")


def _in_utf8(content: bytes, declared: str) -> bytes:
    """Return the page in UTF-8: the server's encoding comes first, the page's own where the bytes are not UTF-8."""
    charset = _CHARSET.search(declared)
    if charset is None:
        try:
            content.decode()
        except UnicodeDecodeError:
            charset = _CHARSET.search(content[:_HEAD].decode("ascii", errors="ignore"))
    if charset is None:
        return content
    try:
        return content.decode(charset[1], errors="replace").encode()
    except LookupError:
        return content


def _title(content: bytes) -> str:
    match = _TITLE.search(content)
    return " ".join(unescape(match[1].decode(errors="replace")).replace("\0", "").split())[:200] if match else ""
