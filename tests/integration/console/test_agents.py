"""Passwords and lock-outs, on the real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.accounts import users
from core.models import Agent, AuditEntry, Role
from core.platform.db import system_transaction, transaction
from core.platform.errors import Conflict
from tests.factories import PASSWORD, person
from tests.support.refusals import refused


def sign_in(email: str, password: str) -> users.SignedIn | None:
    with system_transaction() as session:
        return users.authenticate(session, email, password)


def change(agent_id: int, **values: object) -> None:
    with system_transaction() as session:
        session.execute(update(Agent).where(Agent.id == agent_id).values(**values))


def test_the_right_password_signs_in_whatever_the_case_of_the_address(business) -> None:
    ana = person(business.business_id)
    assert sign_in(f"  {ana.email.upper()} ", PASSWORD) == users.SignedIn(business.business_id, ana.id)


@pytest.mark.parametrize("email", ["nobody@desk.example", "", "a\0b@desk.example"])
def test_unknown_addresses_are_refused(business, email: str) -> None:
    assert sign_in(email, PASSWORD) is None


def test_an_unknown_address_costs_a_hash_too(business, monkeypatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(users, "_verify", lambda password_hash, password: hashed.append(password_hash) or False)
    sign_in("nobody@desk.example", PASSWORD)
    assert hashed == [users._DUMMY_HASH]


def test_five_failures_lock_the_account_for_fifteen_minutes(business) -> None:
    ana = person(business.business_id)
    for _ in range(users.FAILURES_TO_LOCK):
        assert sign_in(ana.email, "wrong") is None
    assert sign_in(ana.email, PASSWORD) is None
    with system_transaction() as session:
        locked_for = session.scalar(select(Agent.locked_until - func.now()).where(Agent.id == ana.id))
        assert timedelta(minutes=14) < locked_for <= users.LOCKED_FOR
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == f"agent:{ana.id}")).all()
        assert "agent.locked_out" in actions
    change(ana.id, locked_until=func.now() - timedelta(seconds=1))
    assert sign_in(ana.email, PASSWORD) is not None


def test_a_success_forgets_the_failures_before_it(business) -> None:
    ana = person(business.business_id)
    for password in ("wrong", "wrong", "wrong", "wrong", PASSWORD, "wrong", "wrong"):
        sign_in(ana.email, password)
    assert sign_in(ana.email, PASSWORD) is not None


def test_a_disabled_agent_and_one_without_a_password_stay_out(business) -> None:
    disabled, unset = person(business.business_id), person(business.business_id)
    change(disabled.id, disabled_at=func.now())
    change(unset.id, password_hash=None)
    assert sign_in(disabled.email, PASSWORD) is None
    assert sign_in(unset.email, "nobody's password") is None


@pytest.mark.parametrize("password", ["short", "x" * (users.LONGEST_PASSWORD + 1)])
def test_passwords_have_a_reasonable_length(business, password: str) -> None:
    ana = person(business.business_id)
    with refused("invalid_password"), system_transaction() as session:
        users.set_password(session, ana.id, password)
    assert sign_in(ana.email, password) is None
    assert sign_in(ana.email, PASSWORD) is not None


def test_a_new_password_lifts_the_lock_and_replaces_the_old_one(business) -> None:
    ana = person(business.business_id)
    change(ana.id, locked_until=func.now() + timedelta(minutes=10), failed_sign_ins=3)
    with system_transaction() as session:
        users.set_password(session, ana.id, "another good one")
    assert sign_in(ana.email, PASSWORD) is None
    assert sign_in(ana.email, "another good one") is not None


def test_a_weak_hash_is_renewed_at_sign_in(business) -> None:
    from argon2 import PasswordHasher

    ana = person(business.business_id)
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024).hash(PASSWORD)
    change(ana.id, password_hash=weak)
    assert sign_in(ana.email, PASSWORD) is not None
    with system_transaction() as session:
        renewed = session.scalar(select(Agent.password_hash).where(Agent.id == ana.id))
    assert renewed != weak
    assert sign_in(ana.email, PASSWORD) is not None


def test_an_address_belongs_to_one_person(business) -> None:
    ana = person(business.business_id)
    with pytest.raises(Conflict), transaction(business.business_id) as session:
        users.create_agent(session, name="Other", email=ana.email.upper(), role=Role.AGENT, password=PASSWORD)
