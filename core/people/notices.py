"""Telling people: a notice is a row first, and is sent through NOTIFY_URLS (Apprise) by the worker."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import structlog
from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from core.config import get_settings
from core.models import Notice, Severity

log = structlog.get_logger(__name__)


def notify(
    session: Session,
    business_id: int,
    kind: str,
    severity: Severity,
    text: str,
    *,
    conversation_id: int | None = None,
) -> None:
    """Note something a person must hear of."""
    session.execute(
        _NOTE,
        {
            "business_id": business_id,
            "kind": kind,
            "severity": severity.value,
            "text": text[:1000],
            "conversation_id": conversation_id,
        },
    )


_NOTE = insert(cast(Table, Notice.__table__))


def take_unsent(session: Session, limit: int = 20) -> list[str]:
    """Mark notices as sent and return their texts. At most once each: a missed one is still in the console."""
    rows = session.scalars(
        select(Notice)
        .where(Notice.sent_at.is_(None))
        .order_by(Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in rows:
        notice.sent_at = func.now()
    session.flush()
    return [f"[{notice.severity}] {notice.text}" for notice in rows]


@lru_cache(maxsize=1)
def _apprise() -> object | None:
    urls = get_settings().notify_urls
    if not urls:
        return None
    import apprise

    made = apprise.Apprise()
    for url in urls:
        if not made.add(url):
            log.error("notify_url_not_understood", scheme=url.split(":", 1)[0])
    return made


def send(texts: list[str]) -> None:
    """Send notices to every configured service. Network: call it outside any transaction."""
    target = _apprise()
    if target is None or not texts:
        return
    if not target.notify(title="BotHub", body="\n".join(texts)):  # type: ignore[attr-defined]
        log.error("notices_not_sent", count=len(texts))
