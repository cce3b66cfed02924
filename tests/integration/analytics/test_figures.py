"""Metrics: rollups and live figures agree with an independent count of the rows."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core.accounts.opening_hours import OpeningHours, Shift
from core.bots import price_table, versions
from core.bots.llm.types import Usage
from core.bots.settings import BotSettings
from core.cli import __main__ as cli
from core.models import AIRun, Conversation, Direction, Message
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from core.reporting import daily_rollups, drill_down
from core.reporting import metrics as figures
from core.reporting.api_stats import Period, stats
from core.reporting.daily_metrics_sql import LIMITS
from core.reporting.drill_down import CountedConversation, DrillDown
from core.reporting.metrics import EVERYBODY, Figures, MetricFilter, quantile
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import one, rows
from tests.support.refusals import refused

ZONE = ZoneInfo("America/Bogota")
TODAY = datetime.now(ZONE).date()
FIRST = TODAY - timedelta(days=6)


def moment(rng: random.Random) -> datetime:
    """Return a random second of the last seven days, slightly before now at the latest."""
    latest = int((datetime.now(UTC) - timedelta(minutes=5)).timestamp())
    start = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZONE).timestamp())
    return datetime.fromtimestamp(rng.randint(start, latest), UTC)


def make_history(business: TestBusiness, seed: int) -> list[dict[str, Any]]:
    """Create conversations with random messages. Returns the messages."""
    rng = random.Random(seed)
    rows("UPDATE businesses SET timezone = 'America/Bogota'")
    made = []
    for number in range(12):
        channel_id = rng.choice([business.whatsapp_channel_id, business.twilio_whatsapp_channel_id])
        begun = moment(rng)
        talk = conversation(business.business_id, channel_id, name=f"Customer {number}", created_at=begun)
        for _ in range(rng.randint(1, 25)):
            sender = rng.choice(["customer", "customer", "bot", "agent"])
            at = moment(rng)
            status = "received" if sender == "customer" else rng.choice(["sent", "delivered", "read", "failed"])
            made.append(
                {
                    "business_id": business.business_id,
                    "conversation_id": talk,
                    "channel_id": channel_id,
                    "direction": Direction.INBOUND if sender == "customer" else Direction.OUTBOUND,
                    "sender": sender,
                    "type": rng.choice(["text", "text", "text", "note" if sender == "agent" else "image", "reaction"]),
                    "status": status,
                    "error": {"cause": rng.choice(["recipient", "provider"])} if status == "failed" else None,
                    "created_at": at,
                    "stored_at": at,
                    "sent_at": None if sender == "customer" else at,
                    "payload": {},
                    "event_id": 1 if sender == "agent" else None,  # written on the business's own phone
                }
            )
        if rng.random() < 0.5:
            close(talk, moment(rng), rng.choice([None, 1, 5]))
    with system_transaction() as session:
        session.add_all(Message(**row) for row in made)
        for row in made[::5]:
            session.add(
                AIRun(
                    business_id=business.business_id, conversation_id=row["conversation_id"], settings_version=1,
                    prompt_version="p", outcome="reply", decided_by="model", trace={}, created_at=row["created_at"],
                    input_tokens=100, output_tokens=20, cost_usd=rng.choice([None, 0.25]),
                )
            )  # fmt: skip
    return [row for row in made if row["type"] not in ("note", "reaction")]


def close(talk: int, at: datetime, csat: int | None) -> None:
    with system_transaction() as session:
        found = session.get_one(Conversation, talk)
        found.status, found.closed_at, found.csat = "closed", at, csat


def day_of(row: dict[str, Any]) -> date:
    at: datetime = row["created_at"]
    return at.astimezone(ZONE).date()


def read(business: TestBusiness, first: date = FIRST, last: date = TODAY, whose: MetricFilter = EVERYBODY) -> Figures:
    with transaction(business.business_id) as session:
        return figures.figures(session, first, last, whose)


def as_set(found: Figures) -> set[tuple[Any, ...]]:
    return {(row.day, row.metric, row.label, row.bucket, row.count, round(row.total, 6)) for row in found.rows}


@pytest.mark.parametrize("seed", range(4))
def test_rollups_and_live_figures_agree_with_the_rows(business: TestBusiness, seed: int) -> None:
    said = make_history(business, seed)
    live = as_set(read(business))
    assert daily_rollups.refresh_due() > 0
    kept = read(business)
    assert as_set(kept) == live
    assert kept.by_label("message") == dict(
        Counter(row["sender"] for row in said if row["error"] is None).most_common()
    )
    for day, count in kept.by_day("message", "customer").items():
        assert count == sum(row["sender"] == "customer" and day_of(row) == day for row in said)
    failed = Counter(row["error"]["cause"] for row in said if row["error"])
    assert kept.by_label("failure") == dict(failed.most_common()) or sum(failed.values()) == kept.count("failure")
    assert kept.count("new") == one("SELECT count(*) FROM conversations")
    assert kept.count("closed") == one("SELECT count(*) FROM conversations WHERE status = 'closed'")
    assert kept.total("ai_cost") == float(one("SELECT coalesce(sum(cost_usd), 0) FROM ai_runs"))
    assert kept.count("ai_cost", "unknown") == one("SELECT count(*) FROM ai_runs WHERE cost_usd IS NULL")


@pytest.mark.parametrize("seed", range(4))
def test_partial_rollups_agree_with_the_rows(business: TestBusiness, seed: int) -> None:
    make_history(business, seed)
    live = as_set(read(business))
    for back in range(3):
        day = TODAY - timedelta(days=back)
        moment = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(
            hours=random.Random(seed + back).random() * 26
        )
        with transaction(business.business_id) as session:
            assert daily_rollups.count_day(session, ZONE, day, moment)
        assert as_set(read(business)) == live


def test_a_day_is_counted_until_it_is_over(business: TestBusiness) -> None:
    make_history(business, 3)
    daily_rollups.refresh_due()
    before = one("SELECT counted_at FROM counted_days ORDER BY day DESC LIMIT 1 OFFSET 1")
    for ago, again in (("4 minutes", 0), ("6 minutes", 1)):
        rows(f"UPDATE counted_days SET counted_at = now() - interval '{ago}' WHERE day = '{TODAY}'")
        assert daily_rollups.refresh_due() == again
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZONE)
    rows(f"UPDATE counted_days SET counted_at = '{midnight}' WHERE day = '{TODAY - timedelta(days=1)}'")
    assert daily_rollups.refresh_due() == (datetime.now(ZONE) - midnight > timedelta(minutes=1))
    assert one("SELECT counted_at FROM counted_days ORDER BY day DESC LIMIT 1 OFFSET 1") >= before


def test_filter_by_channel(business: TestBusiness) -> None:
    said = make_history(business, 7)
    daily_rollups.refresh_due()
    channel_id = business.whatsapp_channel_id
    assert read(business, whose=MetricFilter(channel_id)).count("message") == sum(
        row["channel_id"] == channel_id and row["error"] is None for row in said
    )


def test_filter_by_agent(business: TestBusiness) -> None:
    ana = person(business.business_id).id
    said = make_history(business, 11)
    rows("UPDATE messages SET author_id = :ana WHERE sender = 'agent' AND id % 2 = 0", ana=ana)
    rows("UPDATE conversations SET assignee_id = :ana, tags = '{vip,late}' WHERE id % 3 = 0", ana=ana)
    live = read(business, whose=MetricFilter(agent_id=ana))
    daily_rollups.refresh_due()
    hers = read(business, whose=MetricFilter(agent_id=ana))
    assert as_set(hers) == as_set(live)
    wrote = "sender = 'agent' AND author_id IS NOT NULL AND type NOT IN ('note', 'reaction') AND status <> 'failed'"
    assert hers.by_label("message") == {"agent": one(f"SELECT count(*) FROM messages WHERE {wrote}")}
    assert hers.count("new") == one("SELECT count(*) FROM conversations WHERE assignee_id IS NOT NULL")
    assert hers.by_label("tag") == {"vip": hers.count("new"), "late": hers.count("new")}
    assert hers.count("closed") == one("SELECT count(closed_at) FROM conversations WHERE assignee_id IS NOT NULL")
    assert not hers.of("ai") and not hers.of("hour")
    assert 0 < hers.count("message") < len(said)


def test_recount_since_a_day(business: TestBusiness) -> None:
    make_history(business, 3)
    counted = daily_rollups.refresh_due()
    rows("UPDATE daily_metrics SET count = count + 1")
    wrong = as_set(read(business))
    assert cli.main(["rollups", "--since", str(FIRST)]) == 0
    assert one("SELECT count(*) FROM counted_days") == counted
    assert not as_set(read(business, last=TODAY - timedelta(days=1))) & wrong


def test_answers_are_measured_from_the_first_unanswered_question(business: TestBusiness) -> None:
    rows("UPDATE businesses SET timezone = 'America/Bogota'")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZONE) - timedelta(hours=12)
    for sender, seconds in (
        ("customer", 0),
        ("customer", 50),
        ("bot", 60),
        ("bot", 70),
        ("customer", 80),
        ("agent", 83),
    ):
        with system_transaction() as session:
            session.add(
                Message(
                    business_id=business.business_id, conversation_id=talk, channel_id=business.whatsapp_channel_id,
                    direction="inbound" if sender == "customer" else "outbound", sender=sender, type="text",
                    status="received" if sender == "customer" else "sent", payload={},
                    created_at=noon + timedelta(seconds=seconds), stored_at=noon + timedelta(seconds=seconds),
                    event_id=1,
                )
            )  # fmt: skip
    found = read(business)
    assert [(row.label, row.count, row.total) for row in found.of("response", "bot")] == [("bot", 1, 60.0)]
    assert [(row.label, row.count, row.total) for row in found.of("response", "agent")] == [("agent", 1, 3.0)]


def test_a_day_is_recounted_while_late_data_may_arrive(business: TestBusiness) -> None:
    make_history(business, 3)
    assert daily_rollups.refresh_due() > 0
    assert daily_rollups.refresh_due() == 0
    rows("UPDATE counted_days SET counted_at = counted_at - interval '2 hours'")
    assert daily_rollups.refresh_due() > 0
    rows("UPDATE messages SET status = 'read' WHERE status = 'delivered'")
    rows("UPDATE counted_days SET counted_at = counted_at - interval '2 hours'")
    daily_rollups.refresh_due()
    yesterday = TODAY - timedelta(days=1)
    assert read(business, FIRST, yesterday).count("sent", "delivered") == 0


def test_businesses_are_counted_separately(business: TestBusiness) -> None:
    make_history(business, 1)
    daily_rollups.refresh_due()
    rows("INSERT INTO businesses (name) VALUES ('Other')")
    other = one("SELECT max(id) FROM businesses")
    with transaction(other) as session:
        assert figures.figures(session, FIRST, TODAY).rows == []


def counted(session: Session, metric: str, label: str | None = None, pages: int = 1) -> Sequence[CountedConversation]:
    return drill_down.conversations(session, DrillDown(ZONE, FIRST, TODAY, metric, label), pages=pages)


def test_drill_down_to_conversations(business: TestBusiness) -> None:
    said = make_history(business, 5)
    with transaction(business.business_id) as session:

        def ids(metric: str, label: str | None = None) -> set[int]:
            return {found.id for found in counted(session, metric, label)}

        assert ids("message", "agent") >= {
            row["conversation_id"] for row in said if row["sender"] == "agent" and not row["error"]
        }
        assert len(ids("new")) == 12
        assert len(ids("closed")) == one("SELECT count(*) FROM conversations WHERE status = 'closed'")
        assert ids("failure", "recipient") >= {
            row["conversation_id"] for row in said if (row["error"] or {}).get("cause") == "recipient"
        }
        assert ids("handoff") == ids("handoff", "keyword") == set()
        assert ids("csat", "5") | ids("csat", "1") == ids("csat")
        hours = {
            (row["conversation_id"], f"{at.weekday()}-{at.hour}")
            for row in said
            if row["sender"] == "customer" and (at := row["created_at"].astimezone(ZONE))
        }
        for label in ("0-9", "3-15", "5-20", sorted(label for _, label in hours)[0]):
            assert ids("hour", label) == {talk for talk, written in hours if written == label}
        assert ids("first", "bot") | ids("first", "agent") == ids("first")
        assert not ids("first", "bot") & ids("first", "agent")
        assert ids("closed", "bot") | ids("closed", "agent") == ids("closed")
        assert ids("ai_cost", "known") | ids("ai_cost", "unknown") == ids("ai_cost") == ids("ai", "reply")
        assert ids("tag", "vip") == ids("reopened") == set()
        assert ids("sent", "read") and ids("response", "bot") and ids("hour") and ids("ai")
        for metric in ("response", "first", "after_handoff", "closed"):
            slow = counted(session, metric)
            times = [found.seconds or 0 for found in slow]
            assert times == sorted(times, reverse=True)
        longest = counted(session, "closed")[0]
        took = one(f"SELECT extract(epoch FROM closed_at - created_at) FROM conversations WHERE id = {longest.id}")
        assert longest.seconds == pytest.approx(float(took))
        with pytest.raises(ValueError, match="moods"):
            counted(session, "moods")


@pytest.mark.parametrize("metric", ["new", "message", "response", "first", "closed"])
def test_further_pages_follow_the_first(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, metric: str) -> None:
    make_history(business, 5)
    monkeypatch.setattr(drill_down, "PAGE", 2)
    with transaction(business.business_id) as session:
        whole = counted(session, metric, pages=20)
        assert len(whole) > 4
        assert counted(session, metric) == whole[:2]
        assert counted(session, metric, pages=2) == whole[:4]
    assert len({found.id for found in whole}) == len(whole)


@given(st.lists(st.floats(0, 2e5), min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_quantile_is_in_the_bucket_of_the_exact_one(durations: list[float], share: float) -> None:
    buckets = Counter(sum(duration >= limit for limit in LIMITS) for duration in durations)
    found = quantile(buckets, share)
    assert found is not None
    low = max((limit for limit in LIMITS if limit < found), default=0)
    high = min((limit for limit in LIMITS if limit >= found), default=float("inf"))
    wanted = share * len(durations)
    assert sum(duration < low for duration in durations) <= wanted + 1e-6
    assert sum(duration < high for duration in durations) >= wanted - 1e-6


def test_no_durations_have_no_quantile() -> None:
    assert quantile({}, 0.5) is None


class Talk:
    """Builder of a conversation; times are in seconds after its start."""

    def __init__(self, business: TestBusiness) -> None:
        rows("UPDATE businesses SET timezone = 'America/Bogota'")
        self.business = business
        self.noon = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZONE) - timedelta(hours=12)
        self.id = conversation(business.business_id, business.whatsapp_channel_id, created_at=self.noon)
        self.ana = person(business.business_id).id

    def line(self, who: str, seconds: float, status: str | None = None, event: str | None = None) -> int:
        sender = {"team": "agent", "phone": "agent", "program": "agent", "promise": "bot"}.get(who, who)
        at = self.noon + timedelta(seconds=seconds)
        message = Message(
            business_id=self.business.business_id, conversation_id=self.id,
            channel_id=self.business.whatsapp_channel_id, direction="inbound" if who == "customer" else "outbound",
            sender=sender, type="event" if event else "text", payload={"event": event} if event else {},
            status=status or ("received" if who == "customer" else "sent"), created_at=at, stored_at=at,
            author_id=self.ana if who == "team" else None, event_id=1 if who == "phone" else None,
        )  # fmt: skip
        with system_transaction() as session:
            session.add(message)
            session.flush()
            if who == "promise":
                session.add(
                    AIRun(
                        business_id=self.business.business_id, conversation_id=self.id, message_id=message.id,
                        settings_version=1, prompt_version="p", outcome="handoff", decided_by="keyword", trace={},
                        created_at=at,
                    )
                )  # fmt: skip
            return message.id

    def figures(self) -> dict[str, list[tuple[str, float]]]:
        found = read(self.business)
        metrics = ("response", "first", "after_handoff")
        return {metric: [(row.label, row.total) for row in found.of(metric)] for metric in metrics}


def test_a_hand_off_message_is_not_an_answer(business: TestBusiness) -> None:
    talk = Talk(business)
    talk.line("customer", 0)
    talk.line("promise", 2)
    talk.line("system", 3, event="handed_off")
    talk.line("team", 57)
    assert talk.figures() == {"response": [("agent", 57)], "first": [("agent", 57)], "after_handoff": [("", 54)]}
    rows(
        "UPDATE messages SET created_at = created_at + interval '12 hours', stored_at = stored_at + interval '12 hours'"
    )
    with transaction(business.business_id) as session:
        assert stats(session, Period.TODAY).average_response_time == 57


@pytest.mark.parametrize(("who", "status"), [("program", "sent"), ("team", "failed"), ("team", "queued")])
def test_unsent_and_program_messages_are_not_answers(business: TestBusiness, who: str, status: str) -> None:
    talk = Talk(business)
    talk.line("customer", 0)
    talk.line(who, 10, status)
    assert talk.figures() == {"response": [], "first": [], "after_handoff": []}
    talk.line("phone", 40)
    assert talk.figures() == {"response": [("agent", 40)], "first": [("agent", 40)], "after_handoff": []}


def test_an_outbound_conversation_is_answered_after_its_customer_writes(business: TestBusiness) -> None:
    talk = Talk(business)
    talk.line("program", 0)
    assert talk.figures()["first"] == []
    talk.line("customer", 100)
    talk.line("bot", 103)
    assert talk.figures()["first"] == [("bot", 3)]
    assert read(business).by_label("message") == {"program": 1, "customer": 1, "bot": 1}


def test_console_and_api_agree_on_sent_messages(business: TestBusiness) -> None:
    talk = Talk(business)
    for status in ("queued", "sending", "sent", "delivered", "read", "failed", "uncertain", "cancelled"):
        talk.line("bot", 1, status)
    assert read(business).count("message", "bot") == 3
    rows("UPDATE messages SET created_at = now()")
    with transaction(business.business_id) as session:
        assert stats(session, Period.TODAY).messages_sent == 3


def billed(talk: Talk, category: str, billable: bool = True, text: str = "x") -> None:
    message_id = talk.line("bot", 10, "delivered")
    rows("UPDATE messages SET text = :text WHERE id = :id", text=text, id=message_id)
    rows(
        "INSERT INTO delivery_receipts (business_id, channel_id, message_id, provider_id, status,"
        " occurred_at, pricing) VALUES "
        "(:business, :channel, :id, 'wamid.' || :id, 'delivered', now(), cast(:pricing AS jsonb))",
        business=talk.business.business_id, channel=talk.business.whatsapp_channel_id, id=message_id,
        pricing=json.dumps({"billable": billable, "category": category}),
    )  # fmt: skip


def set_prices(business: TestBusiness, **kept: Any) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        price_table.save(session, kept)


def test_messages_are_billed_by_receipt_and_price(business: TestBusiness) -> None:
    talk = Talk(business)
    rows("UPDATE contact_identities SET address = '5491155550001'")
    for category, billable in (("marketing", True), ("MARKETING", True), ("service", True), ("service", False),
                               ("referral_conversion", True)):  # fmt: skip
        billed(talk, category, billable)
    day = (TODAY - timedelta(days=2)).isoformat()
    mine = {"channel": "whatsapp", "category": "service", "valid_from": day, "source": "contract"}
    set_prices(business, messages=[{**mine, "prefix": "549", "usd": "0.5"}, {**mine, "prefix": "", "usd": "9"}])
    found = read(business)
    assert {row.label: (row.count, round(row.total, 6)) for row in found.of("message_cost")} == {
        "marketing": (2, 0.1236), "service": (1, 0.5), "unknown": (1, 0.0),
    }  # fmt: skip
    daily_rollups.refresh_due()
    assert as_set(read(business)) == as_set(found)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("ñ¿¡é" * 40, 1),
        ("á" * 70, 1), ("á" * 71, 2), ("á" * 134, 2), ("á" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2), ("", 1),
        ("[{^}]~|\\" * 10, 1), ("'%\"\n" * 40, 1),
    ],
)  # fmt: skip
def test_an_sms_is_billed_by_its_segments(business: TestBusiness, text: str, segments: int) -> None:
    talk = Talk(business)
    rows("UPDATE channels SET kind = 'sms' WHERE id = :id", id=business.whatsapp_channel_id)
    message_id = talk.line("bot", 10, "delivered")
    rows("UPDATE messages SET text = :text WHERE id = :id", text=text, id=message_id)
    assert read(business).total("segments") == segments


def test_costs_are_summed_per_bot(business: TestBusiness) -> None:
    talk = Talk(business)
    for cost in (0.25, 0.5, None):
        with system_transaction() as session:
            session.add(
                AIRun(
                    business_id=business.business_id, conversation_id=talk.id, bot_id=business.bot_id,
                    settings_version=1, prompt_version="p", outcome="reply", decided_by="model", trace={},
                    created_at=talk.noon, input_tokens=1, output_tokens=1, cost_usd=cost,
                )
            )  # fmt: skip
    assert [(row.label, row.count, row.total) for row in read(business).of("bot_cost")] == [
        (str(business.bot_id), 2, 0.75)
    ]


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"messages": [{"channel": "fax"}]}, "messages 1"),
        ({"messages": [{"channel": "sms", "category": "sms", "valid_from": "2026-11-01", "usd": "-1"}]}, "usd"),
        ({"messages": [{"channel": "sms", "category": "sms", "valid_from": "soon", "usd": "1"}]}, "valid_from"),
        ({"messages": [{"channel": "sms", "category": "sms", "valid_from": "2026-11-01", "usd": "1", "prefix": "+1"}]},
         "prefix"),
        ({"models": [{"model": "m", "valid_from": "2026-11-01", "input": "NaN", "output": "1", "source": ""}]},
         "input"),
        ({"plan_usd": "-3"}, "plan_usd"),
    ],
)  # fmt: skip
def test_an_invalid_price_is_refused_by_name(business: TestBusiness, kept: dict[str, Any], told: str) -> None:
    with refused("invalid_prices"):
        set_prices(business, **kept)


def test_unreadable_prices_do_not_stop_the_count(business: TestBusiness) -> None:
    good = {"model": "m", "valid_from": "2026-11-01", "input": "1", "output": "2", "source": ""}
    broken = json.dumps({"models": [good, {"model": 7}, None], "messages": "x", "plan_usd": "many"})
    rows("UPDATE businesses SET prices = cast(:broken AS jsonb)", broken=broken)
    price_table._cache.clear()
    usage = Usage(input=1_000_000, cached=0, output=0)
    assert price_table.table(business.business_id).cost("m", usage, datetime.now(UTC)) == 1
    assert price_table.table(business.business_id).cost("gpt-6-luna", usage, datetime.now(UTC)) is not None
    assert read(business).rows == []


@pytest.mark.parametrize(
    ("asked", "answered", "holiday", "expected"),
    [
        (10, 11, False, 3600),  # within the hours
        (7, 10, False, 3600),  # before they begin at 9
        (17, 33, False, 3600),  # over night to 9 in the morning: 17 to 18 alone
        (17, 34, False, 2 * 3600),
        (20, 21, False, 0),
        (10, 11, True, 0),
    ],
)
def test_only_time_within_the_opening_hours_counts(
    business: TestBusiness, asked: float, answered: float, holiday: bool, expected: float
) -> None:
    talk = Talk(business)
    day = TODAY - timedelta(days=3)
    shifts = tuple(Shift(day=weekday, opens="09:00", closes="18:00") for weekday in range(7))
    hours = OpeningHours(week=shifts, holidays=(day,) if holiday else ())
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(opening_hours=hours))
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    since = (midnight - talk.noon).total_seconds()
    talk.line("customer", since + asked * 3600)
    talk.line("team", since + answered * 3600)
    found = read(business).of("response_open")
    assert [(row.label, row.total) for row in found] == [("agent", expected)]
    daily_rollups.refresh_due()
    assert read(business).total("response_open") == found[0].total
