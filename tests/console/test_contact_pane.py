"""The customer's pane: merging with undo, facts, permission to write, and the pane as a drawer."""

from __future__ import annotations

from typing import Any

import pytest

from console import auth
from console.actions import contacts
from console.auth import NotAllowed
from core.contacts import profile
from core.db import transaction
from core.models import Role
from tests.console.people import conversation, person, state_of
from tests.console.test_pages import Desk
from tests.inbox.steps import column, one, rows


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id), monkeypatch)


@pytest.fixture
def talk(business) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id, name="Daniela Cruz")


def facts(business, talk: int) -> list[tuple[str, str]]:
    with transaction(business.business_id) as session:
        return list(profile.read(session, state_of(talk).contact_id).fields)


def shown(page: Any, label: str) -> Any:
    """The text input of this name: its key changes with what the database says."""
    (found,) = [one for one in page.text_input if one.label == label]
    return found


def test_two_contacts_become_one_and_two_again(desk, business, talk) -> None:
    other = conversation(business.business_id, business.sms_channel_id, name="Daniela Cruz")
    keep, merged = state_of(talk).contact_id, state_of(other).contact_id
    page = desk.open(talk)
    page.button(key="merge_ask").click()
    desk.run()
    page.radio(key="merge_with").set_value(merged)
    desk.run()
    page.button(key="merge_do").click()
    desk.run()
    assert set(column("SELECT contact_id FROM conversations")) == {keep}
    page.button(key="undo").click()
    desk.run()
    assert state_of(other).contact_id == merged
    assert one("SELECT count(*) FROM contact_merges WHERE undone_at IS NOT NULL") == 1
    assert "undo" not in {button.key for button in page.button}


def test_somebody_else_is_found_by_words(desk, business, talk) -> None:
    other = conversation(business.business_id, business.sms_channel_id, name="Zoe Paz")
    page = desk.open(talk)
    page.button(key="merge_ask").click()
    desk.run()
    assert not page.radio
    page.text_input(key="merge_words").set_value("zoe")
    desk.run()
    assert page.radio(key="merge_with").options == ["Zoe Paz"]
    assert state_of(other).contact_id


def test_facts_are_added_corrected_and_taken_away(desk, business, talk) -> None:
    page = desk.open(talk)
    page.text_input(key="fact_name").set_value("Order")
    page.text_input(key="fact_value").set_value("A-17")
    page.button(key="fact_keep").click()
    desk.run()
    assert facts(business, talk) == [("Order", "A-17")]
    shown(page, "Order").set_value("A-18")
    desk.run()
    assert facts(business, talk) == [("Order", "A-18")]
    shown(page, "Order").set_value("")
    desk.run()
    assert facts(business, talk) == []


def test_a_fact_needs_both_halves(desk, business, talk) -> None:
    page = desk.open(talk)
    page.text_input(key="fact_name").set_value("Order")
    page.button(key="fact_keep").click()
    desk.run()
    assert facts(business, talk) == []
    assert page.toast[0].value == "Write both what it is and its value."


def test_a_manager_writes_down_that_a_customer_wants_silence(business, talk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    page = desk.open(talk)
    page.button(key="consent_whatsapp").click()
    desk.run()
    assert one("SELECT opted_out_at IS NOT NULL FROM identities")
    page.button(key="consent_whatsapp").click()
    desk.run()
    assert one("SELECT opted_out_at IS NULL FROM identities")
    assert column("SELECT action FROM audit_log WHERE action LIKE 'contact.%' ORDER BY id") == [
        "contact.opt_out",
        "contact.opt_in",
    ]


def test_an_agent_neither_sees_nor_does_it(desk, business, talk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = desk.open(talk)
    assert "consent_whatsapp" not in {button.key for button in page.button}
    monkeypatch.setattr(auth, "token", lambda: desk.person.token)
    with pytest.raises(NotAllowed):
        contacts.set_opted_out(state_of(talk).contact_id, "whatsapp", True)


def test_the_pane_opens_as_a_drawer(desk, talk) -> None:
    page = desk.open(talk)
    page.button(key="customer_drawer").click()
    desk.run()
    assert page.session_state["customer_shown"] == talk
    assert shown(page, "Name").value == "Daniela Cruz"


def test_the_head_leads_to_the_customer_on_another_channel(desk, business, talk) -> None:
    contact_id = state_of(talk).contact_id
    rows(
        "INSERT INTO identities (business_id, contact_id, kind, address)"
        " VALUES (:business, :contact, 'sms', '+541155550001')",
        business=business.business_id,
        contact=contact_id,
    )
    page = desk.open(talk)
    (menu,) = [one for one in page.get("menu_button") if "switch" in one.proto.id]
    assert any("+541155550001" in option for option in menu.proto.options)
