"""Errors of invalid settings, secrets at rest, and masking of logs."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog
from cryptography.fernet import Fernet, InvalidToken
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from core.models import Channel
from core.platform import crypto
from core.platform.config import get_settings, load, require_servers
from core.platform.db import system_transaction
from core.platform.errors import ConfigurationError
from core.platform.logging import configure_logging, mask
from tests.conftest import TestBusiness

SERVERS: dict[str, Any] = {
    "database_url": "postgresql://u:p@host/bothub",
    "redis_url": "redis://host:6379/0",
    "encryption_keys": Fernet.generate_key().decode(),
}


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("WEB_PORT", "none"), ("WEB_PORT", "70000"), ("WHATSAPP_API_VERSION", "26"), ("RETRY_WAITS", "60,soon"),
            ("RETRY_WAITS", ","), ("RETRY_MAX_ATTEMPTS", "0"), ("LEASE_SECONDS", "0.5"), ("REPLY_QUIET_SECONDS", "-1"),
            ("LOG_LEVEL", "LOUD"), ("SANDBOX", "perhaps"),
        ],
    )  # fmt: skip
    def test_a_wrong_one_is_named_in_one_line(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError) as raised:
            load(_env_file=None)
        assert str(raised.value).startswith(f"{name} is wrong: ")
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize("missing", ["database_url", "redis_url", "encryption_keys"])
    def test_what_serving_needs_is_named(self, missing: str) -> None:
        with pytest.raises(ConfigurationError, match=missing.upper()):
            require_servers(load(**{**SERVERS, missing: ""}))

    @pytest.mark.parametrize("url", ["mysql://host/db", "host", "postgresql://host/db?nonsense=1", "sqlite:///x"])
    def test_a_database_must_be_postgres(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="DATABASE_URL is wrong"):
            require_servers(load(**{**SERVERS, "database_url": url}))

    def test_lists_are_separated_by_commas(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WHATSAPP_APP_SECRET", "new, old")
        monkeypatch.setenv("RETRY_WAITS", "1, 2,3")
        settings = load()
        assert settings.whatsapp_app_secret == ["new", "old"]
        assert settings.retry_waits == [1, 2, 3]

    def test_an_empty_value_is_no_value(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WEB_PORT", "")
        assert load(_env_file=None).web_port == 8000

    @pytest.mark.parametrize(
        ("given_", "active"),
        [
            ({"sandbox": True, "whatsapp_access_token": "x"}, True),
            ({"sandbox": False}, False),
            ({"sandbox": None, "twilio_auth_token": "", "whatsapp_access_token": ""}, True),
            ({"sandbox": None, "twilio_auth_token": "x"}, False),
        ],
    )  # fmt: skip
    def test_the_sandbox_stands_in_where_no_provider_is_set(self, given_: dict[str, Any], active: bool) -> None:
        assert load(**given_).sandbox_active is active

    def test_the_driver_is_named_for_sqlalchemy(self) -> None:
        assert load(database_url="postgres://u@h/d").sqlalchemy_url == "postgresql+psycopg://u@h/d"


class TestSecrets:
    def test_credentials_are_not_readable_in_the_database(self, business: TestBusiness) -> None:
        with system_transaction() as session:
            stored = bytes(session.scalar(text("SELECT credentials FROM channels WHERE kind = 'sms'")))
            clear = session.scalars(select(Channel.credentials).where(Channel.id == business.sms_channel_id)).one()
        assert b"test-auth-token" not in stored
        assert clear["auth_token"] == "test-auth-token"

    def test_a_new_key_writes_and_the_old_one_still_reads(
        self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = get_settings().encryption_keys
        try:
            monkeypatch.setattr(get_settings(), "encryption_keys", [Fernet.generate_key().decode(), *old])
            crypto._fernet.cache_clear()
            with system_transaction() as session:
                channel = session.get_one(Channel, business.sms_channel_id)
                channel.credentials = {**channel.credentials, "more": "x"}
            monkeypatch.setattr(get_settings(), "encryption_keys", old)
            crypto._fernet.cache_clear()
            with pytest.raises(InvalidToken), system_transaction() as session:
                session.get_one(Channel, business.sms_channel_id)
        finally:
            crypto._fernet.cache_clear()

    def test_a_key_that_is_none_is_named(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(get_settings(), "encryption_keys", ["not a key"])
        crypto._fernet.cache_clear()
        try:
            with pytest.raises(ConfigurationError, match="ENCRYPTION_KEYS is wrong"):
                crypto._fernet()
        finally:
            crypto._fernet.cache_clear()

    def test_tokens_are_long_and_kept_as_hashes(self) -> None:
        tokens = {crypto.new_token("bh_") for _ in range(100)}
        assert len(tokens) == 100
        assert all(token.startswith("bh_") and len(token) > 40 for token in tokens)
        assert len({crypto.token_hash(token) for token in tokens}) == 100


class TestMasking:
    @pytest.mark.parametrize(
        ("plain", "masked"),
        [
            ("call +54 9 11 5555-0001 now", "call …01 now"),
            ("5491155550001", "…01"),
            ("+52 1 55 1234-5678", "…78"),
            ("Bearer EAAGabcdef1234567890", "[secret]"),
            ("token EAAGabcdef1234567890 is", "token [secret] is"),
            ("key sk-abcdefghijklmnop", "key [secret]"),
            ("Authorization: Basic QUMxMjM6c2VjcmV0", "Authorization: [secret]"),
        ],
    )
    def test_numbers_and_tokens_are_cut(self, plain: str, masked: str) -> None:
        assert mask(plain) == masked

    @pytest.mark.parametrize("kept", ["message 123456", "took 12.5 s", "v26.0", "wamid.HBgNNTQ5MTE1", "2026-11-21"])
    def test_what_is_no_secret_stays(self, kept: str) -> None:
        assert mask(kept) == kept

    @given(
        st.from_regex(r"\+?[1-9][0-9]{9,13}", fullmatch=True),
        st.sampled_from(["{}", "to {}.", "({})", "'{}'", "{}, {}"]),
    )
    def test_no_number_survives(self, number: str, around: str) -> None:
        assert number.lstrip("+") not in mask(around.format(number, number))

    def test_a_log_line_is_json_without_the_number(self) -> None:
        root = logging.getLogger()
        before, level, ours = root.handlers[:], root.level, structlog.get_config()
        try:
            configure_logging("INFO")
            stream = io.StringIO()
            root.handlers[0].stream = stream  # type: ignore[attr-defined]
            structlog.get_logger("test").info("refused", number="+5491155550001", code=403)
            logging.getLogger("library").warning("not sent", extra={"who": "5491155550001"})
        finally:
            root.handlers[:], _ = before, root.setLevel(level)
            structlog.configure(**ours)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert (lines[0]["event"], lines[0]["number"], lines[0]["code"]) == ("refused", "…01", 403)
        assert "5491155550001" not in json.dumps(lines[1:])
