"""The thread that an outgoing mail goes on with: subject, earlier mails, and who else takes part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from core.channels.types import MailThread
from core.messaging.outbound.claim import Claimed
from core.models import Direction, Sender
from core.platform.db import run

_LONGEST_SUBJECT = 80  # characters of a first mail's own first line


def thread_of(session: Session, claimed: Claimed) -> MailThread:
    """Return the thread of a message's conversation. Only people's answers go to those in copy as well."""
    rows = run(session, _EARLIER, {"conversation": claimed.conversation_id, "message": claimed.message_id}).all()
    own = next(row for row in rows if row.id == claimed.message_id)
    earlier = [row for row in rows if row.id != claimed.message_id and row.channel_id == claimed.channel_id]
    latest = next((row for row in earlier if row.direction == Direction.INBOUND and row.mail), None)
    return MailThread(
        subject=_subject(latest.mail) if latest else _first_line(earlier[-1] if earlier else own),
        references=tuple(row.provider_id for row in reversed(earlier) if row.provider_id),
        copies=_copies(latest.mail, earlier, claimed.address) if latest and own.sender == Sender.AGENT else (),
        automatic=own.sender != Sender.AGENT,
    )


def _subject(mail: dict[str, Any]) -> str:
    subject = str(mail.get("subject", ""))
    return subject if subject.lower().startswith("re:") else f"Re: {subject}".strip()


def _first_line(row: Any) -> str:
    """Return a subject for a mail that begins a thread, and for those after it."""
    line = next(iter(row.text.strip().splitlines()), "")
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[:_LONGEST_SUBJECT].rsplit(' ', 1)[0]}…"


def _copies(mail: dict[str, Any], earlier: Sequence[Any], customer: str) -> tuple[str, ...]:
    """Return who takes part in the latest mail, but those whom the customer never wrote to: anybody may add people."""
    own = [row.mail for row in earlier if row.direction == Direction.INBOUND and row.mail]
    known = {one for each in own if each.get("sender") == customer for one in each.get("others", ())}
    return tuple(one for one in (mail.get("sender"), *mail.get("others", ())) if one in known)


# The newest first. A mail that is on its way to be sent names those before it that went out.
_EARLIER = """
SELECT id, channel_id, direction, sender, provider_id, text, payload -> 'mail' AS mail FROM messages
WHERE conversation_id = %(conversation)s AND id <= %(message)s AND type NOT IN ('event', 'note')
ORDER BY created_at DESC, id DESC LIMIT 50
"""
