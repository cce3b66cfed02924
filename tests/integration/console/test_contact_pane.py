"""What is done to a conversation and its customer: merging with undo, facts, permission to write, channels."""

from __future__ import annotations

import uuid

import pytest

from console import auth
from console.app_pages.inbox import contact_commands
from console.auth import NotAllowed
from core.messaging.contacts import profile
from core.models import Role
from core.platform.db import transaction
from tests.factories import conversation, person, says
from tests.support.database import column, one, rows, state_of
from tests.support.desk import Desk


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id), monkeypatch)


@pytest.fixture
def talk(business) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id, name="Daniela Cruz")


def facts(business, talk: int) -> list[tuple[str, str]]:
    with transaction(business.business_id) as session:
        return list(profile.read(session, state_of(talk).contact_id).fields)


def test_two_contacts_become_one_and_two_again(desk, business, talk) -> None:
    other = conversation(business.business_id, business.sms_channel_id, name="Daniela Cruz")
    keep, merged = state_of(talk).contact_id, state_of(other).contact_id
    (candidate,) = desk.act("candidates", talk, contact=keep)["found"]["contacts"]
    assert (candidate["id"], candidate["kept"]) == (merged, "Daniela Cruz")
    told = desk.act("merge", talk, contact=keep, value=merged, name=candidate["name"])
    assert told["undo"]["said"] == "Merged with Daniela Cruz"
    assert set(column("SELECT contact_id FROM conversations")) == {keep}
    desk.act("undo", talk, value=told["undo"]["token"])
    assert state_of(other).contact_id == merged
    assert one("SELECT count(*) FROM contact_merges WHERE undone_at IS NOT NULL") == 1


def test_somebody_else_is_found_by_words(desk, business, talk) -> None:
    other = conversation(business.business_id, business.sms_channel_id, name="Zoe Paz")
    contact = state_of(talk).contact_id
    assert desk.act("candidates", talk, contact=contact)["found"] == {"name": "Daniela Cruz", "contacts": []}
    key = str(uuid.uuid4())
    assert desk.act("candidates", talk, key=key, contact=contact, text="bea")["found"]["contacts"] == []
    conversation(business.business_id, business.sms_channel_id, name="Bea Paz")
    (new,) = desk.act("candidates", talk, key=key, contact=contact, text="bea")["found"]["contacts"]
    assert new["name"] == "Bea Paz", "what is read is not remembered"
    (found,) = desk.act("candidates", talk, contact=contact, text="zoe")["found"]["contacts"]
    assert (found["id"], found["name"]) == (state_of(other).contact_id, "Zoe Paz")


def test_facts_are_added_corrected_and_taken_away(desk, business, talk) -> None:
    desk.open(talk)
    for value in ("A-17", "A-18", ""):
        desk.act("field", talk, contact=state_of(talk).contact_id, name="Order", value=value)
        kept = [("Order", value)] if value else []
        assert facts(business, talk) == kept
        assert desk.component("customer")["fields"] == [list(one) for one in kept]


def test_what_is_too_long_is_refused_in_plain_words_and_changes_nothing(desk, business, talk) -> None:
    desk.open(talk)
    answer = desk.act("field", talk, contact=state_of(talk).contact_id, name="Order", value="x" * 501)
    assert facts(business, talk) == []
    assert "500" in answer["error"]


def test_what_was_done_is_not_done_again_when_it_is_told_again(desk, business, talk) -> None:
    """A browser that lost an answer repeats its command with the same key."""
    desk.open(talk)
    first = {"key": str(uuid.uuid4()), "contact": state_of(talk).contact_id, "name": "Order", "value": "1"}
    desk.act("field", talk, **first)
    desk.act("field", talk, **{**first, "key": str(uuid.uuid4()), "value": "2"})
    assert desk.act("field", talk, **first) == {"said": "", "undo": None, "open": None, "found": None}
    assert facts(business, talk) == [("Order", "2")]


def test_a_manager_writes_down_that_a_customer_wants_silence(business, talk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open(talk)
    assert desk.component("customer")["manages"]
    for silent in (True, False):
        desk.act("silence", talk, contact=state_of(talk).contact_id, kind="whatsapp", value=silent)
        assert one("SELECT opted_out_at IS NOT NULL FROM contact_identities") is silent
    assert column("SELECT action FROM audit_entries WHERE action LIKE 'contact.%' ORDER BY id") == [
        "contact.opt_out",
        "contact.opt_in",
    ]


def test_an_agent_neither_sees_nor_does_it(desk, business, talk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open(talk)
    contact = state_of(talk).contact_id
    assert not desk.component("customer")["manages"]
    desk.act("silence", talk, contact=contact, kind="whatsapp", value=True)
    assert one("SELECT opted_out_at IS NULL FROM contact_identities")
    monkeypatch.setattr(auth, "token", lambda: desk.person.token)
    with pytest.raises(NotAllowed):
        contact_commands.set_opted_out(contact, "whatsapp", opted_out=True)


def test_the_head_leads_to_the_customer_on_another_channel(desk, business, talk) -> None:
    contact_id = state_of(talk).contact_id
    rows(
        "INSERT INTO contact_identities (business_id, contact_id, kind, address)"
        " VALUES (:business, :contact, 'sms', '+541155550001')",
        business=business.business_id,
        contact=contact_id,
    )
    desk.open(talk)
    way = next(one for one in desk.component("head")["ways"] if "+541155550001" in one["words"])
    there = desk.act("switch", talk, channel=way["channel"], identity=way["identity"])["open"]
    assert there != talk
    assert state_of(there).channel_id == business.sms_channel_id


def test_what_is_marked_as_unread_stays_so(desk, business, talk) -> None:
    says(business.business_id, talk, "Hello?")
    desk.open(talk)
    desk.act("seen", talk)
    assert state_of(talk).unread_count == 0
    desk.act("unread", talk)
    assert state_of(talk).unread_count > 0
