"""Machines that share this database: which are alive, and whether they can read each other's files.

A machine is a DATA_DIR: containers that share one are one machine, whatever their host names. Without MEDIA_URL files
are in DATA_DIR, where no other machine can read them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.platform.config import Settings, get_settings
from core.platform.db import run, system_transaction

log = structlog.get_logger(__name__)

LIVE_FOR = timedelta(seconds=90)  # after its last report
_REPORT_SECONDS = 30.0
_KEEP = timedelta(days=1)
MEND = "Set MEDIA_URL on every machine, the same on each (docs/operations.md, Several machines)."


@dataclass(frozen=True, slots=True)
class Identity:
    """Id of a DATA_DIR. `replaces` is the id of the folder it was copied from."""

    id: uuid.UUID
    replaces: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class LiveMachine:
    """A machine that reported within `LIVE_FOR`."""

    hostname: str
    has_media_url: bool


def identity(data_dir: Path) -> Identity:
    """Return the id of this DATA_DIR, created if there is none. Raises `OSError` if it cannot be written.

    The file stores its own inode number: a copy of the folder, or one restored from a backup, has another inode and
    gets a new id.
    """
    folder = data_dir.expanduser().absolute()
    path = folder / "machine.json"
    with (folder / "machine.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known: uuid.UUID | None = None
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            saved = json.loads(path.read_text())
            known = uuid.UUID(saved["id"])
            if saved["file"] == path.stat().st_ino:
                return Identity(known, uuid.UUID(saved["replaces"]) if saved["replaces"] else None)
        made = Identity(uuid.uuid4(), known)
        written = path.with_suffix(".new")
        with written.open("w") as file:
            number = os.fstat(file.fileno()).st_ino
            json.dump({"id": str(made.id), "file": number, "replaces": str(known) if known else None}, file)
        written.replace(path)
        return made


_REPORT = """
INSERT INTO machines (id, hostname, seen_at, has_media_url)
VALUES (%(id)s, %(hostname)s, now(), %(has_media_url)s)
ON CONFLICT (id) DO UPDATE SET hostname = excluded.hostname, seen_at = now(), has_media_url = excluded.has_media_url
"""


def report(session: Session, settings: Settings, *, first: bool) -> None:
    """Record that this machine is alive. Needs a system transaction.

    `first`: also delete the machine whose DATA_DIR this was copied from; if that is alive it reports again.
    """
    own = identity(settings.data_dir)
    if first and own.replaces:
        run(session, "DELETE FROM machines WHERE id = %(id)s", {"id": own.replaces})
    values = {"id": own.id, "hostname": socket.gethostname(), "has_media_url": bool(settings.media_url)}
    run(session, _REPORT, values)


def live(session: Session) -> list[LiveMachine]:
    """Return the machines that are alive, by host name."""
    rows = run(
        session,
        "SELECT hostname, has_media_url FROM machines WHERE seen_at > now() - %(live)s ORDER BY 1, id",
        {"live": LIVE_FOR},
    )
    return [LiveMachine(*row) for row in rows]


def apart(machines: Sequence[LiveMachine]) -> bool:
    """Whether one of several machines stores files that the others cannot read."""
    return len(machines) > 1 and not all(one.has_media_url for one in machines)


def files_are_shared() -> bool:
    """Whether every file can be read on every machine. Raises `SQLAlchemyError`: the database does not answer."""
    with system_transaction() as session:
        return not apart(live(session))


def delete_gone(session: Session) -> None:
    """Delete machines that have not reported for a day."""
    run(session, "DELETE FROM machines WHERE seen_at < now() - %(keep)s", {"keep": _KEEP})


def start_reporting() -> None:
    """Report from a thread of its own for as long as the process lives."""
    threading.Thread(target=_report_forever, name="machine", daemon=True).start()


def _report_forever() -> None:
    first, were_apart = True, False
    while True:
        try:
            with system_transaction() as session:
                report(session, get_settings(), first=first)
                found = live(session)
            first = False
            if apart(found) and not were_apart:
                without = [one.hostname for one in found if not one.has_media_url]
                log.warning("files_apart", machines=len(found), without_media_url=without, mend=MEND)
            were_apart = apart(found)
        except (SQLAlchemyError, OSError) as error:
            log.warning("machine_not_reported", error=type(error).__name__)
        time.sleep(_REPORT_SECONDS)


def startup_warning(settings: Settings) -> str | None:
    """Return a warning if this machine cannot share files with the others; None if all is well or unknown."""
    if not settings.database_url:
        return None
    try:
        own = identity(settings.data_dir)
        with psycopg.connect(settings.database_url, connect_timeout=2) as connection:
            row = connection.execute("SELECT to_regclass('machines')").fetchone()
            if row is None or row[0] is None:
                return None
            others = connection.execute(
                "SELECT hostname, has_media_url FROM machines WHERE seen_at > now() - %s AND id <> ALL(%s) ORDER BY 1",
                [LIVE_FOR, [one for one in (own.id, own.replaces) if one]],
            ).fetchall()
    except (psycopg.Error, OSError):
        return None  # either problem is reported elsewhere
    if not apart([LiveMachine("", bool(settings.media_url)), *(LiveMachine(*other) for other in others)]):
        return None
    names = ", ".join(sorted({hostname for hostname, _ in others}))
    return f"Files are kept apart: this database is used by {names} too, and not every machine has MEDIA_URL. {MEND}"
