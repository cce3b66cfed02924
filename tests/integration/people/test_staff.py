"""Inviting, changing roles and disabling; an administrator always remains."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from core.accounts import audit_log, sessions, teams, user_admin
from core.accounts.user_admin import Person
from core.models import Role
from core.platform.db import acting, system_transaction, transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import one, rows
from tests.support.refusals import refused


def everyone(business: TestBusiness) -> Sequence[Person]:
    with transaction(business.business_id) as session:
        return user_admin.everyone(session)


def invite(business: TestBusiness, name: str = "Eva Ruiz", email: str = "eva@desk.example") -> str:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return user_admin.invite(session, name, email, Role.AGENT)


def disable(business: TestBusiness, agent_id: int, actor: str = "system:test") -> None:
    with transaction(Scope(business.business_id, Actor.parse(actor))) as session:
        user_admin.disable(session, agent_id)


def set_role(business: TestBusiness, agent_id: int, role: Role) -> None:
    with transaction(business.business_id) as session:
        user_admin.set_role(session, agent_id, role)


def test_an_invitation_logs_in_once_and_updates_last_seen(business: TestBusiness) -> None:
    token = invite(business)
    (eva,) = everyone(business)
    assert (eva.name, eva.role, eva.joined, eva.last_seen_at) == ("Eva Ruiz", Role.AGENT, False, None)
    with system_transaction() as session:
        assert sessions.consume_login_link(session, token, "Firefox") is not None
        assert sessions.consume_login_link(session, token) is None
    assert everyone(business)[0].last_seen_at is not None


@pytest.mark.parametrize(
    ("name", "email"), [(" ", "a@b.example"), ("x" * 81, "a@b.example"), ("Eva", "nobody"), ("Eva", "a b@c.example")]
)
def test_a_person_needs_a_name_and_an_address(business: TestBusiness, name: str, email: str) -> None:
    with refused("invalid_person"):
        invite(business, name, email)


def test_an_address_is_unique_ignoring_case(business: TestBusiness) -> None:
    invite(business)
    with refused("address_taken"):
        invite(business, "Other", "EVA@desk.example")


def test_disabling_ends_all_sessions_links_and_keys(business: TestBusiness) -> None:
    ana = person(business.business_id)
    conversation(business.business_id, business.whatsapp_channel_id, assignee_id=ana.id)
    with transaction(business.business_id) as session:
        link = user_admin.new_link(session, ana.id)
    disable(business, ana.id)
    with system_transaction() as session:
        assert sessions.session_agent(session, ana.token) is None
        assert sessions.consume_login_link(session, link) is None
    (gone,) = everyone(business)
    assert (gone.disabled_at is not None, gone.open_conversations) == (True, 1)
    with refused("person_disabled"), transaction(business.business_id) as session:
        user_admin.new_link(session, ana.id)
    with transaction(business.business_id) as session:
        user_admin.enable(session, ana.id)
    assert everyone(business)[0].disabled_at is None


def test_the_last_administrator_cannot_be_removed(business: TestBusiness) -> None:
    ana = person(business.business_id, role=Role.ADMINISTRATOR)
    bea = person(business.business_id, role=Role.ADMINISTRATOR)
    with refused("cannot_disable_self"):
        disable(business, ana.id, f"agent:{ana.id}")
    set_role(business, bea.id, Role.MANAGER)
    for attempt in (lambda: disable(business, ana.id), lambda: set_role(business, ana.id, Role.AGENT)):
        with refused("last_administrator"):
            attempt()


def test_two_administrators_cannot_remove_each_other(business: TestBusiness) -> None:
    two = [person(business.business_id, role=Role.ADMINISTRATOR).id for _ in range(2)]
    refused: list[Exception] = []

    def remove(agent_id: int) -> None:
        try:
            disable(business, agent_id)
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=remove, args=(agent_id,)) for agent_id in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert one("SELECT count(*) FROM agents WHERE disabled_at IS NULL") == 1


def test_agents_of_another_business_cannot_be_changed(business: TestBusiness) -> None:
    ana = person(business.business_id)
    with pytest.raises(NotFound), transaction(business.business_id + 1) as session:
        user_admin.disable(session, ana.id)


def test_the_audit_log_lists_actions_and_pages(business: TestBusiness) -> None:
    ana = person(business.business_id, name="Ana Torres", role=Role.ADMINISTRATOR)
    with transaction(Scope(business.business_id, Actor.agent(ana.id))) as session:
        for number in range(5):
            audit_log.record(session, "queue.retry", f"message:{number}")
        with acting(session, Actor.api_key(3)):
            audit_log.record(session, "api_key.revoke", "api_key:9")
    with transaction(business.business_id) as session:
        newest = audit_log.entries(session, area="queue", limit=3)
        older = audit_log.entries(session, area="queue", limit=3, before_id=newest[-1].id)
        hers = audit_log.entries(session, actor=f"agent:{ana.id}")
        (key,) = audit_log.entries(session, area="api_key")
    assert [entry.subject for entry in (*newest, *older)] == [f"message:{n}" for n in (4, 3, 2, 1, 0)]
    assert {entry.names[entry.actor] for entry in hers} == {"Ana Torres"}
    assert (key.names, key.actor) == ({}, "key:3")


def test_audit_entries_come_with_the_names_of_what_they_refer_to(business: TestBusiness) -> None:
    ana, eva = (person(business.business_id, name=name) for name in ("Ana Torres", "Eva Ruiz"))
    with transaction(Scope(business.business_id, Actor.agent(ana.id))) as session:
        team = teams.create(session, "Ventas")
        teams.set_members(session, team, [ana.id, eva.id])
        record = partial(audit_log.record, session)
        record("channel.assign", f"channel:{business.sms_channel_id}", before=None, after=99)
        record("product.remove", "product:99999999999999999999")
        record("saved_reply.save", "saved_reply:²")
    with transaction(business.business_id) as session:
        reply, product, channel, members, *_ = audit_log.entries(session)
    assert members.names == {f"agent:{ana.id}": "Ana Torres", f"agent:{eva.id}": "Eva Ruiz", f"team:{team}": "Ventas"}
    assert list(channel.names) == [f"agent:{ana.id}", f"channel:{business.sms_channel_id}"]
    assert [*product.names, *reply.names] == 2 * [f"agent:{ana.id}"]


def test_the_application_cannot_change_audit_entries(business: TestBusiness) -> None:
    person(business.business_id)
    with pytest.raises(Exception, match="permission denied"), transaction(business.business_id) as session:
        session.connection().exec_driver_sql("DELETE FROM audit_entries")
    assert rows("SELECT action FROM audit_entries") == [("session.open",)]
