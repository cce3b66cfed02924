from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fake_channel import FakeChannel
from workers import work_loop
from workers.jobs import download_media, reply, send_messages


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
