"""Database sessions for the console; connection errors become `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from core.platform import db
from core.platform.errors import StoreUnavailable
from core.platform.scope import Scope


@contextmanager
def transaction(scope: Scope | int) -> Iterator[Session]:
    """Open `core.platform.db.transaction`. Raises `StoreUnavailable` if unreachable or too slow."""
    with _reached(), db.transaction(scope) as session:
        yield session


@contextmanager
def system_transaction() -> Iterator[Session]:
    """Open `core.platform.db.system_transaction`. Raises `StoreUnavailable` if unreachable or too slow."""
    with _reached(), db.system_transaction() as session:
        yield session


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, NoConnection) as error:
        raise StoreUnavailable("The database does not answer.") from error
