"""A provider that keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.channels.types import Download, FileFacts, MediaRef, Outgoing, Sent


class FakeChannel:
    """A provider that accepts everything, or raises what `trouble` holds."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.read: list[str] = []
        self.trouble: list[Exception] = []
        self.uploads: list[bytes] = []

    files_refused = None
    upload_life = timedelta(days=1)

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Accept any content."""

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Accept any file."""

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        self.uploads.append(path.read_bytes())
        return f"media-{len(self.uploads)}"

    def send(self, outgoing: Outgoing) -> Sent:
        self.sent.append(outgoing)
        if self.trouble:
            raise self.trouble.pop(0)
        return Sent(f"wamid.out.{outgoing.message_id}")

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        self.read.append(provider_id)

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        if self.trouble:
            raise self.trouble.pop(0)
        path = folder / "fetched"
        path.write_bytes(b"picture")
        return Download(path, "image/jpeg", 7, "ab" * 32)
