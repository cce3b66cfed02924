"""The pages about people, one's own account, and the audit log."""

from __future__ import annotations

import time

import pyotp
import pytest

from console.app_pages.account.user_agent import recognise
from console.app_pages.people import commands
from console.auth import NotAllowed
from core.accounts import teams, user_admin
from core.cli.__main__ import main
from core.models import Role
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import PASSWORD, person
from tests.support.database import column, one, rows
from tests.support.desk import Desk


def at(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role, name: str) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.open().switch_page(f"app_pages/{name}/page.py")
    desk.run()
    return desk


def test_an_administrator_invites_and_changes_a_role(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    bea = person(business.business_id, name="Bea Soto")
    desk = at(business, monkeypatch, Role.ADMINISTRATOR, "people")
    page = desk.page
    page.text_input(key="invite_name").set_value("Eva Ruiz")
    page.text_input(key="invite_email").set_value("eva@desk.example")
    page.segmented_control(key="invite_role").set_value(Role.MANAGER)
    page.form_submit_button[0].click()
    desk.run()
    (link,) = [code.value for code in page.code]
    assert "/auth/link?token=" in link
    assert rows("SELECT name, role FROM agents WHERE email = 'eva@desk.example'") == [("Eva Ruiz", "manager")]
    page.selectbox(key=f"role_{bea.id}").set_value(Role.MANAGER)
    desk.run()
    assert one(f"SELECT role FROM agents WHERE id = {bea.id}") == "manager"
    assert not page.code, "the link is shown once"


def test_everybody_is_known_with_their_teams(business: TestBusiness) -> None:
    ana, bea = person(business.business_id), person(business.business_id, name="Bea Soto")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        for name in ("Ventas", "garantías"):
            team_id = teams.create(session, name)
            teams.set_members(session, team_id, [bea.id])
        of = {one.id: list(one.teams) for one in user_admin.everyone(session)}
    assert of == {ana.id: [], bea.id: ["garantías", "Ventas"]}


def test_what_cannot_be_done_is_said(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch, Role.ADMINISTRATOR, "people")
    desk.page.selectbox(key=f"role_{desk.person.id}").set_value(Role.AGENT)
    desk.run()
    assert ["last administrator" in error.value for error in desk.page.error] == [True]
    assert one("SELECT role FROM agents") == "administrator"


def test_a_manager_looks_and_an_agent_does_not(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch, Role.MANAGER, "people")
    assert not desk.page.selectbox
    assert not desk.page.text_input
    with pytest.raises(ValueError, match="people"):
        at(business, monkeypatch, Role.AGENT, "people")


@pytest.mark.parametrize("role", [Role.AGENT, Role.MANAGER])
def test_only_administrators_act(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    Desk(person(business.business_id, role=role), monkeypatch)
    for act in (
        lambda: commands.invite("Eva", "eva@desk.example", Role.AGENT),
        lambda: commands.new_link(1),
        lambda: commands.set_role(1, Role.ADMINISTRATOR),
        lambda: commands.disable(1),
        lambda: commands.enable(1),
        lambda: commands.reset_second_factor(1),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_the_audit_log_in_words_filtered_and_empty(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch, Role.MANAGER, "audit")
    (table,) = desk.page.table
    assert list(table.value["What"]) == ["Signed in"]
    desk.page.selectbox(key="audit_area").set_value("queue")
    desk.run()
    assert not desk.page.table
    assert "Nothing was recorded" in desk.page.info[0].value


def test_turning_the_second_step_on_and_off(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch, Role.AGENT, "account")
    page = desk.page
    next(button for button in page.button if button.label == "Turn on").click()
    desk.run()
    secret = page.code[0].value
    page.text_input(key="first_code").set_value(pyotp.TOTP(secret).at(time.time()))
    page.text_input(key="first_password").set_value("not the password")
    page.form_submit_button[-1].click()
    desk.run()
    assert page.error and one("SELECT totp FROM agents") is None, "a session alone turns nothing on"
    page.text_input(key="first_password").set_value(PASSWORD)
    page.text_input(key="first_code").set_value("000000")
    page.form_submit_button[-1].click()
    desk.run()
    assert "incorrect" in page.error[0].value
    page.text_input(key="first_code").set_value(pyotp.TOTP(secret).at(time.time()))
    page.form_submit_button[-1].click()
    desk.run()
    assert len(page.code[0].value.split()) == 10
    desk.run()
    page.text_input(key="second_password").set_value(PASSWORD)
    page.form_submit_button[-1].click()
    desk.run()
    assert one("SELECT totp FROM agents") is None


def test_browsers_are_recognised() -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126 Safari/537.36 Edg/126"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile Safari/604.1"
    assert [recognise(one) for one in (edge, phone, "curl/8")] == [("Edge", "Windows"), ("Safari", "iPhone"), None]


def test_people_by_command(business: TestBusiness, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users", "add", "eva@desk.example", "--name", "Eva", "--role", "administrator"]) == 0
    assert "/auth/link?token=" in capsys.readouterr().out
    assert main(["users", "role", "Eva@desk.example", "agent"]) == 2
    assert "last administrator" in capsys.readouterr().err
    assert main(["users", "add", "bea@desk.example", "--role", "administrator"]) == 0
    for command in (["role", "eva@desk.example", "manager"], ["disable", "eva@desk.example"]):
        assert main(["users", *command]) == 0
    capsys.readouterr()
    assert main(["users", "list"]) == 0
    assert "eva@desk.example\tmanager\tdisabled\tEva" in capsys.readouterr().out
    for command in (["enable", "eva@desk.example"], ["link", "eva@desk.example"], ["reset-totp", "eva@desk.example"]):
        assert main(["users", *command]) == 0
    assert main(["users", "disable", "nobody@desk.example"]) == 2
    assert set(column("SELECT actor FROM audit_entries")) == {"system:cli"}
