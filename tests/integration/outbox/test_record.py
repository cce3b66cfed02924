"""Outcomes of a send: each verdict, its waits, and the notifications."""

from __future__ import annotations

from typing import Any

import pytest

from core.channels.types import Cause, Diagnosis, ProviderError, SendError, Sent, Verdict
from core.messaging.outbound import claim as claims
from core.messaging.outbound import manual_retry, results, settlement
from core.messaging.outbound.claim import Claimed
from core.models import Sender
from core.platform.config import get_settings
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes
from tests.support.outbox import claim_one, due_now, say, stored_message


def failure(verdict: Verdict, cause: Cause = Cause.PROVIDER, *, retry_after: float | None = None) -> SendError:
    return SendError(
        ProviderError("131000", "Something went wrong", "Try again"),
        Diagnosis(verdict, cause, "Wait."),
        retry_after=retry_after,
    )


def fail(business: TestBusiness, claimed: Claimed, error: SendError) -> None:
    with transaction(business.business_id) as session:
        results.record_failure(session, claimed, error)


def wait_of(message_id: int) -> float:
    return float(
        one("SELECT extract(epoch FROM next_attempt_at - now()) FROM deliveries WHERE message_id = :id", id=message_id)
    )


@pytest.mark.parametrize("sender", [Sender.BOT, Sender.AGENT])
def test_permanent_fails_and_people_are_notified(business: TestBusiness, sender: Sender) -> None:
    (message_id,) = say(business.business_id, customer_writes(), sender=sender)
    fail(business, claim_one(), failure(Verdict.PERMANENT, Cause.RECIPIENT))
    after = stored_message(message_id)
    assert (after.status, after.lease, after.next_attempt_at) == ("failed", None, None)
    assert after.error == {
        "code": "131000",
        "title": "Something went wrong",
        "details": "Try again",
        "cause": "recipient",
        "advice": "Wait.",
    }
    assert len(column("SELECT text FROM notifications")) == 1
    assert one("SELECT mode FROM conversations") == ("human" if sender is Sender.BOT else "bot")
    assert rows("SELECT number, verdict, code FROM delivery_attempts") == [(1, "permanent", "131000")]


def test_unknown_waits_for_a_receipt_or_a_person(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes(), sender=Sender.BOT)
    fail(business, claim_one(), failure(Verdict.UNKNOWN, Cause.NETWORK))
    assert stored_message(message_id).status == "uncertain"
    due_now()
    with system_transaction() as session:
        assert settlement.hand_off_uncertain_sends(session, 60) == 0, "a receipt may still come"
    rows("UPDATE deliveries SET uncertain_since = now() - interval '61 seconds'")
    with system_transaction() as session:
        assert settlement.hand_off_uncertain_sends(session, 60) == 1
        assert settlement.hand_off_uncertain_sends(session, 60) == 0
    assert rows("SELECT mode, handoff_reason FROM conversations") == [("human", "send_uncertain")]


def test_retryable_waits_longer_each_time_and_ends_with_a_person(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes(), sender=Sender.BOT)
    settings = get_settings()
    for wait in settings.retry_waits[: settings.retry_max_attempts - 1]:
        fail(business, claim_one(), failure(Verdict.RETRYABLE, Cause.THROTTLED))
        assert stored_message(message_id).status == "queued"
        assert 0.8 * wait - 1 <= wait_of(message_id) <= 1.2 * wait
        due_now()
    fail(business, claim_one(), failure(Verdict.RETRYABLE, Cause.THROTTLED))
    assert stored_message(message_id).status == "failed"
    assert one("SELECT handoff_reason FROM conversations") == "send_failed"
    assert column("SELECT number FROM delivery_attempts ORDER BY id") == [1, 2, 3, 4, 5]


def test_a_wait_that_the_provider_names_is_a_minimum() -> None:
    first, last = get_settings().retry_waits[0], get_settings().retry_waits[-1]
    assert results.next_wait(failure(Verdict.RETRYABLE, retry_after=5000), 1) == 5000
    assert all(
        first * 0.8 <= (results.next_wait(failure(Verdict.RETRYABLE, retry_after=1), 1) or 0) <= first * 1.2
        for _ in range(200)
    )
    assert results.next_wait(failure(Verdict.RETRYABLE), get_settings().retry_max_attempts) is None
    assert results.next_wait(failure(Verdict.PERMANENT, retry_after=1), 1) is None
    assert results.next_wait(failure(Verdict.UNKNOWN, retry_after=1), 1) is None
    assert last >= first


def test_more_tries_than_waits_repeat_the_last_wait(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setattr(get_settings(), "retry_max_attempts", 50)
    last = get_settings().retry_waits[-1]
    assert 0.8 * last <= (results.next_wait(failure(Verdict.RETRYABLE), 49) or 0) <= 1.2 * last


def test_jitter_spreads_the_waits(database: str) -> None:
    waits = {results.next_wait(failure(Verdict.RETRYABLE), 1) for _ in range(50)}
    assert len(waits) > 40


def test_a_failure_after_the_lease_was_lost_is_ignored(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    rows("UPDATE deliveries SET lease = gen_random_uuid()")
    fail(business, claimed, failure(Verdict.PERMANENT))
    assert stored_message(message_id).status == "sending"
    assert column("SELECT id FROM delivery_attempts") == []


def test_a_failure_after_a_receipt_gives_the_lease_back_and_no_more(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    rows("UPDATE messages SET status = 'delivered'  WHERE id = :id", id=message_id)
    fail(business, claimed, failure(Verdict.UNKNOWN, Cause.NETWORK))
    assert (stored_message(message_id).status, stored_message(message_id).lease) == ("delivered", None)


@pytest.mark.parametrize("write", ["sent", "failed"])
def test_writing_twice_is_writing_once(business: TestBusiness, write: str) -> None:
    """The response to a commit can be lost; then the outcome is written again."""
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    for _ in range(2):
        if write == "failed":
            fail(business, claimed, failure(Verdict.RETRYABLE))
        else:
            with transaction(business.business_id) as session:
                results.record_sent(session, [(claimed, Sent("wamid.OUT", note="held_for_quality_assessment"))])
    after = stored_message(message_id)
    if write == "failed":
        assert after.status == "queued"
        assert one("SELECT count(*) FROM delivery_attempts") == 1
        assert one("SELECT failures FROM channel_limits WHERE channel_id = :c", c=business.whatsapp_channel_id) == 1
    else:
        assert (after.status, after.provider_id) == ("sent", "wamid.OUT")
        assert after.payload["note"] == "held_for_quality_assessment"
        assert after.sent_at is not None


def test_sent_while_a_person_had_queued_it_again_is_not_sent_twice(business: TestBusiness) -> None:
    from tests.support.outbox import claim

    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    rows("UPDATE deliveries SET lease = NULL, leased_until = NULL, uncertain_since = now()")
    rows("UPDATE messages SET status = 'uncertain' WHERE id = :id", id=message_id)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        manual_retry.retry(session, [message_id], None)
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.OUT"))])
    assert stored_message(message_id).status == "sent"
    assert claim() == []


def test_given_up_while_it_was_accepted_is_sent_after_all(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    with system_transaction() as session:
        claims.expire_leases(session)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        assert manual_retry.give_up(session, [message_id]) == 1
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.OUT"))])
    after = stored_message(message_id)
    assert (after.status, after.error, after.provider_id) == ("sent", None, "wamid.OUT")


def test_a_blocked_number_is_paused_and_an_administrator_notified(business: TestBusiness) -> None:
    say(business.business_id, customer_writes())
    fail(business, claim_one(), failure(Verdict.RETRYABLE, Cause.PAUSE_NUMBER))
    assert rows("SELECT state, state_reason FROM channels WHERE id = :id", id=business.whatsapp_channel_id) == [
        ("paused", "Something went wrong (131000)")
    ]
    assert "number_paused" in column("SELECT kind FROM notifications")


def test_too_fast_slows_the_number_down(business: TestBusiness) -> None:
    say(business.business_id, customer_writes())
    fail(business, claim_one(), failure(Verdict.RETRYABLE, Cause.THROTTLED, retry_after=20))
    assert one(
        "SELECT next_slot_at > now() + interval '15 seconds' FROM channel_limits WHERE channel_id = :c",
        c=business.whatsapp_channel_id,
    )


@pytest.mark.parametrize(
    ("cause", "counts"), [(Cause.PROVIDER, 1), (Cause.NETWORK, 1), (Cause.RECIPIENT, 0), (Cause.REQUEST, 0)]
)
def test_only_provider_failures_count_for_the_breaker(business: TestBusiness, cause: Cause, counts: int) -> None:
    say(business.business_id, customer_writes())
    fail(business, claim_one(), failure(Verdict.PERMANENT, cause))
    assert one("SELECT failures FROM channel_limits WHERE channel_id = :c", c=business.whatsapp_channel_id) == counts


def test_an_opened_breaker_is_notified_once(business: TestBusiness) -> None:
    for n in range(6):
        say(business.business_id, customer_writes(sender=f"54911555500{n:02}"))
    claimed: list[Any] = [claim_one() for _ in range(6)]
    for one_ in claimed:
        fail(business, one_, failure(Verdict.UNKNOWN, Cause.NETWORK))
    assert column("SELECT kind FROM notifications WHERE kind = 'breaker_open'") == ["breaker_open"]
