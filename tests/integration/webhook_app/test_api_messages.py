"""Sending through the API: who gets it, what is refused, and that nothing goes out twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.accounts import api_keys
from core.models import Contact, ContactIdentity, Conversation, Delivery, Message
from tests.factories import conversation, message
from tests.support.api import Api, count, fail, value_of
from tests.support.outbox import wake_ups


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


@pytest.fixture
def conversation_id(business: Any) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id, "5491155550001")


def test_a_text_to_a_known_number_lands_in_its_conversation(api: Api, conversation_id: int) -> None:
    answer = api.post("/api/v1/messages", {"channel": "whatsapp", "to": "+54 9 11 5555-0001", "text": "Hola"})
    assert answer.status_code == 202
    message = answer.json
    assert message["conversation_id"] == conversation_id
    assert (message["type"], message["text"], message["status"]) == ("text", "Hola", "queued")
    assert (message["direction"], message["sender"], message["attempts"]) == ("outbound", "agent", 0)
    assert message["created_at"].endswith("Z")
    assert message["parts"] == [message["id"]]
    assert value_of(Delivery, message["id"], "next_attempt_at") is not None
    assert api.get(f"/api/v1/messages/{message['id']}").json["text"] == "Hola"


def test_another_spelling_of_a_number_finds_the_same_person(api: Api, conversation_id: int) -> None:
    answer = api.post("/api/v1/messages", {"channel": "whatsapp", "to": "541155550001", "text": "Hola"})
    assert answer.json["conversation_id"] == conversation_id
    assert count(ContactIdentity) == 1


def test_the_bell_rings_after_a_message_is_queued(api: Api, conversation_id: int) -> None:
    api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"})
    assert wake_ups() == 1


def test_an_sms_to_a_stranger_makes_contact_and_conversation(api: Api, business: Any) -> None:
    answer = api.post("/api/v1/messages", {"channel": "sms", "to": "54 11 5555 0009", "text": "Su código"})
    assert answer.status_code == 202
    conversation = api.get(f"/api/v1/conversations/{answer.json['conversation_id']}").json
    assert conversation["contact"]["address"] == "+541155550009"
    assert (conversation["channel"], conversation["channel_id"]) == ("sms", business.sms_channel_id)


def test_free_text_to_a_whatsapp_stranger_is_refused_and_leaves_nothing(api: Api) -> None:
    answer = api.post("/api/v1/messages", {"channel": "whatsapp", "to": "5491155550009", "text": "Hola"})
    assert (answer.status_code, answer.json["code"]) == (409, "window_closed")
    assert answer.content_type == "application/problem+json"
    assert count(Contact) == count(Message) == 0


def test_a_template_opens_a_conversation_with_a_whatsapp_stranger(api: Api) -> None:
    template = {"name": "saludo", "language": "es"}
    answer = api.post("/api/v1/messages", {"channel": "whatsapp", "to": "5491155550009", "template": template})
    assert (answer.status_code, answer.json["type"]) == (202, "template")


def test_a_past_send_at_does_not_reopen_a_closed_window(api: Api, business: Any) -> None:
    closed = conversation(business.business_id, business.whatsapp_channel_id, window=timedelta(minutes=-5))
    earlier = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    answer = api.post("/api/v1/messages", {"conversation_id": closed, "text": "Hola", "send_at": earlier})
    assert (answer.status_code, answer.json["code"]) == (409, "window_closed")


def test_a_scheduled_message_waits_for_its_time(api: Api, conversation_id: int) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    answer = api.post(
        "/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola", "send_at": later.isoformat()}
    )
    assert value_of(Delivery, answer.json["id"], "next_attempt_at") == later


def test_scheduled_messages_are_listed_soonest_first_in_pages(api: Api, business: Any, conversation_id: int) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    other = conversation(business.business_id, business.sms_channel_id, "+351910000001", kind="sms")
    made: dict[int, int] = {}
    for hours in (5, 2, 2, 9):
        body = {
            "conversation_id": other,
            "text": f"em {hours} horas",
            "send_at": (now + timedelta(hours=hours)).isoformat(),
        }
        made[api.post("/api/v1/messages", body).json["id"]] = hours
    api.post("/api/v1/messages", {"conversation_id": other, "text": "agora"})
    api.post("/api/v1/messages", {"conversation_id": other, "text": "x", "send_at": (now - timedelta(1)).isoformat()})
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get("/api/v1/messages/scheduled", limit=3, **cursor).json
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [one["id"] for one in seen] == sorted(made, key=lambda one: (made[one], one))
    assert seen[0]["send_at"] == (now + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert seen[0]["text"] == "em 2 horas"
    assert api.get("/api/v1/messages/scheduled", conversation_id=conversation_id).json["items"] == []
    api.post(f"/api/v1/messages/{seen[0]['id']}/cancel")
    left = api.get("/api/v1/messages/scheduled", conversation_id=other).json["items"]
    assert [one["id"] for one in left] == [one["id"] for one in seen[1:]]


def test_from_picks_one_of_several_numbers(api: Api, business: Any) -> None:
    template = {"content_sid": "HX" + "0" * 32}
    body = {"channel": "whatsapp", "to": "5491155550009", "from": "+14155238886", "template": template}
    answer = api.post("/api/v1/messages", body)
    assert answer.status_code == 202
    channel_id = value_of(Conversation, answer.json["conversation_id"], "channel_id")
    assert channel_id == business.twilio_whatsapp_channel_id


def test_the_conversation_stays_with_the_bot_unless_it_is_taken_over(api: Api, conversation_id: int) -> None:
    api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"})
    assert value_of(Conversation, conversation_id, "mode") == "bot"
    api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Soy yo", "take_over": True})
    assert value_of(Conversation, conversation_id, "mode") == "human"


def test_the_same_idempotency_key_sends_once(api: Api, conversation_id: int) -> None:
    body = {"channel": "whatsapp", "to": "5491155550001", "text": "Hola"}
    first = api.post("/api/v1/messages", body, Idempotency_Key="order-7")
    again = api.post("/api/v1/messages", body, Idempotency_Key="order-7")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json["id"] == first.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert "fingerprint" not in first.json["payload"]
    assert count(Message) == 1


def test_a_replay_is_answered_even_after_the_conversation_was_closed(api: Api, conversation_id: int) -> None:
    body = {"channel": "whatsapp", "to": "5491155550001", "text": "Hola"}
    first = api.post("/api/v1/messages", body, Idempotency_Key="order-7")
    api.post(f"/api/v1/conversations/{conversation_id}/close")
    again = api.post("/api/v1/messages", body, Idempotency_Key="order-7")
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert count(Conversation) == 1


@pytest.mark.parametrize("change", [{"text": "Chau"}, {"to": "5491155550002"}])
def test_a_key_used_for_another_message_or_person_is_a_conflict(
    api: Api, business: Any, conversation_id: int, change: dict[str, str]
) -> None:
    conversation(business.business_id, business.whatsapp_channel_id, "5491155550002")
    body = {"channel": "whatsapp", "to": "5491155550001", "text": "Hola"}
    api.post("/api/v1/messages", body, Idempotency_Key="order-7")
    answer = api.post("/api/v1/messages", body | change, Idempotency_Key="order-7")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_conflict")
    assert count(Message) == 1


def test_simultaneous_requests_with_one_key_send_once(client: Any, business: Any, conversation_id: int) -> None:
    app = client.application
    body = {"conversation_id": conversation_id, "text": "Hola"}

    def send(_: int) -> tuple[int, int]:
        answer = Api(app.test_client()).post("/api/v1/messages", body, Idempotency_Key="race")
        return answer.status_code, answer.json["id"]

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(send, range(6)))
    assert len(answers) == 1
    assert answers.pop()[0] == 202
    assert count(Message) == 1


def test_simultaneous_first_messages_to_a_stranger_make_one_contact(client: Any, business: Any) -> None:
    app = client.application

    def send(number: int) -> int:
        body = {"channel": "sms", "to": "+541155550009", "text": f"n.º {number}"}
        return Api(app.test_client()).post("/api/v1/messages", body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {202}
    assert (count(Contact), count(Conversation), count(Message)) == (1, 1, 6)


def test_a_reply_quotes_by_our_id_or_the_providers(api: Api, conversation_id: int) -> None:
    asked = message(conversation_id, "¿Abren hoy?", provider_id="wamid.asked")
    for name in (asked, str(asked), "wamid.asked"):
        body = {"conversation_id": conversation_id, "text": "Sí", "reply_to": name}
        answer = api.post("/api/v1/messages", body)
        assert answer.json["reply_to"] == "wamid.asked"


def test_a_reply_to_a_message_elsewhere_is_refused(api: Api, business: Any, conversation_id: int) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, "5491155550002")
    theirs = message(other, "¿Abren hoy?", provider_id="wamid.theirs")
    answer = api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Sí", "reply_to": theirs})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "reply_to")


def test_an_opted_out_customer_is_not_written_to(api: Api, conversation_id: int) -> None:
    from sqlalchemy import func, update

    from core.platform.db import system_transaction

    with system_transaction() as session:
        session.execute(update(ContactIdentity).values(opted_out_at=func.now()))
    answer = api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"})
    assert (answer.status_code, answer.json["code"]) == (409, "opted_out")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "Hola"}, "to"),
        ({"to": "5491155550001", "text": "Hola"}, "channel"),
        ({"channel": "whatsapp", "to": "Ana", "text": "Hola"}, "to"),
        ({"channel": "pigeon", "to": "5491155550001", "text": "Hola"}, "channel"),
        ({"channel": "email", "to": "ana@example.com", "text": "Hola"}, "channel"),
        ({"channel": "sms", "to": "5491155550001", "from": "+10", "text": "Hola"}, "from"),
        ({"channel": "sms", "to": "5491155550001"}, "type"),
        ({"channel": "sms", "to": "5491155550001", "text": ""}, "text"),
        ({"channel": "sms", "to": "5491155550001", "text": 7}, "text"),
        ({"channel": "sms", "to": "5491155550001", "text": "NUL \0"}, "text"),
        ({"channel": "sms", "to": "5491155550001\0", "text": "Hola"}, "to"),
        ({"channel": "sms", "to": "5491155550001", "text": "half \ud800"}, "text"),
        ({"channel": "sms", "to": "5491155550001", "text": "Hola", "subject": "x"}, "subject"),
        ({"channel": "sms", "to": "5491155550001", "text": "Hola", "send_at": "2030-01-01T00:00:00"}, "send_at"),
        ({"channel": "sms", "to": "5491155550001", "text": "Hola", "send_at": "9999-12-31T23:59:59-12:00"}, "send_at"),
        ({"channel": "sms", "to": "5491155550001", "text": "Hola", "reply_to": "9" * 30}, "reply_to"),
        ({"channel": "sms", "to": "5491155550001", "text": "Hola", "take_over": "yes"}, "take_over"),
        ({"conversation_id": True, "text": "Hola"}, "conversation_id"),
        ({"conversation_id": 2**63, "text": "Hola"}, "conversation_id"),
        ({"channel": "sms", "to": "5491155550001", "type": "image", "media": {"attachment_id": 10**30}}, "media"),
        (
            {"channel": "whatsapp", "to": "5491155550001", "interactive": {"type": "button", "body": {"text": "?"}}},
            "interactive.action",
        ),
    ],
)
def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.post("/api/v1/messages", body)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json["errors"][0]["field"].startswith(field)
    assert answer.json["errors"][0]["reason"]
    assert count(Message) == 0


def test_a_conversation_that_is_not_with_the_recipient_is_refused(api: Api, conversation_id: int) -> None:
    body = {"conversation_id": conversation_id, "channel": "whatsapp", "to": "5491155550009", "text": "Hola"}
    answer = api.post("/api/v1/messages", body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "conversation_id")


def test_an_unknown_conversation_is_not_found(api: Api) -> None:
    answer = api.post("/api/v1/messages", {"conversation_id": 4711, "text": "Hola"})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"{}"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 422),
        (b"to=1", "application/x-www-form-urlencoded", 415),
        (b'{"text": "' + b"a" * 2_000_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes, content_type: str, status: int) -> None:
    answer = api.client.post("/api/v1/messages", data=body, content_type=content_type, headers=api.headers)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status


@pytest.mark.parametrize("key", ["with space", "part#2", "x" * 201, "ñandú"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(api: Api, conversation_id: int, key: str) -> None:
    answer = api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"}, Idempotency_Key=key)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")


def test_failed_messages_are_told_with_cause_and_advice(api: Api, conversation_id: int) -> None:
    message_id = api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"}).json["id"]
    fail(message_id)
    shown = api.get(f"/api/v1/messages/{message_id}").json
    assert (shown["status"], shown["attempts"]) == ("failed", 5)
    assert (shown["error"]["code"], shown["error"]["cause"], shown["error"]["advice"]) == (
        "131000",
        "provider",
        "Wait.",
    )


def test_another_business_sees_nothing(client: Any, conversation_id: int) -> None:
    from sqlalchemy import insert

    from core.models import Business
    from core.platform.db import system_transaction, transaction

    with system_transaction() as session:
        stranger = session.execute(insert(Business).values(name="Otra", profile={}).returning(Business.id)).scalar_one()
    with transaction(stranger) as session:
        _, key = api_keys.create(session, "theirs", ["*"])
    message_id = message(conversation_id, "secreto")
    theirs = Api(client, key)
    assert theirs.get("/api/v1/conversations").json["items"] == []
    assert theirs.get("/api/v1/conversations", q="secreto").json["items"] == []
    assert theirs.get(f"/api/v1/conversations/{conversation_id}").status_code == 404
    assert theirs.get(f"/api/v1/conversations/{conversation_id}/messages").status_code == 404
    assert theirs.get(f"/api/v1/messages/{message_id}").status_code == 404
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    waits = Api(client).post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola", "send_at": later})
    assert theirs.get("/api/v1/messages/scheduled").json["items"] == []
    assert theirs.post(f"/api/v1/messages/{waits.json['id']}/cancel").status_code == 404
    answer = theirs.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"})
    assert answer.status_code == 404
    assert theirs.post(f"/api/v1/conversations/{conversation_id}/close").status_code == 404


@pytest.mark.parametrize(
    ("channel", "to", "limit"), [("whatsapp", "5491155550001", 4096), ("sms", "+5491155550009", 1600)]
)
def test_one_call_sends_twenty_messages_at_most(
    api: Api, conversation_id: int, channel: str, to: str, limit: int
) -> None:
    """And what was sent is named whole when the call is repeated."""
    body = {"channel": channel, "to": to, "text": "x" * (20 * limit)}
    first = api.post("/api/v1/messages", body, Idempotency_Key="long")
    again = api.post("/api/v1/messages", body, Idempotency_Key="long")
    assert (first.status_code, len(first.json["parts"])) == (202, 20)
    assert again.json["parts"] == first.json["parts"]
    answer = api.post("/api/v1/messages", body | {"text": "x" * (20 * limit + 1)})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "text")
    assert count(Message) == 20


@pytest.mark.parametrize(
    ("send_at", "status"),
    [
        ("2020-12-01T00:00:00+23:59", 202),
        ("2020-12-01T00:00:00-23:59", 202),
        ("0001-01-01T00:00:00+23:00", 422),
        ("0001-01-01T00:00:00Z", 202),
        ("9999-12-31T23:59:59-23:00", 422),
        ("9999-12-31T23:59:59Z", 422),
    ],
)
def test_times_of_any_offset_are_times(api: Api, conversation_id: int, send_at: str, status: int) -> None:
    answer = api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola", "send_at": send_at})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("written", "status"), [(1, 202), (1.0, 202), (1.5, 422), (True, 422), ("1", 422), (1e300, 422)]
)
def test_an_integer_may_be_written_as_json_allows(api: Api, conversation_id: int, written: Any, status: int) -> None:
    assert conversation_id == 1
    assert api.post("/api/v1/messages", {"conversation_id": written, "text": "Hola"}).status_code == status


@pytest.mark.parametrize("to", ["005491155550009", "tel:+54-9-11-5555-0009", "(54) 9 11 5555 0009"])
def test_a_number_may_be_written_as_people_write_it(api: Api, to: str) -> None:
    message = {"channel": "whatsapp", "to": to, "template": {"name": "saludo", "language": "es"}}
    answer = api.post("/api/v1/messages", {**message, "from": "whatsapp:+14155238886", "template": CONTENT})
    assert answer.status_code == 202
    talk = api.get(f"/api/v1/conversations/{answer.json['conversation_id']}").json
    assert talk["contact"]["address"] == "5491155550009"


@pytest.mark.parametrize("to", ["011 4555-0009", "somebody", "+0"])
def test_a_number_without_its_country_is_refused(api: Api, to: str) -> None:
    answer = api.post("/api/v1/messages", {"channel": "whatsapp", "to": to, "template": CONTENT})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "to")


CONTENT = {"content_sid": "HX" + "0" * 32}
