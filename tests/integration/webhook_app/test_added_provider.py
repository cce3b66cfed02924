"""A provider is a folder and a line of the registry: everything else takes it as it comes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from console import i18n
from console.app_pages.channels import commands
from core.channels.registry import PROVIDERS
from core.channels.types import Account, Kind
from core.channels.webhook import EventBody
from core.cli.__main__ import main
from core.messaging.channels import accounts
from core.messaging.channels.admin import ChannelEdit, UnacceptableChannel
from core.models import Role
from tests.conftest import TestBusiness
from tests.factories import person
from tests.support.database import column, one, rows
from tests.support.desk import Desk
from tests.support.outbox import due_now, say, stored_message
from tests.support.polling import poll_all
from tests.support.postbox.provider import PostboxProvider
from workers.jobs import ingest, send_messages

SHOP = "tienda@example.com"
KEY, SIGNING_KEY = "post-key-0123456789", "sign-key-0123456789"


@pytest.fixture(autouse=True)
def postbox(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """Register the provider: this line is the only one outside its folder."""
    monkeypatch.setitem(PROVIDERS, PostboxProvider.name, PostboxProvider())
    i18n.catalogue.cache_clear()
    accounts.forget()
    yield httpserver
    i18n.catalogue.cache_clear()
    accounts.forget()


def _add(server: HTTPServer) -> int:
    """Add the mailbox by command."""
    given = {"server": server.url_for("").rstrip("/"), "key": KEY, "signing_key": SIGNING_KEY}
    credentials = [word for name, value in given.items() for word in ("--credential", f"{name}={value}")]
    assert main(["channels", "add", "postbox", "email", "Tienda@Example.com", "--name", "Mail", *credentials]) == 0
    return int(one("SELECT id FROM channels WHERE identity = :shop", shop=SHOP))


def _post(client: Any, *events: dict[str, Any], key: str = SIGNING_KEY) -> int:
    body = json.dumps(events).encode()
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return int(client.post("/api/webhooks/postbox", data=body, headers={"X-Postbox-Signature": signature}).status_code)


def _mail(number: int, text: str, sender: str = "Ana.Paz@Example.org") -> dict[str, Any]:
    return {"event": "message", "id": f"in-{number}", "to": SHOP, "from": sender, "name": "Ana Paz", "text": text}


def _send(ids: list[int]) -> None:
    """Send messages of one conversation, which go out one after the other."""
    for _ in ids:
        due_now()
        for claimed in send_messages.claim(10):
            send_messages.send(claimed)


def test_a_message_comes_in_and_its_answer_goes_out(client: Any, business: TestBusiness, postbox: HTTPServer) -> None:
    channel_id = _add(postbox)
    assert _post(client, _mail(1, "¿Tienen cascos?")) == 202
    assert _post(client, _mail(1, "¿Tienen cascos?")) == 202, "delivered again"
    ingest.receive()
    assert rows(
        "SELECT m.text, c.name, i.address FROM messages m JOIN contacts c ON true JOIN contact_identities i ON true"
    ) == [("¿Tienen cascos?", "Ana Paz", "ana.paz@example.org")]
    ((conversation_id, kind, window),) = rows("SELECT id, kind, window_expires_at FROM conversations")
    assert (kind, window) == ("email", None)

    for accepted in ("out-1", "out-2"):
        postbox.expect_ordered_request(
            "/messages", method="POST", headers={"Authorization": f"Bearer {KEY}"}
        ).respond_with_json({"id": accepted})
    ids = say(business.business_id, conversation_id, "Sí. " * 100)
    assert len(ids) == 2, "a text is split at the provider's limit"
    _send(ids)
    sent = [request.get_json() for request, _ in postbox.log]
    assert [(one["from"], one["to"], one["ref"]) for one in sent] == [(SHOP, "ana.paz@example.org", ref) for ref in ids]
    assert column("SELECT channel_id FROM messages WHERE status = 'sent'") == [channel_id] * 2

    delivered = {"event": "delivered", "id": "out-1", "from": SHOP, "ref": ids[0]}
    bounce = {"event": "failed", "id": "out-2", "from": SHOP, "ref": ids[1], "code": "full", "title": "Mailbox full"}
    assert _post(client, delivered, bounce) == 202
    ingest.receive()
    assert [stored_message(number).status for number in ids] == ["delivered", "failed"]
    assert (stored_message(ids[1]).error["cause"], "mailbox is full" in stored_message(ids[1]).error["advice"]) == (
        "recipient",
        True,
    )


class PolledPostbox(PostboxProvider):
    """The same mailbox, asked for its mail."""

    polled = True
    webhooks = ()

    def poll(self, account: Account) -> Iterator[tuple[str, EventBody]]:
        """Fetch the mail that is not marked as read, and mark what was taken."""
        mailbox = self.open(account, read_timeout=5)
        for mail in mailbox.call("GET", "unread")["mail"]:
            yield "postbox", EventBody(json.dumps([mail]).encode(), "application/json", "", datetime.now(UTC))
            mailbox.call("POST", f"read/{mail['id']}")


def test_a_provider_without_webhooks_is_polled(
    business: TestBusiness, postbox: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROVIDERS, "postbox", PolledPostbox())
    _add(postbox)
    unread = [_mail(1, "Hola"), _mail(2, "¿Tienen cascos?"), _mail(3, "¿Hola?")]
    stored_when_read: list[int] = []

    def mark(request: Request) -> Response:
        if len(stored_when_read) == 1:
            stored_when_read.append(-1)
            return Response(status=503)
        stored_when_read.append(one("SELECT count(*) FROM webhook_events"))
        unread[:] = [mail for mail in unread if not request.path.endswith(mail["id"])]
        return Response("{}")

    postbox.expect_request("/unread").respond_with_handler(lambda _: Response(json.dumps({"mail": unread})))
    postbox.expect_request(re.compile("/read/.*"), method="POST").respond_with_handler(mark)
    poll_all()
    assert (len(unread), stored_when_read) == (2, [1, -1]), "read once it is stored; a failure ends the round"
    poll_all()
    assert (len(unread), stored_when_read) == (0, [1, -1, 2, 3]), "what was fetched twice is stored once"
    ingest.receive()
    assert column("SELECT text FROM messages ORDER BY id") == ["Hola", "¿Tienen cascos?", "¿Hola?"]
    rows("UPDATE channels SET state = 'disabled' WHERE provider = 'postbox'")
    unread.append(_mail(4, "Adiós"))
    poll_all()
    assert len(unread) == 1


def test_a_mailbox_that_cannot_be_polled_stops_no_other(
    business: TestBusiness, postbox: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROVIDERS, "postbox", PolledPostbox())
    _add(postbox)
    rows(
        "INSERT INTO channels (business_id, provider, kind, identity, name, credentials, settings) SELECT business_id,"
        " provider, kind, 'otra@example.com', name, credentials, settings FROM channels WHERE provider = 'postbox'"
    )
    postbox.expect_oneshot_request("/unread").respond_with_json({"post": []})
    postbox.expect_request("/unread").respond_with_json({"mail": [_mail(1, "Hola")]})
    postbox.expect_request("/read/in-1").respond_with_json({})
    poll_all()
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_what_its_secret_did_not_sign_is_refused(client: Any, postbox: HTTPServer) -> None:
    _add(postbox)
    assert _post(client, _mail(1, "Hola"), key="test-app-secret") == 403
    assert client.post("/api/webhooks/postbox", data=b"[]").status_code == 403
    assert one("SELECT count(*) FROM webhook_events") == 0


def test_a_refused_key_suspends_the_channel(client: Any, business: TestBusiness, postbox: HTTPServer) -> None:
    channel_id = _add(postbox)
    _post(client, _mail(1, "Hola"))
    ingest.receive()
    postbox.expect_request("/messages").respond_with_json({"code": "key", "title": "Bad key"}, status=401)
    ids = say(business.business_id, one("SELECT id FROM conversations"), "Hola")
    _send(ids)
    assert stored_message(ids[0]).status == "queued"
    assert one("SELECT open_until > now() FROM channel_limits WHERE channel_id = :id", id=channel_id)


def test_the_console_draws_its_form_and_card(business: TestBusiness, postbox: HTTPServer, monkeypatch: Any) -> None:
    postbox.expect_request(f"/mailboxes/{SHOP}").respond_with_json({"name": "Tienda Sol"})
    desk = Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    desk.open().switch_page("app_pages/channels/page.py")
    desk.run().button(key="channel_add_open").click()
    desk.run().segmented_control(key="channel_provider").set_value("postbox")
    page = desk.run()
    server = postbox.url_for("").rstrip("/")
    typed = {"identity": SHOP, "name": "Mail", "server": server, "key": KEY}
    for name, value in typed.items():
        page.text_input(key=f"channel_{name}_postbox" + ("" if name == "identity" else "_new")).set_value(value)
    page.button[-1].click()
    page = desk.run()
    assert [one.value for one in page.error] == ["Missing: Signing key."]
    page.text_input(key="channel_signing_key_postbox_new").set_value(SIGNING_KEY)
    page.button[-1].click()
    page = desk.run()
    assert [one.value for one in page.error] == []
    channel_id = one("SELECT id FROM channels WHERE identity = :shop", shop=SHOP)
    assert any("Postbox · Email · tienda@example.com · Tienda Sol" in one.value for one in page.caption)
    page.button(key=f"edit_{channel_id}").click()
    page = desk.run()
    shown = {one.key: one.value for one in page.text_input}
    assert shown[f"channel_server_postbox_{channel_id}"] == server, "what is no secret is shown"
    assert KEY not in str(page) and SIGNING_KEY not in str(page)


@pytest.mark.parametrize(
    ("identity", "credentials", "part"),
    [
        ("tienda", {"server": "https://post.example.com", "key": KEY, "signing_key": SIGNING_KEY}, "identity"),
        (SHOP, {"key": KEY, "signing_key": SIGNING_KEY}, "server"),
        (SHOP, {"server": "https://post.example.com", "signing_key": SIGNING_KEY}, "key"),
    ],
)
def test_its_fields_are_checked(
    business: TestBusiness, monkeypatch: Any, identity: str, credentials: dict[str, str], part: str
) -> None:
    Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    monkeypatch.setattr("streamlit.session_state", {})
    with pytest.raises(UnacceptableChannel) as raised:
        commands.add("postbox", Kind.EMAIL, identity, ChannelEdit("Mail", "", None, None, credentials))
    assert raised.value.part == part


def test_an_optional_field_can_be_emptied(business: TestBusiness, postbox: HTTPServer, monkeypatch: Any) -> None:
    Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    monkeypatch.setattr("streamlit.session_state", {})
    postbox.expect_request(f"/mailboxes/{SHOP}").respond_with_json({"name": "Tienda Sol"})
    given = {"server": postbox.url_for("").rstrip("/"), "key": KEY, "signing_key": SIGNING_KEY, "footer": "Sol"}
    channel_id = commands.add("postbox", Kind.EMAIL, SHOP, ChannelEdit("Mail", "", None, None, given))
    commands.change(channel_id, ChannelEdit("Mail", "", None, None, {**given, "key": "", "footer": ""}))
    known = accounts.account(channel_id).credentials
    assert (known["footer"], known["key"]) == ("", KEY)


def test_its_texts_are_complete() -> None:
    keys = {language: {key for key in i18n.catalogue(language) if "postbox" in key} for language in i18n.LANGUAGES}
    assert len(keys["es"]) == 12
    assert keys["es"] == keys["en"] == keys["pt"]
