"""Audit log of API use, downloads and sessions; API keys of disabled agents are revoked."""

from __future__ import annotations

from typing import Any

import pytest

from console import auth
from console.app_pages.analytics import commands
from console.app_pages.dead_letters import commands as dead_letter_commands
from console.app_pages.teams import commands as team_commands
from core.accounts import api_keys, audit_log, sessions, user_admin
from core.cli import demo_business
from core.cli.__main__ import main
from core.models import Role
from core.platform.db import enter_business, system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import person
from tests.support.api import Api
from tests.support.database import column, rows
from tests.support.inbound import customer_writes


def entries(area: str) -> list[Any]:
    return rows(
        "SELECT actor, action, subject, data FROM audit_entries WHERE action LIKE :like ORDER BY id", like=f"{area}.%"
    )


def key(business_id: int, actor: str, *scopes: str) -> tuple[int, str]:
    with transaction(Scope(business_id, Actor.parse(actor))) as session:
        key_id, secret = api_keys.create(session, "shop", scopes)
        audit_log.record(session, "api_key.create", f"api_key:{key_id}", scopes=list(scopes))
    return key_id, secret


def test_a_message_by_the_api_is_audited_once_with_its_key(client: Any, business: TestBusiness) -> None:
    conversation_id = customer_writes()
    key_id, secret = key(business.business_id, "cli", "messages:write")
    api = Api(client, secret)
    for _ in range(2):
        sent = api.post("/api/v1/messages", {"conversation_id": conversation_id, "text": "Hola"}, Idempotency_Key="a")
    assert entries("message") == [
        (f"key:{key_id}", "message.send", f"conversation:{conversation_id}", {"ids": sent.json["parts"]})
    ]


def test_downloads_are_audited(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    one = person(business.business_id, role=Role.MANAGER)
    monkeypatch.setattr(auth, "token", lambda: one.token)
    auth.forget()
    commands.note("quotes")
    assert entries("export") == [(f"agent:{one.id}", "export.download", "quotes", {})]


def test_ended_sessions_are_audited(business: TestBusiness) -> None:
    one = person(business.business_id)
    me = f"agent:{one.id}"
    with transaction(business.business_id) as session:
        second = sessions.open_session(session, one.id)
        kept = sessions.session_agent(session, second)
        assert kept is not None
        sessions.revoke_others(session, one.id, kept.session_id)
        sessions.revoke_others(session, one.id, kept.session_id)
        sessions.end_session(session, second)
        sessions.end_session(session, second)
    assert [entry[:3] for entry in entries("session")] == [
        (me, "session.open", me), (me, "session.open", me), (me, "session.revoke", me), (me, "session.close", me),
    ]  # fmt: skip


def test_failed_and_successful_logins_are_audited_with_their_address(business: TestBusiness) -> None:
    from starlette.testclient import TestClient

    from console.asgi import app

    one = person(business.business_id)
    browser = TestClient(app, base_url="http://testserver", client=("203.0.113.7", 5000), follow_redirects=False)
    headers = {"origin": "http://testserver"}
    form = {"email": one.email, "password": "wrong"}
    assert browser.post("/auth/login", data=form, headers=headers).status_code == 303
    assert column("SELECT data ->> 'address' FROM audit_entries WHERE action = 'session.refused'") == ["203.0.113.7"]


def test_disabling_an_agent_revokes_their_keys(client: Any, business: TestBusiness) -> None:
    leaving, staying = person(business.business_id), person(business.business_id, role=Role.ADMINISTRATOR)
    theirs, secret = key(business.business_id, f"agent:{leaving.id}", "conversations:read")
    _, other = key(business.business_id, f"agent:{staying.id}", "conversations:read")
    with transaction(Scope(business.business_id, Actor.agent(staying.id))) as session:
        user_admin.disable(session, leaving.id)
    assert Api(client, secret).get("/api/v1/conversations").status_code == 401
    assert Api(client, other).get("/api/v1/conversations").status_code == 200
    assert entries("agent")[-1][3] == {"keys_revoked": [theirs]}


def test_message_texts_require_the_scope_to_read_messages(client: Any, business: TestBusiness) -> None:
    conversation_id = customer_writes("mi clave es 1234")
    for scopes, said in ((("conversations:read",), ""), (("conversations:read", "messages:read"), "mi clave es 1234")):
        api = Api(client, key(business.business_id, "cli", *scopes)[1])
        shown = [
            api.get("/api/v1/conversations").json["items"][0],
            api.get(f"/api/v1/conversations/{conversation_id}").json,
        ]
        assert [one["last_message_text"] for one in shown] == [said, said]


def test_every_entrance_names_its_actor(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    one = person(business.business_id, role=Role.ADMINISTRATOR)
    monkeypatch.setattr(auth, "token", lambda: one.token)
    auth.forget()
    team_commands.create("Ventas")
    dead_letter_commands.discard([1])
    assert main(["users", "disable", one.email]) != 0  # the last administrator stays
    assert main(["users", "add", "eva@desk.example"]) == 0
    with system_transaction() as session:
        enter_business(session, business.business_id)
        demo_business.stock(session)
    me = f"agent:{one.id}"
    assert [(who, action) for area in ("team", "dead_letter", "agent") for who, action, *_ in entries(area)] == [
        (me, "team.create"), (me, "dead_letter.discard"), ("system:cli", "agent.invite"),
    ]  # fmt: skip
    assert {who for who, *_ in entries("product")} == {"system"}
