"""One order of messages: in the console, for API clients and for the bot."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.conversations import api_reads, thread
from core.models import Sender
from core.platform.db import transaction
from core.replies.transcript import turns_until
from tests.conftest import TestBusiness
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.outbox import say
from tests.support.provider_bodies import meta_body, text_value
from workers.jobs import ingest

SKEWS: list[Callable[[int], Any]] = [
    lambda now: now, lambda now: now - 5, lambda now: now - 3600, lambda now: now + 1, lambda now: now + 40,
    lambda now: now + 7200, lambda now: 0, lambda now: -1, lambda now: "", lambda now: "garbage", lambda now: None,
    lambda now: 10**14, lambda now: 1.5,
]  # fmt: skip
CUSTOMER = "5491155550001"


def as_read(business_id: int, conversation_id: int) -> list[list[str]]:
    """Return the thread as the console, an API client and the bot read it."""
    with transaction(business_id) as session:
        shown = [line.text for line in thread.read(session, conversation_id).lines]
        listed = [one.text for one in api_reads.messages(session, conversation_id, None, 100).items]
        told = [turn.text for turn in turns_until(session, conversation_id, limit=100)]
    return [shown, listed, told]


def dated(words: str, timestamp: object) -> dict[str, Any]:
    value = text_value(words, CUSTOMER)
    value["messages"][0]["timestamp"] = timestamp if isinstance(timestamp, float | None) else str(timestamp)
    return value


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([*SKEWS, Sender.BOT, Sender.AGENT]), min_size=2, max_size=7))
def test_an_answer_sorts_after_all_earlier_messages(business: TestBusiness, steps: list[Any]) -> None:
    rows("UPDATE conversations SET status = 'closed'")
    conversation_id = customer_writes("0")
    sides = ["customer"]
    for number, step in enumerate(steps, start=1):
        if isinstance(step, Sender):
            say(business.business_id, conversation_id, str(number), sender=step)
        else:
            receive(meta_body(dated(str(number), step(int(time.time())))))
        sides.append("business" if isinstance(step, Sender) else "customer")
    shown, listed, told = as_read(business.business_id, conversation_id)
    assert shown == listed == told
    assert [sides[int(words)] for words in shown] == sides, "the sides take turns as they did"
    assert not one("SELECT bool_or(created_at > now() + interval '1 second') FROM messages")


def test_a_burst_keeps_the_providers_order(business: TestBusiness) -> None:
    now = int(time.time())
    conversation_id = customer_writes("dos", at=now - 5)
    customer_writes("uno", at=now - 8)
    assert as_read(business.business_id, conversation_id) == [["uno", "dos"]] * 3


def test_answers_by_twilio_sort_after_the_question(business: TestBusiness) -> None:
    form = {"MessageSid": "SM1", "AccountSid": "AC0", "From": "+5491155550003", "Body": "¿Está listo?", "NumMedia": "0"}
    form["To"] = one("SELECT identity FROM channels WHERE kind = 'sms'")
    store(urlencode(form).encode(), source="twilio_inbound", content_type="application/x-www-form-urlencoded")
    ingest.receive()
    conversation_id = one("SELECT id FROM conversations WHERE kind = 'sms'")
    say(business.business_id, conversation_id, "Sí", sender=Sender.BOT)
    assert as_read(business.business_id, conversation_id) == [["¿Está listo?", "Sí"]] * 3


@pytest.mark.parametrize(("skew", "kept"), [(-90, True), (0, False)])
def test_the_providers_own_time_is_kept(business: TestBusiness, skew: int, kept: bool) -> None:
    conversation_id = customer_writes("antes")
    say(business.business_id, conversation_id, "respuesta")
    receive(meta_body(dated("después", int(time.time()) + skew)))
    assert one("SELECT payload ? 'written_at' FROM messages WHERE text = 'después'") is kept
