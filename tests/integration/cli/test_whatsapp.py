"""The `whatsapp` commands, against recorded answers of Meta."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest
import responses
from responses import matchers

from core.cli.__main__ import main
from tests.support.database import rows

NUMBER = "http://127.0.0.1:9/v26.0/106540352242922"
WABA = "http://127.0.0.1:9/v26.0/102290129340398/subscribed_apps"
DONE = {"success": True}


@pytest.fixture
def meta(business) -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_from_the_code_to_the_webhooks(meta, monkeypatch: pytest.MonkeyPatch) -> None:
    code = matchers.urlencoded_params_matcher({"code_method": "VOICE", "language": "pt_BR"})
    meta.post(f"{NUMBER}/request_code", json=DONE, match=[code])
    meta.post(f"{NUMBER}/verify_code", json=DONE, match=[matchers.urlencoded_params_matcher({"code": "123456"})])
    pin = matchers.json_params_matcher({"messaging_product": "whatsapp", "pin": "012345"})
    meta.post(f"{NUMBER}/register", json=DONE, match=[pin])
    meta.post(WABA, json=DONE)
    monkeypatch.setattr(sys, "stdin", io.StringIO("012345\n"))
    for command in (
        ["request-code", "--method", "VOICE", "--language", "pt_BR"],
        ["verify-code", "123-456"],
        ["register"],
        ["subscribe"],
    ):
        assert main(["whatsapp", *command]) == 0
    done = rows("SELECT action, actor FROM audit_entries ORDER BY id")
    assert [action for action, _ in done] == [
        "channel.request_code", "channel.verify_code", "channel.register", "channel.subscribe",
    ]  # fmt: skip
    assert {actor for _, actor in done} == {"system:cli"}


def test_a_pin_of_another_shape_is_not_sent(meta, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("12345\n"))
    assert main(["whatsapp", "register"]) == 2
    assert "six digits" in capsys.readouterr().err


def test_a_rejection_by_meta_is_printed_and_not_logged(meta, capsys) -> None:
    meta.post(f"{NUMBER}/verify_code", json={"error": {"code": 136025, "message": "Wrong code"}}, status=400)
    assert main(["whatsapp", "verify-code", "000000"]) == 2
    assert "136025: Wrong code" in capsys.readouterr().err
    assert rows("SELECT count(*) FROM audit_entries") == [(0,)]


def test_the_profile_is_changed_and_shown(meta, capsys) -> None:
    address = f"{NUMBER}/whatsapp_business_profile"
    changes = {"messaging_product": "whatsapp", "about": "Sol", "websites": ["https://a.example", "https://b.example"]}
    meta.post(address, json=DONE, match=[matchers.json_params_matcher(changes)])
    kept = {"about": "Sol", "websites": changes["websites"], "messaging_product": "whatsapp"}
    meta.get(address, json={"data": [kept]})
    words = ["--about", "Sol", "--website", "https://a.example", "--website", "https://b.example"]
    assert main(["whatsapp", "profile", *words]) == 0
    assert capsys.readouterr().out == "about: Sol\nwebsites: https://a.example, https://b.example\n"


def test_the_check_names_what_to_fix(meta, capsys) -> None:
    meta.get(NUMBER, json={"code_verification_status": "NOT_VERIFIED", "status": "CONNECTED", "quality_rating": "RED"})
    token = {"is_valid": True, "expires_at": 0, "scopes": ["whatsapp_business_messaging"]}
    meta.get("http://127.0.0.1:9/v26.0/debug_token", json={"data": token})
    meta.get(WABA, json={"error": {"code": 200, "message": "No permission"}}, status=403)
    assert main(["whatsapp", "check"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told if line.startswith("MEND")] == [
        "MEND verification", "MEND quality", "MEND permissions", "MEND webhooks",
    ]  # fmt: skip
    assert "     → Make a token with whatsapp_business_management." in told


def test_a_channel_that_is_none_or_one_of_several(business, capsys) -> None:
    assert main(["whatsapp", "check", "--channel", str(business.sms_channel_id)]) == 2
    assert "channels list" in capsys.readouterr().err
    rows(
        "INSERT INTO channels (business_id, kind, provider, identity, name, credentials)"
        f" SELECT business_id, kind, provider, '1', name, credentials FROM channels WHERE id ="
        f" {business.whatsapp_channel_id}"
    )
    assert main(["whatsapp", "check"]) == 2
    assert "--channel" in capsys.readouterr().err
