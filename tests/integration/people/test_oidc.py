"""Single sign-on: valid logins, and responses that must be rejected."""

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
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.factories import Person, person
from tests.integration.people.identity_provider import CLIENT, SECRET, STRANGERS_KEY, Provider, serve
from tests.support.database import column


@pytest.fixture
def browser(business: TestBusiness) -> TestClient:
    """A client of the console's HTTP routes."""
    app = Starlette(routes=asgi.app._user_routes)
    return TestClient(app, base_url="https://console.example", follow_redirects=False)


@pytest.fixture
def ana(business: TestBusiness) -> Person:
    return person(business.business_id)


@pytest.fixture
def provider(ana: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A configured provider that knows Ana."""
    with serve() as provider:
        provider.email = ana.email.upper()
        for name, value in (("issuer", provider.issuer), ("client_id", CLIENT), ("client_secret", SECRET)):
            monkeypatch.setattr(get_settings(), f"oidc_{name}", value)
        yield provider


def go(browser: TestClient, provider: Provider, **changed: str) -> str:
    """Log in through the provider. Returns the final URL of the browser."""
    begun = browser.get("/auth/oidc")
    assert begun.headers["location"].startswith(f"{provider.issuer}/authorize?")
    answer = provider.approve(begun.headers["location"]) | changed
    return browser.get("/auth/oidc/callback", params=answer).headers["location"]


def signed_in(browser: TestClient) -> str | None:
    with system_transaction() as session:
        agent = sessions.session_agent(session, browser.cookies.get(COOKIE) or "")
        return agent.email if agent else None


def test_a_verified_user_is_logged_in(browser: TestClient, provider: Provider, ana: Person) -> None:
    assert "/auth/oidc" in browser.get("/auth/login").text
    assert go(browser, provider) == "/"
    assert signed_in(browser) == ana.email
    assert "bothub_oidc" not in browser.cookies


def test_a_response_is_valid_once_and_only_in_its_browser(browser: TestClient, provider: Provider) -> None:
    answer = provider.approve(browser.get("/auth/oidc").headers["location"])
    stranger = TestClient(browser.app, base_url=str(browser.base_url), follow_redirects=False)
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
def test_an_invalid_token_is_refused(browser: TestClient, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    assert go(browser, provider) == "/auth/login?provider"
    assert signed_in(browser) is None
    assert "did not work" in browser.get("/auth/login?provider", headers={"accept-language": "en"}).text


@pytest.mark.parametrize("changed", [{"state": "another"}, {"iss": "http://elsewhere.example"}, {"code": "guessed"}])
def test_a_forged_response_is_refused(browser: TestClient, provider: Provider, changed: dict[str, str]) -> None:
    assert go(browser, provider, **changed) == "/auth/login?provider"


def test_a_token_signed_by_another_key_is_refused(browser: TestClient, provider: Provider) -> None:
    provider.key = STRANGERS_KEY
    assert go(browser, provider) == "/auth/login?provider"


@pytest.mark.parametrize("document", [{"issuer": "http://elsewhere.example"}, {"token_endpoint": "ftp://x"}])
def test_a_provider_with_another_issuer_is_refused(
    browser: TestClient, provider: Provider, document: dict[str, str]
) -> None:
    provider.discovery = document
    assert browser.get("/auth/oidc").headers["location"] == "/auth/login?provider"


def test_a_disabled_agent_is_refused(browser: TestClient, provider: Provider, ana: Person) -> None:
    with transaction(ana.business_id) as session:
        user_admin.disable(session, ana.id)
    assert go(browser, provider) == "/auth/login?provider"


def test_the_second_factor_is_still_required(browser: TestClient, provider: Provider, ana: Person) -> None:
    with system_transaction() as session:
        session.execute(update(Agent).where(Agent.id == ana.id).values(totp={"sealed": "x"}))
    assert go(browser, provider) == "/auth/code"
    assert signed_in(browser) is None


def test_without_settings_the_page_does_not_exist(browser: TestClient) -> None:
    assert browser.get("/auth/oidc").status_code == 404
    assert browser.get("/auth/oidc/callback").status_code == 404


def test_wrong_passwords_are_audited(browser: TestClient, ana: Person) -> None:
    fields = {"email": ana.email, "password": "wrong password"}
    for _ in range(5):
        browser.post("/auth/login", data=fields, headers={"origin": str(browser.base_url).rstrip("/")})
    actions = column("SELECT action FROM audit_entries ORDER BY id")
    assert actions == ["session.open"] + ["session.refused"] * 5 + ["agent.locked_out"]
