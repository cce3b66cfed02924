"""The engine of a process, and the two kinds of transaction: scoped to one business, or across all.

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

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session, SessionTransaction

from core.platform import connections, events
from core.platform.config import get_settings
from core.platform.scope import SCOPE, Actor, Scope, current_scope

APP_ROLE = "bothub_app"
_ENTER = f"SELECT set_config('role', '{APP_ROLE}', true), set_config('bothub.business_id', %(business)s, true)"
_LEAVE = "SELECT set_config('role', 'none', true), set_config('bothub.business_id', '', true)"
# UPDATE and DELETE leave the objects of the session as they are: hardly any statement is about one that was loaded.
_UNSYNCHRONIZED = {"synchronize_session": False}
_WAIT_SECONDS = 10


def make_engine(url: str, *, pool_size: int = 10, statement_timeout: float = 15) -> Engine:
    """Create an engine whose connections time out rather than hang: a frozen client must not hold locks for ever.

    It never has more than `pool_size` connections: further threads wait, after ten seconds with a `TimeoutError`.

    A connection is tested before use, so that a restart of Postgres does not fail the next request; workers repeat what
    fails and save that round trip.
    """
    milliseconds = int(statement_timeout * 1000)
    return create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_WAIT_SECONDS,
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
class _Database:
    """The engine of a process, with its share of the connections (`core.platform.connections`).

    `outermost` is taken by each transaction that is in no other. The connections beyond it are for transactions begun
    inside another: threads that all wait for a second connection would deadlock. A third level is refused.
    """

    engine: Engine
    outermost: threading.Semaphore


_lock = threading.Lock()


def _database() -> _Database:
    with _lock:  # threads that start together share one engine
        return _create_database()


@lru_cache(maxsize=1)
def _create_database() -> _Database:
    settings = get_settings()
    share = connections.share(settings, connections.this_process())
    engine = make_engine(settings.sqlalchemy_url, pool_size=share.transactions + share.nested)
    return _Database(engine, threading.Semaphore(share.transactions))


def get_engine() -> Engine:
    """Return the engine of this process. Call it after fork."""
    return _database().engine


def dispose_engine() -> None:
    """Close idle connections; the engine is created again from the settings when needed."""
    if _create_database.cache_info().currsize:
        get_engine().dispose()
    _create_database.cache_clear()


class _Depth(threading.local):
    """Number of open transactions of this thread."""

    value = 0


_depth = _Depth()


@contextmanager
def _session() -> Iterator[Session]:
    with _turn(), Session(get_engine(), expire_on_commit=False, execution_options=_UNSYNCHRONIZED) as session:
        yield session
        events.flush_after_commit(session)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until a transaction may begin."""
    if _depth.value > 1:
        raise RuntimeError("A transaction in a transaction in a transaction: read what the inner one needs before.")
    outermost = None if _depth.value else _database().outermost
    if outermost and not outermost.acquire(timeout=_WAIT_SECONDS):
        raise NoConnection(f"No transaction ended within {_WAIT_SECONDS} seconds.")
    _depth.value += 1
    try:
        yield
    finally:
        _depth.value -= 1
        if outermost:
            outermost.release()


@contextmanager
def transaction(scope: Scope | int) -> Iterator[Session]:
    """Open a transaction scoped to one business. Commits at the end, rolls back on an exception.

    The id of a business alone is a scope in which BotHub itself acts: enough for workers, and for reads, which store no
    actor. Without a statement it costs no round trip.
    """
    with _session() as session, session.begin():
        session.info[SCOPE] = Scope(scope) if isinstance(scope, int) else scope
        yield session


@event.listens_for(Session, "after_begin")
def _enter_scope(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Scope a business transaction before its first statement."""
    scope: Scope | None = session.info.get(SCOPE)
    if scope is not None and not transaction.nested:
        connection.exec_driver_sql(_ENTER, {"business": str(scope.business_id)})


@contextmanager
def system_transaction() -> Iterator[Session]:
    """Open a transaction across businesses: for claiming work, ingest, and looking up keys and sessions."""
    with _session() as session, session.begin():
        yield session


@contextmanager
def single_statement() -> Iterator[Session]:
    """Open an autocommit session across businesses, for a single statement: saves round trips."""
    with _session() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session


def run(session: Session, statement: str, values: Mapping[str, Any] | None = None) -> CursorResult[*tuple[Any, ...]]:
    """Execute SQL in the driver's parameter style (`%(name)s`), for statements on the hot path.

    It costs half of `Session.execute`. Errors are SQLAlchemy's, as everywhere.
    """
    return session.connection().exec_driver_sql(statement, values)


_thread_local = threading.local()


def poll_row(statement: str) -> tuple[Any, ...]:
    """Return the row of a query that a thread repeats many times a second, on a connection of its own outside the pool.

    A broken connection is replaced. Raises `OperationalError` when Postgres is away.
    """
    known: tuple[Engine, Connection] | None = getattr(_thread_local, "connection", None)
    engine = get_engine()
    if known is not None and known[0] is engine and not (known[1].closed or known[1].invalidated):
        try:
            return tuple(known[1].exec_driver_sql(statement).one())
        except (OperationalError, InterfaceError):
            known[1].close()
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    _thread_local.connection = (engine, connection)
    return tuple(connection.exec_driver_sql(statement).one())


def enter_business(session: Session, scope: Scope | int) -> None:
    """Scope the current transaction to one business."""
    if isinstance(scope, int):
        scope = Scope(scope)
    run(session, _ENTER, {"business": str(scope.business_id)})
    session.info[SCOPE] = scope


@contextmanager
def in_business(session: Session, scope: Scope | int) -> Iterator[None]:
    """Scope a part of a system transaction to one business."""
    enter_business(session, scope)
    yield
    leave_business(session)


def leave_business(session: Session) -> None:
    """Remove the business scope of a system transaction."""
    run(session, _LEAVE)
    session.info.pop(SCOPE, None)


@contextmanager
def across_businesses(session: Session) -> Iterator[None]:
    """Suspend row-level security in a business transaction: the statements inside filter by business themselves."""
    run(session, _LEAVE)
    yield
    enter_business(session, current_scope(session))


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
    session.info[SCOPE] = replace(outer, actor=actor)
    try:
        yield
    finally:
        session.info[SCOPE] = outer
