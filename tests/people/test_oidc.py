"""Signing in through an identity provider: who gets in, and everything that must not be believed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.testclient import TestClient

from console import asgi
from console.http.security import COOKIE
from core.accounts import sessions, user_admin
from core.models import Agent
from core.platform.config import get_settings
from core.platform.db import system_transaction
from tests.conftest import TestBusiness
from tests.console.people import Person, person
from tests.inbox.steps import column
from tests.people.identity_provider import CLIENT, SECRET, STRANGERS_KEY, Provider, serve


@pytest.fixture
def browser(business: TestBusiness) -> TestClient:
    """A client of the console's own routes."""
    app = Starlette(routes=asgi.app._user_routes)
    return TestClient(app, base_url="https://console.example", follow_redirects=False)


@pytest.fixture
def ana(business: TestBusiness) -> Person:
    return person(business.business_id)


@pytest.fixture
def provider(ana: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that knows Ana and is set up here."""
    with serve() as provider:
        provider.email = ana.email.upper()
        for name, value in (("issuer", provider.issuer), ("client_id", CLIENT), ("client_secret", SECRET)):
            monkeypatch.setattr(get_settings(), f"oidc_{name}", value)
        yield provider


def go(browser: TestClient, provider: Provider, **changed: str) -> str:
    """Through the provider and back. Returns where the browser ends."""
    begun = browser.get("/auth/oidc")
    assert begun.headers["location"].startswith(f"{provider.issuer}/authorize?")
    answer = provider.approve(begun.headers["location"]) | changed
    return browser.get("/auth/oidc/callback", params=answer).headers["location"]


def signed_in(browser: TestClient) -> str | None:
    with system_transaction() as session:
        agent = sessions.session_agent(session, browser.cookies.get(COOKIE, ""))
        return agent.email if agent else None


def test_whoever_the_provider_vouches_for_is_signed_in(browser: TestClient, provider: Provider, ana: Person) -> None:
    assert "/auth/oidc" in browser.get("/auth/login").text
    assert go(browser, provider) == "/"
    assert signed_in(browser) == ana.email
    assert "bothub_oidc" not in browser.cookies


def test_an_answer_counts_once_and_only_in_its_browser(browser: TestClient, provider: Provider) -> None:
    answer = provider.approve(browser.get("/auth/oidc").headers["location"])
    stranger = TestClient(browser.app, base_url=browser.base_url, follow_redirects=False)
    refused = stranger.get("/auth/oidc/callback", params=answer)
    assert (refused.headers["location"], signed_in(stranger)) == ("/auth/login?provider", None)
    assert browser.get("/auth/oidc/callback", params=answer).headers["location"] == "/"
    assert browser.get("/auth/oidc/callback", params=answer).headers["location"] == "/auth/login?provider"


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": "nobody@desk.example"},
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "http://elsewhere.example"},
        {"exp": int(time.time()) - 3600},
    ],
)
def test_a_token_that_proves_nothing_lets_nobody_in(
    browser: TestClient, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert go(browser, provider) == "/auth/login?provider"
    assert signed_in(browser) is None
    assert "did not work" in browser.get("/auth/login?provider", headers={"accept-language": "en"}).text


@pytest.mark.parametrize("changed", [{"state": "another"}, {"iss": "http://elsewhere.example"}, {"code": "guessed"}])
def test_a_forged_answer_is_refused(browser: TestClient, provider: Provider, changed: dict[str, str]) -> None:
    assert go(browser, provider, **changed) == "/auth/login?provider"


def test_a_token_of_another_key_is_refused(browser: TestClient, provider: Provider) -> None:
    provider.key = STRANGERS_KEY
    assert go(browser, provider) == "/auth/login?provider"


@pytest.mark.parametrize("document", [{"issuer": "http://elsewhere.example"}, {"token_endpoint": "ftp://x"}])
def test_a_provider_that_is_not_what_was_set_is_not_asked(
    browser: TestClient, provider: Provider, document: dict[str, str]
) -> None:
    provider.discovery = document
    assert browser.get("/auth/oidc").headers["location"] == "/auth/login?provider"


def test_who_was_let_go_does_not_get_in(browser: TestClient, provider: Provider, ana: Person) -> None:
    with system_transaction() as session:
        user_admin.disable(session, ana.business_id, "system:test", ana.id)
    assert go(browser, provider) == "/auth/login?provider"


def test_our_own_second_step_is_still_owed(browser: TestClient, provider: Provider, ana: Person) -> None:
    with system_transaction() as session:
        session.execute(update(Agent).where(Agent.id == ana.id).values(totp={"sealed": "x"}))
    assert go(browser, provider) == "/auth/code"
    assert signed_in(browser) is None


def test_without_settings_there_is_no_such_page(browser: TestClient) -> None:
    assert browser.get("/auth/oidc").status_code == 404
    assert browser.get("/auth/oidc/callback").status_code == 404


def test_wrong_passwords_are_in_the_audit_log(browser: TestClient, ana: Person) -> None:
    fields = {"email": ana.email, "password": "wrong password"}
    for _ in range(5):
        browser.post("/auth/login", data=fields, headers={"origin": str(browser.base_url).rstrip("/")})
    actions = column("SELECT action FROM audit_log ORDER BY id")
    assert actions == ["session.open"] + ["session.refused"] * 5 + ["agent.locked_out"]
