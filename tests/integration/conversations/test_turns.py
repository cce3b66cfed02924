"""Pending replies: one answer to the latest messages, by one worker, unless a person answers first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.bots import versions
from core.bots.llm.types import Usage
from core.bots.settings import BotSettings
from core.conversations import lifecycle
from core.models import Sender
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from core.replies import pending_replies
from core.replies.decision import BotOff, HandOff, NoReplyNeeded, Reply, Trace
from core.replies.handoff_rules import Reason
from tests.conftest import TestBusiness
from tests.support.database import column, force_rescans, one, rows
from tests.support.inbound import customer_writes
from tests.support.outbox import LEASE, say, send_all
from tests.support.pending_replies import ANSWER, TRACE, begin, claim, claim_one, finish, prepare


def test_a_claim_respects_its_limit_under_any_join_order(business: TestBusiness) -> None:
    for number in range(5):
        customer_writes(f"Hola {number}", sender=f"549115555000{number}")
    rows("UPDATE pending_replies SET due_at = now()")
    with system_transaction() as session:
        force_rescans(session)
        assert len(pending_replies.claim(session, 2, LEASE)) == 2


def said() -> list[str]:
    return column("SELECT text FROM messages WHERE sender = 'bot' ORDER BY id")


def expire() -> None:
    rows("UPDATE pending_replies SET leased_until = now() - interval '1 second'")


def test_a_courtesy_needs_no_answer(business: TestBusiness) -> None:
    customer_writes("👍")
    turn, reply_context = begin()
    assert finish(turn, reply_context, NoReplyNeeded(TRACE))
    assert said() == []
    assert rows("SELECT waiting_since, mode, assignee_id FROM conversations") == [(None, "bot", None)]
    assert column("SELECT outcome FROM ai_runs") == ["nothing_owed"]


def test_an_answer_is_queued_and_its_run_recorded(business: TestBusiness) -> None:
    customer_writes("¿A qué hora abren?")
    turn, reply_context = begin()
    assert reply_context.request.turns[-1].text == "¿A qué hora abren?"
    assert finish(turn, reply_context)
    assert said() == ["Abrimos a las 9."]
    assert rows("SELECT waiting_since IS NOT NULL, bot_turns, mode FROM conversations") == [(True, 1, "bot")]
    send_all()
    assert one("SELECT waiting_since FROM conversations") is None
    assert rows("SELECT outcome, message_id = (SELECT max(id) FROM messages), input_tokens FROM ai_runs") == [
        ("reply", True, 100)
    ]
    assert one("SELECT count(*) FROM pending_replies") == 0


def test_the_next_reply_knows_the_last_sentiment_until_an_agent_answers(business: TestBusiness) -> None:
    customer_writes("llegó roto")
    turn, reply_context = begin()
    assert reply_context.request.last_sentiment is None
    assert finish(turn, reply_context, replace(ANSWER, trace=replace(TRACE, sentiment="negative")))
    customer_writes("sigue roto")
    turn, reply_context = begin()
    assert reply_context.request.last_sentiment == "negative"
    rows("UPDATE conversations SET bot_turns = 0")
    assert prepare(turn).request.last_sentiment is None


def test_a_reply_is_claimed_by_one_worker(business: TestBusiness) -> None:
    for n in range(20):
        customer_writes(sender=f"54911{n:08}")
    rows("UPDATE pending_replies SET due_at = now()")
    taken: list[int] = []

    def work() -> None:
        while True:
            with system_transaction() as session:
                found = pending_replies.claim(session, 3, LEASE)
            if not found:
                return
            taken.extend(turn.conversation_id for turn in found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == len(set(taken)) == 20


def test_a_reply_is_not_due_before_the_quiet_window(business: TestBusiness) -> None:
    customer_writes()
    rows("UPDATE pending_replies SET due_at = now() + interval '1 minute'")
    with system_transaction() as session:
        assert pending_replies.claim(session, 10, LEASE) == []


def test_a_newer_message_discards_the_answer_and_the_next_one_covers_both(business: TestBusiness) -> None:
    customer_writes("¿A qué hora abren?")
    turn, reply_context = begin()
    customer_writes("¿Y los sábados?")
    assert claim() == [], "it is still being thought about"
    assert not finish(turn, reply_context)
    assert said() == []
    assert one("SELECT outcome FROM ai_runs") == "stale", "it cost money all the same"
    turn, reply_context = begin()
    assert turn.attempts == 1, "nothing had gone wrong"
    assert [one.text for one in reply_context.request.turns] == ["¿A qué hora abren?", "¿Y los sábados?"]
    assert finish(turn, reply_context)
    assert len(said()) == 1


def test_a_takeover_discards_the_answer(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    turn, reply_context = begin()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.take_over(session, conversation_id, None)
    assert not finish(turn, reply_context)
    assert said() == []


def test_a_takeover_waits_while_the_answer_is_written(business: TestBusiness) -> None:
    """Both lock the conversation first, so they cannot deadlock."""
    conversation_id = customer_writes()
    turn, reply_context = begin()
    both_ready, failures = threading.Barrier(2), []

    def run(step: Callable[[], object]) -> None:
        both_ready.wait()
        try:
            step()
        except Exception as error:
            failures.append(error)

    def take_over() -> None:
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            lifecycle.take_over(session, conversation_id, None)

    threads = [threading.Thread(target=run, args=(step,)) for step in (take_over, lambda: finish(turn, reply_context))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    assert one("SELECT mode FROM conversations") == "human"
    assert len(said()) <= 1


def test_a_lost_lease_discards_the_answer(business: TestBusiness) -> None:
    customer_writes()
    turn, reply_context = begin()
    expire()
    other, others_context = begin()
    assert not finish(turn, reply_context)
    assert finish(other, others_context)
    assert len(said()) == 1


def test_an_expired_lease_counts_until_it_is_claimed_again(business: TestBusiness) -> None:
    customer_writes()
    turn, reply_context = begin()
    expire()
    assert finish(turn, reply_context)
    assert len(said()) == 1


def test_renewing_keeps_the_lease_of_a_slow_reply(business: TestBusiness) -> None:
    customer_writes()
    turn, _ = begin()
    expire()
    with system_transaction() as session:
        pending_replies.renew(session, [turn], LEASE)
    assert claim() == []


def test_renewing_does_not_wait_for_a_locked_row(business: TestBusiness) -> None:
    first, second = customer_writes(), customer_writes(sender="5491155550002")
    held = claim()
    with system_transaction() as using:
        using.connection().exec_driver_sql(f"SELECT FROM pending_replies WHERE conversation_id = {first} FOR UPDATE")
        with system_transaction() as session:
            session.connection().exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            pending_replies.renew(session, held, timedelta(hours=1))
    assert column("SELECT conversation_id FROM pending_replies WHERE leased_until > now() + interval '30 minutes'") == [
        second
    ]


def test_finishing_twice_sends_once(business: TestBusiness) -> None:
    customer_writes()
    turn, reply_context = begin()
    assert finish(turn, reply_context)
    assert not finish(turn, reply_context)
    assert len(said()) == 1


def test_a_reply_that_keeps_crashing_its_worker_is_handed_off(business: TestBusiness) -> None:
    customer_writes()
    for _ in range(pending_replies.MAX_ATTEMPTS):
        assert prepare(claim_one()) is not None
        expire()
    assert prepare(claim_one()) is None
    assert rows("SELECT mode, handoff_reason FROM conversations") == [("human", "failure")]
    assert one("SELECT count(*) FROM pending_replies") == 0
    assert column("SELECT kind FROM notifications") == ["handed_off"]
    apology = BotSettings().apology_message
    assert said() == [apology.in_language("es")], "as after any other failure"
    send_all()
    assert one("SELECT waiting_since IS NOT NULL FROM conversations"), "an apology is no answer"


def test_a_question_after_opting_out_is_handed_off_without_the_model(business: TestBusiness) -> None:
    customer_writes("STOP")
    customer_writes("¿A qué hora abren?")
    assert prepare(claim_one()) is None
    assert rows("SELECT mode, handoff_reason, waiting_since IS NOT NULL FROM conversations") == [
        ("human", "opted_out", True)
    ]
    assert column("SELECT kind FROM notifications") == ["handed_off"]
    assert one("SELECT count(*) FROM pending_replies") == 0 and one("SELECT count(*) FROM ai_runs") == 0


@pytest.mark.parametrize("limit", [{"requests_per_minute": 1}, {"tokens_per_minute": 1500}])
def test_an_exhausted_budget_postpones_the_reply(business: TestBusiness, limit: dict[str, int]) -> None:
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(**limit))
    customer_writes()
    turn, reply_context = begin()
    finish(turn, reply_context, Reply("Hola", draft=False, trace=Trace("model", model="m", usage=Usage(900, 0, 100))))
    customer_writes("¿Y?")
    assert prepare(claim_one()) is None
    ((attempts, lease, later),) = rows("SELECT attempts, lease, due_at > now() FROM pending_replies")
    assert (attempts, lease, later) == (0, None, True)
    rows("UPDATE ai_runs SET created_at = created_at - interval '2 minutes'")
    assert prepare(claim_one()) is not None


def test_a_draft_waits_with_a_person(business: TestBusiness) -> None:
    customer_writes()
    turn, reply_context = begin()
    assert finish(turn, reply_context, Reply("Abrimos a las 9.", draft=True, trace=TRACE))
    assert said() == []
    assert rows("SELECT mode, handoff_reason, waiting_since IS NOT NULL FROM conversations") == [
        ("human", "draft", True)
    ]
    assert one("SELECT outcome FROM ai_runs") == "draft"


@pytest.mark.parametrize("words", ["Enseguida le atienden.", None])
def test_a_handoff_sends_its_message_first_if_it_has_one(business: TestBusiness, words: str | None) -> None:
    customer_writes()
    turn, reply_context = begin()
    assert finish(turn, reply_context, HandOff(words, Reason.KEYWORD, "gerente", TRACE))
    assert said() == ([words] if words else [])
    assert rows("SELECT mode, handoff_reason, waiting_since IS NOT NULL FROM conversations") == [
        ("human", "keyword", True)
    ]
    assert one("SELECT count(*) FROM notifications WHERE kind = 'handed_off'") == 1


def test_with_the_bot_off_the_customer_is_handed_off(business: TestBusiness) -> None:
    customer_writes()
    turn, reply_context = begin()
    assert finish(turn, reply_context, BotOff(Trace("bot_off")))
    assert rows("SELECT mode, handoff_reason FROM conversations") == [("human", "bot_off")]
    assert one("SELECT count(*) FROM ai_runs") == 0


def test_an_answer_after_the_window_is_handed_off(business: TestBusiness) -> None:
    customer_writes()
    turn, reply_context = begin()
    rows("UPDATE conversations SET window_expires_at = now() - interval '1 second'")
    assert finish(turn, reply_context)
    assert said() == []
    assert one("SELECT handoff_reason FROM conversations") == "not_sendable"


def test_a_closed_or_human_conversation_needs_no_answer(business: TestBusiness) -> None:
    customer_writes()
    turn = claim_one()
    rows("UPDATE conversations SET mode = 'human'")
    assert prepare(turn) is None
    assert one("SELECT count(*) FROM pending_replies") == 0
    assert one("SELECT count(*) FROM notifications") == 0


def test_a_channel_without_a_bot_is_handed_off(business: TestBusiness) -> None:
    customer_writes()
    rows("UPDATE channels SET bot_id = NULL")
    assert prepare(claim_one()) is None
    assert one("SELECT handoff_reason FROM conversations") == "no_bot"


@pytest.mark.parametrize("closing", ["gracias!!", "chau, buen finde", "👍", "ok"])
def test_without_a_bot_a_farewell_alerts_nobody(business: TestBusiness, closing: str) -> None:
    rows("UPDATE channels SET bot_id = NULL")
    customer_writes(closing)
    assert one("SELECT handoff_reason FROM conversations") is None
    customer_writes("y mi pedido?")
    assert one("SELECT handoff_reason FROM conversations") == "no_bot"


def test_the_bot_reads_a_burst_in_the_providers_order(business: TestBusiness) -> None:
    customer_writes("segundo", at=1_790_000_010)
    customer_writes("primero", at=1_790_000_000)
    _, reply_context = begin()
    assert [one.text for one in reply_context.request.turns] == ["primero", "segundo"]


def test_a_quick_answer_stays_before_the_next_question(business: TestBusiness) -> None:
    customer_writes("uno")
    turn, reply_context = begin()
    finish(turn, reply_context)
    customer_writes("dos")
    _, reply_context = begin()
    assert [one.text for one in reply_context.request.turns] == ["uno", "Abrimos a las 9.", "dos"]
    assert reply_context.request.replies_in_a_row == 1


class TestUnanswered:
    def age(self) -> None:
        rows("UPDATE conversations SET waiting_since = now() - interval '5 minutes' WHERE waiting_since IS NOT NULL")
        rows("UPDATE messages SET stored_at = now() - interval '5 minutes'")

    def own(self) -> int:
        with system_transaction() as session:
            return lifecycle.hand_off_unanswered(session, 60)

    def test_a_waiting_customer_without_a_pending_reply_is_handed_off(self, business: TestBusiness) -> None:
        customer_writes()
        rows("DELETE FROM pending_replies")
        assert self.own() == 0, "not yet"
        self.age()
        assert self.own() == 1
        assert self.own() == 0
        assert rows("SELECT mode, handoff_reason FROM conversations") == [("human", "unanswered")]

    def test_a_pending_reply_or_send_prevents_the_hand_off(self, business: TestBusiness) -> None:
        customer_writes()
        self.age()
        assert self.own() == 0
        rows("DELETE FROM pending_replies")
        say(business.business_id, one("SELECT id FROM conversations"), sender=Sender.SYSTEM)
        self.age()
        assert self.own() == 0
