"""Announcements of changes, from a transaction to a listener."""

from __future__ import annotations

import psycopg
import pytest

from core import live
from core.db import system_transaction, transaction
from core.live import Change


@pytest.fixture
def listener(business, database: str):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"LISTEN {live.TOPIC}")
        yield connection


def heard(listener: psycopg.Connection) -> list[Change | None]:
    """What came, up to a mark sent afterwards: Postgres delivers in the order of commits."""
    with system_transaction() as session:
        live.notify(session, 0, 0)
    changes = []
    for notification in listener.notifies(timeout=10):
        change = live.parse(notification.payload)
        if change == Change(0, 0):
            return changes
        changes.append(change)
    raise AssertionError("the mark did not come")


def test_a_change_is_told_once_and_only_when_it_is_committed(business, listener) -> None:
    with transaction(business.business_id) as session:
        live.notify(session, business.business_id, 5)
        live.notify(session, business.business_id, 5)
    with pytest.raises(RuntimeError, match="undo"), transaction(business.business_id) as session:
        live.notify(session, business.business_id, 6)
        raise RuntimeError("undo")
    assert heard(listener) == [Change(business.business_id, 5)]


@pytest.mark.parametrize("payload", ["", "x", "[1]", '{"a": 1}', '["1", 2]', "[1, 2, 3]", "[null, 1]"])
def test_what_is_not_ours_is_ignored(payload: str) -> None:
    assert live.parse(payload) is None
