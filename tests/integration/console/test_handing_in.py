"""Files that agents hand in: refused at once where the conversation's channel would; and shown where they were sent."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from console.app_pages.inbox import conversation_queries
from console.components import lines
from console.http.security import COOKIE
from core.accounts.visibility import Limited
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sees, Sender
from core.platform.config import get_settings
from core.platform.db import transaction
from tests.factories import conversation, person
from tests.support.database import one

EVERYBODYS = Limited(0, Sees.ALL)
HOST = "http://console.example"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.fixture
def desk(business: Any) -> TestClient:
    from console import asgi

    browser = TestClient(Starlette(routes=asgi.app._user_routes), base_url=HOST)
    browser.headers["cookie"] = f"{COOKIE}={person(business.business_id).token}"
    browser.headers["origin"] = HOST
    return browser


@pytest.mark.parametrize(
    ("content", "mime_type", "kind", "answer"),
    [
        (PNG, "image/png", "", None),
        (PNG + bytes(5 * 1024 * 1024), "image/png", "", ("size", 5)),
        (b"MZ" + bytes(90), "application/x-msdownload", "", ("type", None)),
        (b"PK\x03\x04" + bytes(90), "application/zip", "", ("type", None)),
        (b"\0\0\0\x18ftypheic" + bytes(90), "image/heic", "", ("type", None)),
        (b"GIF89a" + bytes(20), "image/gif", "", ("type", None)),
        (PNG, "image/png", "video", ("type", None)),
        ("año;precio".encode(), "text/csv", "", None),
        (b"", "text/plain", "", ("refused", None)),
    ],
)
def test_what_the_channel_refuses_is_told_when_it_is_attached(
    desk: TestClient, business: Any, content: bytes, mime_type: str, kind: str, answer: tuple[str, int | None] | None
) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    headers = {"content-type": mime_type, "x-conversation": str(talk), "x-file-name": "a", "x-kind": kind}
    response = desk.post("/files", content=content, headers=headers)
    if answer is None:
        assert response.status_code == 201
        return
    assert response.status_code == 422
    assert (response.json()["error"], response.json().get("limit")) == answer
    assert one("SELECT count(*) FROM attachments") == 0


def test_the_paperclip_is_there_where_files_can_go_out(business: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.messaging.channels import accounts

    for address, twilio in (("https://desk.example", True), ("http://localhost:8000", False), ("", False)):
        settings = get_settings().model_copy(update={"public_url": address, "twilio_api_url": "https://api.twilio.com"})
        accounts.forget()
        with monkeypatch.context() as patched:
            patched.setattr(accounts, "get_settings", lambda settings=settings: settings)
            for channel_id, offered in ((business.sms_channel_id, twilio), (business.whatsapp_channel_id, True)):
                talk = conversation(business.business_id, channel_id, name=f"{address} {channel_id}")
                with transaction(business.business_id) as session:
                    found = conversation_queries.read(session, EVERYBODYS, talk, 10)
                assert lines.to_json(found, "es")["files"] is offered, (address, channel_id)
    accounts.forget()


def test_a_file_is_shown_on_each_message_that_carries_it(desk: TestClient, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    number = desk.post("/files", content=PNG, headers={"content-type": "image/png", "x-file-name": "a.png"}).json()[
        "id"
    ]
    button = {"type": "reply", "reply": {"id": "1", "title": "Sí"}}
    contents: list[dict[str, Any]] = [
        {"type": "image", "media": {"attachment_id": number}},
        {"type": "image", "media": {"attachment_id": number}},
        {"type": "interactive", "interactive": {
            "type": "button", "header": {"type": "image", "image": {"attachment_id": number}},
            "body": {"text": "¿Lo reservo?"}, "action": {"buttons": [button]}}},
        {"type": "image", "media": {"link": "https://shop.example/a.jpg"}},
        {"type": "template", "template": {"name": "x", "language": "es", "components": [
            {"type": "header", "parameters": [
                {"type": "document", "document": {"link": "https://shop.example/1", "filename": "bill.pdf"}}]}]}},
    ]  # fmt: skip
    with transaction(business.business_id) as session:
        for content in contents:
            enqueue_message(session, talk, NewMessage(content, Sender.AGENT))
        shown = lines.to_json(conversation_queries.read(session, EVERYBODYS, talk, 10), "es")["lines"]
    assert [[file["id"] for file in line.get("files", [])] for line in shown] == [[number], [number], [number], [], []]
    assert [line["links"] for line in shown[-2:]] == [
        [{"address": "https://shop.example/a.jpg", "kind": "image", "name": ""}],
        [{"address": "https://shop.example/1", "kind": "document", "name": "bill.pdf"}],
    ]
