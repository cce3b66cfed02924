"""Two-factor login."""

from __future__ import annotations

import time

import pyotp
import pytest

from core.accounts import sessions, two_factor, users
from core.models import Agent, Role
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.factories import PASSWORD, Person, person
from tests.support.database import column, one, rows
from tests.support.refusals import refused

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(shift: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(time.time() + shift * 30)


@pytest.fixture
def ana(business: TestBusiness) -> Person:
    return person(business.business_id, role=Role.ADMINISTRATOR)


@pytest.fixture
def recovery(ana: Person) -> list[str]:
    """Ana's recovery codes; the last code used is a minute old."""
    with transaction(ana.business_id) as session:
        codes = two_factor.enrol(session, ana.id, SECRET, code())
        agent = session.get_one(Agent, ana.id)
        assert agent.totp is not None
        agent.totp = agent.totp | {"step": str(int(agent.totp["step"]) - 2)}
    return codes


def owed(ana: Person) -> str:
    """Log in with the password; return the token for the second factor."""
    with system_transaction() as session:
        who = users.authenticate(session, ana.email, PASSWORD)
        assert who is not None
        admitted = sessions.start_login(session, who)
    assert admitted.owes_code
    return admitted.token


def prove(token: str, typed: str) -> str | None:
    with system_transaction() as session:
        return sessions.verify_second_factor(session, token, typed)


def test_the_password_alone_opens_no_session(ana: Person, recovery: list[str]) -> None:
    token = owed(ana)
    with system_transaction() as session:
        assert sessions.session_agent(session, token) is None
    opened = prove(token, code())
    assert opened is not None
    with system_transaction() as session:
        agent = sessions.session_agent(session, opened)
    assert agent is not None
    assert (agent.id, agent.second_factor) == (ana.id, True)
    assert prove(token, code(1)) is None, "and what was owed is paid"


def test_a_code_works_once(ana: Person, recovery: list[str]) -> None:
    used = code()
    assert prove(owed(ana), used)
    assert prove(owed(ana), used) is None


@pytest.mark.parametrize("typed", ["", "000000x", "１２３４５６", "12345", "aaaaaa-aaaaaa", "\0"])
def test_an_invalid_code_is_refused(ana: Person, recovery: list[str], typed: str) -> None:
    assert prove(owed(ana), typed) is None


def test_recovery_codes_work_once_each(ana: Person, recovery: list[str]) -> None:
    assert len(set(recovery)) == two_factor.RECOVERY_CODES
    assert prove(owed(ana), f" {recovery[3].upper()} ")
    assert prove(owed(ana), recovery[3]) is None
    assert prove(owed(ana), recovery[4])
    assert column("SELECT data ->> 'left' FROM audit_entries WHERE action = 'second_factor.recovery'") == ["9", "8"]


def test_guessing_locks_out_though_the_password_is_right_each_time(ana: Person, recovery: list[str]) -> None:
    for _ in range(users.FAILURES_TO_LOCK - 1):
        assert prove(owed(ana), "000000") is None
    last = owed(ana)
    assert prove(last, "000000") is None
    assert prove(last, code()) is None
    with system_transaction() as session:
        assert users.authenticate(session, ana.email, PASSWORD) is None


def test_a_login_link_requires_the_code_as_well(ana: Person, recovery: list[str]) -> None:
    with transaction(ana.business_id) as session:
        link = sessions.make_link(session, ana.id)
        admitted = sessions.consume_login_link(session, link)
    assert admitted is not None
    assert admitted.owes_code


def test_the_secret_is_stored_after_a_first_code_and_deleted_on_removal(ana: Person) -> None:
    for typed in ("000000", "１２３４５６"):
        with refused("wrong_code"), transaction(ana.business_id) as session:
            two_factor.enrol(session, ana.id, SECRET, typed)
    assert one("SELECT totp FROM agents") is None
    with transaction(ana.business_id) as session:
        two_factor.enrol(session, ana.id, SECRET, code())
    with transaction(ana.business_id) as session:
        two_factor.remove(session, ana.id)
    with system_transaction() as session:
        who = users.authenticate(session, ana.email, PASSWORD)
    assert who is not None
    assert not who.owes_code


def test_the_secret_is_not_readable_in_the_database(ana: Person, recovery: list[str]) -> None:
    ((kept,),) = rows("SELECT totp FROM agents")
    assert SECRET.encode() not in bytes(kept)
    assert recovery[0].encode() not in bytes(kept)
