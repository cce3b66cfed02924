"""Sending notices through NOTIFY_URLS (Apprise): each service gets each notice, and what fails is tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import structlog
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from core.accounts import notification_texts
from core.platform.config import get_settings
from core.platform.db import run, system_transaction

log = structlog.get_logger(__name__)

AT_ONCE = 20
WAITS = (10, 30, 60, 300, 900, 1800, 3600)  # seconds before each further try; the last one goes on
GIVE_UP_AFTER = 24 * 3600  # seconds; it stays in the console's list
_TYPES = {"high": "failure", "warning": "warning", "info": "info"}


@dataclass(frozen=True, slots=True)
class Service:
    """A place that notices go to: `target` is an Apprise with one address, and `key` names it without showing it."""

    key: str
    target: Any


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to be sent: its words, and the services that have it already."""

    id: int
    business: str
    language: str
    severity: str
    cleared: bool
    words: str
    sent_to: tuple[str, ...]

    @property
    def together(self) -> tuple[str, str, str, bool, tuple[str, ...]]:
        """What notices have in common that go out as one."""
        return (self.business, self.language, self.severity, self.cleared, self.sent_to)


def services() -> Sequence[Service]:
    """Every service of NOTIFY_URLS that Apprise understands."""
    return _services(tuple(get_settings().notify_urls))


@lru_cache(maxsize=4)
def _services(urls: tuple[str, ...]) -> Sequence[Service]:
    if not urls:
        return ()
    import apprise

    made = []
    for url in urls:
        target = apprise.Apprise()
        if target.add(url):
            made.append(Service(hashlib.sha256(url.encode()).hexdigest()[:16], target))
        else:
            log.error("notify_url_not_understood", scheme=url.split(":", 1)[0])
    return tuple(made)


def tell_due(to: Sequence[Service] | None = None) -> bool:
    """Send the notices that are due, by default to `services`. Network: call it outside any transaction.

    A notice counts as sent when every service took it. Whoever dies in between leaves it for a later try, so that a
    service may get one twice, and none is lost. Returns whether all of a full batch went out: there may be more.
    """
    targets = services() if to is None else to
    with system_transaction() as session:
        if not targets:
            run(session, _NOBODY)
            return False
        due = _claim(session)
    if not due:
        return False
    reached: dict[int, list[str]] = {one.id: list(one.sent_to) for one in due}
    for _, group in groupby(sorted(due, key=lambda one: (one.together, one.id)), key=lambda one: one.together):
        together = list(group)
        for service in targets:
            if service.key not in together[0].sent_to and _send(service, together):
                for one in together:
                    reached[one.id].append(service.key)
    wanted = {service.key for service in targets}
    done = [number for number, keys in reached.items() if wanted <= set(keys)]
    _record(reached, done)
    return len(done) == AT_ONCE


# Without any service nothing is to be sent: a notice is in the console's list.
_NOBODY = "UPDATE notices SET next_try_at = NULL WHERE next_try_at <= now()"
_CLAIM = """
WITH due AS (
    SELECT id FROM notices WHERE next_try_at <= now() ORDER BY next_try_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE notices n SET tries = n.tries + 1, next_try_at = now() + interval '5 minutes' FROM due WHERE n.id = due.id
    RETURNING n.*
)
SELECT t.id, t.kind, t.severity, t.text, t.data, t.conversation_id, t.sent_to, b.name AS business,
    coalesce(nullif(k.name, ''), i.address, '') AS customer,
    (SELECT a.language FROM agents a WHERE a.business_id = t.business_id AND a.role = 'administrator'
        AND a.disabled_at IS NULL AND a.language IS NOT NULL ORDER BY a.id LIMIT 1) AS language
FROM taken t JOIN businesses b ON b.id = t.business_id
LEFT JOIN conversations c ON c.id = t.conversation_id
LEFT JOIN contacts k ON k.id = c.contact_id
LEFT JOIN identities i ON i.id = c.identity_id
ORDER BY t.id
"""


def _claim(session: Session) -> list[Due]:
    """Take what is due. Whoever takes a notice has some minutes for it; then it is due again."""
    return [
        Due(
            id=row.id,
            business=row.business,
            language=row.language or notification_texts.DEFAULT,
            severity=row.severity,
            cleared=bool(row.data.get("cleared")),
            words=_words(row),
            sent_to=tuple(row.sent_to),
        )
        for row in run(session, _CLAIM, {"limit": AT_ONCE})
    ]


def _words(row: Any) -> str:
    language = row.language or notification_texts.DEFAULT
    said = notification_texts.sentence(language, row.kind, row.data, row.text, row.customer)
    return f"{said}\n{address(row.conversation_id)}"


def address(conversation_id: int | None) -> str:
    """Where the console shows more: the conversation, or the list of notices."""
    page = "notices" if conversation_id is None else f"inbox?c={conversation_id}"
    return f"{get_settings().console_base}/{page}"


def _send(service: Service, together: Sequence[Due]) -> bool:
    first = together[0]
    word = notification_texts.severity_word(first.language, first.severity, cleared=first.cleared)
    kind = "success" if first.cleared else _TYPES[first.severity]
    try:
        taken = service.target.notify(
            title=f"BotHub · {first.business} · {word}",
            body="\n\n".join(one.words for one in together),
            notify_type=kind,
        )
    except Exception as error:  # a service's plug-in must not keep the others from theirs
        log.error("notices_not_sent", service=service.key, count=len(together), exc_info=error)
        return False
    if not taken:
        log.warning("notices_not_sent", service=service.key, count=len(together))
    return bool(taken)


_RECORD = """
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(told)s) AS t (id bigint, done boolean, sent_to text[])
)
UPDATE notices n SET sent_to = told.sent_to,
    sent_at = CASE WHEN told.done THEN now() END,
    next_try_at = CASE WHEN told.done OR n.created_at < now() - make_interval(secs => %(give_up)s) THEN NULL
        ELSE now() + make_interval(secs => (%(waits)s::float[])[least(n.tries, cardinality(%(waits)s::float[]))]) END
FROM told WHERE n.id = told.id
RETURNING n.id, told.done, n.next_try_at
"""


def _record(reached: dict[int, list[str]], done: Sequence[int]) -> None:
    told = [{"id": number, "done": number in done, "sent_to": keys} for number, keys in reached.items()]
    with system_transaction() as session:
        values = {"told": Jsonb(told), "give_up": GIVE_UP_AFTER, "waits": [float(wait) for wait in WAITS]}
        for row in run(session, _RECORD, values):
            if not row.done and row.next_try_at is None:
                log.error("notice_given_up", notice_id=row.id)
