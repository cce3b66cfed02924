"""`rekey` encrypts every value again with the first key and reports that the older key is not needed."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from core.cli import reencrypt
from core.cli.__main__ import main
from core.cli.command_environment import reset_caches
from core.models import Agent, Channel
from core.platform.config import get_settings
from core.platform.db import system_transaction
from tests.conftest import TestBusiness
from tests.factories import person
from tests.support.database import column, rows


def test_every_encrypted_column_is_known() -> None:
    assert {str(one) for one in reencrypt.columns()} == {"agents.totp", "channels.credentials"}


def test_an_old_key_can_be_removed_after_rekey(
    business: TestBusiness, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person(business.business_id)
    with system_transaction() as session:
        for agent in session.query(Agent):
            agent.totp = {"secret": "JBSWY3DP"}
    old, new = get_settings().encryption_keys[0], Fernet.generate_key().decode()
    try:
        _use(monkeypatch, f"{new},{old}")
        assert main(["rekey", "--check"]) == 0
        assert "4 values still need an older key" in capsys.readouterr().out
        assert main(["rekey"]) == 0
        said = capsys.readouterr().out
        assert "4 values were written anew" in said and "No value needs an older key" in said
        _use(monkeypatch, new)
        with system_transaction() as session:
            assert session.get_one(Channel, business.sms_channel_id).credentials["auth_token"] == "test-auth-token"
            assert session.query(Agent).one().totp == {"secret": "JBSWY3DP"}
        rows("UPDATE channels SET credentials = 'x' WHERE id = :id", id=business.sms_channel_id)
        assert main(["rekey"]) == 1
        said = capsys.readouterr().out
        assert f"No key opens channels.credentials of id {business.sms_channel_id}" in said and "Keep every key" in said
        assert column("SELECT credentials FROM channels WHERE id = :id", id=business.sms_channel_id) == [b"x"]
    finally:
        _use(monkeypatch, old)


def _use(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", keys)
    reset_caches()
