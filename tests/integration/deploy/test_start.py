"""The desk that `cp .env.example .env`, two secrets and `docker compose up -d` give: it runs, and it is closed.

There is no Docker here. The processes are started with exactly the commands and variables that compose would give them,
but for the servers' addresses, the ports and the folder, which are the test's.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import requests
from cryptography.fernet import Fernet

from core.platform.embedded import Embedded
from tests.integration.deploy.compose import dotenv, services
from tests.support.provider_bodies import meta_signature, twilio_signature
from tests.support.stack import eventually, free_port

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / ".env.example").read_text()
COMMENTS = [line.strip() for line in EXAMPLE.splitlines() if line.startswith("#")]
VALUES = sorted({value for value in dotenv(EXAMPLE).values() if value})


@dataclass(frozen=True)
class Desk:
    web: str
    console: str
    database: str
    setup: str
    log: Path


@pytest.fixture(scope="module")
def desk(servers: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("data")
    given = {"POSTGRES_PASSWORD": secrets.token_hex(24), "ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    parts = services(ROOT / "docker-compose.yml", {**dotenv(EXAMPLE), **given})
    name = f"start_{secrets.token_hex(4)}"
    with psycopg.connect(servers.postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = servers.postgres.url.replace("/bothub?", f"/{name}?")
    ports = {"WEB_PORT": str(free_port()), "CONSOLE_PORT": str(free_port())}
    elsewhere = {
        "DATABASE_URL": database,
        "REDIS_URL": servers.redis.url.replace("db=0", "db=7"),
        "DATA_DIR": str(folder),
        **ports,
    }
    machine = {key: os.environ[key] for key in ("PATH", "SSL_CERT_DIR") if key in os.environ}
    image = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder), **machine}
    image["PATH"] = f"{Path(sys.executable).parent}:{image['PATH']}"

    started: list[subprocess.Popen[bytes]] = []

    def start(part: str) -> Path:
        command = parts[part].get("command", ["gunicorn", "-c", "webhook_app/gunicorn_conf.py"])
        log = folder / f"{part}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**image, **parts[part]["environment"], **elsewhere}, stdout=output,
                stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        if part == "setup":
            assert process.wait(60) == 0, log.read_text()
        return log

    with ExitStack() as stack:
        stack.callback(_end, started)
        setup = start("setup")
        logs = [start(part) for part in ("web", "worker", "scheduler", "console")]
        running = Desk(
            f"http://127.0.0.1:{ports['WEB_PORT']}", f"http://127.0.0.1:{ports['CONSOLE_PORT']}", database,
            setup.read_text(), logs[0],
        )  # fmt: skip
        try:
            eventually(lambda: _ok(f"{running.web}/readyz") and _ok(f"{running.console}/auth/login"), seconds=60)
        except AssertionError:
            raise AssertionError("\n".join(log.read_text()[-2000:] for log in logs)) from None
        yield running
    with psycopg.connect(servers.postgres.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ok(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def test_the_processes_of_the_compose_file_answer(desk: Desk) -> None:
    assert requests.get(f"{desk.web}/readyz", timeout=5).json()["parts"] == dict.fromkeys(
        ("database", "redis", "workers", "files"), "ok"
    )
    assert "/auth/link?token=" in desk.setup


def test_gevent_patches_before_anything_is_bound_to_what_it_replaces(desk: Desk) -> None:
    assert "Listening at" in desk.log.read_text()
    assert "Warning" not in desk.log.read_text()


def test_nobody_gets_in_by_what_is_printed_in_the_example(desk: Desk) -> None:
    url = f"{desk.web}/api/v1/conversations"
    for guess in ["", "sk-sandbox", *COMMENTS, *VALUES]:
        for header in ({"Authorization": f"Bearer {guess}"}, {"Authorization": guess}):
            assert requests.get(url, headers={k: v.encode() for k, v in header.items()}, timeout=5).status_code == 401
    assert requests.get(url, timeout=5).status_code == 401


def test_no_webhook_is_believed(desk: Desk) -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    for guess in ["", "sandbox-app-secret", "sandbox-auth-token", *COMMENTS]:
        meta = {"X-Hub-Signature-256": meta_signature(body, guess)}
        assert requests.post(f"{desk.web}/api/webhooks/whatsapp", body, headers=meta, timeout=5).status_code == 403
        target = f"{desk.web}/api/webhooks/twilio"
        twilio = {"X-Twilio-Signature": twilio_signature(target, [("Body", "x")], guess)}
        assert requests.post(target, {"Body": "x"}, headers=twilio, timeout=5).status_code == 403
        asked = {"hub.mode": "subscribe", "hub.verify_token": guess, "hub.challenge": "1"}
        assert requests.get(f"{desk.web}/api/webhooks/whatsapp", asked, timeout=5).status_code == 403


def test_the_console_shows_nothing_without_signing_in(desk: Desk) -> None:
    opened = requests.get(desk.console, timeout=5, allow_redirects=False)
    assert (opened.status_code, opened.headers["location"]) == (303, "/auth/login")
    assert requests.get(f"{desk.console}/files/1", timeout=5, allow_redirects=False).status_code in (303, 401, 403, 404)


def test_no_key_channel_or_password_was_made_by_accident(desk: Desk) -> None:
    with psycopg.connect(desk.database) as connection:
        for table in ("api_keys", "channels", "conversations"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        assert connection.execute("SELECT email, password_hash FROM agents").fetchall() == [("admin@localhost", None)]
