"""Ingest a source into a new revision, which replaces the old one once it is complete.

Until then nothing of it is searchable, so there is never half a document; the old revision stays in use. An attempt
commits batch by batch, and the next attempt resumes after a kill: the same content gives the same passages, and the
last stored position tells where to resume.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.bots.llm.types import ModelFailed
from core.knowledge import embedders
from core.knowledge.chunking import Chunk
from core.knowledge.parser_process import ParsedDocument, parse_file
from core.knowledge.parsers import BadFile, Fault
from core.knowledge.sources import MAX_TITLE_LENGTH, address_title, drop_unfinished, record_failure
from core.knowledge.vector_store import backfill, copy_vectors
from core.knowledge.web_fetch import Page, fetch
from core.models.knowledge import (
    KnowledgeChunk,
    KnowledgeRevision,
    KnowledgeSource,
    KnowledgeVector,
    SourceState,
)
from core.models.knowledge_kinds import SourceKind
from core.platform import object_storage
from core.platform.db import transaction
from core.tasks.background_tasks import ClaimedTask, PermanentTaskError

log = structlog.get_logger(__name__)

_BATCH = 64
_TYPED = "text.md"  # typed text may have headings


@dataclass(frozen=True, slots=True)
class _Work:
    """Starting point of an attempt: the new revision, and how many of its passages are stored already."""

    source_id: int
    kind: SourceKind
    name: str
    file_key: str
    old_revision: int | None
    revision: int
    stored: int
    is_read: bool


def run(task: ClaimedTask) -> None:
    """Ingest a source. Raises `TaskInterrupted`, and `PermanentTaskError` with the `Fault` of an unreadable source."""
    try:
        work = _start(task, _fetch_page(task))
        if work is None:
            return
        if not work.is_read:
            _read(task, work)
    except BadFile as error:
        log.info("source_unreadable", source_id=task.subject_id, fault=error.fault, detail=str(error))
        raise PermanentTaskError(error.fault) from error
    _publish(task, work, _embed(task, work))


def failed(session: Session, task: ClaimedTask, code: str) -> None:
    """Record on the source that its task failed permanently."""
    record_failure(session, task.subject_id, code)


def _fetch_page(task: ClaimedTask) -> Page | None:
    """Fetch a web page; None for other sources, and for a page that an earlier attempt has fetched already."""
    with transaction(task.scope) as session:
        source = session.get(KnowledgeSource, task.subject_id)
        if source is None or source.kind != SourceKind.PAGE or source.state == SourceState.EMBEDDING:
            return None
    page = fetch(source.origin)
    with tempfile.NamedTemporaryFile(dir=object_storage.scratch_folder()) as scratch:
        scratch.write(page.content)
        scratch.flush()
        object_storage.put(_page_key(task), Path(scratch.name))
    return page


def _page_key(task: ClaimedTask) -> str:
    return f"{task.business_id}/knowledge-page-{task.subject_id}"


def _start(task: ClaimedTask, page: Page | None) -> _Work | None:
    """Return what to parse, or None if the source was deleted or the page has not changed."""
    with transaction(task.scope) as session:
        task.assert_lease(session)
        source = session.get(KnowledgeSource, task.subject_id)
        if source is None:
            return None
        if page is not None and not _store_content_hash(session, task, source, page):
            source.state, source.fault, source.read_at = SourceState.READY, None, func.now()
            return None
        assert source.file_key is not None
        revision = _unfinished(session, source)
        if revision is None:
            revision = session.execute(
                insert(KnowledgeRevision)
                .values(business_id=task.business_id, source_id=source.id)
                .returning(KnowledgeRevision.id)
            ).scalar_one()
        is_read = source.state == SourceState.EMBEDDING
        if not is_read:
            source.state = SourceState.READING
        stored = session.scalars(
            select(func.coalesce(func.max(KnowledgeChunk.position) + 1, 0)).where(KnowledgeChunk.revision == revision)
        ).one()
        kind = SourceKind(source.kind)
        name = page.name if page is not None else source.origin or _TYPED
        return _Work(source.id, kind, name, source.file_key, source.revision, revision, stored, is_read)


def _store_content_hash(session: Session, task: ClaimedTask, source: KnowledgeSource, page: Page) -> bool:
    """Store a page's content hash. Return whether there is anything to parse."""
    digest = hashlib.sha256(page.content).hexdigest()
    if digest == source.content_hash:
        return source.revision is None or _unfinished(session, source) is not None
    drop_unfinished(session, source.id, source.revision)
    if page.title and source.title == address_title(source.origin):
        source.title = page.title[:MAX_TITLE_LENGTH]
    source.content_hash, source.bytes, source.file_key = digest, len(page.content), _page_key(task)
    return True


def _unfinished(session: Session, source: KnowledgeSource) -> int | None:
    return session.scalar(
        select(KnowledgeRevision.id).where(
            KnowledgeRevision.source_id == source.id, KnowledgeRevision.id.is_distinct_from(source.revision)
        )
    )


def _read(task: ClaimedTask, work: _Work) -> None:
    with tempfile.TemporaryDirectory(dir=object_storage.scratch_folder()) as folder:
        path = Path(folder) / "source"
        try:
            object_storage.copy_to(work.file_key, path)
        except FileNotFoundError as error:
            raise BadFile(Fault.DAMAGED, "it is no longer in storage") from error
        with parse_file(path, work.name) as document:
            pieces = _store(task, work, document)
    with transaction(task.scope) as session:
        task.assert_lease(session)
        source = session.get_one(KnowledgeSource, work.source_id)
        source.kind = work.kind if work.kind is SourceKind.PAGE else document.kind
        source.state, source.pieces_done, source.pieces_total = SourceState.EMBEDDING, pieces, pieces


def _store(task: ClaimedTask, work: _Work, document: ParsedDocument) -> int:
    """Store the missing passages. Return the number of pieces of the document. Raises `BadFile`."""
    piece = stored = 0
    for batch in _batches(document.chunks):
        piece, stored = batch[-1].piece, batch[-1].position + 1
        task.report_progress(piece, max(document.pieces, piece))
        if new := [chunk for chunk in batch if chunk.position >= work.stored]:
            with transaction(task.scope) as session:
                task.assert_lease(session)
                session.execute(insert(KnowledgeChunk), [_row(task, work, chunk) for chunk in new])
                if work.old_revision is not None:
                    copy_vectors(session, work.old_revision, work.revision, new[0].position, new[-1].position)
    if not stored:
        raise BadFile(Fault.NO_TEXT)
    return max(document.pieces, piece)


def _batches(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    left = iter(chunks)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _row(task: ClaimedTask, work: _Work, chunk: Chunk) -> dict[str, object]:
    return {
        "business_id": task.business_id,
        "source_id": work.source_id,
        "revision": work.revision,
        "position": chunk.position,
        "heading": chunk.heading,
        "text": chunk.text,
        "tokens": chunk.tokens,
        "content_hash": chunk.content_hash,
    }


def _embed(task: ClaimedTask, work: _Work) -> str | None:
    """Return the model that embedded the new revision, None if it failed.

    Then only full text finds its passages, until `core.knowledge.reembed` embeds them.
    """
    embedder = embedders.current()
    try:
        backfill(task, work.revision, embedder)
    except ModelFailed as error:
        log.warning("source_not_embedded", source_id=work.source_id, model=embedder.name, error=str(error.kind))
        return None
    return embedder.name


def _publish(task: ClaimedTask, work: _Work, model: str | None) -> None:
    """Make the new revision searchable, and delete the old one."""
    with transaction(task.scope) as session:
        task.assert_lease(session)
        count = session.scalars(select(func.count()).where(KnowledgeChunk.revision == work.revision)).one()
        source = session.get_one(KnowledgeSource, work.source_id)
        source.revision, source.model, source.chunks = work.revision, model, count
        source.state, source.fault, source.read_at = SourceState.READY, None, func.now()
        session.flush()
        drop_unfinished(session, source.id, work.revision)
        if model is not None:
            session.execute(
                delete(KnowledgeVector).where(KnowledgeVector.revision == work.revision, KnowledgeVector.model != model)
            )
