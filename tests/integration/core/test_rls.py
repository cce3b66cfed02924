"""A business sees only its own rows, in every tenant table, even if a query lacks a filter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core.models import AuditEntry, Base, Business, Contact, Tenant
from core.platform.crypto import EncryptedJSON
from core.platform.db import APP_ROLE, enter_business, leave_business, system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.database import one, rows

TENANT_TABLES: list[Table] = sorted(
    (mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, Tenant)),  # type: ignore[misc]
    key=lambda table: table.name,
)
names = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)


# What the check constraints of a column allow; where columns of one name differ, under "table.column".
ALLOWED = {
    "kind": "whatsapp", "provider": "whatsapp_cloud", "direction": "inbound", "role": "agent", "sender": "customer",
    "severity": "info", "verdict": "permanent", "agent_tokens.kind": "session", "messages.status": "queued",
    "answer_outcomes.verdict": "good", "knowledge_sources.kind": "text", "replays.source": "cases",
    "quotes.state": "open",
    "embedding": [1.0],
}  # fmt: skip


def value_for(column: Column[Any], owner: int) -> Any:
    """A value valid for a column. Foreign keys are disabled while rows are inserted, so any number is a valid id."""
    for name in (f"{column.table.name}.{column.name}", column.name):
        if name in ALLOWED:
            return ALLOWED[name]
    match column.type:
        case EncryptedJSON():
            return {}
        case SmallInteger() | Integer():
            return owner
        case DateTime():
            return datetime.now(UTC)
        case Date():
            return datetime.now(UTC).date()
        case Double() | Numeric():
            return float(owner)
        case ARRAY():
            return []
        case JSONB():
            return {}
        case LargeBinary():
            return bytes([owner])
    return f"x{owner}"


def fill(session: Session, table: Table, owner: int) -> None:
    """Insert one row of `owner` with the required columns."""
    made_by_the_database = ("server_default", "identity", "computed")
    values = {
        column.name: value_for(column, owner)
        for column in table.columns
        if not column.nullable and all(getattr(column, way) is None for way in made_by_the_database)
    }
    session.execute(insert(table).values({**values, "business_id": owner}))


@pytest.fixture
def two(clean: None) -> tuple[int, int]:
    """Two businesses, each with one row in every tenant table."""
    with system_transaction() as session:
        first, second = session.scalars(
            insert(Business).returning(Business.id), [{"name": "A", "profile": {}}, {"name": "B", "profile": {}}]
        ).all()
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in TENANT_TABLES:
            for owner in (first, second):
                fill(session, table, owner)
    return first, second


def test_every_tenant_table_is_protected_in_the_database(database: str) -> None:
    protected = {
        row[0]
        for row in rows(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relrowsecurity"
            " AND p.polcmd = '*' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL"
            " AND p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = :role)]",
            role=APP_ROLE,
        )
    }
    assert {table.name for table in TENANT_TABLES} <= protected
    assert {"businesses", "dead_letters"} <= protected


def test_the_application_role_reaches_no_unprotected_table(database: str) -> None:
    open_tables = rows(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v') AND NOT c.relrowsecurity"
        " AND has_table_privilege(:role, c.oid, 'SELECT, INSERT, UPDATE, DELETE')",
        role=APP_ROLE,
    )
    assert open_tables == []


def test_the_application_role_is_nobody_special(database: str) -> None:
    ((superuser, bypass, login),) = rows(
        "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = :role", role=APP_ROLE
    )
    assert not superuser
    assert not bypass
    assert not login


@names
def test_a_query_without_a_filter_sees_its_own(two: tuple[int, int], table: Table) -> None:
    for business_id in two:
        with transaction(business_id) as session:
            assert session.scalars(select(table.c.business_id)).all() == [business_id]
    with system_transaction() as session:
        assert session.scalar(select(func.count()).select_from(table)) == 2


@names
def test_nothing_can_be_written_for_another(two: tuple[int, int], table: Table) -> None:
    ours, theirs = two
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(ours) as session:
        fill(session, table, theirs)
    if table.name == AuditEntry.__tablename__:
        return
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(ours) as session:
        session.execute(update(table).values(business_id=theirs))
    with transaction(ours) as session:
        session.execute(text("SELECT 1"))
        assert session.execute(delete(table).where(table.c.business_id == theirs)).rowcount == 0  # type: ignore[attr-defined]
    assert one(f"SELECT count(*) FROM {table.name}") == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"]
)
def test_the_audit_log_only_grows(two: tuple[int, int], statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(two[0]) as session:
        session.execute(text(statement))
    assert one("SELECT count(*) FROM audit_entries") == 2


def test_raw_events_are_no_businesss(two: tuple[int, int]) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(two[0]) as session:
        session.execute(text("SELECT count(*) FROM webhook_events"))


def test_a_business_sees_only_itself_among_businesses(two: tuple[int, int]) -> None:
    with transaction(two[1]) as session:
        assert session.scalars(select(Business.name)).all() == ["B"]


def test_without_a_business_nothing_is_seen(two: tuple[int, int]) -> None:
    with system_transaction() as session:
        enter_business(session, two[0])
        session.execute(text("SELECT set_config('bothub.business_id', '', true)"))
        assert session.scalars(select(Contact.id)).all() == []


def test_leaving_a_business_widens_the_view_again(two: tuple[int, int]) -> None:
    with system_transaction() as session:
        enter_business(session, two[0])
        assert len(session.scalars(select(Contact.id)).all()) == 1
        leave_business(session)
        assert len(session.scalars(select(Contact.id)).all()) == 2


def test_the_next_transaction_of_a_connection_starts_wide(two: tuple[int, int]) -> None:
    with pytest.raises(RuntimeError), transaction(two[0]):
        raise RuntimeError
    with system_transaction() as session:
        assert session.scalar(text("SELECT current_user")) != APP_ROLE
        assert len(session.scalars(select(Contact.id)).all()) == 2


def test_a_rolled_back_savepoint_forgets_the_business_it_entered(two: tuple[int, int]) -> None:
    with system_transaction() as session:
        with pytest.raises(RuntimeError), session.begin_nested():
            enter_business(session, two[0])
            raise RuntimeError
        assert len(session.scalars(select(Contact.id)).all()) == 2


def test_the_demo_business_is_whole(business: TestBusiness) -> None:
    """Rows of the first start belong to the business and can be read as it."""
    with transaction(business.business_id) as session:
        for table in ("channels", "channel_limits"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 3


@pytest.mark.parametrize(
    "statement", ["DELETE FROM businesses", "INSERT INTO businesses (name, profile) VALUES ('C', '{}')"]
)
def test_a_business_makes_and_drops_none(two: tuple[int, int], statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(two[0]) as session:
        session.execute(text(statement))
    assert one("SELECT count(*) FROM businesses") == 2
