"""Incoming messages update the conversation and schedule a reply after the quiet window."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from core.bots import versions
from core.bots.settings import BotSettings
from core.channels.kinds import REPLY_WINDOWS
from core.channels.types import Kind
from core.platform.db import transaction
from core.types import Autonomy
from tests.conftest import TestBusiness
from tests.integration.conversations.test_owners import online
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.payloads import load
from tests.support.provider_bodies import meta_body, text_value

QUIET = 0.2  # seconds, REPLY_QUIET_SECONDS of the tests
FIRST = 0.1  # and REPLY_FIRST_QUIET_SECONDS


def due_in() -> float:
    """Return the seconds from the first message to the time the reply is due."""
    return float(one("SELECT extract(epoch FROM due_at - first_message_at) FROM pending_replies"))


def set_bot(business: TestBusiness, **changes: object) -> None:
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(**changes))


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("¿A qué hora abren?", FIRST), ("Precio?", FIRST), ("هل تفتحون غدا؟", FIRST), ("明天几点开门？", FIRST),
        ("necesito cambiar mi reserva de mañana", FIRST), ("quero saber o valor do frete", FIRST),
        ("hola", QUIET), ("Boa tarde", QUIET), ("good morning!", QUIET), ("こんにちは", QUIET), ("👋", QUIET),
    ],
)  # fmt: skip
def test_the_first_message_has_its_own_window_unless_it_is_a_short_opener(
    business: TestBusiness, words: str, window: float
) -> None:
    customer_writes(words)
    assert window - 0.01 <= due_in() < window + 0.05


def test_the_first_window_is_never_longer_than_the_quiet_window(business: TestBusiness) -> None:
    set_bot(business, quiet_seconds=0)
    customer_writes("¿A qué hora abren?")
    assert due_in() < 0.05


def test_a_later_message_waits_for_the_quiet_window(business: TestBusiness) -> None:
    customer_writes()
    rows("DELETE FROM pending_replies")
    customer_writes("Otra")
    assert QUIET - 0.01 <= due_in() < QUIET + 0.1


def test_a_first_message_with_media_waits_for_the_quiet_window(business: TestBusiness) -> None:
    store(load("whatsapp_cloud", "image").body)
    receive()
    assert due_in() >= QUIET - 0.01


def test_a_burst_gets_one_reply(business: TestBusiness) -> None:
    receive(meta_body(*(text_value(f"parte {n}") for n in range(4))))
    ((latest, attempts),) = rows("SELECT latest_message_id, attempts FROM pending_replies")
    assert latest == one("SELECT max(id) FROM messages")
    assert attempts == 0
    assert due_in() >= QUIET - 0.01


def test_each_message_postpones_the_reply_up_to_a_limit(business: TestBusiness) -> None:
    customer_writes()
    rows("UPDATE pending_replies SET first_message_at = now() - interval '0.5 seconds'")
    customer_writes("y otra cosa")
    assert one("SELECT due_at > now() + interval '0.05 seconds' FROM pending_replies")
    rows("UPDATE pending_replies SET first_message_at = now() - interval '10 seconds'")
    customer_writes("y otra más")
    assert one("SELECT due_at <= now() FROM pending_replies"), "five quiet windows are the most anybody waits"


def test_the_bots_own_quiet_window_applies(business: TestBusiness) -> None:
    set_bot(business, quiet_seconds=7)
    receive(meta_body(text_value("uno"), text_value("dos")))
    assert 6.9 <= due_in() <= 7.1


@pytest.mark.parametrize("changes", [{"enabled": False}, {"autonomy": Autonomy.OFF}])
def test_with_the_bot_off_new_conversations_go_to_people(business: TestBusiness, changes: dict[str, object]) -> None:
    """The conversation is assigned and notified once."""
    set_bot(business, **changes)
    here = online(business)
    for _ in range(2):
        customer_writes()
    assert rows("SELECT mode, waiting_since IS NOT NULL, assignee_id FROM conversations") == [("human", True, here)]
    assert one("SELECT count(*) FROM pending_replies") == 0
    assert rows("SELECT kind, conversation_id IS NOT NULL FROM notifications") == [("handed_off", True)]


def test_window_and_wait_start_at_the_providers_time(business: TestBusiness) -> None:
    at = int(time.time()) - 3600
    customer_writes(at=at)
    customer_writes("Otra", at=at + 60)
    ((window, waiting, unread, last),) = rows(
        "SELECT window_expires_at, waiting_since, unread_count, last_message_text FROM conversations"
    )
    assert waiting.timestamp() == at
    assert window.timestamp() == at + 60 + REPLY_WINDOWS[Kind.WHATSAPP].total_seconds()
    assert (unread, last) == (2, "Otra")


def test_a_late_message_does_not_shorten_the_window(business: TestBusiness) -> None:
    now = int(time.time())
    customer_writes(at=now)
    customer_writes("de antes", at=now - 3600)
    assert one("SELECT window_expires_at FROM conversations").timestamp() == now + 24 * 3600
    assert one("SELECT waiting_since FROM conversations").timestamp() == now, "the wait began with what was seen first"


def test_sms_has_no_window(business: TestBusiness) -> None:
    payload = load("twilio_inbound", "sms_text")
    rows("UPDATE channels SET identity = :to WHERE kind = 'sms'", to=_value(payload.body, "To"))
    store(payload.body, source="twilio_inbound", content_type=payload.content_type)
    receive()
    assert rows("SELECT kind, window_expires_at FROM conversations") == [("sms", None)]


def _value(form: bytes, name: str) -> str:
    from urllib.parse import parse_qs

    return parse_qs(form.decode())[name][0]


@pytest.mark.parametrize("status", ["pending", "snoozed"])
def test_a_customer_message_reopens_the_conversation(business: TestBusiness, status: str) -> None:
    customer_writes()
    rows(f"UPDATE conversations SET status = '{status}'")
    customer_writes("¿Hola?")
    assert one("SELECT status FROM conversations") == "open"


def test_a_conversation_stays_with_its_agent(business: TestBusiness) -> None:
    customer_writes()
    rows("DELETE FROM pending_replies")
    rows("UPDATE conversations SET mode = 'human'")
    customer_writes("¿Hola?")
    assert one("SELECT mode FROM conversations") == "human"
    assert one("SELECT count(*) FROM pending_replies") == 0


def test_window_is_a_day() -> None:
    assert REPLY_WINDOWS[Kind.WHATSAPP] == timedelta(hours=24)
