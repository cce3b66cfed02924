"""Real servers for every test: one embedded Postgres and Redis per test process, emptied before each test that asks."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from structlog.dev import plain_traceback
from xdist.scheduler import LoadFileScheduling

from core.platform.embedded import Embedded

# How long an example takes depends on what else the machine does; whether it holds does not. The examples are the same
# in each run: `--hypothesis-profile=default` looks for others.
hypothesis_settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("steady")

# No test asks another machine for anything, and reading every authority takes each HTTP client a tenth of a second.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)

# Left to itself it prints every local variable of a traceback, be it megabytes long.
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.dev.ConsoleRenderer(exception_formatter=plain_traceback)]
)

_TEST_SETTINGS = {
    "WHATSAPP_ACCESS_TOKEN": "test-access-token",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "102290129340398",
    "WHATSAPP_APP_SECRET": "test-app-secret",
    "WHATSAPP_WEBHOOK_VERIFY_TOKEN": "test-verify-token",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "test-auth-token",
    "TWILIO_PHONE_NUMBER": "+15005550006",
    "TWILIO_WHATSAPP_NUMBER": "whatsapp:+14155238886",
    "WHATSAPP_API_URL": "http://127.0.0.1:9",
    "TWILIO_API_URL": "http://127.0.0.1:9",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "PUBLIC_URL": "https://desk.example",
    "BOTHUB_API_KEY": "test-api-key",
    "REPLY_QUIET_SECONDS": "0.2",
    "REPLY_FIRST_QUIET_SECONDS": "0.1",
    "SANDBOX": "0",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no process ends long after the other."""
    items.sort(key=lambda item: _LONG.index(item.path.parent.name) if item.path.parent.name in _LONG else len(_LONG))


_LONG = ("scenarios", "browser", "webhook_app", "console", "inbox")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist brings no types
    """One process runs a whole file, and all scenarios that share the product's processes."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "stack" if file.endswith(("test_mind.py", "test_spine.py")) else file


@pytest.fixture(scope="session")
def servers() -> Iterator[Embedded]:
    """A Postgres and a Redis of this test process's own."""
    folder = Path(tempfile.mkdtemp(prefix="bothub-test-"))
    embedded = Embedded(folder)
    embedded.postgres.command += ["-c", "fsync=off", "-c", "synchronous_commit=off"]  # nobody cuts this one's power
    embedded.start()
    yield embedded
    embedded.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database(servers: Embedded) -> Iterator[str]:
    """The migrated database, with every setting pointing at the test's servers. Gives the DATABASE_URL."""
    from core import migrations
    from core.accounts import users
    from core.platform import config, crypto, db, job_queue

    with pytest.MonkeyPatch.context() as patch:
        for name, value in _TEST_SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("DATABASE_URL", servers.postgres.url)
        patch.setenv("REDIS_URL", servers.redis.url)
        patch.setenv("DATA_DIR", str(servers.data_dir))
        patch.setenv("ENCRYPTION_KEYS", Fernet.generate_key().decode())
        db.dispose_engine()
        for cached in (config.get_settings, job_queue.connection, crypto._fernet):
            cached.cache_clear()
        # A password costs a guesser 64 MiB and a good part of a second, and every person of a test has one.
        patch.setattr(users, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(users, "_DUMMY_HASH", users._hasher.hash("nobody's password"))
        migrations.upgrade(config.get_settings().sqlalchemy_url)
        yield servers.postgres.url
        db.dispose_engine()
        for cached in (config.get_settings, job_queue.connection, crypto._fernet):
            cached.cache_clear()


_USED = "SELECT '{0}', pg_total_relation_size('{0}') WHERE EXISTS (SELECT FROM {0})"
_SMALL = 2_000_000  # bytes; truncating a table costs new files for it and each of its indexes
_RESTART = """
SELECT setval(sequencename::text::regclass, 1, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


def _empty_tables() -> None:
    from core.models import Base
    from core.platform.db import run, system_transaction

    used = " UNION ALL ".join(_USED.format(table.name) for table in Base.metadata.sorted_tables)
    with system_transaction() as session:
        run(session, "SET LOCAL session_replication_role = replica")  # in any order, and the audit log too
        for table, size in run(session, used).all():
            run(session, f"DELETE FROM {table}" if size < _SMALL else f"TRUNCATE {table} CASCADE")
        run(session, _RESTART)


@pytest.fixture
def clean(database: str) -> None:
    """Empty tables and an empty Redis."""
    from psycopg.errors import DeadlockDetected
    from sqlalchemy.exc import OperationalError

    from core.bots import calibration_store, usage, versions
    from core.knowledge import retrieval
    from core.messaging.channels import accounts
    from core.platform import job_queue

    for _ in range(5):
        try:
            _empty_tables()
            break
        except OperationalError as error:  # a console may still be drawing for the browser of the test before
            if not isinstance(error.orig, DeadlockDetected):
                raise
    else:
        raise AssertionError("the tables could not be emptied: something keeps reading them")
    job_queue.connection().flushdb()
    accounts.forget()
    versions.clear_cache()
    usage.clear_cache()
    calibration_store.clear_cache()
    retrieval.clear_cache()


@dataclass(frozen=True)
class TestBusiness:
    """The business most tests happen in."""

    __test__ = False

    business_id: int
    bot_id: int
    whatsapp_channel_id: int
    sms_channel_id: int
    twilio_whatsapp_channel_id: int


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers of itself and of those who signed in is each test's own."""
    from core.platform import connections

    monkeypatch.setattr(connections, "_this", None)
    if signin := sys.modules.get("console.http.sign_in"):
        signin._guesses.cache_clear()


@pytest.fixture
def business(clean: None) -> TestBusiness:
    """A business with a bot and its three channels, made as the first start makes them."""
    from sqlalchemy import select

    from core.bots.settings import BotSettings
    from core.cli.first_run import ensure_business
    from core.models import Bot, Channel
    from core.platform.config import get_settings
    from core.platform.db import system_transaction

    with system_transaction() as session:
        business_id = ensure_business(session, get_settings(), name="Tienda Sol", profile={}, bot=BotSettings())
        bot_id = session.scalars(select(Bot.id)).one()
        ids = {
            (provider, kind): i
            for i, provider, kind in session.execute(select(Channel.id, Channel.provider, Channel.kind))
        }
    return TestBusiness(
        business_id,
        bot_id,
        ids["whatsapp_cloud", "whatsapp"],
        ids["twilio", "sms"],
        ids["twilio", "whatsapp"],
    )


@pytest.fixture
def client(business: TestBusiness) -> Iterator[object]:
    """A test client of the whole web app."""
    from webhook_app import create_app

    app = create_app()
    yield app.test_client()
    app.extensions["webhooks"].writer.stop()
    app.extensions["webhooks"].answers.stop()
