"""The `channels` commands."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from core.bots.settings import BotSettings
from core.channels.provider import ChannelSpec
from core.channels.registry import PROVIDERS
from core.channels.types import Kind
from core.cli.__main__ import main
from core.cli.first_run import ensure_business, ensure_channel
from core.messaging.channels import admin
from core.messaging.channels.accounts import account_of
from core.models import Channel, ChannelState
from core.platform.config import get_settings
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.database import column, rows


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
    entries = column("SELECT action FROM audit_entries WHERE actor = 'system:cli'")
    assert entries == (["channel.resume"] if code == 0 else [])


def test_an_unknown_channel_is_named(business: TestBusiness, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channels", "resume", "999"]) == 2
    assert "No channel 999" in capsys.readouterr().err


def test_a_channel_added_by_command_is_complete(business: TestBusiness, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = ["--credential", "access_token=EAAtoken", "--credential", "app_secret=0123456789abcdef"]
    number = ["channels", "add", "whatsapp_cloud", "whatsapp", "555000111"]
    for words, missing in ((secrets, "waba_id is missing"), (["--account", "9"], "access_token is missing")):
        assert main([*number, *words]) == 2
        assert missing in capsys.readouterr().err
    assert main([*number, "--account", "777", *secrets]) == 0
    assert main([*number, "--credential", "access_token=EAAnewer"]) == 0
    with system_transaction() as session:
        row = session.scalars(select(Channel).where(Channel.identity == "555000111")).one()
        assert row.credentials["waba_id"] == row.account == "777"
        assert (row.credentials["access_token"], row.credentials["app_secret"]) == ("EAAnewer", "0123456789abcdef")
        row.credentials = {name: value for name, value in row.credentials.items() if name != "waba_id"}
        assert account_of(row).credentials["waba_id"] == "777"
    assert (
        main(["channels", "add", "twilio", "sms", "+15005550009", "--account", "AC1", "--credential", "EAAtoken"]) == 2
    )
    said = capsys.readouterr().err
    assert "auth_token=VALUE" in said and "EAAtoken" not in said
    assert main(["channels", "add", "twilio", "sms", "+15005550006", "--credential", "auth_token=x"]) == 2
    assert "made from the settings" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_the_advised_command_works_as_written(
    business: TestBusiness, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    provider = PROVIDERS[name]
    identity = {"mailbox": "hi@shop.example", "twilio": "+15005550123", "whatsapp_cloud": "555000111"}[name]
    asked = {one.name: f"{one.name.replace('_', '-')}.example" for one in provider.credential_fields if one.required}
    advised = provider.add_command(next(iter(provider.kinds)), identity)
    assert main(["channels", "add", name, next(iter(provider.kinds)), identity]) == 2
    assert f"`{advised}`" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{value}\n" for value in asked.values())))
    assert main(advised.removeprefix("core.cli ").split()) == 0
    with system_transaction() as session:
        row = session.scalars(select(Channel).where(Channel.identity == identity)).one()
        assert all(value in row.credentials[field] for field, value in asked.items())  # a server gets its port


def test_a_channel_without_its_account_gets_advice(business: TestBusiness, capsys: pytest.CaptureFixture[str]) -> None:
    with system_transaction() as session:
        row = session.get_one(Channel, business.whatsapp_channel_id)
        row.account, row.credentials = "", {"access_token": "EAAtoken"}
    assert main(["whatsapp", "subscribe"]) == 2
    assert "--account" in capsys.readouterr().err


def test_the_sandboxs_channels_are_disabled_while_it_is_off(business: TestBusiness) -> None:
    """In a database that goes live nobody is behind them; what is not the sandbox's stays as it is."""
    secrets = {"access_token": "sandbox-access-token", "app_secret": "sandbox-app-secret"}
    spec = ChannelSpec("whatsapp_cloud", Kind.WHATSAPP, "100000000000001", "200000000000001", "Sandbox", secrets)

    def start(*, sandbox: bool) -> dict[int, str]:
        settings = get_settings().model_copy(update={"sandbox": sandbox})
        with system_transaction() as session:
            ensure_business(session, settings, name="Tienda", profile={}, bot=BotSettings())
            return {row.id: row.state for row in session.execute(select(Channel.id, Channel.state))}

    before = start(sandbox=True)
    with transaction(business.business_id) as session:
        stale = ensure_channel(session, spec, business.bot_id)
    assert start(sandbox=False) == {**before, stale: "disabled"}
    assert start(sandbox=False) == {**before, stale: "disabled"}
    assert start(sandbox=True) == {**before, stale: "active"}
    assert column("SELECT action FROM audit_entries ORDER BY id") == ["channel.disable", "channel.resume"]
    with transaction(business.business_id) as session:
        admin.set_state(session, stale, ChannelState.DISABLED)
    assert start(sandbox=True)[stale] == "disabled", "a person disabled it"
