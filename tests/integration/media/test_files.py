"""Customers' files: downloaded by one worker, retried for a while, stored under their business."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.exceptions import GenericError

from core.channels.types import InvalidMessage, MediaError
from core.messaging.attachments import cleanup, downloads, uploads
from core.messaging.attachments.downloads import PendingFile
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform import object_storage
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.payloads import load


@pytest.fixture
def pending(business: TestBusiness) -> int:
    """Insert a picture that a customer sent."""
    store(load("whatsapp_cloud", "image").body)
    receive()
    return int(one("SELECT id FROM attachments"))


def claim() -> list[PendingFile]:
    with system_transaction() as session:
        return downloads.claim(session, 5)


def fail(file: PendingFile, *, permanent: bool = False) -> None:
    with transaction(file.business_id) as session:
        downloads.record_failure(session, file, MediaError("not now", permanent=permanent))


def test_a_file_has_one_fetcher_at_a_time(pending: int) -> None:
    (file,) = claim()
    assert file.attachment_id == pending
    assert file.media.provider_media_id
    assert claim() == []


def test_a_dead_workers_download_is_claimed_again(pending: int) -> None:
    claim()
    rows("UPDATE attachments SET next_attempt_at = now()")
    (file,) = claim()
    assert file.attempt == 2


def test_it_is_tried_for_a_while_and_then_given_up(pending: int) -> None:
    waits: list[timedelta] = []
    while found := claim():
        fail(found[0])
        ((state, wait),) = rows("SELECT state, next_attempt_at - now() FROM attachments")
        if state == "failed":
            break
        waits.append(wait)
        rows("UPDATE attachments SET next_attempt_at = now()")
    assert [round(wait.total_seconds(), -0) for wait in waits] == pytest.approx([5, 30, 120, 600, 3600], abs=2)
    assert claim() == []
    assert one("SELECT failure FROM attachments") == "not now"


def test_what_the_provider_never_gives_is_not_asked_for_again(pending: int) -> None:
    fail(claim()[0], permanent=True)
    assert rows("SELECT state, next_attempt_at FROM attachments") == [("failed", None)]


@pytest.mark.usefixtures("database")
def test_the_same_key_is_replaced_and_an_unknown_one_is_not_found(tmp_path: Path) -> None:
    for words in (b"one", b"two"):
        (tmp_path / "file").write_bytes(words)
        object_storage.put("7/1", tmp_path / "file")
    assert b"".join(object_storage.read("7/1")) == b"two"
    with pytest.raises(FileNotFoundError):
        b"".join(object_storage.read("7/404"))


def hand_in(business_id: int, *, hours_ago: int) -> tuple[int, str]:
    """Upload a file. Returns its id and its path in storage."""
    kept = uploads.keep(business_id, io.BytesIO(b"%PDF-1.7 price list"), "application/pdf", "prices.pdf")
    with transaction(business_id) as session:
        file_id = uploads.record(session, kept)
    rows(
        "UPDATE attachments SET created_at = now() - make_interval(hours => :h) WHERE id = :id", h=hours_ago, id=file_id
    )
    return file_id, kept.storage_key


def send(business_id: int, conversation_id: int, file_id: int) -> None:
    draft = NewMessage(content={"type": "document", "media": {"attachment_id": file_id}}, sender=Sender.AGENT)
    with transaction(business_id) as session:
        enqueue_message(session, conversation_id, draft)


def test_unused_uploads_are_deleted_after_a_day(pending: int, business: TestBusiness) -> None:
    conversation_id = customer_writes()
    sent, old, fresh = (hand_in(business.business_id, hours_ago=hours) for hours in (30, 25, 23))
    send(business.business_id, conversation_id, sent[0])
    assert cleanup.delete_orphaned_uploads() == 1
    assert {row.id for row in rows("SELECT id FROM attachments")} == {pending, sent[0], fresh[0]}
    assert b"".join(object_storage.read(sent[1])) == b"".join(object_storage.read(fresh[1]))
    with pytest.raises(FileNotFoundError):
        list(object_storage.read(old[1]))
    with pytest.raises(InvalidMessage):
        send(business.business_id, conversation_id, old[0])


def test_an_upload_being_sent_is_kept(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    file_id, _ = hand_in(business.business_id, hours_ago=30)
    draft = NewMessage(content={"type": "document", "media": {"attachment_id": file_id}}, sender=Sender.AGENT)
    with transaction(business.business_id) as session:
        enqueue_message(session, conversation_id, draft)
        assert cleanup.delete_orphaned_uploads() == 0
    assert cleanup.delete_orphaned_uploads() == 0


def test_while_storage_is_unavailable_no_row_is_deleted(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id, _ = hand_in(business.business_id, hours_ago=30)

    def away(key: str) -> None:
        raise GenericError(f"no route to {key}")

    with monkeypatch.context() as patched:
        patched.setattr(object_storage, "delete", away)
        assert cleanup.delete_orphaned_uploads() == 0
    assert one("SELECT id FROM attachments") == file_id
    assert cleanup.delete_orphaned_uploads() == 1
