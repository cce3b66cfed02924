"""CSAT: request on closing, and parsing of the score."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots import versions
from core.bots.settings import BotSettings
from core.messaging import closing, csat
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows, state_of
from tests.support.inbound import customer_writes, receive
from tests.support.provider_bodies import meta_body, text_value


@pytest.fixture
def asking(business: TestBusiness) -> TestBusiness:
    """The business, with a bot that requests ratings."""
    with transaction(business.business_id) as session:
        settings = BotSettings(ask_rating=True)
        versions.save(session, business.bot_id, settings)
    return business


def close(business: TestBusiness, talk: int) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        closing.close(session, talk)


def asked() -> list[str]:
    return column("SELECT text FROM messages WHERE sender = 'system' AND type = 'text' AND status <> 'cancelled'")


@pytest.mark.parametrize(
    ("words", "found"),
    [("5", 5), (" 4. ", 4), ("3/5", 3), ("Un 2", 2), ("1 de 5", 1), ("5 estrellas", 5), ("4 stars!", 4), ("⭐⭐⭐", 3),
     ("5️⃣", 5), ("uma 4", 4), ("4 ⭐", 4)],
)  # fmt: skip
def test_scores_are_parsed_from_free_text(words: str, found: int) -> None:
    assert csat.parse_score(words) == found


@pytest.mark.parametrize("words", ["", "0", "6", "15", "4 cajas", "Quiero 2", "3 y 4", "⭐⭐⭐⭐⭐⭐", "5/10", "1,5"])
def test_other_text_is_not_a_score(words: str) -> None:
    assert csat.parse_score(words) is None


@given(st.text(max_size=40))
def test_numbers_outside_one_to_five_are_not_scores(words: str) -> None:
    assert csat.parse_score(words) in (None, 1, 2, 3, 4, 5)


def test_no_request_unless_enabled(business: TestBusiness) -> None:
    talk = customer_writes("¿Cuánto cuesta?")
    close(business, talk)
    assert asked() == []
    assert state_of(talk).csat_requested_at is None


def test_the_score_is_saved_and_opens_no_conversation(asking: TestBusiness) -> None:
    talk = customer_writes("How much is the blue one, please?")
    close(asking, talk)
    assert asked() == [BotSettings().rating_message.en]
    receive(meta_body(text_value("4")))
    now = state_of(talk)
    assert (now.status, now.csat, now.unread_count, now.waiting_since) == ("closed", 4, 0, None)
    assert one("SELECT count(*) FROM conversations") == 1
    assert one("SELECT count(*) FROM pending_replies") == 0
    assert one("SELECT count(*) FROM notifications WHERE kind = 'low_rating'") == 0
    assert one("SELECT payload ->> 'score' FROM messages WHERE payload ->> 'event' = 'rated'") == "4"


def test_a_low_score_notifies_the_team(asking: TestBusiness) -> None:
    talk = customer_writes("Hola")
    close(asking, talk)
    receive(meta_body(text_value("1")))
    assert one("SELECT conversation_id FROM notifications WHERE kind = 'low_rating'") == talk


def test_a_question_instead_of_a_score_opens_a_conversation(asking: TestBusiness) -> None:
    talk = customer_writes("Hola")
    close(asking, talk)
    new = customer_writes("¿Y el envío?")
    assert new != talk
    receive(meta_body(text_value("2")))
    assert state_of(talk).csat is None, "a number that answers another question is no score"
    assert one("SELECT count(*) FROM messages WHERE conversation_id = :new AND text = '2'", new=new) == 1


def test_a_second_score_and_a_late_one_are_ordinary_messages(asking: TestBusiness) -> None:
    talk = customer_writes("Hola")
    close(asking, talk)
    receive(meta_body(text_value("5", at=time.time())))
    assert customer_writes("1") != talk
    assert state_of(talk).csat == 5
    rows("DELETE FROM conversations WHERE id <> :talk", talk=talk)
    rows("UPDATE conversations SET csat = NULL, csat_requested_at = now() - interval '25 hours'")
    assert customer_writes("4") != talk
    assert state_of(talk).csat is None


def test_of_two_scores_in_one_batch_the_first_counts(asking: TestBusiness) -> None:
    talk = customer_writes("Hola")
    close(asking, talk)
    receive(meta_body(text_value("5")), meta_body(text_value("1")))
    assert state_of(talk).csat == 5
    assert one("SELECT count(*) FROM conversations") == 1


def test_a_customer_who_cannot_be_messaged_is_not_asked(asking: TestBusiness) -> None:
    talk = customer_writes("Hola")
    rows("UPDATE conversations SET window_expires_at = now() - interval '1 minute'")
    close(asking, talk)
    assert (asked(), state_of(talk).status) == ([], "closed")


def test_a_conversation_is_asked_about_once(asking: TestBusiness) -> None:
    talk = customer_writes("Hola")
    with transaction(Scope(asking.business_id, Actor.agent(1))) as session:
        stood = closing.close(session, talk)
        assert stood is not None
        assert closing.undo_close(session, [stood]) == 1
    assert state_of(talk).status == "open"
    close(asking, talk)
    assert len(asked()) == 1


def test_undoing_a_close_does_not_affect_a_newer_conversation(business: TestBusiness) -> None:
    talk = customer_writes("Hola")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        stood = closing.close(session, talk)
        assert stood is not None
        assert closing.close(session, talk) is None
    customer_writes("Otra cosa")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        assert closing.undo_close(session, [stood]) == 0
    assert state_of(talk).status == "closed"


def test_an_undone_close_requests_no_rating(asking: TestBusiness) -> None:
    talk = customer_writes("¿Cuánto cuesta?")
    with transaction(Scope(asking.business_id, Actor.agent(1))) as session:
        stood = closing.close(session, talk)
        assert stood is not None
    assert one("SELECT count(*) FROM deliveries WHERE next_attempt_at > now() + interval '20 seconds'") == 1
    with transaction(Scope(asking.business_id, Actor.agent(1))) as session:
        assert closing.undo_close(session, [stood]) == 1
    assert column("SELECT status FROM messages WHERE sender = 'system' AND type = 'text'") == ["cancelled"]
    assert state_of(talk).csat_requested_at is None
    close(asking, talk)
    assert column("SELECT status FROM messages WHERE sender = 'system' AND type = 'text' ORDER BY id")[-1] == "queued"
