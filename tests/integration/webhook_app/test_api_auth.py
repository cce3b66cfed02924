"""Keys: who may enter, for what, how often; and that a revoked one soon dies."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import insert, text, update

from core.accounts import api_keys
from core.accounts.api_keys import Scope
from core.models import APIKey, Attachment
from core.platform import job_queue
from core.platform.db import system_transaction, transaction
from core.platform.errors import BotHubError, NotFound
from tests.factories import conversation, message
from tests.support.api import Api, value_of

READS = {
    "/api/v1/conversations": Scope.CONVERSATIONS_READ,
    "/api/v1/messages/1": Scope.MESSAGES_READ,
    "/api/v1/messages/scheduled": Scope.MESSAGES_READ,
    "/api/v1/media/1": Scope.MESSAGES_READ,
    "/api/v1/products": Scope.CATALOGUE_READ,
    "/api/v1/quotes": Scope.QUOTES_READ,
    "/api/v1/stats": Scope.STATS_READ,
    "/api/v1/queue": Scope.QUEUE_READ,
    "/api/v1/alerts": Scope.STATS_READ,
}


def make_key(business: Any, *scopes: str, **more: Any) -> tuple[int, str]:
    with transaction(business.business_id) as session:
        key_id, key = api_keys.create(session, "test", scopes)
        if more:
            session.execute(update(APIKey).where(APIKey.id == key_id).values(**more))
    return key_id, key


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer ñ"},
        {"Authorization": "Basic dGVzdC1hcGkta2V5Og=="}, {"Authorization": "test-api-key"}, {"Authorization": ""},
    ],
)  # fmt: skip
def test_without_a_good_key_nobody_enters(client: Any, headers: dict[str, str]) -> None:
    answer = client.get("/api/v1/conversations", headers=headers)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_route_of_the_document_asks_for_a_key(client: Any) -> None:
    paths = client.get("/api/openapi.json").json["paths"]
    assert len(paths) >= 18
    for path, operations in paths.items():
        for method in operations:
            answer = client.open(re.sub(r"{\w+}", "1", path), method=method.upper())
            assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize(("path", "scope"), READS.items())
def test_a_key_does_what_its_scopes_say(client: Any, business: Any, path: str, scope: Scope) -> None:
    _, right = make_key(business, scope)
    assert Api(client, right).get(path).status_code in (200, 404)
    _, wrong = make_key(business, *(other for other in Scope if other not in (scope, Scope.ADMIN)))
    refused = Api(client, wrong).get(path)
    assert refused.status_code == 403
    assert scope.value in refused.json["detail"]
    for everything in (Scope.ADMIN, "*"):
        _, all_powerful = make_key(business, everything)
        assert Api(client, all_powerful).get(path).status_code in (200, 404)


def _said(business: Any) -> int:
    """A conversation with Zoé about a sofa."""
    talk = conversation(
        business.business_id, business.sms_channel_id, "+33612340001", kind="sms", name="Zoé Blanc", tags=["vip"]
    )
    message(talk, "Le canapé est arrivé abîmé")
    return talk


@pytest.mark.parametrize("path", ["/api/v1/conversations", "/api/messaging/conversations"])
def test_a_search_finds_words_said_only_for_keys_that_may_read_them(client: Any, business: Any, path: str) -> None:
    talk = _said(business)
    _, blind = make_key(business, Scope.CONVERSATIONS_READ)
    _, reader = make_key(business, Scope.CONVERSATIONS_READ, Scope.MESSAGES_READ)
    for key, words, found in ((blind, "canape", []), (reader, "canape", [talk]), (blind, "zoe bl", [talk])):
        assert [one["id"] for one in Api(client, key).get(path, q=words).json["items"]] == found


def test_whoever_may_only_send_is_not_told_what_other_messages_say(client: Any, business: Any) -> None:
    message = {"conversation_id": _said(business), "text": "Mot de passe", "send_at": "2020-01-01T00:00:00Z"}
    waits = Api(client).post("/api/v1/messages", message).json["id"]
    _, key = make_key(business, Scope.MESSAGES_WRITE)
    told = Api(client, key).post(f"/api/v1/messages/{waits}/cancel")
    assert (told.status_code, told.json["status"]) == (200, "cancelled")
    assert "Mot de passe" not in told.text


@pytest.mark.parametrize("action", ["close", "reopen", "assign", "handoff"])
def test_whoever_may_only_change_conversations_is_not_told_of_the_customer(
    client: Any, business: Any, action: str
) -> None:
    body = {"assign": {"agent_id": None}, "handoff": {"to": "human"}}.get(action)
    _, key = make_key(business, Scope.CONVERSATIONS_WRITE)
    told = Api(client, key).post(f"/api/v1/conversations/{_said(business)}/{action}", body)
    assert told.status_code == 200
    assert not {"Zoé", "33612340001", "vip", "canapé"} & set(re.findall(r"\w+", told.text))
    assert told.json["contact"]["id"] > 0


@pytest.mark.parametrize("ours", [True, False])
def test_whoever_may_only_send_cannot_send_on_what_customers_sent(client: Any, business: Any, ours: bool) -> None:
    talk = _said(business)
    came = None if ours else message(talk, "", type="image")
    with system_transaction() as session:
        values = {"mime_type": "image/png", "state": "stored", "size": 9, "storage_key": "x", "message_id": came}
        file = session.execute(
            insert(Attachment).values(values | {"business_id": business.business_id}).returning(Attachment.id)
        ).scalar_one()
    whatsapp = conversation(business.business_id, business.whatsapp_channel_id)
    body = {"conversation_id": whatsapp, "type": "image", "media": {"attachment_id": file}}
    _, key = make_key(business, Scope.MESSAGES_WRITE)
    answer = Api(client, key).post("/api/v1/messages", body)
    if ours:
        assert answer.status_code == 202
    else:
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "media.attachment_id")
        assert Api(client).post("/api/v1/messages", body).status_code == 202


def test_the_key_is_refused_before_the_body_is_looked_at(client: Any, business: Any) -> None:
    _, key = make_key(business, Scope.STATS_READ)
    assert Api(client, key).post("/api/v1/messages", {"nonsense": 1}).status_code == 403


def test_a_revoked_key_dies_within_five_seconds(client: Any, business: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id, key = make_key(business, "*")
    api = Api(client, key)
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert api.get("/api/v1/stats").status_code == 200
    with system_transaction() as session:
        api_keys.revoke(session, key_id)
    now[0] += 5
    assert api.get("/api/v1/stats").status_code == 401


def test_only_the_hash_of_a_key_is_kept(business: Any) -> None:
    key_id, key = make_key(business, Scope.STATS_READ)
    assert key.startswith("bh_")
    with transaction(business.business_id) as session:
        row = session.execute(text("SELECT api_keys::text FROM api_keys")).scalar_one()
        facts = api_keys.list_keys(session)
    assert key not in row
    assert [(one.id, one.name, one.scopes) for one in facts] == [(key_id, "test", ("stats:read",))]
    assert key.startswith(facts[0].prefix)


def test_keys_with_unknown_scopes_are_not_made_and_unknown_keys_not_revoked(business: Any) -> None:
    with transaction(business.business_id) as session, pytest.raises(BotHubError, match="fly"):
        api_keys.create(session, "test", ["fly"])
    with system_transaction() as session, pytest.raises(NotFound):
        api_keys.revoke(session, 4711)


def test_use_is_noted_at_most_once_a_minute(client: Any, business: Any) -> None:
    key_id, key = make_key(business, "*")
    assert value_of(APIKey, key_id, "last_used_at") is None
    Api(client, key).get("/api/v1/stats")
    first = value_of(APIKey, key_id, "last_used_at")
    assert first is not None
    with system_transaction() as session:
        api_keys.mark_used(session, key_id)
    assert value_of(APIKey, key_id, "last_used_at") == first
    with system_transaction() as session:
        session.execute(text("UPDATE api_keys SET last_used_at = now() - interval '61 seconds'"))
    with system_transaction() as session:
        api_keys.mark_used(session, key_id)
    assert value_of(APIKey, key_id, "last_used_at") >= first


def test_a_key_that_calls_too_often_must_wait(client: Any, business: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = make_key(business, "*", rate_per_minute=3)
    _, other = make_key(business, "*", rate_per_minute=3)
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    api = Api(client, key)
    assert [api.get("/api/v1/stats").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = api.get("/api/v1/stats")
    assert 59 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json["code"] == "rate_limited"
    assert Api(client, other).get("/api/v1/stats").status_code == 200
    now[0] += 61
    assert api.get("/api/v1/stats").status_code == 200


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=0.2)
    monkeypatch.setattr(job_queue, "connection", lambda: nowhere)
    yield
    nowhere.close()


def test_without_redis_everybody_may_call(client: Any, business: Any, no_redis: None) -> None:
    _, key = make_key(business, "*", rate_per_minute=1)
    api = Api(client, key)
    assert [api.get("/api/v1/stats").status_code for _ in range(3)] == [200, 200, 200]


def test_without_redis_messages_are_stored(client: Any, business: Any, no_redis: None) -> None:
    body = {"channel": "sms", "to": "+5491155550001", "text": "Hola"}
    assert Api(client).post("/api/v1/messages", body).status_code == 202


def test_without_the_database_callers_are_told_to_come_back(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.platform import db

    nowhere = db.make_engine("postgresql+psycopg://postgres@127.0.0.1:9/none")
    monkeypatch.setattr(db, "get_engine", lambda: nowhere)
    answer = Api(client).get("/api/v1/conversations")
    assert (answer.status_code, answer.json["code"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_webhook_path_passes_no_hook_of_the_api(client: Any) -> None:
    app = client.application
    assert None not in app.before_request_funcs
    assert None not in app.after_request_funcs
