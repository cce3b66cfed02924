"""A vCard file is stored as a shared contact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from core.channels.types import Download, MediaRef
from tests.conftest import TestBusiness
from tests.support.database import one, rows
from tests.support.fake_channel import FakeChannel
from tests.support.inbound import store
from workers.jobs import download_media, ingest

CARD = b"BEGIN:VCARD\nFN:Rosa\nTEL:+56 2 2222\nEND:VCARD"


def test_a_card_is_read_when_it_is_fetched(
    business: TestBusiness, provider: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        path = folder / "card"
        path.write_bytes(CARD)
        return Download(path, "text/x-vcard; charset=utf-8", len(CARD), "ab" * 32)

    monkeypatch.setattr(provider, "fetch", fetch)
    fields = {
        "MessageSid": "MM1", "From": "whatsapp:+5491155550001", "Body": "", "NumMedia": "1",
        "MediaUrl0": "https://api.twilio.com/m/1", "MediaContentType0": "text/vcard",
        "To": "whatsapp:" + one("SELECT identity FROM channels WHERE kind = 'whatsapp' AND provider = 'twilio'"),
    }  # fmt: skip
    store(urlencode(fields).encode(), source="twilio_inbound", content_type="application/x-www-form-urlencoded")
    ingest.receive()
    for file in download_media.claim(5):
        download_media.fetch(file)
    assert rows("SELECT type, text FROM messages") == [("contacts", "Rosa, +56 2 2222")]
    assert one("SELECT last_message_text FROM conversations") == "Rosa, +56 2 2222"
