"""Tell mail that a machine wrote, which no bot may answer: auto-replies, mailing lists, notices, our own.

RFC 3834 and RFC 2919; Microsoft, [MS-OXCMAIL] for X-Auto-Response-Suppress; the rest is practice.
"""

from __future__ import annotations

import re
from email.message import Message

from core.channels.mailbox.headers import word

_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_MARKS = (
    "List-Id", "List-Post", "List-Unsubscribe", "Feedback-ID", "X-Autoreply", "X-Autorespond", "X-Auto-Reply-From",
    "X-Mailing-List", "X-Failed-Recipients", "X-Loop",
)  # fmt: skip
_SUPPRESSES = frozenset({"all", "autoreply", "oof"})
_NO_PERSON = re.compile(r"(?:mailer-daemon|postmaster|(?:do-?)?not?-?_?reply|bounces?|listserv|majordomo)(?:[-+_.].*)?")
_SUBJECT = re.compile(
    r"(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|respuesta autom[aá]tica|fuera de (?:la )?oficina"
    r"|resposta autom[aá]tica|fora do escrit[oó]rio|r[eé]ponse automatique|automatische antwort|abwesenheit"
    r"|risposta automatica)\b",
    re.I,
)


def is_automatic(message: Message, sender: str, subject: str, own: str) -> bool:
    """Return whether no person wrote this mail, as far as it says."""
    suppressed = re.split(r"[,;\s]+", str(message.get("X-Auto-Response-Suppress", "")).lower())
    return (
        sender == own
        or word(message, "Auto-Submitted") not in ("", "no")
        or word(message, "Precedence") in _BULK
        or not _SUPPRESSES.isdisjoint(suppressed)
        or any(name in message for name in _MARKS)
        or str(message.get("Return-Path", "")).strip() == "<>"
        or message.get_content_type() == "multipart/report"
        or _NO_PERSON.fullmatch(sender.partition("@")[0]) is not None
        or _SUBJECT.match(subject) is not None
    )
