"""The engine, and the two kinds of transaction: scoped to one business, or across all.

Row-level security separates businesses. A business transaction runs as the role `bothub_app`, for which every
tenant table shows only the rows of `bothub.business_id`; a query that forgets its filter finds nothing of others.
A system transaction runs as the connecting role and is for queue work and sign-in only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from core.platform import connections, events
from core.platform.config import get_settings
from core.platform.scope import Actor, Scope

APP_ROLE = "bothub_app"
_ENTER = f"SELECT set_config('role', '{APP_ROLE}', true), set_config('bothub.business_id', %(business)s, true)"
_LEAVE = "SELECT set_config('role', 'none', true), set_config('bothub.business_id', '', true)"
_SCOPE = "scope"  # the key in `Session.info`


def make_engine(
    url: str, *, pool_size: int = 10, statement_timeout: float = 15, isolation_level: str | None = None
) -> Engine:
    """Create an engine whose connections time out rather than hang: a frozen client must not hold locks for ever.

    It never has more than `pool_size` connections: further threads wait, after ten seconds with a `TimeoutError`.

    A connection is tested before use, so that a restart of Postgres does not fail the next request; workers repeat what
    fails and save that round trip.
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
        pool_pre_ping=not connections.retries_on_disconnect(),
        hide_parameters=True,  # messages of customers and session tokens must not be logged
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

    A thread that begins a transaction inside another takes a `nested` connection: threads waiting for a second
    connection of the same pool would deadlock. A third level is refused.
    Single statements have connections of their own in workers: switching the mode of a pooled connection and back costs
    more than the statement.
    """

    transactions: Engine
    nested: Engine
    statements: Engine


_engines_lock = threading.Lock()


def _engines() -> _Engines:
    with _engines_lock:  # threads that start together share one set
        return _create_engines()


@lru_cache(maxsize=1)
def _create_engines() -> _Engines:
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
    """Return the engine of this process. Call it after fork."""
    return _engines().transactions


def dispose_engines() -> None:
    """Close idle connections; the engines are created again from the settings when needed."""
    if _create_engines.cache_info().currsize:
        engines = _create_engines()
        for engine in (engines.transactions, engines.nested, engines.statements):
            engine.dispose()
    _create_engines.cache_clear()


class _Depth(threading.local):
    """Number of open transactions of this thread."""

    value = 0


_depth = _Depth()


@contextmanager
def _session() -> Iterator[Session]:
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
def transaction(scope: Scope | int) -> Iterator[Session]:
    """Open a transaction scoped to one business. Commits at the end, rolls back on an exception.

    The id of a business alone is a scope in which BotHub itself acts.
    """
    with _session() as session:
        with session.begin():
            enter_business(session, scope)
            yield session
        events.flush_after_commit(session)


@contextmanager
def system_transaction() -> Iterator[Session]:
    """Open a transaction across businesses: for claiming work, ingest, and looking up keys and sessions."""
    with _session() as session:
        with session.begin():
            yield session
        events.flush_after_commit(session)


@contextmanager
def single_statement() -> Iterator[Session]:
    """Open an autocommit session across businesses, for a single statement: saves round trips."""
    with Session(_engines().statements, expire_on_commit=False) as session:
        yield session
        events.flush_after_commit(session)


def run(session: Session, statement: str, values: Mapping[str, Any] | None = None) -> CursorResult[*tuple[Any, ...]]:
    """Execute SQL in the driver's parameter style (`%(name)s`), for statements on the hot path.

    It costs half of `Session.execute`. Errors are SQLAlchemy's, as everywhere.
    """
    return session.connection().exec_driver_sql(statement, values)


_thread_local = threading.local()


def poll_row(statement: str) -> tuple[Any, ...]:
    """Return the row of a query that a thread repeats many times a second, on a connection of its own.

    A broken connection is replaced. Raises `OperationalError` when Postgres is away.
    """
    known: tuple[Engine, Connection] | None = getattr(_thread_local, "connection", None)
    engine = _engines().statements
    if known is not None and known[0] is engine and not (known[1].closed or known[1].invalidated):
        try:
            return tuple(known[1].exec_driver_sql(statement).one())
        except (OperationalError, InterfaceError):
            known[1].close()
    connection = engine.connect()
    _thread_local.connection = (engine, connection)
    return tuple(connection.exec_driver_sql(statement).one())


def enter_business(session: Session, scope: Scope | int) -> None:
    """Scope the current transaction to one business."""
    if isinstance(scope, int):
        scope = Scope(scope)
    run(session, _ENTER, {"business": str(scope.business_id)})
    session.info[_SCOPE] = scope


@contextmanager
def across_businesses(session: Session) -> Iterator[None]:
    """Suspend the scope of the transaction: the statements inside filter by business themselves."""
    scope = session.info[_SCOPE]
    leave_business(session)
    yield
    enter_business(session, scope)


def leave_business(session: Session) -> None:
    """Remove the business scope of a system transaction."""
    run(session, _LEAVE)
    session.info.pop(_SCOPE, None)


def current_scope(session: Session) -> Scope:
    """Return the scope of a business transaction. Raises `RuntimeError` in work across businesses."""
    scope: Scope | None = session.info.get(_SCOPE)
    if scope is None:
        raise RuntimeError("This transaction belongs to no business: enter one, or name the business.")
    return scope


def business_of(session: Session) -> int:
    """Return the business of a business transaction."""
    return current_scope(session).business_id


def actor_of(session: Session) -> str:
    """Return who acts in a business transaction, as it is stored."""
    return str(current_scope(session).actor)


@contextmanager
def acting(session: Session, actor: Actor) -> Iterator[None]:
    """Let another actor act in a part of a business transaction."""
    outer = current_scope(session)
    session.info[_SCOPE] = replace(outer, actor=actor)
    try:
        yield
    finally:
        session.info[_SCOPE] = outer
