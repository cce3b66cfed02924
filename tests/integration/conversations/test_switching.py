"""Continuing with a customer on another channel."""

from __future__ import annotations

import pytest

from core.conversations import channel_switch, lifecycle
from core.platform.db import transaction
from core.platform.errors import Conflict, NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import column, one, rows, state_of
from tests.support.inbound import customer_writes
from tests.support.outbox import say
from tests.support.refusals import refused


@pytest.fixture
def talk(business: TestBusiness) -> int:
    """A WhatsApp conversation with a customer who also has an SMS address."""
    talk = customer_writes("Hola")
    rows(
        "INSERT INTO contact_identities (business_id, contact_id, kind, address)"
        " SELECT business_id, contact_id, 'sms', '+5491155550001' FROM conversations"
    )
    return talk


def sms(business: TestBusiness, talk: int) -> channel_switch.AlternativeAddress:
    with transaction(business.business_id) as session:
        return next(
            one for one in channel_switch.alternatives(session, talk) if one.channel_id == business.sms_channel_id
        )


def go_on(business: TestBusiness, talk: int, channel_id: int, identity_id: int) -> int:
    agent = person(business.business_id)
    with transaction(Scope(business.business_id, Actor.agent(agent.id))) as session:
        return channel_switch.continue_on(session, talk, channel_id, identity_id, agent.id)


def test_another_conversation_is_opened_and_assigned_to_the_agent(business: TestBusiness, talk: int) -> None:
    way = sms(business, talk)
    assert (way.address, way.open_id) == ("+5491155550001", None)
    there = go_on(business, talk, way.channel_id, way.identity_id)
    now = state_of(there)
    assert (now.contact_id, now.kind, now.mode) == (state_of(talk).contact_id, "sms", "human")
    assert now.assignee_id is not None
    assert say(business.business_id, there)
    assert state_of(talk).status == "open"
    assert column("SELECT payload ->> 'event' FROM messages WHERE type = 'event' ORDER BY id")[-2:] == [
        "continues",
        "continued",
    ]


def test_an_open_conversation_is_reused(business: TestBusiness, talk: int) -> None:
    way = sms(business, talk)
    there = go_on(business, talk, way.channel_id, way.identity_id)
    assert sms(business, talk).open_id == there
    assert go_on(business, talk, way.channel_id, way.identity_id) == there
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.close(session, there)
    assert go_on(business, talk, way.channel_id, way.identity_id) != there


def test_an_opted_out_address_is_refused(business: TestBusiness, talk: int) -> None:
    way = sms(business, talk)
    rows("UPDATE contact_identities SET opted_out_at = now() WHERE kind = 'sms'")
    with refused("opted_out"):
        go_on(business, talk, way.channel_id, way.identity_id)
    assert one("SELECT count(*) FROM conversations") == 1


def test_other_peoples_addresses_and_unused_channels_are_refused(business: TestBusiness, talk: int) -> None:
    way = sms(business, talk)
    stranger = state_of(conversation(business.business_id, business.whatsapp_channel_id)).identity_id
    with pytest.raises(NotFound):
        go_on(business, talk, business.whatsapp_channel_id, stranger)
    with pytest.raises(Conflict):
        go_on(business, talk, business.whatsapp_channel_id, way.identity_id)
    rows("UPDATE channels SET state = 'disabled' WHERE kind = 'sms'")
    with pytest.raises(Conflict):
        go_on(business, talk, way.channel_id, way.identity_id)
    with transaction(business.business_id) as session:
        assert business.sms_channel_id not in {one.channel_id for one in channel_switch.alternatives(session, talk)}


def test_another_business_has_no_alternatives(business: TestBusiness, talk: int) -> None:
    with transaction(business.business_id + 1) as session:
        assert channel_switch.alternatives(session, talk) == []
