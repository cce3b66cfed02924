"""Outgoing files: complete for each recipient, uploaded once, validated before they are queued."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from obstore.exceptions import GenericError

from core.channels.registry import open_channel
from core.channels.types import (
    Account,
    Cause,
    Diagnosis,
    InvalidMessage,
    Kind,
    OutgoingFile,
    ProviderError,
    SendError,
    Verdict,
)
from core.messaging.attachments import outgoing, uploads
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform import object_storage
from core.platform.db import transaction
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.fake_channel import FakeChannel
from tests.support.inbound import customer_writes
from tests.support.outbox import claim
from workers.jobs import send_files as outgoing_files
from workers.jobs import send_messages

PDF = b"%PDF-1.7 "
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def keep(business_id: int, content: bytes, mime_type: str, name: str | None = None) -> int:
    upload = uploads.keep(business_id, io.BytesIO(content), mime_type, name)
    with transaction(business_id) as session:
        return uploads.record(session, upload)


def queue(business_id: int, conversation_id: int, content: dict[str, Any]) -> int:
    with transaction(business_id) as session:
        return enqueue_message(session, conversation_id, NewMessage(content, Sender.AGENT))[0]


def refused(error: str, cause: Cause = Cause.REQUEST) -> SendError:
    return SendError(ProviderError(error, "no"), Diagnosis(Verdict.PERMANENT, cause, "Mend it."))


def test_one_file_for_many_at_once_is_whole_for_each(business: TestBusiness, provider: FakeChannel) -> None:
    content = PDF + os.urandom(6 * 1024 * 1024)
    file_id = keep(business.business_id, content, "application/pdf", "lista.pdf")
    for number in range(12):
        conversation_id = customer_writes(sender=f"54911555500{number:02}")
        queue(business.business_id, conversation_id, {"type": "document", "media": {"attachment_id": file_id}})
    together = threading.Barrier(12, timeout=20)

    def send(claimed: Any) -> None:
        together.wait()
        send_messages.send(claimed)

    due: list[Any] = []
    give_up = time.monotonic() + 20
    while len(due) < 12:  # the number's rate allows a few at a time
        due += claim(12)
        assert time.monotonic() < give_up
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(send, due))
    assert len(provider.sent) == 12
    assert {message.files[file_id] for message in provider.sent} == {OutgoingFile("lista.pdf", handle="media-1")}
    assert [hashlib.sha256(sent).digest() for sent in provider.uploads] == [hashlib.sha256(content).digest()]
    assert list(object_storage.scratch_folder().iterdir()) == []


@pytest.mark.usefixtures("provider")
def test_copies_of_one_file_do_not_touch_each_other(business: TestBusiness) -> None:
    content = os.urandom(3 * 1024 * 1024)
    file_id = keep(business.business_id, content, "application/octet-stream")
    (file,) = outgoing.stored(business.business_id, business.whatsapp_channel_id, [file_id])
    together = threading.Barrier(8, timeout=20)

    def read(_: int) -> bytes:
        with outgoing.on_disk(file) as path:
            together.wait()
            return path.read_bytes()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(read, range(8))) == {content}


def test_a_file_the_provider_dropped_is_given_anew_once(business: TestBusiness, provider: FakeChannel) -> None:
    file_id = keep(business.business_id, PDF, "application/pdf")
    conversation_id = customer_writes()

    def send_again() -> None:
        queue(business.business_id, conversation_id, {"type": "document", "media": {"attachment_id": file_id}})
        send_messages.send(claim()[0])

    send_again()
    send_again()
    assert len(provider.uploads) == 1
    provider.trouble = [refused("131009")]
    send_again()
    assert [message.files[file_id].handle for message in provider.sent[-2:]] == ["media-1", "media-2"]
    provider.trouble = [refused("131026", Cause.RECIPIENT)]
    send_again()
    assert len(provider.uploads) == 2
    rows("UPDATE provider_files SET good_until = now()")
    send_again()
    assert len(provider.uploads) == 3
    assert column("SELECT status FROM messages WHERE direction = 'outbound' ORDER BY id")[-2:] == ["failed", "sent"]


@pytest.mark.parametrize(("damage", "status"), [("cut", "failed"), ("gone", "failed"), ("away", "queued")])
def test_what_is_not_whole_is_not_sent(
    business: TestBusiness,
    provider: FakeChannel,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    damage: str,
    status: str,
) -> None:
    file_id = keep(business.business_id, PDF + b"1234", "application/pdf")
    conversation_id = customer_writes()
    message_id = queue(business.business_id, conversation_id, {"type": "document", "media": {"attachment_id": file_id}})
    key = one("SELECT storage_key FROM attachments")
    if damage == "cut":
        (tmp_path / "cut").write_bytes(PDF)
        object_storage.put(key, tmp_path / "cut")
    elif damage == "gone":
        object_storage.delete(key)
    else:

        def away(_: str) -> Any:
            raise GenericError("no route")

        monkeypatch.setattr(object_storage, "read", away)
    send_messages.send(claim()[0])
    assert provider.sent == provider.uploads == []
    assert one("SELECT status FROM messages WHERE id = :id", id=message_id) == status
    assert list(object_storage.scratch_folder().iterdir()) == []


TAKEN_AS: list[tuple[str, bytes, str, str | None]] = [
    ("image", PNG, "image/png", None),
    ("image", PDF, "application/pdf", "JPEG or PNG"),
    ("image", PNG + bytes(5 * 1024 * 1024), "image/png", "at most 5 MB"),
    ("document", PNG + bytes(5 * 1024 * 1024), "image/png", "at most 5 MB"),
    ("image", b"GIF89a" + bytes(20), "image/gif", "JPEG or PNG"),
    ("document", b"MZ" + bytes(50), "application/pdf", "octet-stream"),
    ("document", b"PK\x03\x04" + bytes(50), "application/zip", "zip"),
    ("document", "año;precio\n".encode(), "text/csv", None),
    ("sticker", PNG, "image/png", "WebP"),
    ("audio", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", "AAC"),
    ("audio", b"OggS" + bytes(24) + b"\x01vorbis" + bytes(20), "audio/ogg", "Opus"),
    ("video", PDF, "application/pdf", "MP4"),
    ("gif", PNG, "image/png", "MP4"),
]
PLACES = {"sticker": ("media",), "audio": ("media",), "gif": ("template",)}  # the others may be everywhere


@pytest.mark.parametrize(
    ("kind", "content", "mime_type", "reason", "place"),
    [(*case, place) for case in TAKEN_AS for place in PLACES.get(case[0], ("media", "template", "card"))],
)
def test_what_meta_refuses_is_told_before_it_is_queued(
    business: TestBusiness, kind: str, content: bytes, mime_type: str, reason: str | None, place: str
) -> None:
    file = {"attachment_id": keep(business.business_id, content, mime_type)}
    conversation_id = customer_writes()
    message: dict[str, Any] = {
        "media": {"type": kind, "media": file},
        "template": {
            "type": "template",
            "template": {
                "name": "oferta",
                "language": "es",
                "components": [{"type": "header", "parameters": [{"type": kind, kind: file}]}],
            },
        },
        "card": {
            "type": "interactive",
            "interactive": {
                "type": "carousel",
                "body": {"text": "Ofertas"},
                "action": {"cards": [{"header": {"type": kind, kind: file}}] * 2},
            },
        },
    }[place]
    if reason is None:
        assert queue(business.business_id, conversation_id, message)
        return
    with pytest.raises(InvalidMessage, match=reason) as raised:
        queue(business.business_id, conversation_id, message)
    assert raised.value.field.endswith(".attachment_id")
    assert one("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 0


def test_links_are_checked_by_what_they_state_and_forms_keep_their_data(business: TestBusiness) -> None:
    conversation_id = customer_writes()
    with pytest.raises(InvalidMessage, match=r"media\.link"):
        queue(business.business_id, conversation_id, {"type": "image", "media": {"link": "https://a.example/b.pdf?x"}})
    for link in ("https://a.example/b.JPG", "https://a.example/picture.php?id=3", "https://a.example/b"):
        queue(business.business_id, conversation_id, {"type": "image", "media": {"link": link}})
    form = {"type": "flow", "body": {"text": "Reserva"}, "action": {"parameters": {
        "flow_cta": "Reservar", "flow_action_payload": {"data": {"image": {"attachment_id": 77}}}}}}  # fmt: skip
    queue(business.business_id, conversation_id, {"type": "interactive", "interactive": form})


def test_a_file_of_another_business_is_not_taken_wherever_it_is_named(business: TestBusiness) -> None:
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    file = {"attachment_id": keep(other, PNG, "image/png")}
    header = {"type": "header", "parameters": [{"type": "image", "image": file}]}
    conversation_id = customer_writes()
    for content in (
        {"type": "image", "media": file},
        {"type": "template", "template": {"name": "t", "language": "es", "components": [header]}},
        {"type": "image", "media": {"attachment_id": 2**70}},
    ):
        with pytest.raises(InvalidMessage, match="not a stored file"):
            queue(business.business_id, conversation_id, content)


def twilio(kind: Kind, files_url: str = "https://desk.example.com") -> Any:
    return open_channel(Account("twilio", kind, "+1415", {}, "https://t.example.com", files_url=files_url))


@pytest.mark.parametrize(
    ("kind", "content", "mime_type", "reason"),
    [
        (Kind.SMS, PNG, "image/png", None),
        (Kind.SMS, PNG + bytes(5 * 1024 * 1024), "image/png", "at most 5 MB"),
        (Kind.WHATSAPP, PDF + bytes(17 * 1024 * 1024), "application/pdf", "at most 16 MB"),
        (Kind.WHATSAPP, PNG + bytes(5 * 1024 * 1024), "image/png", "at most 5 MB"),
        (Kind.WHATSAPP, b"GIF89a" + bytes(20), "image/gif", "does not take"),
        (Kind.SMS, b"MZ" + bytes(50), "application/zip", "does not take"),
    ],
)
def test_twilio_has_limits_of_its_own(
    business: TestBusiness, kind: Kind, content: bytes, mime_type: str, reason: str | None
) -> None:
    file_id = keep(business.business_id, content, mime_type, "Ñandú (2).png")
    message = {"type": "document", "media": {"attachment_id": file_id}}

    def check(speaker: Any) -> None:
        with transaction(business.business_id) as session:
            outgoing.check(session, speaker, message)

    with pytest.raises(InvalidMessage, match="PUBLIC_URL"):
        check(twilio(kind, ""))
    if reason:
        with pytest.raises(InvalidMessage, match=reason):
            check(twilio(kind))
        return
    check(twilio(kind))
    attached = outgoing_files.attach(
        business.business_id, business.whatsapp_channel_id, twilio(kind), message, "https://desk.example.com"
    )
    address = attached.files[file_id].link or ""
    assert address.startswith("https://desk.example.com/api/files/")
    assert address.endswith("/Nandu-2.png")


@pytest.mark.usefixtures("business")
def test_leftovers_of_killed_processes_are_cleared() -> None:
    folder = object_storage.scratch_folder()
    (folder / "out-7").write_bytes(b"old")
    (folder / "reading").mkdir()
    (folder / "reading" / "book.pdf").write_bytes(b"old")
    (folder / "out-new").write_bytes(b"in use")
    for name in ("out-7", "reading"):
        os.utime(folder / name, (time.time() - 7200,) * 2)
    assert object_storage.clear_scratch() == 2
    assert [entry.name for entry in folder.iterdir()] == ["out-new"]
    (folder / "out-new").unlink()
