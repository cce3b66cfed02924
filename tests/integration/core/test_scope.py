"""The scope of a transaction: its business and its actor."""

from __future__ import annotations

import pytest

from core.platform.db import in_business, system_transaction, transaction
from core.platform.scope import BOOTSTRAP_KEY, CLI, SYSTEM, Actor, Scope, current_scope
from tests.conftest import TestBusiness


@pytest.mark.parametrize(
    ("actor", "stored"),
    [
        (Actor.agent(3), "agent:3"),
        (Actor.api_key(2), "key:2"),
        (BOOTSTRAP_KEY, "key:bootstrap"),
        (CLI, "system:cli"),
        (SYSTEM, "system"),
    ],
)
def test_an_actor_is_stored_as_text_and_read_again(actor: Actor, stored: str) -> None:
    assert str(actor) == stored
    assert Actor.parse(stored) == actor


def test_a_transaction_knows_its_business_and_actor(business: TestBusiness) -> None:
    scope = Scope(business.business_id, Actor.agent(7))
    with transaction(scope) as session:
        assert current_scope(session) == scope
    with transaction(business.business_id) as session:
        assert current_scope(session) == Scope(business.business_id, SYSTEM)


def test_work_across_businesses_has_a_scope_only_while_it_enters_one(business: TestBusiness) -> None:
    with system_transaction() as session:
        with pytest.raises(RuntimeError, match="no business"):
            current_scope(session)
        with in_business(session, business.business_id):
            assert current_scope(session).business_id == business.business_id
        with pytest.raises(RuntimeError, match="no business"):
            current_scope(session)
