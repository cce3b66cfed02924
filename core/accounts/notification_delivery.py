"""Send notifications to the services of NOTIFY_URLS (Apprise), with a retry per service."""

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
WAITS = (10, 30, 60, 300, 900, 1800, 3600)  # seconds before each retry; the last one repeats
GIVE_UP_AFTER = 24 * 3600  # seconds; the console still lists it
_TYPES = {"high": "failure", "warning": "warning", "info": "info"}


@dataclass(frozen=True, slots=True)
class Service:
    """A service. `target` is an Apprise object with one URL, `key` a digest of the URL, which may hold a secret."""

    key: str
    target: Any


@dataclass(frozen=True, slots=True)
class Due:
    """A notification to send. `sent_to` are the keys of the services that already have it."""

    id: int
    business: str
    language: str
    severity: str
    cleared: bool
    words: str
    sent_to: tuple[str, ...]

    @property
    def batch_key(self) -> tuple[str, str, str, bool, tuple[str, ...]]:
        """Notifications with the same key are sent as one message."""
        return (self.business, self.language, self.severity, self.cleared, self.sent_to)


def services() -> Sequence[Service]:
    """Return the services of NOTIFY_URLS that Apprise accepts."""
    return _services(tuple(get_settings().notify_urls))


@lru_cache(maxsize=4)
def _services(urls: tuple[str, ...]) -> Sequence[Service]:
    if not urls:
        return ()
    import apprise

    accepted = []
    for url in urls:
        target = apprise.Apprise()
        if target.add(url):
            accepted.append(Service(hashlib.sha256(url.encode()).hexdigest()[:16], target))
        else:
            log.error("notify_url_not_understood", scheme=url.split(":", 1)[0])
    return tuple(accepted)


def send_due(to: Sequence[Service] | None = None) -> bool:
    """Send a batch of due notifications, by default to `services`. Network: call it outside any transaction.

    A notification is sent when every service has accepted it. After a crash it is sent again: a service may get one
    twice, but none is lost. Returns True if a full batch was sent, so that more may be due.
    """
    targets = services() if to is None else to
    with system_transaction() as session:
        if not targets:
            run(session, _DISCARD)
            return False
        due = _claim(session)
    if not due:
        return False
    sent_to: dict[int, list[str]] = {one.id: list(one.sent_to) for one in due}
    for _, group in groupby(sorted(due, key=lambda one: (one.batch_key, one.id)), key=lambda one: one.batch_key):
        batch = list(group)
        for service in targets:
            if service.key not in batch[0].sent_to and _send(service, batch):
                for one in batch:
                    sent_to[one.id].append(service.key)
    target_keys = {service.key for service in targets}
    done = [notice_id for notice_id, keys in sent_to.items() if target_keys <= set(keys)]
    _record(sent_to, done)
    return len(done) == AT_ONCE


# Without a service nothing is sent; the console still lists the notification.
_DISCARD = "UPDATE notifications SET next_attempt_at = NULL WHERE next_attempt_at <= now()"
_CLAIM = """
WITH due AS (
    SELECT id FROM notifications WHERE next_attempt_at <= now() ORDER BY next_attempt_at, id LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE notifications n SET attempts = n.attempts + 1, next_attempt_at = now() + interval '5 minutes'
    FROM due WHERE n.id = due.id
    RETURNING n.*
)
SELECT t.id, t.kind, t.severity, t.text, t.data, t.conversation_id, t.sent_to, b.name AS business,
    coalesce(nullif(k.name, ''), i.address, '') AS customer,
    (SELECT a.language FROM agents a WHERE a.business_id = t.business_id AND a.role = 'administrator'
        AND a.disabled_at IS NULL AND a.language IS NOT NULL ORDER BY a.id LIMIT 1) AS language
FROM taken t JOIN businesses b ON b.id = t.business_id
LEFT JOIN conversations c ON c.id = t.conversation_id
LEFT JOIN contacts k ON k.id = c.contact_id
LEFT JOIN contact_identities i ON i.id = c.identity_id
ORDER BY t.id
"""


def _claim(session: Session) -> list[Due]:
    """Claim due notifications. A claim lasts five minutes, then the notification is due again."""
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
    text = notification_texts.sentence(language, row.kind, row.data, row.text, row.customer)
    return f"{text}\n{address(row.conversation_id)}"


def address(conversation_id: int | None) -> str:
    """Return the console URL of the conversation, or of the list of notifications."""
    page = "notices" if conversation_id is None else f"inbox?c={conversation_id}"
    return f"{get_settings().console_base}/{page}"


def _send(service: Service, batch: Sequence[Due]) -> bool:
    first = batch[0]
    word = notification_texts.severity_word(first.language, first.severity, cleared=first.cleared)
    kind = "success" if first.cleared else _TYPES[first.severity]
    try:
        accepted = service.target.notify(
            title=f"BotHub · {first.business} · {word}",
            body="\n\n".join(one.words for one in batch),
            notify_type=kind,
        )
    except Exception as error:  # a faulty plug-in must not block the other services
        log.error("notices_not_sent", service=service.key, count=len(batch), exc_info=error)
        return False
    if not accepted:
        log.warning("notices_not_sent", service=service.key, count=len(batch))
    return bool(accepted)


_RECORD = """
WITH results AS (
    SELECT * FROM jsonb_to_recordset(%(results)s) AS t (id bigint, done boolean, sent_to text[])
)
UPDATE notifications n SET sent_to = results.sent_to,
    sent_at = CASE WHEN results.done THEN now() END,
    next_attempt_at = CASE WHEN results.done OR n.created_at < now() - make_interval(secs => %(give_up)s) THEN NULL
        ELSE now() + make_interval(secs => (%(waits)s::float[])[least(n.attempts, cardinality(%(waits)s::float[]))]) END
FROM results WHERE n.id = results.id
RETURNING n.id, results.done, n.next_attempt_at
"""


def _record(sent_to: dict[int, list[str]], done: Sequence[int]) -> None:
    results = [{"id": notice_id, "done": notice_id in done, "sent_to": keys} for notice_id, keys in sent_to.items()]
    with system_transaction() as session:
        values = {"results": Jsonb(results), "give_up": GIVE_UP_AFTER, "waits": [float(wait) for wait in WAITS]}
        for row in run(session, _RECORD, values):
            if not row.done and row.next_attempt_at is None:
                log.error("notice_given_up", notice_id=row.id)
