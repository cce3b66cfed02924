"""Metrics of answer quality."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.evaluation import hourly_run
from core.models import AnswerVerdict, Conversation
from core.platform.db import system_transaction, transaction
from core.reporting import answer_rollups
from core.reporting.bot_quality import Named, Quality, Resolutions, quality
from tests.factories import NOW, ai_run, change, past_conversation
from tests.support.database import rows

DAY = timedelta(days=1)
UTC = ZoneInfo("UTC")


def measured(business, days: int = 30, channel_id: int | None = None) -> Quality:
    hourly_run.learn(business.business_id, business.bot_id)
    today = NOW.date()
    with transaction(business.business_id) as session:
        return quality(session, UTC, today - days * DAY, today, channel_id)


def test_outcomes_are_counted_by_cause_and_confidence(business) -> None:
    ai_run(business, past_conversation(business, csat=5), 2 * DAY, confidence=0.95)
    ai_run(business, past_conversation(business, csat=1), 2 * DAY, confidence=0.91)
    ai_run(business, past_conversation(business), 2 * DAY, confidence=1.0)
    ai_run(business, past_conversation(business), 2 * DAY, outcome="handoff", decided_by="keyword", confidence=None)
    ai_run(
        business, past_conversation(business), 2 * DAY, outcome="handoff", decided_by="low_confidence", confidence=0.2
    )
    ai_run(
        business, past_conversation(business), 2 * DAY, outcome="handoff", decided_by="low_confidence", confidence=0.25
    )
    found = measured(business)
    assert found.count(AnswerVerdict.GOOD) == found.count(AnswerVerdict.BAD) == found.count(AnswerVerdict.UNKNOWN) == 1
    assert list(found.handed_over.items()) == [("low_confidence", 2), ("keyword", 1)]
    assert found.confidence[9] == {"good": 1, "bad": 1, "unknown": 1}
    assert found.confidence[2] == {"handed_over": 2}
    assert found.conversations == 6


def test_topics_and_sources_have_their_outcomes(business) -> None:
    passages = [{"id": "qa-1", "title": "Shipping", "text": "…", "score": 1}, {"id": "kb-2", "title": "Prices"}]
    for score, topic, cited in (
        (5, "Shipping", ["qa-1"]),
        (1, "shipping", ["qa-1", "kb-2"]),
        (None, "Price", ["facts"]),
    ):
        trace = {"topics": [topic], "sources": cited, "passages": passages}
        ai_run(business, past_conversation(business, csat=score), DAY, trace=trace)
    found = measured(business)
    assert [(one.name.lower(), one.count, one.good, one.bad) for one in found.topics] == [
        ("shipping", 2, 1, 1), ("price", 1, 0, 0),
    ]  # fmt: skip
    assert found.sources[0] == Named("Shipping", 2, 1, 1, 0)
    assert set(found.sources[1:]) == {Named("facts", 1, 0, 0, 0), Named("Prices", 1, 0, 1, 0)}


def test_a_resolution_is_durable_when_its_customer_does_not_come_back_for_a_week(business) -> None:
    past_conversation(business, ended=10 * DAY)
    past_conversation(business, ended=10 * DAY, mode="human")
    past_conversation(business, ended=10 * DAY, handed_off_at=NOW - 11 * DAY)
    past_conversation(business, last_message_at=NOW - 10 * DAY)
    past_conversation(business, last_message_at=NOW - 10 * DAY, waiting_since=NOW - 10 * DAY)
    past_conversation(business, ended=2 * DAY)
    returned = past_conversation(business, ended=10 * DAY)
    with system_transaction() as session:
        contact = session.scalar(select(Conversation.contact_id).where(Conversation.id == returned))
    change(past_conversation(business, created_at=NOW - 5 * DAY, last_message_at=NOW), contact_id=contact)
    assert measured(business).resolutions == Resolutions(ended=5, durable=4, by_bot=2)
    assert measured(business, days=1).resolutions.ended == 0, "they ended more than a week before these days"


def test_other_channels_and_days_are_excluded(business) -> None:
    ai_run(business, past_conversation(business, csat=5), 5 * DAY)
    assert measured(business, days=2).conversations == 0
    assert measured(business, channel_id=business.sms_channel_id).conversations == 0
    assert measured(business, channel_id=business.whatsapp_channel_id).conversations == 1


@pytest.mark.parametrize("days", [1, 90])
def test_without_data_all_is_zero(business, days: int) -> None:
    found = measured(business, days)
    assert (found.conversations, found.resolutions, dict(found.causes)) == (0, Resolutions(0, 0, 0), {})


def test_counted_days_are_read_from_the_rollups(business) -> None:
    trace = {"topics": ["Shipping", "Price"], "sources": ["facts"]}
    ai_run(business, past_conversation(business, csat=5), 2 * DAY, confidence=0.95, trace=trace)
    ai_run(business, past_conversation(business, csat=1), 12 * DAY, confidence=0.4, trace=trace)
    ai_run(business, past_conversation(business), 3 * DAY, outcome="handoff", decided_by="keyword", confidence=None)
    past_conversation(business, ended=10 * DAY)
    before = measured(business)
    rows(
        "INSERT INTO counted_days (business_id, day, counted_at)"
        " SELECT :business, current_date - n, now() FROM generate_series(1, 40) AS n",
        business=business.business_id,
    )
    assert [answer_rollups.refresh_due(business.business_id, UTC) for _ in range(3)] == [31, 9, 0]
    assert measured(business) == before
    assert measured(business, days=4).conversations == 2
    rows("DELETE FROM answer_outcomes")
    assert measured(business) == before, "closed days come from what was kept"


def test_days_are_recounted_while_verdicts_arrive(business) -> None:
    rows(
        "INSERT INTO counted_days (business_id, day, counted_at, answers_at)"
        " SELECT :business, current_date - n, now(), now() - interval '2 hours' FROM generate_series(1, 40) AS n",
        business=business.business_id,
    )
    assert answer_rollups.refresh_due(business.business_id, UTC) == 6
    rows("UPDATE counted_days SET answers_at = now() - interval '2 days'")
    assert answer_rollups.refresh_due(business.business_id, UTC) == 28
