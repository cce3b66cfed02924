"""REST: queue and statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, update

from core.models import AuditEntry, Business, ContactIdentity, Conversation, Delivery, Message
from core.platform import job_queue
from core.platform.db import system_transaction
from core.reporting.api_stats import Period, start_of
from tests.factories import NOW, conversation, message
from tests.support.api import Api, fail, value_of
from tests.support.outbox import wake_ups


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


@pytest.fixture
def talk(business: Any) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id, "5491155550001")


def queued(api: Api, talk: int, text: str = "Hola") -> int:
    return int(api.post("/api/v1/messages", {"conversation_id": talk, "text": text}).json["id"])


def test_an_empty_queue(api: Api) -> None:
    assert api.get("/api/v1/queue").json == {
        "queue_size": 0, "pending_retry": 0, "failed": 0, "uncertain": 0, "success_rate": None, "avg_attempts": None,
        "by_cause": [], "failed_messages": [], "uncertain_messages": [],
    }  # fmt: skip


def test_the_queue_lists_waiting_and_failed_messages(api: Api, talk: int) -> None:
    waiting, again, lost, unknown, sent = (queued(api, talk, f"n.º {n}") for n in range(5))
    with system_transaction() as session:
        session.execute(update(Delivery).where(Delivery.message_id == again).values(attempts=2))
        session.execute(update(Delivery).where(Delivery.message_id == sent).values(attempts=1, next_attempt_at=None))
        session.execute(update(Message).where(Message.id == sent).values(status="delivered"))
    fail(lost, cause="recipient", attempts=3)
    fail(unknown, status="uncertain", cause="network", attempts=1)
    state = api.get("/api/v1/queue").json
    assert (state["queue_size"], state["pending_retry"]) == (2, 1)
    assert (state["failed"], state["uncertain"]) == (1, 1)
    assert state["success_rate"] == 0.3333  # one of three decided
    assert state["avg_attempts"] == 1.75  # 2, 3, 1, 1
    assert state["failed_messages"][0] | {"error": None} == {
        "id": lost, "to": "5491155550001", "attempts": 3, "last_error": "131000: Something went wrong", "error": None,
    }  # fmt: skip
    assert [one["id"] for one in state["uncertain_messages"]] == [unknown]
    assert {(group["status"], group["cause"]): group["count"] for group in state["by_cause"]} == {
        ("failed", "recipient"): 1,
        ("uncertain", "network"): 1,
    }
    assert waiting not in {one["id"] for one in state["failed_messages"]}


def test_retrying_enqueues_failed_messages_and_wakes_a_worker(api: Api, talk: int) -> None:
    message_id = queued(api, talk)
    fail(message_id, attempts=5)
    job_queue.connection().flushdb()
    answer = api.post("/api/v1/queue/retry", {"ids": [message_id]})
    assert answer.json == {"messages_retried": 1, "successful": 1, "failed": 0, "refused": []}
    assert value_of(Message, message_id, "status") == "queued"
    assert value_of(Delivery, message_id, "next_attempt_at") is not None
    assert value_of(Delivery, message_id, "attempts") == 5
    assert wake_ups() == 1
    assert (value_of(AuditEntry, 2, "actor"), value_of(AuditEntry, 2, "action")) == ("key:bootstrap", "queue.retry")


def test_uncertain_messages_go_out_again_only_when_named(api: Api, talk: int) -> None:
    failed, uncertain = queued(api, talk, "uno"), queued(api, talk, "dos")
    fail(failed)
    fail(uncertain, status="uncertain", cause="network")
    assert api.post("/api/v1/queue/retry", {}).json["successful"] == 1
    assert value_of(Message, uncertain, "status") == "uncertain"
    assert api.post("/api/v1/queue/retry", {"ids": [uncertain]}).json["successful"] == 1
    assert value_of(Message, uncertain, "status") == "queued"
    assert value_of(Delivery, uncertain, "uncertain_since") is None


def test_a_cause_can_be_retried_as_a_whole(api: Api, talk: int) -> None:
    theirs, ours = queued(api, talk, "uno"), queued(api, talk, "dos")
    fail(theirs, cause="provider")
    fail(ours, cause="request")
    assert api.post("/api/v1/queue/retry", {"cause": "provider"}).json["successful"] == 1
    assert value_of(Message, ours, "status") == "failed"


def test_what_cannot_be_retried_says_why(api: Api, business: Any, talk: int) -> None:
    sent = message(talk, "Hola", sender="bot")
    closed = conversation(business.business_id, business.whatsapp_channel_id, "5491155550002")
    stale = queued(api, closed)
    silenced = conversation(business.business_id, business.whatsapp_channel_id, "5491155550003")
    unwanted = queued(api, silenced)
    waiting = queued(api, talk)
    fail(stale)
    fail(unwanted)
    with system_transaction() as session:
        session.execute(
            update(Conversation)
            .where(Conversation.id == closed)
            .values(window_expires_at=func.now() - func.make_interval(0, 0, 0, 0, 1))
        )
        session.execute(
            update(ContactIdentity).where(ContactIdentity.address == "5491155550003").values(opted_out_at=func.now())
        )
    answer = api.post("/api/v1/queue/retry", {"ids": [stale, unwanted, waiting, sent, 4711, 2**63 - 1]}).json
    assert (answer["messages_retried"], answer["successful"], answer["failed"]) == (6, 0, 6)
    reasons = {one["id"]: one["reason"] for one in answer["refused"]}
    assert "24-hour" in reasons[stale]
    assert "opted out" in reasons[unwanted]
    assert "did not fail" in reasons[waiting]
    assert {sent, 4711, 2**63 - 1} <= reasons.keys()
    assert value_of(Message, stale, "status") == "failed"


def closed_failures(conversation_id: int, number: int) -> None:
    """Failed messages of a conversation whose 24-hour window is closed."""
    with system_transaction() as session:
        talk = session.get_one(Conversation, conversation_id)
        talk.window_expires_at = NOW - timedelta(days=1)
        shared = {"business_id": talk.business_id, "conversation_id": talk.id, "channel_id": talk.channel_id}
        row = {
            **shared, "direction": "outbound", "sender": "agent", "type": "text", "payload": {}, "status": "failed",
            "error": {"code": "1", "cause": "provider"}, "created_at": NOW,
        }  # fmt: skip
        made = session.scalars(insert(Message).returning(Message.id), [row] * number).all()
        delivery = {**shared, "identity_id": talk.identity_id, "priority": 0, "attempts": 5}
        session.execute(insert(Delivery), [{**delivery, "message_id": message_id} for message_id in made])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/queue/retry", {}),
        ("/api/v1/queue/retry", {"cause": "provider"}),
        ("/api/v1/webhook/retry", None),
    ],
)
def test_any_number_of_old_refused_messages_does_not_keep_back_a_newer_one(
    api: Api, business: Any, talk: int, path: str, body: dict[str, str] | None
) -> None:
    closed_failures(conversation(business.business_id, business.whatsapp_channel_id, "5491155550002"), 1001)
    newer = queued(api, talk)
    fail(newer)
    seen = api.post("/api/v1/queue/preview", body or {}).json
    assert (seen["messages"], [one["count"] for one in seen["refused"]]) == (1, [999])
    assert (bare(api, path) if body is None else api.post(path, body)).status_code == 200
    assert value_of(Message, newer, "status") == "queued"


@pytest.mark.parametrize(
    "body", [{"ids": []}, {"ids": ["1"]}, {"ids": 1}, {"ids": [0]}, {"ids": [2**63]}, {"cause": "rain"}, {"all": True}]
)
def test_a_wrong_retry_is_refused_and_retries_nothing(api: Api, talk: int, body: dict[str, Any]) -> None:
    message_id = queued(api, talk)
    fail(message_id)
    assert api.post("/api/v1/queue/retry", body).status_code == 422
    assert value_of(Message, message_id, "status") == "failed"


UNMENDABLE = ("needs_template", "recipient", "request")


def bare(api: Api, path: str) -> Any:
    """A call without a body, as `curl -X POST` makes it."""
    return api.client.post(path, headers=api.headers)


def test_a_retry_of_all_leaves_alone_what_it_cannot_mend(api: Api, talk: int) -> None:
    """The preview reports it beforehand; a message named explicitly is retried."""
    lost = {cause: queued(api, talk, cause) for cause in (*UNMENDABLE, "provider", "admin")}
    for cause, message_id in lost.items():
        fail(message_id, cause=cause)
    seen = bare(api, "/api/v1/queue/preview").json
    assert (seen["messages"], seen["people"], sum(one["count"] for one in seen["refused"])) == (2, 1, 3)
    assert api.post("/api/v1/queue/preview", {"ids": [lost["request"], 4711]}).json == {
        "messages": 1, "people": 1, "refused": [{"reason": "There is no such message of ours.", "count": 1}],
    }  # fmt: skip
    answer = bare(api, "/api/v1/queue/retry").json
    assert answer == {"messages_retried": 2, "successful": 2, "failed": 0, "refused": []}
    assert {cause for cause, i in lost.items() if value_of(Message, i, "status") == "queued"} == {"provider", "admin"}
    refused = api.post("/api/v1/queue/retry", {"cause": "recipient"}).json
    assert (refused["successful"], refused["refused"][0]["id"]) == (0, lost["recipient"])
    named = api.post("/api/v1/queue/retry", {"ids": [lost[cause] for cause in UNMENDABLE]}).json
    assert named["successful"] == 3


def test_the_older_retry_never_sends_again_what_was_refused(api: Api, talk: int) -> None:
    """However often it is called; nor messages the provider accepted and gave up, nor without end."""
    lost = {cause: queued(api, talk, cause) for cause in (*UNMENDABLE, "provider", "throttled", "network")}
    for cause, message_id in lost.items():
        fail(message_id, cause=cause, attempts=15 if cause == "network" else 5)
    with system_transaction() as session:
        session.execute(update(Message).where(Message.id == lost["throttled"]).values(provider_id="wamid.X"))
    for number in (1, 0):
        assert bare(api, "/api/v1/webhook/retry").json == {
            "status": "ok", "result": {"messages_retried": number, "successful": number, "failed": 0},
        }  # fmt: skip
    assert [cause for cause, i in lost.items() if value_of(Message, i, "status") == "queued"] == ["provider"]
    named = api.post("/api/v1/webhook/retry", {"ids": [lost["request"], 4711]}).json
    assert named["result"] == {"messages_retried": 2, "successful": 1, "failed": 1}


@pytest.mark.parametrize(
    ("number", "more"), [("+5491155550001", {}), ("5491155550001", {"threadId": "7f-a", "userId": 3})]
)
def test_the_older_send_takes_the_older_words(api: Api, talk: int, number: str, more: dict[str, Any]) -> None:
    sent = api.post("/api/messaging/send", {"channel": "whatsapp", "to": number, "message": "Hola", **more})
    assert (sent.status_code, sent.json["text"], sent.json["conversation_id"]) == (202, "Hola", talk)
    here = {"channel": "whatsapp", "to": number, "message": "Hola", "threadId": str(talk)}
    assert api.post("/api/messaging/send", here).json["conversation_id"] == talk
    assert api.post("/api/messaging/send", {**here, "threadId": talk + 1}).status_code in (404, 422)
    assert api.post("/api/messaging/send", {**here, "rain": 1}).status_code == 422
    assert api.post("/api/messaging/send", {"channel": "whatsapp", "to": number}).status_code == 422


def test_giving_up(api: Api, talk: int) -> None:
    one, two, three, four = (queued(api, talk, str(n)) for n in range(4))
    fail(one, cause="request")
    fail(two, cause="request")
    fail(three, status="uncertain", cause="network")
    assert api.post("/api/v1/queue/give-up", {"cause": "request"}).json == {"messages_given_up": 2}
    assert api.post("/api/v1/queue/give-up", {"ids": [three, four, 4711]}).json == {"messages_given_up": 2}
    assert {value_of(Message, i, "status") for i in (one, two, three, four)} == {"cancelled"}
    bodies: list[Any] = [{}, None, {"ids": []}, {"ids": [one], "cause": "request"}]
    for body in bodies:
        assert api.post("/api/v1/queue/give-up", body).status_code in (400, 415, 422)


def test_a_message_that_waits_can_be_cancelled(api: Api, talk: int) -> None:
    later = (NOW + timedelta(hours=3)).isoformat()
    scheduled = int(api.post("/api/v1/messages", {"conversation_id": talk, "text": "x", "send_at": later}).json["id"])
    for message_id in (scheduled, queued(api, talk)):
        for _ in range(2):
            answer = bare(api, f"/api/v1/messages/{message_id}/cancel")
            assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
        assert value_of(Delivery, message_id, "next_attempt_at") is None
    inbound = message(talk, "Hola")
    assert bare(api, f"/api/v1/messages/{inbound}/cancel").status_code == 404
    for status in ("sending", "delivered", "uncertain"):
        message_id = queued(api, talk, status)
        with system_transaction() as session:
            session.execute(update(Message).where(Message.id == message_id).values(status=status))
        assert bare(api, f"/api/v1/messages/{message_id}/cancel").status_code == 409


def test_the_figures_of_an_empty_business(api: Api) -> None:
    for period in ("today", "week", "month"):
        assert api.get("/api/v1/stats", period=period).json == {
            "total_conversations": 0, "active_conversations": 0, "total_messages": 0, "messages_sent": 0,
            "messages_received": 0, "average_response_time": None, "average_satisfaction": None,
            "ai_response_rate": None, "active_contacts_24h": 0, "active_contacts_7d": 0,
        }  # fmt: skip
    assert api.get("/api/v1/stats", period="year").status_code == 422


def test_the_figures(api: Api, business: Any) -> None:
    channel_id = business.whatsapp_channel_id
    ana = conversation(business.business_id, channel_id, "5491155550001", csat=5, window=-timedelta(days=1))
    bob = conversation(
        business.business_id, channel_id, "5491155550002", status="closed", csat=2, window=-timedelta(days=9)
    )
    old = conversation(
        business.business_id,
        channel_id,
        "5491155550003",
        last_message_at=NOW - timedelta(days=40),
        window=-timedelta(days=39),
    )

    def minutes_ago(minutes: float) -> datetime:
        return NOW - timedelta(days=2, minutes=minutes)

    message(ana, "Hola", at=minutes_ago(60))
    message(ana, "¿Están?", at=minutes_ago(59))  # the same turn: counted from its first message
    message(ana, "Sí", sender="bot", at=minutes_ago(58))  # 120 s
    message(ana, "¿En qué ayudo?", sender="bot", at=minutes_ago(57))
    message(ana, "Precio", at=minutes_ago(50))
    message(ana, "…", sender="bot", at=minutes_ago(49), status="failed")  # no answer, nobody got it
    message(ana, "", sender="system", at=minutes_ago(49), type="event")
    message(ana, "10 pesos", sender="agent", at=minutes_ago(46), event_id=1)  # 240 s
    message(bob, "Hola", at=NOW - timedelta(days=10))  # never answered
    message(old, "Hola", at=NOW - timedelta(days=40))

    week = api.get("/api/v1/stats", period="week").json
    assert week == {
        "total_conversations": 2, "active_conversations": 1, "total_messages": 6, "messages_sent": 3,
        "messages_received": 3, "average_response_time": 180.0, "average_satisfaction": 3.5,
        "ai_response_rate": 0.6667, "active_contacts_24h": 0, "active_contacts_7d": 1,
    }  # fmt: skip
    month = api.get("/api/v1/stats", period="month").json
    assert (month["messages_received"], month["total_messages"]) == (4, 7)
    today = api.get("/api/v1/stats").json
    assert (today["total_messages"], today["average_response_time"]) == (0, None)


def test_a_day_begins_at_midnight_where_the_business_is() -> None:
    now = datetime(2026, 3, 10, 1, 30, tzinfo=UTC)  # still the 9th in Buenos Aires
    zone = ZoneInfo("America/Argentina/Buenos_Aires")
    assert start_of(Period.TODAY, zone, now) == datetime(2026, 3, 9, 3, tzinfo=UTC)
    assert start_of(Period.WEEK, zone, now) == datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert start_of(Period.MONTH, zone, now) == datetime(2026, 2, 8, 3, tzinfo=UTC)


def test_the_period_follows_the_businesss_time_zone(api: Api, business: Any, talk: int) -> None:
    """Somewhere on Earth the present hour is the day's first; there, a message two hours old is yesterday's."""
    now = datetime.now(UTC)
    east = (24 - now.hour) % 24  # hours to add so that it is between 0 and 1 o'clock
    zone = f"Etc/GMT{-east:+d}" if east <= 14 else f"Etc/GMT+{24 - east}"
    assert now.astimezone(ZoneInfo(zone)).hour == 0
    message(talk, "Hola", at=now - timedelta(hours=2))
    with system_transaction() as session:
        session.execute(update(Business).values(timezone=zone))
    assert api.get("/api/v1/stats").json["messages_received"] == 0
    assert api.get("/api/v1/stats", period="week").json["messages_received"] == 1


def test_alerts_are_listed_by_their_names_with_their_times(api: Api, business: Any) -> None:
    with system_transaction() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO alerts (business_id, kind, severity, subject, cleared_at)"
            f" SELECT {business.business_id}, kind, 'high', 'whatsapp 1', cleared"
            " FROM (VALUES ('whatsapp_down', now()), ('rate_limit_warning', NULL)) AS v (kind, cleared)"
        )
    found = api.get("/api/v1/alerts").json["items"]
    assert [(one["name"], one["severity"], one["resolved"]) for one in found] == [
        ("rate_limit_warning", "high", False), ("whatsapp_down", "high", True),
    ]  # fmt: skip
    assert found[0]["cleared_at"] is None and found[1]["cleared_at"] and "whatsapp 1" in found[0]["text"]
    first = api.get("/api/v1/alerts", limit=1).json
    second = api.get("/api/v1/alerts", limit=1, cursor=first["next_cursor"]).json
    assert [one["name"] for one in second["items"]] == ["whatsapp_down"] and second["next_cursor"] is None
    assert [one["name"] for one in api.get("/api/v1/alerts", state="open").json["items"]] == ["rate_limit_warning"]
    assert api.get("/api/v1/alerts", state="wrong").status_code == 422
