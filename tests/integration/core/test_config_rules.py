"""Invalid, incomplete and misspelt settings, and weak secrets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.platform import config_names, startup
from core.platform.config import Settings, get_settings, load, require_servers
from core.platform.config_rules import PUBLISHED, check, is_placeholder
from core.platform.embedded import Embedded
from core.platform.errors import ConfigurationError
from core.platform.supervisor import sandbox_environment

SERVERS = {
    "DATABASE_URL": "postgresql://u:p@host/bothub",
    "REDIS_URL": "redis://:p@host:6379/0",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
}
META = {
    "WHATSAPP_ACCESS_TOKEN": "EAAGm0PX4ZCpsBA1234567",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "WHATSAPP_APP_SECRET": "9a0f3c58d1b2e4769a0f3c58d1b2e476",
}
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC5ef8732a3c49700934481addd5ce1659",
    "TWILIO_AUTH_TOKEN": "2f4c9c1a77e04b53b0c1f2a9d8e7c6b5",
    "TWILIO_PHONE_NUMBER": "+15005550006",
}
PEOPLE = {"ADMIN_EMAIL": "ana@shop.example", "ADMIN_PASSWORD": "mQ7!rr0wLkp"}
OIDC = {"OIDC_ISSUER": "https://id.example/", "OIDC_CLIENT_ID": "bothub", "OIDC_CLIENT_SECRET": "5dK1xq0ZpW"}

MAIL = {
    "MAIL_HOST": "smtp.shop.example", "IMAP_HOST": "imap.shop.example", "MAIL_FROM_ADDRESS": "help@shop.example",
    "MAIL_PASSWORD": "four words of it",
}  # fmt: skip
WHOLE = {**MAIL, **META, **TWILIO, **OIDC, **PEOPLE, "SANDBOX": "0"}


def line(values: dict[str, str]) -> str:
    """The error at start; empty if the settings are valid."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.delenv("SSL_CERT_DIR", raising=False)  # which holds no certificates here; an object store wants some
        for name, value in {**SERVERS, **values}.items():
            patch.setenv(name, value)
        try:
            startup.try_notify_urls(check(require_servers(load(_env_file=None))))
        except ConfigurationError as error:
            return str(error)
    return ""


_KEY, _OTHER_KEY = (Fernet.generate_key().decode() for _ in range(2))
HALVES: list[tuple[dict[str, str], str]] = [
    ({**META, "WHATSAPP_APP_SECRET": ""}, "WHATSAPP_APP_SECRET"),
    ({**META, "WHATSAPP_PHONE_NUMBER_ID": " "}, "WHATSAPP_PHONE_NUMBER_ID"),
    ({"WHATSAPP_PHONE_NUMBER_ID": "106540352242922"}, "WHATSAPP_ACCESS_TOKEN"),
    ({"WHATSAPP_BUSINESS_ACCOUNT_ID": "1", "SANDBOX": "0"}, "WHATSAPP_ACCESS_TOKEN"),
    ({"WHATSAPP_APP_SECRET": META["WHATSAPP_APP_SECRET"]}, "WHATSAPP_ACCESS_TOKEN"),
    ({**TWILIO, "TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN"),
    ({**TWILIO, "TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID"),
    ({**TWILIO, "TWILIO_PHONE_NUMBER": ""}, "TWILIO_PHONE_NUMBER"),
    ({"TWILIO_WHATSAPP_NUMBER": "whatsapp:+14155238886"}, "TWILIO_ACCOUNT_SID"),
    ({**MAIL, "MAIL_HOST": ""}, "MAIL_HOST"),
    ({**MAIL, "MAIL_FROM_ADDRESS": ""}, "MAIL_FROM_ADDRESS"),
    ({**MAIL, "MAIL_PASSWORD": ""}, "IMAP_PASSWORD"),
    ({"ADMIN_EMAIL": "ana@shop.example"}, "ADMIN_PASSWORD"),
    ({"ADMIN_PASSWORD": "un caballo verde"}, "ADMIN_EMAIL"),
    ({**OIDC, "OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET"),
    ({"OIDC_CLIENT_ID": "bothub"}, "OIDC_ISSUER"),
]
WRONG: list[tuple[dict[str, str], str]] = [
    ({name: value}, name)
    for name, values in {
        "PUBLIC_URL": ["desk.example", "https://desk.example?x=1", "https://", "ftp://desk.example", "https://a b.c",
                       "https://u:p@desk.example", "https://desk.example#x", "//desk.example", "https://h:99999"],
        "REDIS_URL": ["http://x", "host:6379", "redis://", "redis://h/zero", "redis://h:port/0", "redis://:p/w@h/0"],
        "DATABASE_URL": ["mysql://h/d", "h", "postgresql://u:p/w@h/d", "postgresql://h:0/d", "postgresql://h:x/d",
                         "postgresql://desk:p@ss9@h/d", "postgresql://desk:p#ss@h/d"],
        "ENCRYPTION_KEYS": ["notakey", "A" * 43 + "=", f"{_KEY},old", f"{_KEY},", f"{_KEY},,{_OTHER_KEY}",
                            f"{_KEY}, {_KEY}"],
        "WHATSAPP_APP_SECRET": ["9a0f3c58d1b2e476,", ",9a0f3c58d1b2e476", "9a0f3c58d1b2e476,9a0f3c58d1b2e476"],
        "MEDIA_URL": ["ftp://host/x", "bucket", "memory://", "http://files.example", "s3:/bucket", "https://files.example",
                      "az://container/without-account"],
        "NOTIFY_URLS": ["garbage", "slack://", "mailto://u:p@mail.example,nothing://x", "ops@shop.example",
                        "json://host.example/x,json://host.example/x", "json://host.example/x,,json://host.example/y"],
        "MAIL_FROM_ADDRESS": ["help@localhost", "help"], "MAIL_HOST": ["smtp.shop.example:25", "smtp://x"],
        "IMAP_ENCRYPTION": ["ssl"], "MAIL_PORT": ["0"],
        "ADMIN_EMAIL": ["notanemail", "a@", "@b.example", "a@b@c.example", "Ana <ana@shop.example>", "a b@c.example"],
        "WHATSAPP_PHONE_NUMBER_ID": ["+525512345678", "12 34", "phone"],
        "TWILIO_ACCOUNT_SID": ["AC1", "SK" + "0" * 32, "AC" + "z" * 32],
        "TWILIO_PHONE_NUMBER": ["5005550006", "+1 500 555 0006", "sms:+15005550006", "+0123456789",
                                "whatsapp:+14155238886"],
        "WHATSAPP_API_VERSION": ["26", "26.0", "latest"],
        "OIDC_ISSUER": ["http://id.example", "id.example"], "WEB_HOST": ["a b", "http://x", "127.0.0.1:80"],
        "WEB_PROCESSES": ["0", "1000000", "two", "-1", "1.5"], "WORKER_PROCESSES": ["0", "65"],
        "REPLY_QUIET_SECONDS": ["nan", "inf", "1e300", "-1", "soon"], "SWEEP_SECONDS": ["0", "1e-9", "nan"],
        "RETRY_WAITS": ["60;120", ",".join("1" * 60), "60,-1", "inf", "60,,120", "60,", ",60", " , "],
        "WHATSAPP_API_URL": ["graph.facebook.com"],
        "OPENAI_BASE_URL": ["api.openai.com/v1"], "OPENAI_API_STYLE": ["both"], "LOG_LEVEL": ["LOUD"],
    }.items()
    for value in values
]  # fmt: skip


@pytest.mark.parametrize(("values", "named"), [*HALVES, *WRONG])
def test_what_is_wrong_or_half_given_is_named(values: dict[str, str], named: str) -> None:
    said = line(values)
    assert said.startswith((f"{named} is not set", f"{named} is wrong: ")), said
    assert "\n" not in said
    assert all(value not in said for value in values.values() if value.strip() and len(value) > 10), "it may be secret"


@pytest.mark.parametrize(
    "values",
    [
        {}, META, TWILIO, MAIL, {**META, **TWILIO, **OIDC}, {**TWILIO, "TWILIO_PHONE_NUMBER": "",
        "TWILIO_WHATSAPP_NUMBER": "whatsapp:+14155238886"}, {"WHATSAPP_APP_SECRET": META["WHATSAPP_APP_SECRET"],
        "WHATSAPP_WEBHOOK_VERIFY_TOKEN": "tK3r9wPq77Lm", "SANDBOX": "0"}, {"SANDBOX": "1", "TWILIO_PHONE_NUMBER":
        "+5215512345678"}, {"ADMIN_EMAIL": "ana@localhost", "ADMIN_PASSWORD": "correct horse #1"},
        {**TWILIO, "TWILIO_PHONE_NUMBER": "24273"},
        {"MEDIA_URL": "s3://bucket/prefix"}, {"RETRY_WAITS": "60, 60,120"},
        {"ENCRYPTION_KEYS": f"{_KEY}, {_OTHER_KEY}"},
        {"MEDIA_URL": "abfs://files@desk.dfs.core.windows.net/x"}, {"NOTIFY_URLS": "json://host.example/x"},
        {"PUBLIC_URL": "https://desk.example:8443/base/"}, {"PUBLIC_URL": " http://[::1]:8000 "},
        {"REDIS_URL": "unix:///run/redis.sock?db=0"}, {"REDIS_URL": "rediss://u:p@h"}, {"LOG_LEVEL": "info"},
        {"DATABASE_URL": "postgresql:///bothub?host=/run/postgresql"}, {"OPENAI_API_KEY": "EMPTY", "OPENAI_BASE_URL":
        "http://127.0.0.1:11434/v1"}, {"WHATSAPP_APP_SECRET": "9a0f3c58d1b2e476, 8b1e2d4c6f5a7988", "SANDBOX": "0"},
        {"SANDBOX": "1", "TWILIO_AUTH_TOKEN": "sandbox-auth-token"},
        {"OIDC_ISSUER": "http://127.0.0.1:9/", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "5dK1xq0ZpW"},
    ],
)  # fmt: skip
def test_what_is_whole_will_do(values: dict[str, str]) -> None:
    assert line(values) == ""


SECRET_NAMES = ["WHATSAPP_APP_SECRET", "WHATSAPP_WEBHOOK_VERIFY_TOKEN", "TWILIO_AUTH_TOKEN", "BOTHUB_API_KEY",
                "WHATSAPP_ACCESS_TOKEN", "OIDC_CLIENT_SECRET", "ADMIN_PASSWORD"]  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize(
    "value",
    [
        "# a REST key with every scope, for the first business", "#", "s3cr3t-and-l0ng # the key", "change-me-please",
        "your_secret_token_here", "<YOUR-APP-SECRET>", "YourAccessTokenHere", "xxxxxxxxxxxxxxxxxx", "123456789012",
        "000000000000000000000000", "Password12345", "cambiar-esta-clave", "coloque_sua_senha_aqui",
        "sandbox-app-secret", "sandbox-auth-token", "sandbox-verify-token", "kX9!q", "'kX9!q-2mzPp-77aLw'",
        'kX9q2mzPp77aLw"',
        "a\x07bcdefgh12345",
        "replace with a long random text",
        "mein-geheimes-passwort", "votre_cle_secrete", "inserisci-la-tua-chiave",
    ],
)  # fmt: skip
def test_a_secret_that_protects_nothing_is_refused_by_name(name: str, value: str) -> None:
    said = line({**WHOLE, name: value})
    if name == "ADMIN_PASSWORD" and value.endswith("# the key"):
        assert said == "", "a password may hold anything"
    else:
        assert said.startswith(f"{name} is wrong: ") and "\n" not in said, said
        assert len(value) < 6 or value not in said


@pytest.mark.parametrize("changes", [{"BOTHUB_API_KEY": "change-me"}, {**PEOPLE, "ADMIN_PASSWORD": "password123"}])
def test_the_sandbox_makes_no_difference_to_what_lets_people_in(changes: dict[str, str]) -> None:
    assert line({**changes, "SANDBOX": "1"}).startswith(f"{list(changes)[-1]} is wrong: ")


@given(st.text("0123456789abcdef", min_size=32, max_size=32).filter(lambda text: len(set(text)) > 7))
def test_what_a_provider_gives_is_no_placeholder(secret: str) -> None:
    assert not is_placeholder(secret)


@pytest.mark.parametrize("name", ["WHATSAPP_ACCESS_TOKEN", "WHATSAPP_WEBHOOK_VERIFY_TOKEN"])
def test_the_secret_that_signs_is_none_that_travels(name: str) -> None:
    same = META["WHATSAPP_APP_SECRET"]
    said = line({**WHOLE, name: same, "WHATSAPP_APP_SECRET": f"8b1e2d4c6f5a79888b1e2d4c6f5a7988,{same}"})
    assert said.startswith(f"WHATSAPP_APP_SECRET is wrong: it is the same as {name}."), said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WEB_PORT", "http", "it must be a whole number"), ("WEB_PORT", "70000", "it must be 65535 or less"),
        ("TRUSTED_PROXIES", "-1", "it must be 0 or more"), ("LEASE_SECONDS", "soon", "it must be a number"),
        ("SANDBOX", "perhaps", "it must be 1 or 0"), ("LOG_LEVEL", "LOUD", "it must be 'DEBUG', 'INFO', 'WARNING' or"),
        ("RETRY_WAITS", "60,", "one of its entries is empty"),
        ("WHATSAPP_API_VERSION", "26", "it must look like v26.0"),
    ],
)  # fmt: skip
def test_what_would_do_is_said(name: str, value: str, said: str) -> None:
    assert line({name: value}).startswith(f"{name} is wrong: {said}")


def test_the_sandbox_knows_the_published_secrets() -> None:
    made = sandbox_environment(load(_env_file=None))
    published = {made[name] for name in made if name.endswith(("_SECRET", "_TOKEN", "_API_KEY")) and "SID" not in name}
    assert published <= PUBLISHED


_ANYTHING = st.one_of(
    st.sampled_from([" ", "\t", "# comment", "x # y", "'", '"', "''", "-1", "0", "1e400", "nan", "True", "null", "[]",
                     "{}", ",", ",,,", "a,b", "http://", "https://h:0", "ftp://h", "javascript:x", "\x7f", "\x85", "é",
                     "\u2028", "9" * 400, "x" * 5000, "../../etc", "$HOME", "%00", "%", "@", "+", "[::1", "\r\n"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
)  # fmt: skip


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(value=_ANYTHING)
def test_any_value_is_taken_or_refused_in_one_line(name: str, value: str) -> None:
    said = line({**WHOLE, name: value})
    assert "\n" not in said
    assert said == "" or said.startswith(name) or (not value.strip() and " is not set" in said), said


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"BOTHUB_API_KEY=caf\xe9"])
def test_an_unreadable_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^\.env cannot be read \(.*\): it must be a text file\.$"):
        load(_env_file=tmp_path / ".env")


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_PORT", raising=False)
    (tmp_path / ".env").write_bytes("\ufeffWEB_PORT=8123\r\nLOG_LEVEL=DEBUG\r\n".encode())
    assert load(_env_file=tmp_path / ".env").web_port == 8123


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("WHATSAPP_APP_SECRETS", "do you mean WHATSAPP_APP_SECRET?"),
        ("ENCRYPTION_KEY", "do you mean ENCRYPTION_KEYS?"),
        ("PUBLIC_ULR", "do you mean PUBLIC_URL?"), ("DATABSE_URL", "do you mean DATABASE_URL?"),
        ("TWILIO_TOKEN", "the nearest one is TWILIO_"), ("OPENAI_TEMPERATURE", "the nearest one is OPENAI_"),
        ("PUSHER_APP_KEY", "this version does not use it yet"), ("PUSHER_PORT", "this version does not use it yet"),
        ("TRANSCRIPTION_MODEL", "this version does not use it yet"), ("RETRY_WAIT", "do you mean RETRY_WAITS?"),
        ("ADMIN_MAIL", "do you mean ADMIN_EMAIL?"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_of_ours_is_told(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(name, "1")
    told = [one for one in config_names.warnings(load(_env_file=None)) if one.startswith(f"{name} is ")]
    assert len(told) == 1 and said in told[0], told


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "POSTGRES_PASSWORD", "PATH", "OPENAI_ORG_ID", "WEB_PORT", "HOSTNAME", "PGHOST", "AWS_REGION"]
)
def test_others_are_not(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert not [one for one in config_names.warnings(load(_env_file=None)) if one.startswith(name)]


PROCESSES = {
    "run": ["-m", "core.cli", "run"], "setup": ["-m", "core.cli", "setup"], "workers": ["-m", "workers.run"],
    "web": ["-m", "gunicorn", "-c", "webhook_app/gunicorn_conf.py"], "scheduler": ["-m", "workers.scheduler"],
    "console": ["-m", "console"],
}  # fmt: skip


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_ends_with_one_line(database: str, servers: Embedded, process: str) -> None:
    """One setting fails a rule, one only the connection check; each process starts differently."""
    kept = {name: value for name, value in os.environ.items() if name != "TWILIO_PHONE_NUMBER"}
    for changes, named in (
        ({"TWILIO_WHATSAPP_NUMBER": ""}, "TWILIO_PHONE_NUMBER is not set"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL cannot be reached"),
    ):
        ended = subprocess.run(
            [sys.executable, *PROCESSES[process]], env={**kept, **changes}, capture_output=True, text=True, timeout=30
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith(named) and ended.stderr.count("\n") == 1, ended.stderr


class TestTrying:
    def test_servers_that_answer(self, database: str, servers: Embedded) -> None:
        startup.try_servers(load())

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"redis_url": "redis://nowhere.invalid/0"}, "REDIS_URL cannot be reached"),
            ({"redis_url": "unix:///nowhere.sock"}, "REDIS_URL cannot be reached"),
            ({"database_url": "postgresql://u:geheim@127.0.0.1:1/x"}, "DATABASE_URL cannot be reached"),
        ],
    )
    def test_servers_that_do_not(self, database: str, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigurationError, match=said) as raised:
            startup.try_servers(load(**changes))
        assert "\n" not in str(raised.value) and "geheim" not in str(raised.value)

    def test_a_wrong_password_of_redis_is_told(self, database: str, servers: Embedded) -> None:
        with redis.Redis.from_url(servers.redis.url) as client:
            client.config_set("requirepass", "right")
            try:
                for url, said in (
                    (servers.redis.url, "wants a password; give it as in redis://:password@host"),
                    (servers.redis.url.replace("unix://", "unix://:wrong@"), "refuses the password"),
                ):
                    with pytest.raises(ConfigurationError, match=f"^REDIS_URL is wrong: Redis {said}"):
                        startup.try_servers(load(redis_url=url))
            finally:
                client.config_set("requirepass", "")

    def test_only_those_who_send_notifications_load_all_services(self, business: Any, tmp_path: Path) -> None:
        def loaded(call: str) -> str:
            code = f"import sys; from core.platform.startup import *; {call}; print('apprise' in sys.modules)"
            environment = {
                **os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": get_settings().database_url,
                "NOTIFY_URLS": "nothing://x",
            }  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-c", code], env=environment, cwd=Path(__file__).parents[3], capture_output=True,
                text=True, timeout=60, check=False,
            )  # fmt: skip
            return done.stdout or done.stderr

        assert loaded("settings_or_exit()") == "False\n"
        assert loaded("settings_or_exit(notifies=True)").startswith("NOTIFY_URLS is wrong: number 1")

    def test_run_tries_its_place_before_it_loads_the_rest(
        self, database: str, servers: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            monkeypatch.setenv("WEB_PORT", str(taken.getsockname()[1]))
            with pytest.raises(SystemExit):
                startup.try_settings_of(["run"])
            assert "WEB_PORT" in capsys.readouterr().err
            (tmp_path / "data" / "children.json").write_text("[]")  # of a killed desk, whose processes hold the ports
            startup.try_settings_of(["run"])
        (tmp_path / "file").touch()
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "file"))
        with pytest.raises(SystemExit):
            startup.try_settings_of(["run"])
        assert "DATA_DIR is wrong" in capsys.readouterr().err

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ConfigurationError, match="DATA_DIR is wrong"):
            startup.try_folder(tmp_path / "file" / "data")

    @pytest.mark.parametrize("host", ["203.0.113.9", "nowhere.invalid", "2001:db8::9"])
    def test_an_address_of_another_machine(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match="WEB_HOST"):
            startup.try_port("WEB_PORT", host, 21990)
