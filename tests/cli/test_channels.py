"""Channels by command."""

from __future__ import annotations

import pytest

from core.cli.__main__ import main
from core.db import system_transaction
from core.models import Channel, ChannelState
from tests.conftest import TestBusiness
from tests.inbox.steps import column, rows


@pytest.mark.parametrize(
    ("state", "code", "told", "after"),
    [
        ("paused", 0, "It may send again.", "active"),
        ("disabled", 2, "An administrator disabled channel", "disabled"),
        ("active", 2, "active already", "active"),
    ],
)
def test_only_a_paused_channel_is_resumed(
    business: TestBusiness, capsys: pytest.CaptureFixture[str], state: str, code: int, told: str, after: str
) -> None:
    rows("UPDATE channels SET state = :state WHERE id = :id", state=state, id=business.sms_channel_id)
    assert main(["channels", "resume", str(business.sms_channel_id)]) == code
    said = capsys.readouterr()
    assert told in said.out + said.err
    with system_transaction() as session:
        assert session.get_one(Channel, business.sms_channel_id).state == ChannelState(after)
    entries = column("SELECT action FROM audit_log WHERE actor = 'system:cli'")
    assert entries == (["channel.resume"] if code == 0 else [])


def test_an_unknown_channel_is_named(business: TestBusiness, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channels", "resume", "999"]) == 2
    assert "No channel 999" in capsys.readouterr().err
