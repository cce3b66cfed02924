"""The engine, and the two ways to open a transaction: inside one business, or across all of them.

Row-level security does the separating. A business transaction runs as the role `bothub_app`, for which every
tenant table shows only the rows of `bothub.business_id`; a query that forgets its filter finds nothing of others.
A system transaction runs as the connecting role and is for queue work and sign-in only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from core import live
from core.config import get_settings

APP_ROLE = "bothub_app"
_ENTER = f"SELECT set_config('role', '{APP_ROLE}', true), set_config('bothub.business_id', %(business)s, true)"
_LEAVE = "SELECT set_config('role', 'none', true), set_config('bothub.business_id', '', true)"


def make_engine(
    url: str, *, pool_size: int = 10, statement_timeout: float = 15, isolation_level: str | None = None
) -> Engine:
    """An engine whose connections give up rather than hang: a frozen client must not hold locks for ever.

    A connection is tried before it is used, so that a restart of Postgres does not fail the first request after it;
    workers, who repeat whatever fails, spare themselves that round trip.
    """
    milliseconds = int(statement_timeout * 1000)
    return create_engine(
        url,
        isolation_level=isolation_level or "READ COMMITTED",
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_recycle=1800,
        pool_use_lifo=True,  # few connections in use have all statements prepared; the rest stay idle
        pool_pre_ping=not _works_queues,
        hide_parameters=True,  # what customers write, and what opens a session, belong in no log
        connect_args={
            "connect_timeout": 5,
            "prepare_threshold": 1,
            "options": f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds}"
            " -c timezone=UTC",
        },
    )


_works_queues = False


def work_queues() -> None:
    """This process works queues: it repeats what fails with its connection. Call it before the engine is made."""
    global _works_queues
    _works_queues = True


@lru_cache(maxsize=1)
def get_engine() -> Engine:
    """The engine of this process. Call it after fork."""
    settings = get_settings()
    return make_engine(settings.sqlalchemy_url, pool_size=settings.worker_slots + 5)


@contextmanager
def transaction(business_id: int) -> Iterator[Session]:
    """One transaction that sees one business. Commits at the end, rolls back on an exception."""
    with Session(get_engine(), expire_on_commit=False) as session:
        with session.begin():
            enter_business(session, business_id)
            yield session
        live.committed(session)


@contextmanager
def system_transaction() -> Iterator[Session]:
    """One transaction across businesses: claiming work, receiving events, finding who a key or session belongs to."""
    with Session(get_engine(), expire_on_commit=False) as session:
        with session.begin():
            yield session
        live.committed(session)


@contextmanager
def single_statement() -> Iterator[Session]:
    """Across businesses, for one statement that is a transaction by itself: spares the round trips of a larger one."""
    with Session(_autocommit_engine(), expire_on_commit=False) as session:
        yield session
        live.committed(session)


@lru_cache(maxsize=1)
def _autocommit_engine() -> Engine:
    """With connections of its own: changing the mode of a pooled one and back costs more than the statement."""
    settings = get_settings()
    return make_engine(settings.sqlalchemy_url, pool_size=settings.worker_slots + 5, isolation_level="AUTOCOMMIT")


def run(session: Session, statement: str, values: Mapping[str, Any] | None = None) -> CursorResult[*tuple[Any, ...]]:
    """Execute SQL in the driver's own words (`%(name)s`), for statements that every message passes through.

    It spares half of what `Session.execute` costs. Errors are SQLAlchemy's, as everywhere.
    """
    return session.connection().exec_driver_sql(statement, values)


_own = threading.local()


def quick_look(statement: str) -> tuple[Any, ...]:
    """The one row of a query without values that a thread repeats many times a second, on a connection of its own.

    A connection that broke since the last look is replaced. Raises `OperationalError` when Postgres is away.
    """
    known: tuple[Engine, Connection] | None = getattr(_own, "connection", None)
    engine = _autocommit_engine()
    if known is not None and known[0] is engine and not (known[1].closed or known[1].invalidated):
        try:
            return tuple(known[1].exec_driver_sql(statement).one())
        except (OperationalError, InterfaceError):
            known[1].close()
    connection = engine.connect()
    _own.connection = (engine, connection)
    return tuple(connection.exec_driver_sql(statement).one())


def enter_business(session: Session, business_id: int) -> None:
    """Narrow the current transaction to one business."""
    run(session, _ENTER, {"business": str(business_id)})


def leave_business(session: Session) -> None:
    """Widen a narrowed system transaction again."""
    run(session, _LEAVE)
