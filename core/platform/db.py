"""The engine, and the two ways to open a transaction: inside one business, or across all of them.

Row-level security does the separating. A business transaction runs as the role `bothub_app`, for which every
tenant table shows only the rows of `bothub.business_id`; a query that forgets its filter finds nothing of others.
A system transaction runs as the connecting role and is for queue work and sign-in only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from core.platform import connections, events
from core.platform.config import get_settings

APP_ROLE = "bothub_app"
_ENTER = f"SELECT set_config('role', '{APP_ROLE}', true), set_config('bothub.business_id', %(business)s, true)"
_LEAVE = "SELECT set_config('role', 'none', true), set_config('bothub.business_id', '', true)"


def make_engine(
    url: str, *, pool_size: int = 10, statement_timeout: float = 15, isolation_level: str | None = None
) -> Engine:
    """An engine whose connections give up rather than hang: a frozen client must not hold locks for ever.

    It never has more than `pool_size` of them: whoever finds none waits, after ten seconds with a `TimeoutError`.

    A connection is tried before it is used, so that a restart of Postgres does not fail the first request after it;
    workers, who repeat whatever fails, spare themselves that round trip.
    """
    milliseconds = int(statement_timeout * 1000)
    return create_engine(
        url,
        isolation_level=isolation_level or "READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=1800,
        pool_use_lifo=True,  # few connections in use have all statements prepared; the rest stay idle
        pool_pre_ping=not connections.repeats_what_fails(),
        hide_parameters=True,  # what customers write, and what opens a session, belong in no log
        connect_args={
            "connect_timeout": 5,
            "prepare_threshold": 1,
            "options": f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds}"
            " -c timezone=UTC",
            "application_name": f"bothub {connections.this_process()}",
        },
    )


@dataclass(frozen=True, slots=True)
class _Engines:
    """The engines of a process, within its share of the connections (`core.platform.connections`).

    A thread that is in a transaction and begins another one takes a `nested` connection: threads that all waited for a
    second connection of the same pool would wait for each other. Nobody who holds a nested one needs a third.
    Single statements have connections of their own where there are many: changing the mode of a pooled one and back
    costs more than the statement.
    """

    transactions: Engine
    nested: Engine
    statements: Engine


_making = threading.Lock()


def _engines() -> _Engines:
    with _making:  # threads that begin together share one
        return _made()


@lru_cache(maxsize=1)
def _made() -> _Engines:
    settings = get_settings()
    url, share = settings.sqlalchemy_url, connections.share(settings, connections.this_process())
    transactions = make_engine(url, pool_size=share.transactions)
    return _Engines(
        transactions,
        make_engine(url, pool_size=share.nested),
        make_engine(url, pool_size=share.statements, isolation_level="AUTOCOMMIT")
        if share.statements
        else transactions.execution_options(isolation_level="AUTOCOMMIT"),
    )


def get_engine() -> Engine:
    """The engine of this process. Call it after fork."""
    return _engines().transactions


def forget() -> None:
    """Close what is idle, and make the engines anew from the settings when they are needed again."""
    if _made.cache_info().currsize:
        engines = _made()
        for engine in (engines.transactions, engines.nested, engines.statements):
            engine.dispose()
    _made.cache_clear()


class _Depth(threading.local):
    """How many transactions this thread is in."""

    value = 0


_depth = _Depth()


@contextmanager
def _opened() -> Iterator[Session]:
    if _depth.value > 1:
        raise RuntimeError("A transaction in a transaction in a transaction: read what the inner one needs before.")
    engine = _engines().nested if _depth.value else get_engine()
    _depth.value += 1
    try:
        with Session(engine, expire_on_commit=False) as session:
            yield session
    finally:
        _depth.value -= 1


@contextmanager
def transaction(business_id: int) -> Iterator[Session]:
    """One transaction that sees one business. Commits at the end, rolls back on an exception."""
    with _opened() as session:
        with session.begin():
            enter_business(session, business_id)
            yield session
        events.committed(session)


@contextmanager
def system_transaction() -> Iterator[Session]:
    """One transaction across businesses: claiming work, receiving events, finding who a key or session belongs to."""
    with _opened() as session:
        with session.begin():
            yield session
        events.committed(session)


@contextmanager
def single_statement() -> Iterator[Session]:
    """Across businesses, for one statement that is a transaction by itself: spares the round trips of a larger one."""
    with Session(_engines().statements, expire_on_commit=False) as session:
        yield session
        events.committed(session)


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
    engine = _engines().statements
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
