"""Drafts that wait for approval, and explanations of runs."""

from __future__ import annotations

import pytest

from core.conversations import pending_draft
from core.conversations.pending_draft import PendingDraft
from core.platform.db import transaction
from core.platform.errors import Conflict, NotFound
from core.platform.scope import Actor, Scope
from core.replies import drafts, explanations
from core.replies.decision import Reply, Trace
from core.types import Passage
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes
from tests.support.outbox import say
from tests.support.pending_replies import begin, claim, finish
from tests.support.refusals import refused

TRACE = Trace(
    "model",
    model="gpt-6-luna",
    passages=(Passage("qa-1", "Horario", "Abrimos a las 9.", 0.9), Passage("qa-2", "Dirección", "Calle 1", 0.2)),
    sources=("qa-1",),
    unknown_sources=("kb-9",),
    confidence={"model": 0.8, "threshold": 0.6},
    topics=("horario",),
)


@pytest.fixture
def talk(business: TestBusiness) -> int:
    """A conversation with a pending draft."""
    conversation_id = customer_writes("¿A qué hora abren?")
    turn, reply_context = begin()
    assert finish(turn, reply_context, Reply("Abrimos a las 9.", draft=True, trace=TRACE))
    return conversation_id


def pending(business: TestBusiness, talk: int) -> PendingDraft | None:
    with transaction(business.business_id) as session:
        return pending_draft.pending(session, talk)


def approve(business: TestBusiness, run_id: int) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        drafts.approve(session, run_id)


def run_of(business: TestBusiness, talk: int) -> int:
    found = pending(business, talk)
    assert found is not None
    return found.run_id


def test_a_draft_is_pending_until_decided(business: TestBusiness, talk: int) -> None:
    found = pending(business, talk)
    assert found is not None
    assert (found.text, found.overtaken) == ("Abrimos a las 9.", False)
    customer_writes("¿Hola?")
    again = pending(business, talk)
    assert again is not None
    assert again.overtaken


def test_an_approved_draft_is_sent_as_the_bot_and_the_bot_continues(business: TestBusiness, talk: int) -> None:
    run_id = run_of(business, talk)
    approve(business, run_id)
    assert column("SELECT text FROM messages WHERE sender = 'bot'") == ["Abrimos a las 9."]
    assert rows("SELECT mode, handoff_reason FROM conversations") == [("bot", None)]
    assert one("SELECT answers FROM deliveries"), "the customer waits until it was sent"
    assert one("SELECT message_id FROM ai_runs") == one("SELECT id FROM messages WHERE sender = 'bot'")
    assert pending(business, talk) is None
    customer_writes("¿Y el domingo?")
    assert len(claim()) == 1, "the next question is the bot's again"


def test_a_draft_is_sent_once(business: TestBusiness, talk: int) -> None:
    run_id = run_of(business, talk)
    approve(business, run_id)
    with pytest.raises(Conflict):
        approve(business, run_id)
    assert one("SELECT count(*) FROM messages WHERE sender = 'bot'") == 1


@pytest.mark.parametrize(("edited", "outcome"), [(True, "draft_edited"), (False, "draft_discarded")])
def test_a_discarded_draft_leaves_the_conversation_with_people(
    business: TestBusiness, talk: int, edited: bool, outcome: str
) -> None:
    run_id = run_of(business, talk)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        words = drafts.set_aside(session, run_id, edited=edited)
    assert words == "Abrimos a las 9."
    assert one("SELECT outcome FROM ai_runs") == outcome
    assert one("SELECT mode FROM conversations") == "human"
    assert pending(business, talk) is None
    with pytest.raises(Conflict):
        approve(business, run_id)


def test_an_agents_answer_ends_the_draft(business: TestBusiness, talk: int) -> None:
    rows("UPDATE ai_runs SET created_at = created_at - interval '1 second'")
    say(business.business_id, talk, "Ya le respondo yo.")
    assert pending(business, talk) is None


def test_a_draft_that_cannot_be_sent_stays_pending(business: TestBusiness, talk: int) -> None:
    run_id = run_of(business, talk)
    rows("UPDATE contact_identities SET opted_out_at = now()")
    with refused("opted_out"):
        approve(business, run_id)
    assert run_of(business, talk) == run_id


def test_other_businesses_and_other_runs_have_no_draft(business: TestBusiness, talk: int) -> None:
    run_id = run_of(business, talk)
    with pytest.raises(NotFound), transaction(Scope(business.business_id + 1, Actor.agent(1))) as session:
        drafts.approve(session, run_id)
    rows("UPDATE ai_runs SET trace = '{}'")
    with pytest.raises(NotFound):
        approve(business, run_id)


def test_a_run_explains_itself(business: TestBusiness, talk: int) -> None:
    approve(business, run_of(business, talk))
    message_id = one("SELECT id FROM messages WHERE sender = 'bot'")
    with transaction(business.business_id) as session:
        why = explanations.of_message(session, message_id)
        unknown = explanations.of_message(session, message_id + 1)
    assert unknown is None
    assert why is not None
    assert (why.decided_by, why.outcome, why.threshold, why.cost_usd) == ("model", "draft_sent", 0.6, None)
    assert [(source.id, source.used) for source in why.sources] == [("qa-1", True), ("qa-2", False)]
    assert list(why.invented_sources) == ["kb-9"]
