from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.channels.types import Download, FileFacts, MediaRef, Outgoing, Sent
from workers import work_loop
from workers.jobs import download_media, reply, send_messages


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


@pytest.fixture
def provider(clean: None, monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    """The provider behind every channel of the workers."""
    fake = FakeChannel()
    for module in (send_messages, reply, download_media):
        monkeypatch.setattr(module, "channel", lambda _: fake)
    return fake


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model the bot uses approved answers or hands off."""
    monkeypatch.setattr(reply, "model", lambda: None)


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The work loop ends as soon as nothing is due: pending replies in these tests are due at once."""
    monkeypatch.setattr(work_loop, "_SOON_SECONDS", 0.5)
    yield
