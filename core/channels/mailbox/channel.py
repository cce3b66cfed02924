"""Channel of one mailbox."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.channels.content.files import named
from core.channels.file_errors import FileRefused
from core.channels.mailbox import compose, imap, message_ids, parts, smtp
from core.channels.media_types import HEAD_BYTES, MEGABYTE, OCTETS, extension, sniff
from core.channels.types import (
    Account,
    Cause,
    Diagnosis,
    Download,
    FileFacts,
    InvalidMessage,
    MediaError,
    MediaRef,
    Outgoing,
    ProviderError,
    SendError,
    Sent,
    Verdict,
)

LONGEST_TEXT = 50_000  # characters
LARGEST_FILE = 18 * MEGABYTE  # encoded it is a third larger, and most servers take 25 MB
_INVALID = Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "Correct the message and send it again.")


class MailboxChannel:
    """Channel of one mailbox. It keeps no connection between calls, so it is thread-safe."""

    files_refused = None
    upload_life = timedelta()

    def __init__(self, account: Account, *, read_timeout: float) -> None:
        self._account = account
        self._read_timeout = read_timeout

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise `InvalidMessage` for what no mail can hold."""
        whole = {**content, "type": kind}
        if len(compose.text(whole)) > LONGEST_TEXT:
            raise InvalidMessage("text", f"is longer than {LONGEST_TEXT} characters")
        if linked := next((file for file in named(whole) if file.attachment_id is None), None):
            raise InvalidMessage(linked.field, "needs an attachment_id: a mail holds the file itself")

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Raise `FileRefused` if the file is too large for most mail servers."""
        if file.size is not None and file.size > LARGEST_FILE:
            megabytes = f"{LARGEST_FILE // MEGABYTE} MB"
            raise FileRefused(
                field, f"has {file.size / MEGABYTE:.3g} MB; a mail takes at most {megabytes}", LARGEST_FILE
            )

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        """Never called: files go within the mail (`upload_life`)."""
        raise NotImplementedError("a mail holds its files")

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raises `SendError`."""
        message_id = message_ids.new(outgoing.message_id, self._account.identity.rpartition("@")[2])
        try:
            mail = compose.compose(self._account, outgoing, message_id)
        except InvalidMessage as error:
            raise SendError(ProviderError("invalid", str(error)), _INVALID) from error
        copies = [f"{one.username}@{one.domain}" for one in mail["Cc"].addresses] if "Cc" in mail else []
        smtp.send(self._account, mail, [outgoing.to, *copies], timeout=self._read_timeout)
        return Sent(message_id)

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        """Do nothing: a customer is not told that a mail was read."""

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        """Fetch a file of a mail from the mailbox. Raises `MediaError`."""
        place = (media.provider_media_id or "").split("/", 3)
        if len(place) != 4:
            raise MediaError("the message names no file", permanent=True)
        try:
            raw = imap.whole(self._account, place, self._read_timeout)
        except SendError as error:
            raise MediaError(str(error), permanent=False) from error
        if raw is None:
            raise MediaError("the mail is not in the mailbox any more, or too large", permanent=True)
        wanted = int(place[2])
        found = next((one for one in parts.files(parts.read(raw)) if one.number == wanted), None)
        content = parts.content(found.part) if found else b""
        if not content:
            raise MediaError("the file is empty", permanent=True)
        return _kept(content, media.mime_type, folder)


def _kept(content: bytes, declared: str | None, folder: Path) -> Download:
    folder.mkdir(parents=True, exist_ok=True)
    mime_type = sniff(content[:HEAD_BYTES], declared or OCTETS)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="mail-", suffix=extension(mime_type), delete=False) as file:
        file.write(content)
    return Download(Path(file.name), mime_type, len(content), hashlib.sha256(content).hexdigest())
