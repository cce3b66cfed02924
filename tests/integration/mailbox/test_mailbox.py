"""A mailbox as a channel: mail in and out, once each, in its threads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from imapclient import response_parser
from imapclient.fixed_offset import FixedOffset

from core.channels.mailbox import imap, smtp
from core.channels.mailbox.provider import MailboxProvider
from core.channels.types import Account, Cause, Kind, MediaError, MediaRef, SendError, Verdict
from core.channels.webhook import EventBody
from core.messaging.inbound import polls, webhook_events
from core.messaging.inbound.polls import Poller
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Channel, Sender
from core.platform.config import get_settings
from core.platform.db import transaction
from sandbox.mailbox import USER
from tests.integration.mailbox.conftest import Post
from tests.support.database import column, one, rows
from tests.support.mails import mail
from tests.support.outbox import say, stored_message
from tests.support.polling import poll_all
from workers.jobs import download_media, ingest


def test_a_mail_comes_in_and_its_answer_goes_out_in_its_thread(post: Post) -> None:
    asked = post.deliver("¿Tienen cascos?", Subject="Cascos", Cc="Luis <luis@example.org>")
    post.receive()
    ((text, name, address, conversation_id),) = rows(
        "SELECT m.text, c.name, i.address, m.conversation_id FROM messages m JOIN conversations v"
        " ON v.id = m.conversation_id JOIN contacts c ON c.id = v.contact_id"
        " JOIN contact_identities i ON i.id = v.identity_id"
    )
    assert (text, name, address) == ("Cascos\n\n¿Tienen cascos?", "Ana Paz", "ana@example.org")
    ids = say(post.business_id, conversation_id, "Sí, señora.\n.punto")
    post.send()
    (answer,) = post.sent()
    assert (answer["To"], answer["Subject"]) == ("ana@example.org", "Re: Cascos")
    assert (answer["In-Reply-To"], answer["References"]) == (asked, asked)
    assert answer["From"] == f"Tienda Sol <{USER}>"
    assert answer.get_content().splitlines() == ["Sí, señora.", ".punto"]
    assert stored_message(ids[0]).provider_id == answer["Message-ID"]

    post.deliver("Gracias", In_Reply_To=str(answer["Message-ID"]), References=f"{asked} {answer['Message-ID']}")
    post.receive()
    assert stored_message(ids[0]).status == "delivered", "what is answered has arrived"
    assert column("SELECT text FROM messages WHERE direction = 'inbound' ORDER BY id")[-1] == "Gracias"
    say(post.business_id, conversation_id, "De nada")
    post.send()
    last = post.sent()[-1]
    assert last["References"].split() == [asked, str(answer["Message-ID"]), "<m2@example.org>"]


def test_several_people_write_in_one_conversation_that_people_answer(post: Post) -> None:
    first = post.deliver("¿Precio?", Subject="Obra", Cc="luis@example.org")
    post.deliver("Y el envío", "Luis <luis@example.org>", In_Reply_To=first, Subject="Re: Obra", Cc="ana@example.org")
    post.receive()
    assert one("SELECT count(*) FROM conversations") == 1, "also when both come at once"
    ((mode, reason, address),) = rows(
        "SELECT c.mode, c.handoff_reason, i.address FROM conversations c"
        " JOIN contact_identities i ON i.id = c.identity_id"
    )
    assert (mode, reason, address) == ("human", "several_people", "ana@example.org")
    assert one("SELECT count(*) FROM pending_replies") == 0
    say(post.business_id, one("SELECT id FROM conversations"), "A los dos")
    post.send()
    (answer,) = post.sent()
    assert {one_.addr_spec for one_ in (*answer["To"].addresses, *answer["Cc"].addresses)} == {
        "ana@example.org", "luis@example.org",
    }  # fmt: skip
    assert "Auto-Submitted" not in answer


def test_the_bot_answers_one_person_and_says_that_it_is_one(post: Post) -> None:
    post.deliver("¿Precio?", Cc="victima@example.org")
    post.receive()
    say(post.business_id, one("SELECT id FROM conversations"), "10 pesos", sender=Sender.BOT)
    post.send()
    (answer,) = post.sent()
    assert (answer["Cc"], answer["Auto-Submitted"]) == (None, "auto-replied")


@pytest.mark.parametrize("header", ["Auto_Submitted", "Precedence", "List_Id", "X_Auto_Response_Suppress"])
def test_no_bot_answers_a_machine(post: Post, header: str) -> None:
    post.deliver("Estoy de vacaciones", **{header: {"Precedence": "bulk"}.get(header, "All")})
    post.receive()
    assert one("SELECT count(*) FROM messages WHERE direction = 'inbound'") == 1
    assert one("SELECT count(*) FROM pending_replies") == 0


def test_a_mail_is_marked_once_it_is_stored_and_read_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.deliver("Uno")
    post.deliver("Dos")
    (first, second) = post.servers.mailbox.mails.values()
    seen_when_stored: list[set[str]] = []
    store = webhook_events.store_raw

    def stop(connection: object, events: object) -> None:
        seen_when_stored.append(set(first.flags))
        if len(seen_when_stored) == 2:
            raise ConnectionError("killed here")
        store(connection, events)  # type: ignore[arg-type]

    monkeypatch.setattr(polls, "store_raw", stop)
    poll_all()
    assert seen_when_stored[0] == set() and "\\Seen" in seen_when_stored[1]
    assert "\\Seen" in first.flags and second.flags == set()
    monkeypatch.undo()
    monkeypatch.setattr(get_settings(), "private_hosts", ["127.0.0.1"])
    first.flags.clear()  # as if the process had been killed before it could mark it
    post.receive()
    post.receive()
    assert column("SELECT text FROM messages ORDER BY id") == ["Pedido\n\nUno", "Pedido\n\nDos"]
    assert one("SELECT count(*) FROM webhook_events") == 2
    post.servers.mailbox.validity += 1
    first.flags.clear()
    post.receive()
    assert one("SELECT count(*) FROM messages") == 2, "one Message-ID is one mail, whatever numbers it has"


def test_mail_from_before_the_channel_was_added_is_left_alone(post: Post) -> None:
    rows("UPDATE channels SET created_at = now() + interval '1 hour' WHERE id = :id", id=post.channel_id)
    post.deliver("Viejo")
    post.receive()
    assert one("SELECT count(*) FROM webhook_events") == 0
    assert [one_.flags for one_ in post.servers.mailbox.mails.values()] == [set()]


def test_what_a_person_read_elsewhere_is_not_missed(post: Post) -> None:
    post.deliver("Hola")
    next(iter(post.servers.mailbox.mails.values())).flags.add("\\Seen")
    post.receive()
    assert one("SELECT count(*) FROM messages") == 1


def test_files_come_and_go(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = mail(15, sender="ana@example.org")
    assert huge.shape == "huge"
    post.put(huge.raw)
    post.receive()
    assert one("SELECT octet_length(body) FROM webhook_events") < 600_000 < len(huge.raw), "files are fetched later"
    for file in download_media.claim(10):
        download_media.fetch(file)
    ((state, size, filename),) = rows("SELECT state, size, filename FROM attachments")
    assert (state, size, filename) == ("stored", 700_000, "fotos.zip")
    number = one("SELECT id FROM attachments")
    conversation_id = one("SELECT id FROM conversations")
    content = {"type": "document", "media": {"attachment_id": number, "caption": "Aquí están"}}
    with transaction(post.business_id) as session:
        enqueue_message(session, conversation_id, NewMessage(content, Sender.AGENT))
    post.send()
    (answer,) = post.sent()
    (file_part,) = answer.iter_attachments()
    assert (file_part.get_filename(), len(file_part.get_content())) == ("fotos.zip", 700_000)
    body = answer.get_body()
    assert body is not None and body.get_content().strip() == "Aquí están"


def test_a_mail_that_was_moved_is_found_by_its_id(post: Post, tmp_path: Path) -> None:
    given = mail(3)
    stored = post.put(given.raw)
    channel = MailboxProvider().open(post.account, read_timeout=5)
    where = MediaRef(provider_media_id=f"1/999/1/{given.message_id}", mime_type="application/pdf")
    assert channel.fetch(where, tmp_path, lambda _: None).size > 0
    del post.servers.mailbox.mails[stored.uid]
    with pytest.raises(MediaError, match="not in the mailbox") as raised:
        channel.fetch(where, tmp_path, lambda _: None)
    assert raised.value.permanent


@pytest.mark.parametrize(
    ("address", "status", "cause"),
    [
        ("unknown@example.org", "failed", "recipient"),
        ("returned@example.org", "failed", "recipient"),
        ("later@example.org", "queued", None),
        ("lost@example.org", "uncertain", "network"),
    ],
)
def test_what_becomes_of_a_mail(post: Post, address: str, status: str, cause: str | None) -> None:
    post.deliver("Hola", address)
    post.receive()
    ids = say(post.business_id, one("SELECT id FROM conversations"), "¿En qué ayudamos?")
    post.send()
    post.receive()
    message = stored_message(ids[0])
    assert (message.status, (message.error or {}).get("cause")) == (status, cause or (message.error or {}).get("cause"))
    if status == "uncertain":
        ours = str(post.sent()[0]["Message-ID"])
        post.deliver("Llegó", address, In_Reply_To=ours)
        post.receive()
        assert stored_message(ids[0]).status == "delivered", "an answer heals it"
    assert one("SELECT count(*) FROM conversations") == 1, "a bounce opens none"


def _account(post: Post, **changes: str) -> Account:
    known = post.account
    return replace(known, credentials={**known.credentials, **changes})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "secreto-7"}, "login"), ({"password": "ñandú"}, "login"), ({"folder": "Nope"}, "folder"),
        ({"imap_server": "starttls://127.0.0.1:{imap}"}, "no_tls"),
        ({"smtp_server": "starttls://127.0.0.1:{smtp}"}, "no_tls"),
        ({"imap_server": "tls://127.0.0.1:{imap}"}, "no_tls"), ({"smtp_password": "secreto-7"}, "login"),
        ({"imap_server": "none://localhost:{imap}"}, "no_tls"), ({"imap_server": "tls://localhost:{imap}"}, "address"),
        ({"imap_server": "tls://nowhere.invalid:993"}, "connect"), ({"smtp_server": "tls://10.0.0.1:465"}, "address"),
    ],
)  # fmt: skip
def test_a_probe_says_what_is_wrong(post: Post, changes: dict[str, str], code: str) -> None:
    ports = {"imap": post.servers.imap_port, "smtp": post.servers.smtp_port}
    account = _account(post, **{name: value.format(**ports) for name, value in changes.items()})
    with pytest.raises(SendError) as raised:
        MailboxProvider().probe(account, 5)
    assert raised.value.error.code == code, raised.value.error
    assert raised.value.verdict is not Verdict.UNKNOWN
    assert "secreto" not in str(raised.value.error)


def test_a_refused_login_is_not_tried_again_at_once(post: Post) -> None:
    with transaction(post.business_id) as session:
        row = session.get_one(Channel, post.channel_id)
        row.credentials = {**row.credentials, "password": "wrong"}
    for _ in range(3):
        poll_all()
    assert post.servers.mailbox.refused_logins == 1, "or the provider locks the account"
    assert one("SELECT last_probe ->> 'detail' FROM channels WHERE id = :id", id=post.channel_id).startswith("login")
    rows("UPDATE channels SET last_probe_at = now() - interval '16 minutes' WHERE id = :id", id=post.channel_id)
    poll_all()
    assert post.servers.mailbox.refused_logins == 2


def test_a_probe_of_what_works_is_well(post: Post) -> None:
    assert MailboxProvider().probe(post.account, 5).well


def test_a_server_that_says_nothing_after_the_mail_leaves_it_uncertain_and_before_it_retryable(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        account = _account(post, smtp_server=f"none://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(SendError) as raised:
            smtp.send(account, EmailMessage(), ["ana@example.org"], timeout=0.3)
    assert (raised.value.verdict, raised.value.cause) == (Verdict.RETRYABLE, Cause.NETWORK)


def test_what_is_stored_of_a_large_mail_has_its_form_and_its_first_texts() -> None:
    raw = mail(15).raw
    kept = imap.shortened(raw)
    assert kept == imap.shortened(raw) and len(kept) < 700_000
    assert kept.count(b"\n--") == raw.count(b"\n--")


def test_settings_describe_a_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "imap_host": "imap.shop.example", "mail_host": "smtp.shop.example", "mail_from_address": "Help@Shop.example",
        "mail_username": "help", "mail_password": "app-password", "mail_from_name": "Shop",
    }  # fmt: skip
    settings = get_settings().model_copy(update=given)
    (spec,) = MailboxProvider().configured(settings)
    assert (spec.identity, spec.kind) == ("help@shop.example", Kind.EMAIL)
    assert (spec.credentials["imap_server"], spec.credentials["smtp_server"]) == (
        "tls://imap.shop.example:993", "starttls://smtp.shop.example:587",
    )  # fmt: skip
    account = MailboxProvider().account(settings, Kind.EMAIL, spec.identity, spec.credentials)
    assert "smtp.shop.example:587" in account.private_hosts
    assert "app-password" not in repr(account)


@pytest.mark.usefixtures("business")
def test_nothing_is_read_twice_by_two_schedulers(post: Post) -> None:
    for number in range(5):
        post.deliver(f"Mail {number}")
    before = imap.new_mail(post.account, 5)
    first = next(before)
    poll_all()
    assert first[1].body in [bytes(body) for body in column("SELECT body FROM webhook_events")]
    assert len(list(before)) == 4, "the other one goes on with what it saw, which is stored already"
    while ingest.receive():
        pass
    assert one("SELECT count(*) FROM messages") == 5


@contextmanager
def _dripping() -> Iterator[tuple[int, threading.Event]]:
    """Serve one connection a letter of its greeting at a time. Yields the port, and whether somebody waits for more."""
    asked, gone = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            peer, _ = listening.accept()
            asked.set()
            with peer:
                peer.settimeout(0.02)
                while not gone.is_set():
                    try:
                        peer.sendall(b"*")
                        if not peer.recv(1):
                            return
                    except TimeoutError:
                        continue
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1], asked
        finally:
            gone.set()
            thread.join(10)


def test_a_server_that_sends_in_drops_is_left_after_a_time(post: Post) -> None:
    with _dripping() as (port, _), pytest.raises(SendError) as raised:
        list(imap.new_mail(_account(post, imap_server=f"none://127.0.0.1:{port}"), 5, longest=0.3))
    assert raised.value.cause in (Cause.NETWORK, Cause.PROVIDER)


def test_a_channel_whose_poll_lasts_delays_no_other_and_is_asked_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    started, go_on, other = threading.Event(), threading.Event(), threading.Event()
    poll = MailboxProvider.poll

    def slow(self: MailboxProvider, account: Account) -> Iterator[tuple[str, EventBody]]:
        asked.append(account.identity)
        if account.identity == USER:
            started.set()
            assert go_on.wait(20)
        else:
            other.set()
        return poll(self, account)

    monkeypatch.setattr(MailboxProvider, "poll", slow)
    rows(
        "INSERT INTO channels (business_id, provider, kind, identity, name, credentials, settings) SELECT business_id,"
        " provider, kind, 'otra@example.com', name, credentials, settings FROM channels WHERE provider = 'mailbox'"
    )
    with Poller() as poller:
        try:
            poller.start_due()
            assert started.wait(20) and other.wait(20)
            other.clear()
            while not other.wait(0.05):  # until its first poll is over
                poller.start_due()
            assert asked.count(USER) == 1
        finally:
            go_on.set()


@pytest.mark.parametrize(("kept", "refuses"), [("", False), (r"\Answered", False), (r"\Seen \*", True)])
def test_a_mailbox_that_keeps_no_mark_is_shown_to_people(post: Post, kept: str, refuses: bool) -> None:
    post.servers.mailbox.kept_flags, post.servers.mailbox.refuses_marks = kept, refuses
    post.deliver("Hola")
    poll_all()
    detail = one("SELECT last_probe ->> 'detail' FROM channels WHERE id = :id", id=post.channel_id)
    assert detail.startswith("read_only")


def test_a_time_of_arrival_that_is_none_stops_no_mailbox(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2030, 1, 1, tzinfo=FixedOffset(99 * 60))
    monkeypatch.setattr(response_parser, "parse_to_datetime", lambda *_, **__: at)
    post.deliver("Hola")
    post.receive()
    assert one("SELECT count(*) FROM messages") == 1
