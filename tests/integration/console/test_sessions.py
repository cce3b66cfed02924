"""Sessions, one-time links, and the first administrator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.accounts import sessions, users
from core.accounts.sessions import CurrentAgent
from core.models import Agent, AgentToken, Role
from core.platform.config import load
from core.platform.crypto import token_hash
from core.platform.db import system_transaction, transaction
from core.platform.errors import ConfigurationError
from tests.factories import Person, person


def who(token: str) -> CurrentAgent | None:
    with system_transaction() as session:
        return sessions.session_agent(session, token)


def link_for(one: Person) -> str:
    with transaction(one.business_id) as session:
        return sessions.make_link(session, one.id)


def spend(token: str) -> str | None:
    with system_transaction() as session:
        admitted = sessions.consume_login_link(session, token)
    return None if admitted is None else admitted.token


def first(business_id: int, **settings: str) -> str | None:
    with transaction(business_id) as session:
        return sessions.first_administrator(session, load(**settings))


def age(token: str, by: timedelta) -> None:
    with system_transaction() as session:
        session.execute(
            update(AgentToken)
            .where(AgentToken.token_hash == token_hash(token))
            .values(expires_at=AgentToken.expires_at - by)
        )


def test_a_session_tells_who_it_is(business) -> None:
    ana = person(business.business_id, role=Role.MANAGER)
    agent = who(ana.token)
    assert agent is not None
    assert (agent.id, agent.role, agent.business_name) == (ana.id, Role.MANAGER, "Tienda Sol")


def test_the_token_itself_is_not_kept(business) -> None:
    ana = person(business.business_id)
    with system_transaction() as session:
        kept = session.scalars(select(AgentToken.token_hash)).one()
    assert kept == token_hash(ana.token)
    assert ana.token.encode() not in kept


def test_a_session_ends_by_signing_out_by_age_and_with_its_agent(business) -> None:
    ana, bea, eva = (person(business.business_id) for _ in range(3))
    with system_transaction() as session:
        sessions.end_session(session, ana.token)
        session.execute(update(Agent).where(Agent.id == eva.id).values(disabled_at=func.now()))
    age(bea.token, sessions.SESSION_LASTS)
    assert [who(one.token) for one in (ana, bea, eva)] == [None, None, None]


def test_a_link_is_no_session_and_a_session_no_link(business) -> None:
    ana = person(business.business_id)
    assert who(link_for(ana)) is None
    assert spend(ana.token) is None


def test_a_link_signs_in_once(business) -> None:
    ana = person(business.business_id)
    link = link_for(ana)
    token = spend(link)
    assert token is not None
    agent = who(token)
    assert agent is not None and agent.id == ana.id
    assert spend(link) is None


def test_asking_whether_a_link_is_good_spends_nothing(business) -> None:
    link = link_for(person(business.business_id))
    with system_transaction() as session:
        assert sessions.link_is_valid(session, link)
        assert sessions.link_is_valid(session, link)
    assert spend(link) is not None


def test_old_links_replaced_links_and_those_of_disabled_agents_are_refused(business) -> None:
    ana, bea, eva = (person(business.business_id) for _ in range(3))
    old, replaced, disabled = link_for(ana), link_for(bea), link_for(eva)
    age(old, sessions.LINK_LASTS)
    link_for(bea)
    with system_transaction() as session:
        session.execute(update(Agent).where(Agent.id == eva.id).values(disabled_at=func.now()))
    assert [spend(token) for token in (old, replaced, disabled, "invented")] == [None] * 4


def test_sessions_are_revoked_by_their_owner_only(business) -> None:
    ana, bea = person(business.business_id), person(business.business_id)
    with system_transaction() as session:
        (open_one,) = sessions.sessions_of(session, ana.id)
        sessions.revoke_session(session, bea.id, open_one.id)
    assert who(ana.token) is not None
    with system_transaction() as session:
        sessions.revoke_session(session, ana.id, open_one.id)
    assert who(ana.token) is None


def test_a_changed_password_can_end_every_other_way_in(business) -> None:
    ana = person(business.business_id)
    link = link_for(ana)
    current = who(ana.token)
    assert current is not None
    with transaction(ana.business_id) as session:
        elsewhere = sessions.open_session(session, ana.id)
        sessions.revoke_others(session, ana.id, current.session_id)
    assert who(ana.token) is not None
    assert who(elsewhere) is None
    assert spend(link) is None


def test_each_start_gives_a_fresh_link_until_a_password_is_chosen(business) -> None:
    earlier, fresh = first(business.business_id), first(business.business_id)
    assert earlier is not None and fresh is not None
    assert spend(earlier) is None
    token = spend(fresh)
    assert token is not None
    agent = who(token)
    assert agent is not None
    assert (agent.email, agent.role) == (sessions.DEFAULT_ADMINISTRATOR, Role.ADMINISTRATOR)
    with system_transaction() as session:
        users.set_password(session, agent.id, "a good password")
    assert first(business.business_id) is None
    with system_transaction() as session:
        assert session.scalar(select(func.count()).select_from(Agent)) == 1


def test_the_settings_can_name_the_administrator(business) -> None:
    given = {"admin_email": "Boss@Desk.example", "admin_password": "from the settings"}
    assert first(business.business_id, **given) is None
    assert first(business.business_id, **given) is None
    with system_transaction() as session:
        assert users.authenticate(session, "boss@desk.example", "from the settings") is not None


def test_a_password_chosen_in_the_console_outlives_the_settings(business) -> None:
    given = {"admin_email": "boss@desk.example", "admin_password": "from the settings"}
    first(business.business_id, **given)
    with system_transaction() as session:
        boss = session.scalars(select(Agent.id)).one()
        users.set_password(session, boss, "chosen by hand")
    first(business.business_id, **given)
    with system_transaction() as session:
        assert users.authenticate(session, "boss@desk.example", "from the settings") is None
        assert users.authenticate(session, "boss@desk.example", "chosen by hand") is not None


def test_an_unusable_administrator_in_the_settings_stops_the_start_by_name(business) -> None:
    ana = person(business.business_id)
    with pytest.raises(ConfigurationError, match="ADMIN_PASSWORD"):
        first(business.business_id, admin_email="boss@desk.example", admin_password="short")
    with pytest.raises(ConfigurationError, match="ADMIN_EMAIL"):
        first(business.business_id, admin_email=ana.email, admin_password="a good password")
