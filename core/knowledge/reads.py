"""Views of the sources: state, progress, passages, and how many answers used them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.knowledge.sources import INGEST
from core.models.business import Bot
from core.models.knowledge import KnowledgeChunk, KnowledgeSource, SourceState
from core.models.knowledge_kinds import SourceKind
from core.platform.db import business_of
from core.platform.errors import NotFound
from core.tasks import background_tasks

WORKING = (SourceState.WAITING, SourceState.READING, SourceState.EMBEDDING)


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source. `bot` is None for one shared by all bots; `origin` is "" for typed text.

    `done` of `total` is the progress of the ingest: pieces of the document while parsing, passages while embedding; a
    `total` of 0 means not known yet. `in_use`: something of it is searchable, even if from an earlier ingest.
    """

    id: int
    kind: SourceKind
    title: str
    origin: str
    bot_id: int | None
    bot: str | None
    state: SourceState
    fault: str | None
    bytes: int | None
    passages: int
    model: str | None
    in_use: bool
    created_at: datetime
    read_at: datetime | None
    done: int
    total: int

    @property
    def is_working(self) -> bool:
        return self.state in WORKING


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage of a source; `position` is its place from 0, `tokens` its length for the model."""

    id: int
    position: int
    heading: str
    text: str
    tokens: int


def sources(session: Session) -> Sequence[SourceView]:
    """Return all sources of the business, newest first."""
    rows = session.execute(
        select(KnowledgeSource, Bot.name)
        .outerjoin(Bot, Bot.id == KnowledgeSource.bot_id)
        .order_by(KnowledgeSource.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    work = background_tasks.latest(session, INGEST, [row.id for row, _ in rows if row.state in WORKING])
    return [_view(row, bot, work.get(row.id)) for row, bot in rows]


def source(session: Session, source_id: int) -> SourceView:
    """Return one source. Raises `NotFound`."""
    row = session.execute(
        select(KnowledgeSource, Bot.name)
        .outerjoin(Bot, Bot.id == KnowledgeSource.bot_id)
        .where(KnowledgeSource.id == source_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(f"No source {source_id}.")
    return _view(row[0], row[1], background_tasks.latest(session, INGEST, [source_id]).get(source_id))


def _view(row: KnowledgeSource, bot: str | None, work: background_tasks.TaskView | None) -> SourceView:
    return SourceView(
        id=row.id,
        kind=SourceKind(row.kind),
        title=row.title,
        origin=row.origin,
        bot_id=row.bot_id,
        bot=bot,
        state=SourceState(row.state),
        fault=row.fault,
        bytes=row.bytes,
        passages=row.chunks,
        model=row.model,
        in_use=row.revision is not None,
        created_at=row.created_at,
        read_at=row.read_at,
        done=work.done if work else 0,
        total=work.total if work else 0,
    )


def passages(session: Session, source_id: int, *, skip: int, limit: int) -> Sequence[PassageView]:
    """Return passages of the revision in use, in the document's order."""
    rows = session.execute(
        select(
            KnowledgeChunk.id,
            KnowledgeChunk.position,
            KnowledgeChunk.heading,
            KnowledgeChunk.text,
            KnowledgeChunk.tokens,
        )
        .join(KnowledgeSource, KnowledgeSource.revision == KnowledgeChunk.revision)
        .where(KnowledgeSource.id == source_id, KnowledgeChunk.position >= skip, KnowledgeChunk.position < skip + limit)
        .order_by(KnowledgeChunk.position)
    )
    return [PassageView(*row) for row in rows]


def first_rows(session: Session, most: int) -> Mapping[int, Sequence[str]]:
    """Return the first `most` passages of each table in use, by source: a row with its columns' names."""
    found: dict[int, list[str]] = {}
    for source_id, row in session.execute(
        select(KnowledgeSource.id, KnowledgeChunk.text)
        .join(KnowledgeChunk, KnowledgeChunk.revision == KnowledgeSource.revision)
        .where(KnowledgeSource.kind == SourceKind.TABLE, KnowledgeChunk.position < most)
        .order_by(KnowledgeSource.id, KnowledgeChunk.position)
    ):
        found.setdefault(source_id, []).append(row)
    return found


def kept_content(session: Session, source_id: int) -> tuple[str, int]:
    """Return the storage key and the size in bytes of a source's content. Raises `NotFound`, also for a web page."""
    row = session.execute(
        select(KnowledgeSource.file_key, KnowledgeSource.bytes).where(KnowledgeSource.id == source_id)
    ).one_or_none()
    if row is None or row.file_key is None:
        raise NotFound(f"No content of source {source_id}.")
    return row.file_key, row.bytes or 0


_USES = text("""
SELECT c.source_id, count(DISTINCT r.id)
FROM ai_runs r
CROSS JOIN LATERAL jsonb_array_elements_text(r.trace -> 'sources') AS used (passage)
JOIN knowledge_chunks c ON c.id = substring(used.passage FROM '^kb-([0-9]{1,18})$')::bigint
WHERE r.business_id = :business_id AND r.created_at > now() - :lately AND r.message_id IS NOT NULL
    AND r.trace @? '$.sources[*] ? (@ starts with "kb-")'
GROUP BY c.source_id
""")


def uses(session: Session, lately: timedelta) -> Mapping[int, int]:
    """Return how many answers of that period used each source, by its current passages. Slow: cache the result."""
    return {row[0]: row[1] for row in session.execute(_USES, {"business_id": business_of(session), "lately": lately})}
