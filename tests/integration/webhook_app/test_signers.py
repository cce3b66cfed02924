"""A secret signs for its own channels only: a business cannot forge messages of another."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text, update

from core.channels.provider import ChannelSpec
from core.channels.types import Kind
from core.cli.first_run import ensure_channel
from core.messaging.inbound import dead_letters
from core.models import Business, Channel, ChannelState
from core.platform.config import get_settings
from core.platform.db import in_business, system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.provider_bodies import (
    WABA_ID,
    meta_body,
    meta_json,
    meta_signature,
    status_value,
    text_value,
    twilio_form,
    twilio_signature,
)
from tests.support.stack import eventually
from webhook_app import signing_secrets
from workers.jobs import ingest

OTHER_NUMBER, OTHER_WABA = "209000000000001", "309000000000001"
OTHER_SMS = "+15005559999"


def add_channel(business_id: int, identity: str, credentials: dict[str, str], **more: Any) -> int:
    spec = {"provider": "whatsapp_cloud", "kind": Kind.WHATSAPP, "account": OTHER_WABA} | more
    with transaction(business_id) as session:
        return ensure_channel(
            session, ChannelSpec(identity=identity, name=identity, credentials=credentials, **spec), None
        )


@pytest.fixture
def other(business: TestBusiness) -> int:
    """A second business with a number of another app of Meta's, and one of another account of Twilio's."""
    with system_transaction() as session:
        made = Business(name="Otra", profile={})
        session.add(made)
        session.flush()
        business_id = made.id
    add_channel(business_id, OTHER_NUMBER, {"access_token": "t", "app_secret": "other-app-secret"})
    twilio = {"provider": "twilio", "kind": Kind.SMS, "account": "AC" + "9" * 32}
    add_channel(business_id, OTHER_SMS, {"account_sid": "AC" + "9" * 32, "auth_token": "other-token"}, **twilio)
    return business_id


def meta(client: Any, document: Any, secret: str) -> int:
    body = meta_json(document)
    headers = {"X-Hub-Signature-256": meta_signature(body, secret), "Content-Type": "application/json"}
    return int(client.post("/api/webhooks/whatsapp", data=body, headers=headers).status_code)


def sms(client: Any, to: str, token: str, **more: str) -> int:
    pairs = [("MessageSid", f"SM{to}{token}"), ("From", "+5491155550001"), ("To", to), ("Body", "Hola"), *more.items()]
    url = "https://desk.example/api/webhooks/twilio"
    headers = {"X-Twilio-Signature": twilio_signature(url, pairs, token)}
    form = "application/x-www-form-urlencoded"
    return int(
        client.post("/api/webhooks/twilio", data=twilio_form(pairs), headers=headers, content_type=form).status_code
    )


def account_notice(waba: str) -> dict[str, Any]:
    change = {"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION"}}
    return {"object": "whatsapp_business_account", "entry": [{"id": waba, "changes": [change]}]}


def of(document: dict[str, Any], number: str) -> dict[str, Any]:
    for entry in document["entry"]:
        for change in entry["changes"]:
            change["value"]["metadata"]["phone_number_id"] = number
    return document


NUMBER_CHANGE = {
    "messages": [
        {
            "from": "5491155550001", "id": "wamid.SYS", "timestamp": "1780000000", "type": "system",
            "system": {"type": "user_changed_number", "body": "x", "wa_id": "447000000666"},
        }
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        meta_body(text_value("forged")),
        meta_body(NUMBER_CHANGE),
        meta_body(status_value("wamid.1", "delivered")),
        account_notice(WABA_ID),
        {**meta_body({}), "entry": [{**meta_body(text_value("forged"))["entry"][0], "id": OTHER_WABA}]},
    ],
    ids=["message", "new number", "status", "account", "foreign account, own number"],
)
def test_what_another_business_signed_is_not_ours(client: Any, other: int, document: dict[str, Any]) -> None:
    assert meta(client, document, "other-app-secret") == 200
    ingest.receive()
    assert (
        rows("SELECT 1 FROM messages UNION ALL SELECT 1 FROM notifications UNION ALL SELECT 1 FROM delivery_receipts")
        == []
    )
    ((reason, business_id),) = rows("SELECT reason, business_id FROM dead_letters")
    assert "signed with a secret that is not this number's" in reason
    assert business_id == one("SELECT business_id FROM channels WHERE account = :waba", waba=WABA_ID)


def test_genuine_events_of_both_are_stored_side_by_side(client: Any, other: int) -> None:
    assert meta(client, meta_body(text_value("uno")), "test-app-secret") == 200
    assert meta(client, of(meta_body(text_value("dos")), OTHER_NUMBER), "other-app-secret") == 200
    assert sms(client, "+15005550006", "test-auth-token") == 200
    assert sms(client, OTHER_SMS, "other-token") == 200
    ingest.receive()
    assert rows("SELECT business_id, count(*) FROM messages GROUP BY 1 ORDER BY 1") == [(1, 2), (other, 2)]
    assert column("SELECT reason FROM dead_letters") == []


def test_without_the_sandbox_its_published_secrets_sign_nothing(client: Any, business: TestBusiness) -> None:
    secrets = {"app_secret": "sandbox-app-secret", "verify_token": "sandbox-verify-token"}
    add_channel(business.business_id, OTHER_NUMBER, secrets)
    twilio = {"provider": "twilio", "kind": Kind.SMS, "account": "AC" + "9" * 32}
    add_channel(business.business_id, OTHER_SMS, {"auth_token": "sandbox-auth-token"}, **twilio)
    assert meta(client, of(meta_body(text_value("forged")), OTHER_NUMBER), "sandbox-app-secret") == 403
    assert sms(client, OTHER_SMS, "sandbox-auth-token") == 403
    asked = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "sandbox-verify-token"}
    assert client.get("/api/webhooks/whatsapp", query_string=asked).status_code == 403


@pytest.mark.parametrize(("to", "token"), [("+15005550006", "other-token"), (OTHER_SMS, "test-auth-token")])
def test_a_token_of_another_account_signs_no_message(client: Any, other: int, to: str, token: str) -> None:
    assert sms(client, to, token) == 200
    ingest.receive()
    assert column("SELECT text FROM messages") == []
    assert one("SELECT count(*) FROM dead_letters") == 1


def test_two_numbers_of_one_business_in_two_apps_are_apart(client: Any, business: TestBusiness) -> None:
    add_channel(business.business_id, OTHER_NUMBER, {"app_secret": "second-app"})
    assert meta(client, meta_body(text_value("forged")), "second-app") == 200
    assert meta(client, of(meta_body(text_value("forged")), OTHER_NUMBER), "test-app-secret") == 200
    assert meta(client, of(meta_body(text_value("genuine")), OTHER_NUMBER), "second-app") == 200
    ingest.receive()
    assert column("SELECT text FROM messages") == ["genuine"]
    assert one("SELECT count(*) FROM dead_letters") == 2


@pytest.mark.parametrize(
    "credentials", [{"app_secret": "test-app-secret"}, {"app_secret": "older, test-app-secret"}, {}]
)
def test_one_app_serves_many_numbers(client: Any, business: TestBusiness, credentials: dict[str, str]) -> None:
    """Also a number that has no secret of its own: then that of the settings signs."""
    add_channel(business.business_id, OTHER_NUMBER, credentials)
    assert meta(client, of(meta_body(text_value("Hola")), OTHER_NUMBER), "test-app-secret") == 200
    ingest.receive()
    assert column("SELECT text FROM messages") == ["Hola"]


def test_an_event_that_came_before_its_number_was_added_can_be_replayed(client: Any, business: TestBusiness) -> None:
    assert meta(client, of(meta_body(text_value("temprano")), OTHER_NUMBER), "test-app-secret") == 200
    ingest.receive()
    add_channel(business.business_id, OTHER_NUMBER, {"app_secret": "test-app-secret"})
    with system_transaction() as session:
        dead_letters.replay(session)
    ingest.receive()
    assert column("SELECT text FROM messages") == ["temprano"]


def test_news_of_an_account_goes_to_the_channel_that_signed_it(client: Any, other: int) -> None:
    """A channel with another business's account id gets none of its notices."""
    with system_transaction() as session:
        session.execute(update(Channel).where(Channel.identity == OTHER_NUMBER).values(account=WABA_ID))
    assert meta(client, account_notice(WABA_ID), "other-app-secret") == 200
    assert meta(client, account_notice(WABA_ID), "test-app-secret") == 200
    ingest.receive()
    assert column("SELECT business_id FROM notifications ORDER BY business_id") == [1, other]


def test_a_forged_copy_that_comes_first_does_not_keep_the_genuine_one_out(client: Any, other: int) -> None:
    document = meta_body(text_value("Hola"))
    assert meta(client, document, "other-app-secret") == 200
    assert meta(client, document, "test-app-secret") == 200
    ingest.receive()
    assert column("SELECT text FROM messages") == ["Hola"]


@pytest.mark.parametrize(
    "changed", [{"credentials": {"app_secret": "new-secret"}}, {"state": ChannelState.DISABLED}], ids=["new", "off"]
)
def test_a_replaced_secret_is_refused_within_seconds(
    client: Any, other: int, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    document = of(meta_body(text_value("Hola")), OTHER_NUMBER)
    assert meta(client, document, "other-app-secret") == 200
    with system_transaction() as session:
        session.execute(update(Channel).where(Channel.identity == OTHER_NUMBER).values(**changed))
    now[0] += 5
    assert meta(client, document, "other-app-secret") == 403
    assert meta(client, document, "new-secret") == (200 if "credentials" in changed else 403)


def test_a_webhook_that_meets_a_reload_waits_for_it(business: TestBusiness) -> None:
    """A channel was just added, and the reload that brings its secret has begun for another request."""
    secrets = signing_secrets.SigningSecrets(get_settings())

    def verify() -> signing_secrets.Match | None:
        return secrets.verify_with(lambda now: now.signing["whatsapp_cloud"], lambda one: one == "new-secret")

    with ThreadPoolExecutor(4) as pool:
        with system_transaction() as session:
            session.execute(text("LOCK TABLE channels IN ACCESS EXCLUSIVE MODE"))
            asked = [pool.submit(verify) for _ in range(4)]
            asleep = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'channels'::regclass"
            eventually(lambda: session.scalar(text(asleep)))
            with in_business(session, business.business_id):
                ensure_channel(session, _WITH_NEW_SECRET, None)
        assert all(one.result() for one in asked)


_WITH_NEW_SECRET = ChannelSpec(
    provider="whatsapp_cloud", kind=Kind.WHATSAPP, identity=OTHER_NUMBER, account=OTHER_WABA, name=OTHER_NUMBER,
    credentials={"app_secret": "new-secret"},
)  # fmt: skip


def test_what_nobody_here_owns_belongs_to_whoever_signed_it(client: Any, other: int) -> None:
    """So that it is visible; events signed by the settings' secret are listed by `dead-letters`."""
    unknown = of(meta_body(text_value("Hola")), "999")
    assert meta(client, unknown, "other-app-secret") == 200
    assert meta(client, {"entry": [0]}, "other-app-secret") == 200
    with system_transaction() as session:
        session.execute(update(Channel).where(Channel.business_id == 1).values(credentials={}))
    secrets_of(client)._loaded_at = float("-inf")
    assert meta(client, unknown, "test-app-secret") == 200
    ingest.receive()
    assert column("SELECT business_id FROM dead_letters ORDER BY id") == [other, other, None]
    with system_transaction() as session:
        assert len(dead_letters.pending(session, other)) == 2
        assert [one.event_id for one in dead_letters.unassigned(session)] == [3]


def secrets_of(client: Any) -> signing_secrets.SigningSecrets:
    found: signing_secrets.SigningSecrets = client.application.extensions["webhooks"].secrets
    return found


def test_a_channel_of_an_unknown_key_leaves_the_others_their_webhooks(client: Any, other: int) -> None:
    rows("UPDATE channels SET credentials = 'of another key' WHERE identity = :number", number=OTHER_NUMBER)
    assert meta(client, meta_body(text_value("Hola")), get_settings().whatsapp_app_secret[0]) == 200
    assert sms(client, OTHER_SMS, "other-token") == 200
    assert meta(client, account_notice(OTHER_WABA), "other-app-secret") == 403
