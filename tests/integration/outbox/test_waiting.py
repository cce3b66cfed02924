"""Waits for an answer: nobody counts as answered before an answer is sent, and nobody is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.channels.types import Cause, Diagnosis, ProviderError, SendError, Sent, Verdict
from core.conversations import inbox_list, lifecycle
from core.conversations.inbox_list import InboxFilter, View
from core.messaging.outbound import claim as claims
from core.messaging.outbound import manual_retry, results, settlement
from core.messaging.outbound.api_send import SendRequest, submit
from core.messaging.outbound.claim import Claimed
from core.models import Sender
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import claim, claim_one, say, stored_message
from tests.support.provider_bodies import meta_body, status_value

REFUSED = Diagnosis(Verdict.PERMANENT, Cause.RECIPIENT, "Use another channel.")
SILENCE = Diagnosis(Verdict.UNKNOWN, Cause.NETWORK, "Ask the customer.")
ANSWERS = pytest.mark.parametrize("sender", [Sender.AGENT, Sender.BOT])


def stand(conversation_id: int | None = None) -> Any:
    """Return (waits, unread, mark, status, mode) of a conversation, or of the only one."""
    sql = (
        "SELECT c.waiting_since IS NOT NULL, c.unread_count, m.status, c.status, c.mode FROM conversations c"
        " LEFT JOIN messages m ON m.id = c.unsent_id"
    )
    (row,) = rows(sql + (" WHERE c.id = :id" if conversation_id else ""), id=conversation_id)
    return tuple(row)


def waits() -> bool:
    return bool(stand()[0])


def sent(business: TestBusiness, claimed: Claimed) -> None:
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent(f"wamid.{claimed.message_id}"))])


def lost(business: TestBusiness, claimed: Claimed, diagnosis: Diagnosis = REFUSED) -> None:
    with transaction(business.business_id) as session:
        results.record_failure(session, claimed, SendError(ProviderError("1", "Refused"), diagnosis))


def later() -> None:
    """Let the minute pass in which a receipt may still come."""
    rows("UPDATE deliveries SET uncertain_since = now() - interval '2 minutes' WHERE uncertain_since IS NOT NULL")
    with system_transaction() as session:
        settlement.hand_off_uncertain_sends(session, 60)


def by_program(business: TestBusiness, conversation_id: int, **more: Any) -> int:
    content = {"type": "text", "text": "Tu pedido va en camino"}
    with transaction(Scope(business.business_id, Actor.api_key(1))) as session:
        order = SendRequest(content, conversation_id=conversation_id, **more)
        return submit(session, order).message_ids[0]


def waiting_list(business: TestBusiness) -> list[int]:
    with transaction(business.business_id) as session:
        pages, after = [], None
        while True:
            page = inbox_list.page(session, InboxFilter(View.WAITING), 0, after, 1)
            pages += [row.id for row in page.rows]
            if (after := page.next) is None:
                return pages


@ANSWERS
def test_a_wait_ends_when_the_answer_was_sent(business: TestBusiness, sender: Sender) -> None:
    say(business.business_id, customer_writes(), sender=sender)
    assert waits()
    claimed = claim_one()
    assert waits()
    sent(business, claimed)
    assert stand()[:3] == (False, 0 if sender is Sender.AGENT else 1, None)


def test_what_is_scheduled_or_cancelled_ends_no_wait(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes(), send_at=datetime.now(UTC) + timedelta(hours=20))
    assert waits()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        manual_retry.cancel(session, message_id)
    assert stand()[:2] == (True, 1)


@pytest.mark.parametrize(("more", "ends"), [({}, False), ({"take_over": True}, True), ({"reply_to": "wamid.Q"}, True)])
def test_a_programs_notice_is_no_answer(business: TestBusiness, more: dict[str, Any], ends: bool) -> None:
    by_program(business, customer_writes(wamid="wamid.Q"), **more)
    sent(business, claim_one())
    assert waits() is not ends


@ANSWERS
def test_an_answer_is_for_what_came_before_it(business: TestBusiness, sender: Sender) -> None:
    say(business.business_id, customer_writes(), sender=sender)
    claimed = claim_one()
    customer_writes("¿Y en rojo?")
    sent(business, claimed)
    assert stand()[:2] == (True, 2)


@ANSWERS
@pytest.mark.parametrize("fate", ["refused", "uncertain", "receipt"])
def test_a_customer_with_an_unsent_answer_is_listed_first(business: TestBusiness, sender: Sender, fate: str) -> None:
    """With a mark on the row, and one notification."""
    long_ago, other = datetime.now(UTC) - timedelta(hours=2), customer_writes(sender="5215512345678")
    rows(f"UPDATE conversations SET mode = 'human', waiting_since = '{long_ago}' WHERE id = {other}")
    conversation_id = customer_writes()
    if sender is Sender.AGENT:
        rows(f"UPDATE conversations SET mode = 'human' WHERE id = {conversation_id}")
    (message_id,) = say(business.business_id, conversation_id, sender=sender)
    claimed = claim_one()
    match fate:
        case "refused":
            lost(business, claimed)
        case "uncertain":
            lost(business, claimed, SILENCE)
            assert column("SELECT kind FROM notifications") == [], "a receipt may still come"
            later()
        case "receipt":
            sent(business, claimed)
            assert not stand(conversation_id)[0]
            errors = [{"code": 131000, "title": "Something went wrong"}]
            receive(meta_body(status_value("x", "failed", our_id=message_id, errors=errors)))
    later()
    mark = "uncertain" if fate == "uncertain" else "failed"
    assert stand(conversation_id) == (True, 1, mark, "open", "human")
    kind = f"message_{mark}" if sender is Sender.AGENT else "handed_off"
    assert column("SELECT kind FROM notifications") == [kind]
    assert waiting_list(business) == [conversation_id, other]
    with transaction(business.business_id) as session:
        assert [row.unsent for row in inbox_list.rows(session, [conversation_id])] == [mark]


def unsent(business: TestBusiness, conversation_id: int) -> str | None:
    with transaction(business.business_id) as session:
        return inbox_list.rows(session, [conversation_id])[0].unsent


@pytest.mark.parametrize("how", ["no answer", "dead worker"])
def test_the_list_says_as_soon_as_the_thread_that_nobody_knows(business: TestBusiness, how: str) -> None:
    conversation_id = customer_writes()
    say(business.business_id, conversation_id)
    claimed = claim_one()
    if how == "no answer":
        lost(business, claimed, SILENCE)
    else:
        rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
        with system_transaction() as session:
            claims.expire_leases(session)
    assert unsent(business, conversation_id) == "uncertain"
    receive(meta_body(status_value("x", "delivered", our_id=claimed.message_id)))
    assert (unsent(business, conversation_id), waits()) == (None, False)


def test_what_became_uncertain_in_a_closed_conversation_waits_its_minute(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    say(business.business_id, conversation_id)
    claimed = claim_one()
    rows("UPDATE conversations SET status = 'closed'")
    lost(business, claimed, SILENCE)
    assert (unsent(business, conversation_id), stand()[3]) == (None, "closed")
    later()
    assert (unsent(business, conversation_id), stand()[3]) == ("uncertain", "open")


def test_an_unsent_api_message_is_marked_and_notified(business: TestBusiness) -> None:
    """It did not answer its customer, whose wait is unchanged."""
    conversation_id = customer_writes()
    rows("UPDATE conversations SET waiting_since = NULL, mode = 'human'")
    by_program(business, conversation_id)
    lost(business, claim_one(), SILENCE)
    later()
    later()
    assert stand()[:3] == (False, 1, "uncertain")
    assert column("SELECT kind FROM notifications") == ["message_uncertain"]


def test_two_answers_of_which_the_first_fails(business: TestBusiness) -> None:
    """The author of the second did not know; only one written after the failure ends the wait."""
    conversation_id = customer_writes()
    for words in ("Cuesta 10 pesos", "¿Algo más?"):
        say(business.business_id, conversation_id, words)
    lost(business, claim_one())
    sent(business, claim_one())
    assert stand()[:3] == (True, 1, "failed")
    say(business.business_id, conversation_id, "Cuesta 10 pesos, perdón")
    sent(business, claim_one())
    assert stand()[:3] == (False, 0, None)


@pytest.mark.parametrize("within_the_minute", [True, False])
def test_a_receipt_does_not_hide_that_an_earlier_answer_failed(business: TestBusiness, within_the_minute: bool) -> None:
    conversation_id = customer_writes()
    for words in ("Cuesta 10 pesos", "¿Algo más?"):
        say(business.business_id, conversation_id, words)
    lost(business, claim_one())
    second = claim_one()
    lost(business, second, SILENCE)
    if not within_the_minute:
        later()
    receive(meta_body(status_value("wamid.X", "delivered", our_id=second.message_id)))
    assert stored_message(second.message_id).status == "delivered"
    assert stand()[:3] == (True, 1, "failed")


@pytest.mark.parametrize("deed", ["retry", "give_up", "arrived", "receipt"])
def test_retrying_or_giving_up_an_unsent_answer(business: TestBusiness, deed: str) -> None:
    conversation_id = customer_writes()
    (message_id,) = say(business.business_id, conversation_id)
    lost(business, claim_one(), SILENCE if deed in ("arrived", "receipt") else REFUSED)
    later()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        match deed:
            case "retry":
                manual_retry.retry(session, [message_id], None)
            case "give_up":
                manual_retry.give_up(session, [message_id])
            case "arrived":
                manual_retry.confirm_sent(session, message_id)
    if deed == "receipt":
        receive(meta_body(status_value("wamid.X", "delivered", our_id=message_id)))
    assert stand()[:3] == ((deed in ("retry", "give_up")), int(deed in ("retry", "give_up")), None)
    if deed == "retry":
        sent(business, claim_one())
        assert not waits()


def test_giving_up_a_message_without_a_question_ends_the_wait(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    say(business.business_id, conversation_id)
    sent(business, claim_one())
    (message_id,) = say(business.business_id, conversation_id, "¿Sigue interesada?")
    lost(business, claim_one())
    assert waits()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        manual_retry.give_up(session, [message_id])
    assert not waits()


@pytest.mark.parametrize("again", [False, True])
def test_an_unsent_answer_reopens_a_closed_conversation(business: TestBusiness, again: bool) -> None:
    """If the customer has a newer conversation, they wait there."""
    conversation_id = customer_writes()
    (message_id,) = say(business.business_id, conversation_id, sender=Sender.BOT)
    sent(business, claim_one())
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.close(session, conversation_id)
    here = customer_writes("¿Hola?") if again else conversation_id
    errors = [{"code": 131026, "title": "Undeliverable"}]
    receive(meta_body(status_value("x", "failed", our_id=message_id, errors=errors)))
    assert column("SELECT count(*) FROM dead_letters") == [0]
    assert stand(here)[0] and stand(here)[2:] == ("failed", "open", "human")
    assert stand(conversation_id)[3] == ("closed" if again else "open")


def test_an_unsent_answer_unsnoozes_its_conversation(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    say(business.business_id, conversation_id)
    claimed = claim_one()
    rows("UPDATE conversations SET status = 'snoozed', snoozed_until = now() + interval '1 day', waiting_since = NULL")
    lost(business, claimed)
    assert stand()[:4] == (True, 1, "failed", "open")


def test_a_receipt_before_the_answer_to_the_send(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    receive(meta_body(status_value("wamid.X", "delivered", our_id=message_id)))
    sent(business, claimed)
    assert not waits() and stored_message(message_id).status == "delivered"


def test_a_receipt_and_a_worker_that_died(business: TestBusiness) -> None:
    """No worker records the send any more."""
    (message_id,) = say(business.business_id, customer_writes())
    claim(1, timedelta(seconds=-1))
    receive(meta_body(status_value("wamid.X", "delivered", our_id=message_id)))
    with system_transaction() as session:
        assert claims.expire_leases(session) == []
    assert not waits() and stored_message(message_id).status == "delivered"


def test_a_scheduled_message_does_not_hide_who_waits_for_the_bot(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    say(business.business_id, conversation_id, send_at=datetime.now(UTC) + timedelta(hours=20))
    rows("DELETE FROM pending_replies")
    rows("UPDATE conversations SET waiting_since = now() - interval '5 minutes'")
    rows("UPDATE messages SET stored_at = now() - interval '5 minutes'")
    with system_transaction() as session:
        assert lifecycle.hand_off_unanswered(session, 30) == 1
    assert one("SELECT mode FROM conversations") == "human"
