"""Queue a message: once per key, complete, and only where it may be sent."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.channels.types import InvalidMessage
from core.conversations import lifecycle
from core.messaging.outbound import manual_retry
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform.db import transaction
from core.platform.errors import Conflict, NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import conversation, failed_message
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes
from tests.support.outbox import claim, ids, say, stored_message
from tests.support.refusals import refused

TEMPLATE = {"type": "template", "template": {"name": "hola", "language": "es"}}


def test_a_key_stands_for_one_message(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    first = say(business.business_id, conversation_id, idempotency_key="k")
    assert say(business.business_id, conversation_id, idempotency_key="k") == first
    assert one("SELECT count(*) FROM deliveries") == 1


@pytest.mark.parametrize("other", [{"words": "Otra cosa"}, {"reply_to": "wamid.X"}])
def test_a_key_refuses_another_message(business: TestBusiness, other: dict[str, Any]) -> None:
    conversation_id = customer_writes()
    say(business.business_id, conversation_id, idempotency_key="k")
    with refused("idempotency_conflict"):
        say(business.business_id, conversation_id, idempotency_key="k", **other)


def test_a_key_refuses_the_same_words_to_another_customer(business: TestBusiness) -> None:
    first, second = customer_writes(sender="5491155550001"), customer_writes(sender="5491155550002")
    say(business.business_id, first, idempotency_key="k")
    with refused("idempotency_conflict"):
        say(business.business_id, second, idempotency_key="k")


def test_a_key_used_by_many_at_once_makes_one_message(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    results: list[list[int]] = []
    ready = threading.Barrier(4)

    def click() -> None:
        ready.wait()
        results.append(say(business.business_id, conversation_id, idempotency_key="k"))

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 4
    assert len({tuple(result) for result in results}) == 1


def test_a_key_answers_even_after_the_window_closed(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    first = say(business.business_id, conversation_id, idempotency_key="k")
    rows("UPDATE conversations SET window_expires_at = now() - interval '1 second', status = 'closed'")
    assert say(business.business_id, conversation_id, idempotency_key="k") == first


@pytest.mark.parametrize("window", ["now() - interval '1 second'", "NULL"])
def test_outside_the_window_only_a_template_goes(business: TestBusiness, window: str) -> None:
    conversation_id = customer_writes()
    rows(f"UPDATE conversations SET window_expires_at = {window}")
    with refused("window_closed"):
        say(business.business_id, conversation_id)
    with transaction(business.business_id) as session:
        assert enqueue_message(session, conversation_id, NewMessage(TEMPLATE, Sender.AGENT))


def test_a_time_after_the_window_is_refused(business: TestBusiness) -> None:
    with refused("window_closed"):
        say(business.business_id, customer_writes(), send_at=datetime.now(UTC) + timedelta(hours=25))


def test_a_long_text_goes_out_in_order_under_one_key(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    words = " ".join(f"palabra{n}" for n in range(1500))
    first = say(business.business_id, conversation_id, words, idempotency_key="k")
    assert len(first) > 2
    parts = column("SELECT payload ->> 'text' FROM messages WHERE direction = 'outbound' ORDER BY id")
    assert " ".join(parts).split() == words.split()
    assert max(map(len, parts)) <= 4096
    assert say(business.business_id, conversation_id, words, idempotency_key="k") == first
    assert ids(claim()) == first[:1], "the next part waits for the one before"


def test_what_the_provider_would_refuse_is_refused_at_once(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    buttons = [{"type": "reply", "reply": {"id": str(n), "title": "Sí"}} for n in range(4)]
    content = {
        "type": "interactive",
        "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}},
    }
    with pytest.raises(InvalidMessage), transaction(business.business_id) as session:
        enqueue_message(session, conversation_id, NewMessage(content, Sender.AGENT))
    assert one("SELECT count(*) FROM deliveries") == 0


def test_a_closed_or_foreign_conversation_takes_nothing(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    with pytest.raises(NotFound):
        say(other, conversation_id)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.close(session, conversation_id)
    with pytest.raises(Conflict):
        say(business.business_id, conversation_id)


def test_an_answer_that_is_queued_leaves_the_customer_waiting(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    (message_id,) = say(business.business_id, conversation_id, "Ya está")
    waits = "SELECT waiting_since IS NOT NULL, unread_count, last_message_text FROM conversations"
    assert rows(waits) == [(True, 1, "Ya está")]
    assert stored_message(message_id).status == "queued"
    assert column("SELECT id FROM messages ORDER BY created_at, id")[-1] == message_id


def test_a_retry_of_all_chooses_from_the_newest(business: TestBusiness) -> None:
    """A call does not look through all that an outage left; what is older is sent when it is named."""
    talk, shut = (conversation(business.business_id, business.whatsapp_channel_id) for _ in range(2))
    message_id = failed_message(business.business_id, talk)
    rows("UPDATE messages SET error = jsonb_build_object('cause', 'network') WHERE id = :id", id=message_id)
    rows("UPDATE conversations SET window_expires_at = now() + interval '1 hour' WHERE id = :talk", talk=talk)
    rows("UPDATE conversations SET window_expires_at = NULL WHERE id = :shut", shut=shut)

    def retry(*ids: int) -> list[int]:
        with transaction(business.business_id) as session:
            return list(manual_retry.retry(session, ids or None, None).queued)

    rows(_FAIL, id=message_id, shut=shut, count=20_000)
    rows("ANALYZE messages, deliveries")  # as autovacuum has long done where so many have failed
    assert retry() == []
    rows("DELETE FROM messages WHERE id = (SELECT max(id) FROM messages)")
    assert retry() == [message_id]


_FAIL = """
WITH made AS (
    INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload, status,
                          error, created_at)
    SELECT business_id, :shut, channel_id, direction, sender, type, '', '{}', status, error, created_at
    FROM messages, generate_series(1, :count) WHERE id = :id RETURNING id
)
INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority)
SELECT d.business_id, made.id, :shut, d.channel_id, d.identity_id, 0
FROM made, deliveries d WHERE d.message_id = :id
"""
