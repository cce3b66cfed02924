"""Periodic probes of provider accounts, and their saved results."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest
import responses

from core.channels.provider import ProbeResult
from core.channels.types import Account
from core.cli import doctor
from core.messaging.channels.accounts import account_of
from core.models import Channel
from core.monitoring import probes
from core.platform.db import system_transaction
from tests.support.database import rows

META = "http://127.0.0.1:9/v26.0"
TWILIO = f"http://127.0.0.1:9/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"


@pytest.fixture
def providers() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{META}/106540352242922", json={"display_phone_number": "+1", "quality_rating": "GREEN"})
        mock.get(f"{META}/debug_token", json={"data": {"is_valid": True, "expires_at": 1_900_000_000}})
        mock.get(TWILIO, json={"code": 20003, "message": "Authenticate"}, status=401)
        yield mock


def _account(channel_id: int) -> Account:
    with system_transaction() as session:
        return account_of(session.get_one(Channel, channel_id))


def test_meta_reports_the_number_and_its_token(business, providers) -> None:
    answer = probes.probe(_account(business.whatsapp_channel_id))
    assert (answer.well, answer.number, answer.quality) == (True, "+1", "GREEN")
    assert answer.expires_at is not None
    assert answer.expires_at.year == 2030
    assert ProbeResult.of_json(answer.as_json()) == answer
    assert ProbeResult.of_json({}) is None


def test_a_token_that_cannot_inspect_itself_is_accepted(business, providers) -> None:
    refused = {"error": {"code": 100, "message": "no"}}
    providers.replace(responses.GET, f"{META}/debug_token", json=refused, status=400)
    answer = probes.probe(_account(business.whatsapp_channel_id))
    assert (answer.well, answer.expires_at) == (True, None)


def test_twilios_error_is_verbatim_and_a_timeout_names_the_url(business, providers) -> None:
    answer = probes.probe(_account(business.sms_channel_id))
    assert (answer.well, answer.detail) == (False, "20003: Authenticate")
    providers.remove(responses.GET, TWILIO)
    answer = probes.probe(_account(business.sms_channel_id))
    assert "http://127.0.0.1:9" in answer.advice


def test_enabled_channels_are_probed_periodically(business, providers) -> None:
    rows(f"UPDATE channels SET state = 'disabled' WHERE id = {business.twilio_whatsapp_channel_id}")
    assert probes.probe_due() == 2
    assert probes.probe_due() == 0
    told = rows("SELECT last_probe->>'well' FROM channels ORDER BY id")
    assert sorted(str(well) for (well,) in told) == ["None", "false", "true"]
    rows("UPDATE channels SET last_probe_at = now() - interval '16 minutes'")
    assert probes.probe_due() == 2


def test_doctor_says_what_to_fix(business, providers, capsys: pytest.CaptureFixture[str]) -> None:
    rows(f"UPDATE channels SET state = 'paused', state_reason = 'Banned' WHERE id = {business.whatsapp_channel_id}")
    assert doctor.doctor(argparse.Namespace()) == 1
    told = capsys.readouterr().out
    assert "ok   database: Postgres" in told
    assert "ok   disk: " in told
    assert "MEND WhatsApp: paused: Banned" in told
    assert "MEND SMS: 20003: Authenticate" in told
