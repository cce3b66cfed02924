"""Download a file safely: every redirect checked, size and time limited, written atomically."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import requests

from core.channels.http import CONNECT_SECONDS
from core.channels.media_types import HEAD_BYTES, extension, size_limit, sniff
from core.channels.ssrf import UnknownHost
from core.channels.types import Download, MediaError, MediaRef

_CHUNK = 64 * 1024
_HOPS = 4
_UNFINISHED = ".incoming-"
_WHOLE_SECONDS = 180.0  # a slow server must not block a worker forever
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Returns the credentials for a URL, or None. Called for every redirect, so another host gets none.
Credentials = Callable[[str], requests.auth.AuthBase | None]


class MediaGone(MediaError):
    """The URL answers 404 or 410: it never existed or has expired."""


def download(
    session: requests.Session,
    url: str,
    media: MediaRef,
    folder: Path,
    guard: Callable[[str], None],
    credentials: Credentials,
    *,
    read_timeout: float,
) -> Download:
    """Fetch `url` into a file of its own in `folder`, which the caller deletes. Raises `MediaError`.

    The file appears by one rename, so readers see it complete. Two customers' same picture are two files: one may be
    deleted while the other is still being read.
    """
    try:
        response = _open(session, url, guard, credentials, read_timeout)
        with response:
            return _keep(response, media, folder)
    except requests.RequestException as error:
        raise MediaError(f"the transfer failed ({type(error).__name__})", permanent=False) from error


def _open(
    session: requests.Session, url: str, guard: Callable[[str], None], credentials: Credentials, read_timeout: float
) -> requests.Response:
    for _ in range(_HOPS):
        try:
            guard(url)
        except UnknownHost as error:  # temporary: DNS recovers, and the file is still there
            raise MediaError(str(error), permanent=False) from error
        except ValueError as error:
            raise MediaError(f"refused to ask for the file: {error}", permanent=True) from error
        response = session.get(
            url,
            auth=credentials(url) or _anonymous,
            stream=True,
            timeout=(CONNECT_SECONDS, read_timeout),
            allow_redirects=False,
        )
        if response.status_code in _REDIRECTS and "Location" in response.headers:
            response.close()
            url = urljoin(url, response.headers["Location"])
            continue
        if response.status_code != 200:
            response.close()
            raise _refusal(response.status_code)
        return response
    raise MediaError("too many redirects", permanent=True)


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Auth that sends no credentials, neither the session's nor those of ~/.netrc."""
    return request


def _refusal(status: int) -> MediaError:
    if status in (404, 410):
        return MediaGone(f"the file is not there (HTTP {status})", permanent=True)
    transient = status in (401, 403, 408, 429) or status >= 500  # temporary: a token can be renewed, a limit expires
    return MediaError(f"the provider answered HTTP {status}", permanent=not transient)


def _keep(response: requests.Response, media: MediaRef, folder: Path) -> Download:
    declared = media.mime_type or response.headers.get("Content-Type")
    limit = size_limit(declared, document=media.filename is not None)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_UNFINISHED, delete=False) as file:
        partial = Path(file.name)
        try:
            digest, size, head = hashlib.sha256(), 0, b""
            deadline = time.monotonic() + _WHOLE_SECONDS
            for chunk in response.iter_content(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise MediaError(f"the file is larger than {limit} bytes", permanent=True)
                if time.monotonic() > deadline:
                    raise MediaError("the transfer takes too long", permanent=False)
                head += chunk[: HEAD_BYTES - len(head)]
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            found = digest.hexdigest()
            if size == 0:
                raise MediaError("the file is empty", permanent=False)
            if media.sha256 is not None and media.sha256 != found:
                raise MediaError("the file does not match the hash that was announced", permanent=False)
            mime_type = sniff(head, declared)
            path = partial.with_name(partial.name.removeprefix(_UNFINISHED) + extension(mime_type))
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return Download(path=path, mime_type=mime_type, size=size, sha256=found)
