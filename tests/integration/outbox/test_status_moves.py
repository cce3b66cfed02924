"""Random sequences of claims, results, receipts and commands on real rows: every move is one of the table's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.channels.types import Cause, Diagnosis, ProviderError, SendError, Sent, Verdict
from core.messaging.outbound import claim as claims
from core.messaging.outbound import manual_retry, results
from core.messaging.outbound.status import MOVES, OPTED_OUT, cancel_queued
from core.models import Sender
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import column, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import LEASE, claim, say
from tests.support.provider_bodies import meta_body, status_value

_WATCH = """
CREATE TABLE status_moves (id bigint GENERATED ALWAYS AS IDENTITY, message_id bigint, before text, after text);
CREATE FUNCTION note_status_move() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_moves (message_id, before, after) VALUES (NEW.id, OLD.status, NEW.status);
    RETURN NULL;
END $$;
CREATE TRIGGER note_status_move AFTER UPDATE ON messages FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION note_status_move();
"""
_UNWATCH = "DROP FUNCTION note_status_move CASCADE; DROP TABLE status_moves"
# Numbers and customers take any pace, so that a claim finds whatever waits, in the same order in each run.
_MAKE_DUE = """
UPDATE deliveries SET next_attempt_at = 'epoch'::timestamptz + message_id * interval '1 second'
    WHERE next_attempt_at IS NOT NULL;
UPDATE contact_identities SET pair_slot_at = NULL;
UPDATE channels SET state = 'active';
UPDATE channel_limits SET failures = 0, open_until = NULL, probe_until = NULL, next_slot_at = now();
"""
_STUCK = """
SELECT m.id, m.status FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.status = 'queued' AND d.next_attempt_at IS NULL OR m.status = 'sending' AND d.leased_until IS NULL
"""
_IDENTITY = "SELECT identity_id FROM deliveries WHERE message_id = :id"


@pytest.fixture
def watched(business: TestBusiness) -> Iterator[TestBusiness]:
    """A business whose messages' moves are written down."""
    rows(_WATCH)
    yield business
    rows(_UNWATCH)


class Moves(RuleBasedStateMachine):
    """Two customers' messages, and workers whose results may come late, twice or never."""

    numbers = count(5491155550001)

    def __init__(self, business: TestBusiness) -> None:
        super().__init__()
        rows("DELETE FROM conversations; DELETE FROM status_moves")
        self.business_id = business.business_id
        self.conversations = [customer_writes(sender=str(next(self.numbers))) for _ in range(2)]
        self.messages = [say(self.business_id, conversation_id)[0] for conversation_id in self.conversations]
        self.claimed: list[claims.Claimed] = []
        self.clock = time.time() - 3600

    @precondition(lambda self: len(self.messages) < 4)
    @rule(which=st.integers(0, 1), sender=st.sampled_from([Sender.AGENT, Sender.BOT]))
    def queue(self, which: int, sender: Sender) -> None:
        self.messages += say(self.business_id, self.conversations[which], sender=sender)

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        rows(_MAKE_DUE)
        self.claimed += claim(limit)

    @rule()
    def lose_a_claim(self) -> None:
        rows(_MAKE_DUE)
        lease = uuid.uuid4()
        with system_transaction() as session:
            claims.claim(session, 2, lease, LEASE)
        with system_transaction() as session:
            claims.release(session, lease)

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), forget=st.booleans())
    def accept(self, data: st.DataObject, forget: bool) -> None:
        self._accept(self._result(data, forget))

    def _accept(self, claimed: claims.Claimed) -> None:
        with transaction(self.business_id) as session:
            results.record_sent(session, [(claimed, Sent(f"wamid.{claimed.lease}.{claimed.message_id}"))])

    @precondition(lambda self: self.claimed)
    @rule(
        data=st.data(), forget=st.booleans(), verdict=st.sampled_from(list(Verdict)), cause=st.sampled_from(list(Cause))
    )
    def fail(self, data: st.DataObject, forget: bool, verdict: Verdict, cause: Cause) -> None:
        error = SendError(ProviderError("131000", "Something went wrong"), Diagnosis(verdict, cause, "Wait."))
        with transaction(self.business_id) as session:
            results.record_failure(session, self._result(data, forget), error)

    def _result(self, data: st.DataObject, forget: bool) -> claims.Claimed:
        claimed = data.draw(st.sampled_from(self.claimed))
        if forget:
            self.claimed.remove(claimed)
        return claimed

    @rule()
    def workers_die(self) -> None:
        """Their leases end; what they did may still be written down."""
        rows("UPDATE deliveries SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL")
        with system_transaction() as session:
            claims.expire_leases(session)

    @rule(data=st.data(), status=st.sampled_from(["sent", "delivered", "read", "played", "failed"]))
    def report(self, data: st.DataObject, status: str) -> None:
        message_id = self._one(data)
        self.clock += 1
        errors = [{"code": 131026, "title": "Message undeliverable"}] if status == "failed" else []
        value = status_value(f"wamid.of.{message_id}", status, our_id=message_id, at=self.clock, errors=errors)
        receive(meta_body(value))

    @rule(data=st.data(), command=st.sampled_from(["retry", "give up", "confirm", "opt out"]))
    def person(self, data: st.DataObject, command: str) -> None:
        message_id = self._one(data)
        with transaction(Scope(self.business_id, Actor.agent(1))) as session:
            match command:
                case "retry":
                    manual_retry.retry(session, [message_id], None)
                case "give up":
                    manual_retry.give_up(session, [message_id])
                case "confirm":
                    manual_retry.confirm_sent(session, message_id)
                case "opt out":
                    cancel_queued(session, OPTED_OUT, identity_ids=column(_IDENTITY, id=message_id))

    def _one(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(self.messages))

    @invariant()
    def every_move_is_in_the_table(self) -> None:
        moved = rows("SELECT message_id, before, after FROM status_moves ORDER BY id")
        assert [move for move in moved if move.after not in MOVES.get(move.before, ())] == []

    @invariant()
    def nothing_waits_for_nobody(self) -> None:
        assert rows(_STUCK) == []

    def teardown(self) -> None:
        """Working workers leave nothing queued and nothing being sent."""
        self.workers_die()
        for _ in range(len(self.messages) + 1):
            rows(_MAKE_DUE)
            for claimed in claim():
                self._accept(claimed)
        assert column("SELECT id FROM messages WHERE status IN ('queued', 'sending')") == []


def test_random_events_make_only_the_moves_of_the_table(watched: TestBusiness) -> None:
    class MovesHere(Moves):
        def __init__(self) -> None:
            super().__init__(watched)

    run_state_machine_as_test(
        MovesHere,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # shrinking repeats a failure for minutes
        ),
    )
