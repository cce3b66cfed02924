"""Teams: creation, members, channels and assignment of conversations."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from console.app_pages.teams import commands
from console.auth import NotAllowed
from core.accounts import teams
from core.accounts.teams import TeamFacts
from core.conversations import inbox_list, team_assignment
from core.conversations.assignment import Rules
from core.conversations.inbox_list import InboxFilter
from core.models import Role
from core.platform.db import transaction
from core.platform.errors import Conflict, NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import column, one, rows
from tests.support.desk import Desk
from tests.support.refusals import refused


def make(business: TestBusiness, name: str) -> int:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return teams.create(session, name)


def known(business: TestBusiness) -> Sequence[TeamFacts]:
    with transaction(business.business_id) as session:
        return teams.teams(session)


def set_members(business: TestBusiness, team_id: int, agent_ids: Sequence[int]) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        teams.set_members(session, team_id, agent_ids)


def give(business: TestBusiness, conversation_id: int, team_id: int | None) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        team_assignment.assign_team(session, conversation_id, team_id)


def test_set_members_replaces_the_members(business: TestBusiness) -> None:
    ana, bea = person(business.business_id), person(business.business_id, name="Bea Soto")
    sales = make(business, "  Sales   team ")
    set_members(business, sales, [ana.id, bea.id, ana.id])
    assert [(team.name, set(team.members)) for team in known(business)] == [("Sales team", {ana.id, bea.id})]
    set_members(business, sales, [])
    assert known(business)[0].members == []


def test_an_agent_of_another_business_cannot_be_a_member(business: TestBusiness) -> None:
    ana = person(business.business_id)
    sales = make(business, "Sales")
    set_members(business, sales, [ana.id])
    with pytest.raises(NotFound):
        set_members(business, sales, [ana.id + 1000])
    assert known(business)[0].members == [ana.id]


@pytest.mark.parametrize("name", [" ", "x" * 61])
def test_a_team_needs_a_name(business: TestBusiness, name: str) -> None:
    with refused("invalid_team_name"):
        make(business, name)


def test_a_name_is_unique_ignoring_case(business: TestBusiness) -> None:
    make(business, "Sales")
    returns = make(business, "Returns")
    with refused("team_name_taken"):
        make(business, "SALES")
    with refused("team_name_taken"), transaction(Scope(business.business_id, Actor.agent(1))) as session:
        teams.rename(session, returns, "sales")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        teams.rename(session, returns, "RETURNS")
    assert [team.name for team in known(business)] == ["RETURNS", "Sales"]


def test_the_list_can_be_filtered_by_team_until_it_is_removed(business: TestBusiness) -> None:
    sales = make(business, "Sales")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    conversation(business.business_id, business.whatsapp_channel_id, name="Bea")
    give(business, talk, sales)
    give(business, talk, sales)
    with transaction(business.business_id) as session:
        found = inbox_list.page(session, InboxFilter(team=sales), 0).rows
    assert [row.id for row in found] == [talk]
    assert known(business)[0].open_conversations == 1
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        teams.remove(session, sales)
    assert one(f"SELECT team_id FROM conversations WHERE id = {talk}") is None
    assert column("SELECT action FROM audit_entries ORDER BY id") == ["team.create", "conversation.team", "team.remove"]


def test_a_closed_conversation_and_an_unknown_team_are_refused(business: TestBusiness) -> None:
    sales = make(business, "Sales")
    closed = conversation(business.business_id, business.whatsapp_channel_id, status="closed")
    talk = conversation(business.business_id, business.whatsapp_channel_id, name="Bea")
    with pytest.raises(Conflict):
        give(business, closed, sales)
    with pytest.raises(NotFound):
        give(business, talk, sales + 1000)


def test_an_administrator_creates_renames_fills_and_removes_a_team(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    page = desk.open().switch_page("app_pages/teams/page.py")
    desk.run()
    assert "no team yet" in page.info[0].value
    page.text_input(key="team_name").set_value("Sales")
    page.form_submit_button[0].click()
    desk.run()
    (sales,) = known(business)
    page.text_input(key=f"name_{sales.id}").set_value("Returns")
    page.multiselect(key=f"members_{sales.id}").set_value([desk.person.id])
    desk.run()
    assert [(team.name, team.members) for team in known(business)] == [("Returns", [desk.person.id])]
    page.text_input(key="team_name").set_value("returns")
    page.form_submit_button[0].click()
    desk.run()
    assert "already" in page.error[0].value
    page.button(key=f"remove_{sales.id}").click()
    desk.run()
    assert known(business) == []


def test_an_administrator_sets_the_assignment_rules(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    sales, returns = make(business, "Sales"), make(business, "Returns")
    desk = Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    page = desk.open().switch_page("app_pages/teams/page.py")
    desk.run()
    page.number_input(key="max_open").set_value(3)
    page.multiselect(key=f"channels_{sales}").set_value([business.whatsapp_channel_id])
    desk.run()
    assert rows("SELECT auto_assign, max_open FROM businesses") == [(True, 3)]
    assert one("SELECT team_id FROM channels WHERE team_id IS NOT NULL") == sales
    (name,) = column(f"SELECT name FROM channels WHERE id = {business.whatsapp_channel_id}")
    assert name in page.multiselect(key=f"channels_{sales}").options
    assert name not in page.multiselect(key=f"channels_{returns}").options
    page.toggle(key="automatic").set_value(False)
    desk.run()
    assert rows("SELECT auto_assign, max_open FROM businesses") == [(False, 3)]
    assert page.number_input(key="max_open").disabled


def test_a_channel_has_one_team_of_its_own_business(business: TestBusiness) -> None:
    sales, returns = make(business, "Sales"), make(business, "Returns")
    channel = business.whatsapp_channel_id

    def set_channels(team_id: int, wanted: list[int]) -> None:
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            teams.set_channels(session, team_id, wanted)

    set_channels(sales, [channel])
    set_channels(returns, [channel])
    assert {team.id: team.channels for team in known(business)} == {sales: [], returns: [channel]}
    with pytest.raises(NotFound):
        set_channels(returns, [channel + 1000])
    set_channels(returns, [])
    assert one("SELECT count(*) FROM channels WHERE team_id IS NOT NULL") == 0


def test_a_manager_can_only_read(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    sales = make(business, "Sales")
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    page = desk.open().switch_page("app_pages/teams/page.py")
    desk.run()
    assert [one.value for one in page.subheader] == [
        "When the bot hands over",
        "Which conversations agents see",
        "Sales",
    ]
    assert "Each available agent is assigned up to 10 open conversations." in [one.value for one in page.text]
    assert not page.text_input
    for act in (
        lambda: commands.create("Returns"),
        lambda: commands.rename(sales, "Returns"),
        lambda: commands.remove(sales),
        lambda: commands.set_channels(sales, [business.whatsapp_channel_id]),
        lambda: commands.set_rules(Rules(False, 1)),
        lambda: commands.set_members(sales, []),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_the_inbox_assigns_to_a_team_and_filters_by_it(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    sales = make(business, "Sales")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    conversation(business.business_id, business.whatsapp_channel_id, name="Bea")
    desk = Desk(person(business.business_id), monkeypatch)
    desk.open(talk)
    desk.act("team", talk, value=sales)
    assert one(f"SELECT team_id FROM conversations WHERE id = {talk}") == sales
    assert "Ana Torres assigned it to the team Sales" in [line["text"] for line in desk.component("thread")["lines"]]
    assert [row["id"] for row in desk.rows(team=sales)] == [talk]
