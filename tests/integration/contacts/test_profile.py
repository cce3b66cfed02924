"""A customer's profile."""

from __future__ import annotations

import pytest

from core.messaging.contacts import profile
from core.platform.db import transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import conversation
from tests.support.database import one, state_of
from tests.support.inbound import customer_writes
from tests.support.refusals import refused


def test_a_profile_has_addresses_and_past_conversations(business: TestBusiness) -> None:
    talk = customer_writes("Hola")
    contact_id = state_of(talk).contact_id
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        profile.rename(session, contact_id, "  Ana   Torres ")
        profile.describe(session, contact_id, " Prefiere la tarde ")
        found = profile.read(session, contact_id)
    assert (found.name, found.about) == ("Ana Torres", "Prefiere la tarde")
    assert [(one.kind, one.address) for one in found.identities] == [("whatsapp", "5491155550001")]
    assert [(past.id, past.last_text) for past in found.past] == [(talk, "Hola")]
    assert one("SELECT count(*) FROM audit_entries WHERE action LIKE 'contact.%'") == 2


def test_a_name_set_by_an_agent_is_not_overwritten(business: TestBusiness) -> None:
    talk = customer_writes("Hola")
    contact_id = state_of(talk).contact_id
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        profile.rename(session, contact_id, "Sra. Torres")
    customer_writes("Hola otra vez")
    with transaction(business.business_id) as session:
        assert profile.read(session, contact_id).name == "Sra. Torres"


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_names_have_bounds(business: TestBusiness, name: str) -> None:
    contact_id = state_of(customer_writes()).contact_id
    with transaction(Scope(business.business_id, Actor.agent(1))) as session, refused("invalid_profile"):
        profile.rename(session, contact_id, name)


def test_nobody_and_another_business_are_not_found(business: TestBusiness) -> None:
    contact_id = state_of(conversation(business.business_id, business.whatsapp_channel_id)).contact_id
    for business_id, wanted in ((business.business_id, 999_999), (business.business_id + 1, contact_id)):
        with transaction(business_id) as session, pytest.raises(NotFound):
            profile.read(session, wanted)
