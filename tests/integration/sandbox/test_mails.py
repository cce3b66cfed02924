"""The mail program of the sandbox: its page, its API, and the servers that the product uses."""

from __future__ import annotations

import base64
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError
from starlette.testclient import TestClient

from sandbox.app import create_app
from sandbox.mailbox import PASSWORD, USER
from sandbox.settings import Settings
from tests.support.mail_servers import mail_servers


def test_a_mail_is_written_and_read() -> None:
    with TestClient(create_app(Settings())) as client:
        file = {"name": "ñ.txt", "type": "text/plain", "content": base64.b64encode(b"hola").decode()}
        given = {"from": "ana@example.org", "name": "Ana", "subject": "Hola", "text": "¿Qué tal?", "files": [file]}
        written = client.post("/sandbox/api/mails", json=given)
        assert written.status_code == 201
        raw = b"From: otra@example.org\r\nSubject: cruda\r\n\r\nBytes \xff\r\n"
        assert client.post(
            "/sandbox/api/mails", content=raw, headers={"Content-Type": "message/rfc822"}
        ).status_code == 201  # fmt: skip
        first, second = client.get("/sandbox/api/mails").json()
        assert (first["side"], first["from"], first["text"].strip(), first["files"]) == (
            "in", "Ana <ana@example.org>", "¿Qué tal?", ["ñ.txt"],
        )  # fmt: skip
        assert first["id"] == written.json()["message_id"] and second["subject"] == "cruda"


def test_a_broken_mail_is_shown_as_it_is() -> None:
    with TestClient(create_app(Settings())) as client:
        headers = {"Content-Type": "message/rfc822"}
        for raw in (
            b"From: a@b.example\r\nContent-Type: text/plain; charset=x-unknown\r\n\r\nhola \xff",
            b"\xff: \xff\r\n\r\nx",
        ):
            assert client.post("/sandbox/api/mails", content=raw, headers=headers).status_code == 201
        first, second = client.get("/sandbox/api/mails").json()
        assert "hola" in first["text"] and second["side"] == "in"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 422),
        (b'{"from": "ana@example.org", "files": [{}]}', "application/json", 422),
        (b'{"from": "ana@example.org", "subject": "a\\nBcc: x@y.example"}', "application/json", 422),
        (b"x", "text/plain", 415),
        (b"no json", "application/json", 422),
    ],
)
def test_what_is_no_mail_is_refused(body: bytes, kind: str, status: int) -> None:
    with TestClient(create_app(Settings())) as client:
        answer = client.post("/sandbox/api/mails", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


def test_the_page_has_what_it_needs() -> None:
    with TestClient(create_app(Settings())) as client:
        page = client.get("/mail")
        assert page.status_code == 200 and "script-src 'self'" in page.headers["Content-Security-Policy"]
        for name in ("mail.js", "mail.css"):
            assert f"/sandbox/static/{name}" in page.text
            assert client.get(f"/sandbox/static/{name}").status_code == 200
        assert 'href="/mail"' in client.get("/").text


def test_the_imap_server_reads_searches_and_marks() -> None:
    with mail_servers() as servers:
        servers.mailbox.deliver(b"Message-ID: <a@b>\r\n\r\nuno\r\n", datetime(2026, 3, 1, tzinfo=UTC))
        servers.mailbox.deliver(b"Message-ID: <c@d>\r\n\r\ndos\r\n", datetime(2026, 3, 9, tzinfo=UTC))
        with IMAPClient("127.0.0.1", servers.imap_port, ssl=False, timeout=5) as client:
            client.normalise_times = False
            with pytest.raises(LoginError):
                client.login(USER, "wrong")
            client.login(USER, PASSWORD)
            with pytest.raises(IMAPClientError):
                client.select_folder("Other")
            chosen = client.select_folder("INBOX")
            assert (chosen[b"EXISTS"], chosen[b"UIDVALIDITY"]) == (2, servers.mailbox.validity)
            assert client.search(["SINCE", datetime(2026, 3, 5, tzinfo=UTC).date()]) == [2]
            assert client.search(["HEADER", "Message-ID", "<a@b>"]) == [1]
            client.add_flags([1], [b"\\Seen", b"$Own"], silent=True)
            assert (client.search(["UNSEEN"]), client.search(["UNKEYWORD", "$Own"])) == ([2], [2])
            found = client.fetch([1, 2], ["INTERNALDATE", "RFC822.SIZE", "FLAGS", "BODY.PEEK[]<0.10>"])
            assert found[2][b"INTERNALDATE"] == datetime(2026, 3, 9, tzinfo=UTC)
            assert (found[1][b"RFC822.SIZE"], found[1][b"BODY[]<0>"]) == (26, b"Message-ID")
            assert set(found[1][b"FLAGS"]) == {b"\\Seen", b"$Own"}
            client.select_folder("INBOX", readonly=True)
            with pytest.raises(IMAPClientError):
                client.add_flags([2], [b"\\Seen"])


def test_the_smtp_server_asks_for_a_login_and_bounces() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = USER, "returned@example.org", "<x@sandbox.example>"
    mail.set_content("Hola")
    with mail_servers() as servers, smtplib.SMTP("127.0.0.1", servers.smtp_port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPResponseException):
            client.mail(USER)
            client.send_message(mail)
        client.rset()
        client.login(USER, PASSWORD)
        client.send_message(mail)
        (sent,), (report,) = servers.mailbox.sent, servers.mailbox.mails.values()
        assert sent.recipients == ("returned@example.org",)
        assert b"Status: 5.1.1" in report.raw and b"<x@sandbox.example>" in report.raw
