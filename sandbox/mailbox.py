"""The mailbox of the sandbox's business: mails in memory with their numbers and flags, and what was sent from it."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

USER, PASSWORD = "tienda@sandbox.example", "sandbox-mail-password"


@dataclass(slots=True)
class StoredMail:
    """A mail in the mailbox. `uid` never changes."""

    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that the business sent."""

    number: int
    recipients: tuple[str, ...]
    raw: bytes
    at: datetime


class Mailbox:
    """One folder, INBOX, and the mails sent through the SMTP server. The newest `keep` of each are kept."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._numbers = itertools.count(1)
        self.refused_logins = 0
        self.kept_flags = r"\Answered \Flagged \Deleted \Seen \Draft \*"
        self.refuses_marks = False
        self.clear()

    def clear(self) -> None:
        """Forget everything. Mails that come later have numbers of another validity."""
        self.validity = int(time.time()) % 2**31 or 1
        self.uids = itertools.count(1)
        self.mails: dict[int, StoredMail] = {}
        self.sent: deque[SentMail] = deque(maxlen=self._keep)

    def deliver(self, raw: bytes, at: datetime | None = None) -> StoredMail:
        """Put a mail into the mailbox, as its server does when one arrives."""
        mail = StoredMail(next(self.uids), raw, (at or datetime.now(UTC)).replace(microsecond=0))
        self.mails[mail.uid] = mail
        while len(self.mails) > self._keep:
            self.mails.pop(next(iter(self.mails)))
        return mail

    def send(self, recipients: list[str], raw: bytes) -> SentMail:
        """Keep a mail that was sent."""
        mail = SentMail(next(self._numbers), tuple(recipients), raw, datetime.now(UTC))
        self.sent.append(mail)
        return mail
