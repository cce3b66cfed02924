"""One worker per message, a conversation's messages in order, within each number's rate."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.channels.kinds import PairRate
from core.channels.types import Sent
from core.messaging.outbound import claim as claims
from core.messaging.outbound import rate_limit, results
from core.models import Sender
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import LEASE, claim, claim_one, due_now, ids, say, stored_message
from tests.support.provider_bodies import meta_body, text_value
from workers import due_work


def customers(count: int) -> list[int]:
    """Open conversations with as many customers."""
    receive(meta_body(*(text_value("Hola", f"54911{n:08}") for n in range(count))))
    return column("SELECT id FROM conversations ORDER BY id")


def finish(business: TestBusiness, claimed: claims.Claimed) -> None:
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent(f"wamid.{claimed.message_id}"))])


def test_concurrent_claims_never_overlap(business: TestBusiness) -> None:
    for conversation_id in customers(60):
        say(business.business_id, conversation_id)
    rows("UPDATE channels SET settings = '{\"messages_per_second\": 10000}'")
    taken: list[int] = []

    def work() -> None:
        while found := ids(claim(5)):
            taken.extend(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == 60
    assert max(Counter(taken).values()) == 1


def test_a_conversations_messages_go_one_after_the_other(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    first, second = (say(business.business_id, conversation_id, words)[0] for words in ("uno", "dos"))
    claimed = claim()
    assert ids(claimed) == [first]
    assert claim() == []
    finish(business, claimed[0])
    assert ids(claim()) == [second]


def test_a_message_waits_for_the_next_try_of_the_one_before(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    first, second = (say(business.business_id, conversation_id, words)[0] for words in ("uno", "dos"))
    rows("UPDATE deliveries SET next_attempt_at = now() + interval '1 hour' WHERE message_id = :id", id=first)
    assert claim() == []
    wait = due_work.check().sends_in
    assert wait is not None
    assert wait > 0, "what is blocked is not due: nobody looks at it again and again"
    due_now()
    assert ids(claim()) == [first]
    assert stored_message(second).status == "queued"


def test_a_message_for_later_holds_up_nobody(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    (later,) = say(business.business_id, conversation_id, send_at=datetime.now(UTC) + timedelta(hours=1))
    (now,) = say(business.business_id, conversation_id)
    assert ids(claim()) == [now]
    assert stored_message(later).status == "queued"


def test_people_go_before_the_bot(business: TestBusiness) -> None:
    first, second = customers(2)
    (bots,) = say(business.business_id, first, sender=Sender.BOT)
    (persons,) = say(business.business_id, second, sender=Sender.AGENT)
    assert ids(claim(1)) == [persons]
    assert ids(claim(1)) == [bots]


@pytest.mark.parametrize("rate", [0.5, 1, 7, 9, 16, 80, 1000])
@pytest.mark.parametrize("wanted", [1, 3, 2000])
def test_a_number_never_sends_faster_than_its_rate(business: TestBusiness, rate: float, wanted: int) -> None:
    """Within one transaction time is constant; it passes by moving the number's next slot back."""
    taken, steps_in_a_second = [], 20
    with system_transaction() as session:
        for _ in range(steps_in_a_second * 5):
            taken.append(rate_limit.reserve_slots(session, business.whatsapp_channel_id, wanted, rate).allowed)
            session.execute(
                text("UPDATE channel_limits SET next_slot_at = next_slot_at - make_interval(secs => :step)"),
                {"step": 1 / steps_in_a_second},
            )
    in_a_second = [sum(taken[start : start + steps_in_a_second]) for start in range(len(taken))]
    assert max(in_a_second) <= max(1, rate)
    assert sum(taken) >= min(rate, wanted * steps_in_a_second) * 5 * 0.75, "nor much slower"


def test_a_claim_respects_the_rate_and_postpones_the_rest(business: TestBusiness) -> None:
    for conversation_id in customers(30):
        say(business.business_id, conversation_id)
    rows("UPDATE channels SET settings = '{\"messages_per_second\": 16}'")
    first = len(claim(30))
    assert first == 2, "an eighth of the rate at once"
    ((least, most),) = rows(
        "SELECT min(next_attempt_at - now()), max(next_attempt_at - now()) FROM deliveries WHERE"
        " next_attempt_at IS NOT NULL"
    )
    assert timedelta(seconds=-1) < least <= most < timedelta(seconds=1)


def test_a_grant_says_when_the_next_one_may_go(business: TestBusiness) -> None:
    with system_transaction() as session:
        first = rate_limit.reserve_slots(session, business.sms_channel_id, 3, 1)
        again = rate_limit.reserve_slots(session, business.sms_channel_id, 3, 1)
        now = session.connection().exec_driver_sql("SELECT now()").scalar_one()
    assert (first.allowed, again.allowed) == (1, 0)
    assert again.next_at - now == timedelta(seconds=1)


def test_one_customer_gets_a_burst_and_then_one_in_six_seconds(business: TestBusiness) -> None:
    customer_writes()
    identity_id = one("SELECT id FROM contact_identities")
    pair = PairRate(timedelta(seconds=6), burst=45)

    def take() -> bool:
        with system_transaction() as session:
            return bool(rate_limit.take_pair_slots(session, [identity_id], pair))

    assert [take() for _ in range(pair.burst + 2)] == [True] * pair.burst + [False] * 2
    rows("UPDATE contact_identities SET pair_slot_at = pair_slot_at - interval '6 seconds'")
    assert [take() for _ in range(2)] == [True, False]


def test_waiting_for_the_numbers_rate_costs_the_customer_nothing(business: TestBusiness) -> None:
    say(business.business_id, customer_writes())
    with system_transaction() as session:
        rate_limit.throttle(session, business.whatsapp_channel_id, 60)
    for _ in range(3):
        assert claim() == []
        due_now()
    assert one("SELECT pair_slot_at FROM contact_identities") is None


def test_a_customer_who_had_too_many_waits_alone(business: TestBusiness) -> None:
    busy, quiet = customers(2)
    say(business.business_id, busy)
    (free,) = say(business.business_id, quiet)
    rows(
        "UPDATE contact_identities SET pair_slot_at = now() + interval '10 minutes'"
        " WHERE id = (SELECT identity_id FROM conversations WHERE id = :id)",
        id=busy,
    )
    assert ids(claim()) == [free]


def test_a_paused_number_sends_nothing_and_keeps_everything(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    rows("UPDATE channels SET state = 'paused'")
    assert claim() == []
    assert stored_message(message_id).status == "queued"
    rows("UPDATE channels SET state = 'active'")
    due_now()
    assert ids(claim()) == [message_id]


def test_a_full_page_of_messages_that_wait_does_not_hide_the_rest(business: TestBusiness) -> None:
    for conversation_id in customers(8):
        say(business.business_id, conversation_id)
    rows("UPDATE channels SET state = 'paused'")
    other = one(
        "INSERT INTO channels (business_id, kind, provider, identity, name, credentials)"
        " VALUES (:b, 'whatsapp', 'whatsapp_cloud', '777', 'Second', '') RETURNING id",
        b=business.business_id,
    )
    with system_transaction() as session:
        rate_limit.ensure_flow(session, other)
    (free,) = say(business.business_id, one("SELECT max(id) FROM conversations"))
    rows("UPDATE deliveries SET channel_id = :c WHERE message_id = :m", c=other, m=free)
    rows(
        "DELETE FROM deliveries WHERE conversation_id = (SELECT max(id) FROM conversations) AND message_id <> :m",
        m=free,
    )
    assert ids(claim(2)) == [free]


class TestBreaker:
    def fail(self, business: TestBusiness, times: int) -> list[bool]:
        opened = []
        for _ in range(times):
            with system_transaction() as session:
                opened.append(rate_limit.record_outcome(session, business.whatsapp_channel_id, healthy=False))
        return opened

    def test_opens_after_five_failures_in_a_row(self, business: TestBusiness) -> None:
        (message_id,) = say(business.business_id, customer_writes())
        assert self.fail(business, 4) == [False] * 4
        assert ids(claim()) == [message_id]
        assert self.fail(business, 1) == [True]
        say(business.business_id, customer_writes(sender="5491155550002"))
        assert claim() == []
        assert one(
            "SELECT open_until - now() BETWEEN interval '50 seconds' AND interval '60 seconds' FROM"
            " channel_limits WHERE open_until IS NOT NULL"
        )

    def test_a_success_between_starts_the_count_again(self, business: TestBusiness) -> None:
        self.fail(business, 4)
        with system_transaction() as session:
            rate_limit.record_outcome(session, business.whatsapp_channel_id, healthy=True)
        assert self.fail(business, 4) == [False] * 4

    def test_lets_one_probe_through_and_closes_when_it_works(self, business: TestBusiness) -> None:
        for conversation_id in customers(3):
            say(business.business_id, conversation_id)
        self.fail(business, 5)
        assert claim() == []
        rows("UPDATE channel_limits SET open_until = now() - interval '1 second' WHERE open_until IS NOT NULL")
        due_now()
        (probe,) = claim()
        due_now()
        assert claim() == [], "one probe only"
        finish(business, probe)
        due_now()
        assert len(claim()) == 2

    def test_stays_open_when_the_probe_fails(self, business: TestBusiness) -> None:
        for conversation_id in customers(2):
            say(business.business_id, conversation_id)
        self.fail(business, 5)
        rows("UPDATE channel_limits SET open_until = now() - interval '1 second' WHERE open_until IS NOT NULL")
        assert len(claim()) == 1
        assert self.fail(business, 1) == [False], "that it is still open is no news"
        due_now()
        assert claim() == []

    def test_does_not_block_other_numbers(self, business: TestBusiness) -> None:
        self.fail(business, 5)
        with system_transaction() as session:
            shut = rate_limit.blocked_until(session, [business.whatsapp_channel_id, business.sms_channel_id])
        assert set(shut) == {business.whatsapp_channel_id}


def test_a_lease_that_runs_out_leaves_the_message_uncertain(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    with system_transaction() as session:
        assert claims.expire_leases(session) == []
    rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    with system_transaction() as session:
        assert claims.expire_leases(session) == [message_id]
        assert claims.expire_leases(session) == []
    after = stored_message(message_id)
    assert (after.status, after.lease, after.next_attempt_at) == ("uncertain", None, None)
    assert after.error["code"] == "interrupted"
    assert claim() == [], "the machine never sends it again by itself"
    finish(business, claimed)
    assert (stored_message(message_id).status, stored_message(message_id).error) == ("sent", None), (
        "the answer came after all"
    )


def test_renewing_keeps_a_slow_send(business: TestBusiness) -> None:
    say(business.business_id, customer_writes())
    claimed = claim_one()
    rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    with system_transaction() as session:
        claims.renew(session, [claimed.lease], [claimed.message_id], LEASE)
        assert claims.expire_leases(session) == []


def test_renewing_with_another_lease_changes_nothing(business: TestBusiness) -> None:
    say(business.business_id, customer_writes())
    claimed = claim_one()
    rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    with system_transaction() as session:
        claims.renew(session, [uuid.uuid4()], [claimed.message_id], LEASE)
        assert claims.expire_leases(session) == [claimed.message_id]


def test_renewing_does_not_wait_for_a_row_in_use(business: TestBusiness) -> None:
    first, second = customers(2)
    for conversation_id in (first, second):
        say(business.business_id, conversation_id)
    held = claim(2)
    with system_transaction() as using:
        using.connection().exec_driver_sql(f"SELECT FROM deliveries WHERE message_id = {held[0].message_id} FOR UPDATE")
        with system_transaction() as session:
            session.connection().exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            claims.renew(session, [held[0].lease], ids(held), timedelta(hours=1))
    renewed = column("SELECT message_id FROM deliveries WHERE leased_until > now() + interval '30 minutes'")
    assert renewed == [held[1].message_id]


def test_a_claim_can_be_undone(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    with system_transaction() as session:
        claims.release(session, claimed.lease)
    after = stored_message(message_id)
    assert (after.status, after.lease, after.attempts) == ("queued", None, 0)
    assert ids(claim()) == [message_id]


def test_a_message_reported_sent_while_it_waited_is_not_sent_again(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    rows("UPDATE messages SET status = 'delivered' WHERE id = :id", id=message_id)
    assert claim() == []
    after = stored_message(message_id)
    assert (after.lease, after.next_attempt_at, after.attempts) == (None, None, 0)
