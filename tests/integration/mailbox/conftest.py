"""A mailbox of the sandbox as a channel of the test's business."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from core.channels.types import Account
from core.cli.__main__ import main
from core.messaging.channels import accounts
from core.platform.config import get_settings
from sandbox.mailbox import USER, StoredMail
from tests.conftest import TestBusiness
from tests.support.database import one
from tests.support.mail_servers import MailServers, mail_servers
from tests.support.outbox import due_now
from tests.support.polling import poll_all
from workers.jobs import ingest, send_messages


@dataclass
class Post:
    """The mailbox and the desk that reads it."""

    servers: MailServers
    business_id: int
    channel_id: int
    numbers: list[int] = field(default_factory=list)

    @property
    def account(self) -> Account:
        """The channel's account."""
        return accounts.account(self.channel_id)

    def deliver(self, text: str, sender: str = "Ana Paz <ana@example.org>", **headers: str) -> str:
        """Put a mail into the mailbox. Returns its Message-ID."""
        self.numbers.append(len(self.numbers))
        mail = EmailMessage()
        given = {"From": sender, "To": USER, "Subject": "Pedido", "Message-ID": f"<m{len(self.numbers)}@example.org>"}
        for name, value in {**given, **{key.replace("_", "-"): value for key, value in headers.items()}}.items():
            mail[name] = value
        mail.set_content(text)
        self.put(mail.as_bytes())
        return str(mail["Message-ID"])

    def put(self, raw: bytes) -> StoredMail:
        """Put a mail into the mailbox as it is."""
        return self.servers.mailbox.deliver(raw, datetime.now(UTC))

    def receive(self) -> None:
        """Read the mailbox as the scheduler and the workers do."""
        poll_all()
        while ingest.receive():
            pass

    def send(self, count: int = 1) -> None:
        """Send what is due."""
        for _ in range(count):
            due_now()
            for claimed in send_messages.claim(10):
                send_messages.send(claimed)

    def sent(self) -> list[EmailMessage]:
        """What went out."""
        return [message_from_bytes(mail.raw, policy=policy.default) for mail in self.servers.mailbox.sent]


@pytest.fixture
def post(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A mailbox that is a channel."""
    with mail_servers() as servers:
        monkeypatch.setattr(get_settings(), "private_hosts", ["127.0.0.1"])
        accounts.forget()
        words = [word for name, value in servers.credentials.items() for word in ("--credential", f"{name}={value}")]
        assert main(["channels", "add", "mailbox", "email", USER.upper(), "--name", "Correo", *words]) == 0
        fast = "UPDATE channels SET settings = '{\"messages_per_second\": 1000}' WHERE identity = :shop RETURNING id"
        yield Post(servers, business.business_id, one(fast, shop=USER))
        accounts.forget()
