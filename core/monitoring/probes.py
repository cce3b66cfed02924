"""Health probes of servers and provider accounts, shared by doctor, console and alerts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import redis
import structlog
from sqlalchemy import func, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.channels.provider import ProbeResult
from core.channels.registry import PROVIDERS
from core.channels.types import Account, Cause, SendError
from core.messaging.channels.accounts import _ASK_AGAIN, account_of
from core.models import Channel, ChannelState
from core.platform import job_queue, machines
from core.platform.config import get_settings
from core.platform.db import get_engine, system_transaction

log = structlog.get_logger(__name__)

ASK_SECONDS = 10.0
_LEAST_FREE = 0.05  # share of the disk
_GIGABYTE = 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `mend` is what to do if not `well`; `figure` is the main value in `detail`."""

    name: str
    well: bool
    detail: str
    mend: str = ""
    figure: str = ""


def probe(account: Account) -> ProbeResult:
    """Probe an account at its provider, with its credentials. Network: call it outside any transaction."""
    return _timed(account, PROVIDERS[account.provider].probe)


def probe_new(account: Account) -> ProbeResult:
    """Probe an account before saving it: it must also own its identity, which only one channel may have."""
    return _timed(account, PROVIDERS[account.provider].probe_new)


def _timed(account: Account, ask: Callable[[Account, float], ProbeResult]) -> ProbeResult:
    started = time.monotonic()
    try:
        answer = ask(account, ASK_SECONDS)
    except SendError as error:
        unreached = error.cause is Cause.NETWORK  # its own advice is about sending messages
        advice = f"Check that {account.api_url} can be reached from here." if unreached else error.advice
        answer = ProbeResult(False, str(error), advice)
    return replace(answer, latency=round(1000 * (time.monotonic() - started)))


def save_result(session: Session, channel_id: int, answer: ProbeResult) -> None:
    """Save the result of a probe, for the channel cards and alerts."""
    session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values(last_probe_at=func.now(), last_probe=answer.as_json())
        .execution_options(synchronize_session=False)
    )


def probe_due() -> int:
    """Probe every enabled channel whose last probe is a quarter of an hour old. Returns the number probed.

    The time is saved before probing, so that only one scheduler probes and a hanging provider is not probed again at
    once.
    """
    with system_transaction() as session:
        rows = session.scalars(
            update(Channel)
            .where(
                Channel.state != ChannelState.DISABLED,
                or_(
                    Channel.last_probe_at.is_(None),
                    Channel.last_probe_at < func.now() - text(f"interval '{_ASK_AGAIN}'"),
                ),
            )
            .values(last_probe_at=func.now())
            .returning(Channel)
        ).all()
        accounts = [(row.id, account_of(row)) for row in rows]
    for channel_id, account in accounts:
        answer = probe(account)
        with system_transaction() as session:
            save_result(session, channel_id, answer)
    return len(accounts)


def servers() -> Iterator[Finding]:
    """Check the database, Redis, the workers and the disk."""
    yield _database()
    yield from _redis()
    yield disk()


def _database() -> Finding:
    try:
        with get_engine().connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            revision = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one()
    except SQLAlchemyError as error:
        return Finding("database", False, type(error).__name__, "Start Postgres, or correct DATABASE_URL.")
    mend = "Run `python -m core.cli migrate`."
    return Finding("database", revision is not None, f"Postgres {version}", mend, version.partition(" ")[0])


def database_connections() -> Iterator[Finding]:
    """Check that the connections of all machines fit the limits of Postgres."""
    budget = get_settings().database_connections
    try:
        with system_transaction() as session:
            allowed = session.execute(text(_ALLOWED)).scalar_one()
            count = max(1, len(machines.live(session)))
    except SQLAlchemyError:
        return
    mend = "Lower DATABASE_CONNECTIONS, or raise max_connections of Postgres (docs/operations.md, Connections)."
    scope = "this machine" if count == 1 else f"each of {count} machines"
    detail = f"{budget} for {scope}, {allowed} allowed by Postgres"
    yield Finding("connections", budget * count <= allowed, detail, mend, str(allowed))


def files() -> Iterator[Finding]:
    """Check that every machine can read every file."""
    try:
        with system_transaction() as session:
            live = machines.live(session)
    except SQLAlchemyError:
        return
    without = ", ".join(one.hostname for one in live if not one.has_media_url)
    detail = f"{len(live)} machines, without MEDIA_URL: {without or 'none'}"
    yield Finding("files", not machines.apart(live), detail, machines.MEND, str(len(live)))


# The limits of the server, of the role and of the database; -1 means no limit.
_ALLOWED = """
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true), '0')::int,
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))
"""


def _redis() -> Iterator[Finding]:
    try:
        workers = job_queue.workers_seen()
    except redis.RedisError as error:
        yield Finding("redis", False, type(error).__name__, "Start Redis, or correct REDIS_URL.")
        return
    yield Finding("redis", True, "answers")
    yield Finding(
        "workers",
        workers > 0,
        f"{workers} seen",
        "Start one with `python -m workers.run`, or everything with `make run`.",
        str(workers),
    )


def disk() -> Finding:
    """Check the free space on the disk of DATA_DIR, which holds files and the embedded servers' data."""
    folder = get_settings().data_dir.expanduser().absolute()
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Finding("disk", False, f"{folder}: {error.strerror}", "Make the folder that DATA_DIR names.")
    well = usage.free > _LEAST_FREE * usage.total
    free = f"{usage.free / _GIGABYTE:.1f}"
    return Finding("disk", well, f"{free} GB free", "Make room on the disk of DATA_DIR.", free)


def accounts(session: Session) -> list[tuple[str, str, str | None, Account]]:
    """Return (name, state, reason, account) of every channel, oldest first."""
    rows = session.scalars(select(Channel).order_by(Channel.id)).all()
    return [(row.name, row.state, row.state_reason, account_of(row)) for row in rows]


def token_ends_soon(answer: ProbeResult, days: int = 7) -> bool:
    """Whether the token expires within `days`."""
    return answer.expires_at is not None and (answer.expires_at - datetime.now(UTC)).days < days
