"""Handing files in and fetching them."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from sqlalchemy import insert, update

from core.messaging.attachments import uploads
from core.models import Attachment
from core.platform.db import system_transaction
from tests.factories import conversation
from tests.support.api import Api, count

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    + b"\0" * 64
)


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


def hand_in(api: Api, content: bytes, name: str = "foto.png", declared: str = "image/png") -> Any:
    form = {"file": (io.BytesIO(content), name, declared)}
    return api.client.post("/api/v1/media", data=form, headers=api.headers)


def test_a_file_comes_back_as_it_was_handed_in(api: Api) -> None:
    made = hand_in(api, PNG, "fotó «1».png")
    assert (made.status_code, made.json["mime_type"], made.json["size"]) == (201, "image/png", len(PNG))
    got = api.get(f"/api/v1/media/{made.json['id']}")
    assert (got.status_code, got.data, got.content_type) == (200, PNG, "image/png")
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.content_length == len(PNG)


def test_what_a_browser_could_run_is_only_octets(api: Api) -> None:
    made = hand_in(api, b"<html><script>alert(1)</script>", "foto.png")
    assert made.json["mime_type"] == "application/octet-stream"


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\temp\\passwd", "a\r\nX-Evil: 1/passwd", "passwd"])
def test_a_file_name_is_only_a_name(api: Api, name: str) -> None:
    """Whatever a customer or a provider called it."""
    file_id = hand_in(api, PNG).json["id"]
    with system_transaction() as session:
        session.execute(update(Attachment).where(Attachment.id == file_id).values(filename=name))
    got = api.get(f"/api/v1/media/{file_id}")
    assert got.headers["Content-Disposition"] == "attachment; filename=passwd"
    assert "X-Evil" not in got.headers


def test_files_that_are_too_large_or_empty_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_LARGEST_SHOWN", len(PNG) - 1)
    monkeypatch.setattr(uploads, "LARGEST_FILE", 100_000)
    for content in (PNG, b""):
        answer = hand_in(api, content)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "file")
    assert hand_in(api, b"%PDF-1.7\n" + b"x" * 90_000, "a.pdf", "application/pdf").status_code == 201
    assert hand_in(api, b"%PDF-1.7\n" + b"x" * 100_000, "a.pdf", "application/pdf").status_code == 422
    assert hand_in(api, b"x" * 300_000).status_code == 413
    assert count(Attachment) == 1


def test_a_form_without_a_file_is_refused(api: Api) -> None:
    for form in ({}, {"file": "text"}, {"other": (io.BytesIO(PNG), "a.png")}):
        answer = api.client.post("/api/v1/media", data=form, headers=api.headers, content_type="multipart/form-data")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "file")
    assert api.post("/api/v1/media", {"file": "x"}).status_code == 422


def test_a_message_carries_a_handed_in_file(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    file_id = hand_in(api, PNG).json["id"]
    body = {"conversation_id": talk, "type": "image", "media": {"attachment_id": file_id, "caption": "Mirá"}}
    sent = api.post("/api/v1/messages", body)
    assert sent.status_code == 202
    assert [file["id"] for file in sent.json["media"]] == [file_id]
    assert sent.json["media"][0]["sha256"] == hashlib.sha256(PNG).hexdigest()
    missing = api.post("/api/v1/messages", {**body, "media": {"attachment_id": 4711}})
    assert (missing.status_code, missing.json["errors"][0]["field"]) == (422, "media.attachment_id")


def test_what_is_not_stored_is_not_found(api: Api, business: Any) -> None:
    with system_transaction() as session:
        pending = session.execute(
            insert(Attachment).values(business_id=business.business_id).returning(Attachment.id)
        ).scalar_one()
    gone = hand_in(api, PNG).json["id"]
    with system_transaction() as session:
        session.execute(update(Attachment).where(Attachment.id == gone).values(storage_key="nowhere"))
    for media_id in (pending, gone, 4711):
        answer = api.get(f"/api/v1/media/{media_id}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
