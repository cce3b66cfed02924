"""Sources of knowledge: add, replace, rename, remove, and enqueue their ingest.

The content is stored first, outside any transaction; the row that names it and the ingest task are then written
together.
"""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.knowledge.parsers.detect import ACCEPTED
from core.knowledge.parsers.types import LARGEST_FILE, MEGABYTE, Fault
from core.models.business import Bot
from core.models.knowledge import KnowledgeRevision, KnowledgeSource, SourceState
from core.models.knowledge_kinds import SourceKind
from core.platform import object_storage
from core.platform.db import actor_of
from core.platform.errors import BotHubError, Conflict, NotFound
from core.tasks import background_tasks

INGEST = "knowledge.ingest"  # task kind; its subject is a source
MAX_TITLE_LENGTH = 120  # characters
MAX_ADDRESS_LENGTH = 2_000
_PIECE = 256 * 1024
_KINDS = {
    ".pdf": SourceKind.PDF,
    ".docx": SourceKind.DOCX,
    ".xlsx": SourceKind.TABLE,
    ".csv": SourceKind.TABLE,
    ".tsv": SourceKind.TABLE,
    ".md": SourceKind.MARKDOWN,
    ".markdown": SourceKind.MARKDOWN,
    ".html": SourceKind.HTML,
    ".htm": SourceKind.HTML,
}


class UnacceptableSource(BotHubError):
    """Content that cannot become a source. `reason` is a `Fault`, "address" or "title"; `name` is the file's."""

    def __init__(self, reason: str, text: str, *, name: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.name = name


@dataclass(frozen=True, slots=True)
class StoredContent:
    """Stored content that belongs to no source yet. `name` is its file's, whose extension may tell the type."""

    file_key: str
    name: str
    size: int
    sha256: str


def store_content(business_id: int, file: IO[bytes], name: str) -> StoredContent:
    """Store content. May use the network: call it outside any transaction. Raises `UnacceptableSource`."""
    name = PurePath(name).name
    if PurePath(name).suffix.lower() not in ACCEPTED:
        accepted = ", ".join(ACCEPTED)
        raise UnacceptableSource(Fault.WRONG_TYPE, f"{name} is not one of {accepted}.", name=name)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=object_storage.scratch_folder()) as scratch:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > LARGEST_FILE:
                raise UnacceptableSource(
                    Fault.TOO_LARGE, f"{name} is larger than {LARGEST_FILE // MEGABYTE} MB.", name=name
                )
            digest.update(piece)
            scratch.write(piece)
        if not size:
            raise UnacceptableSource(Fault.EMPTY, f"{name} is empty.", name=name)
        scratch.flush()
        key = f"{business_id}/knowledge-{uuid.uuid4().hex}"
        object_storage.put(key, Path(scratch.name))
    return StoredContent(key, name, size, digest.hexdigest())


def add(session: Session, content: StoredContent, *, bot_id: int | None, title: str, origin: str | None = None) -> int:
    """Add a source from stored content and enqueue its ingest; wake a worker after the commit. Return its id.

    `origin` is the name of the file; "" for typed text. Raises `Conflict`, `UnacceptableSource`, `NotFound` when
    there is no such bot.
    """
    values = {
        "kind": _KINDS.get(PurePath(content.name).suffix.lower(), SourceKind.TEXT),
        "origin": content.name if origin is None else origin,
        "content_hash": content.sha256,
        "bytes": content.size,
        "file_key": content.file_key,
    }
    return _add(session, bot_id, title, values)


def add_page(session: Session, address: str, *, bot_id: int | None, title: str) -> int:
    """Add a web page as a source, fetched on ingest. Return its id.

    Raises `Conflict`, `UnacceptableSource`, `NotFound` when there is no such bot.
    """
    address = address.strip()
    if len(address) > MAX_ADDRESS_LENGTH or not _names_a_host(address):
        raise UnacceptableSource("address", "The address of a page begins with https:// and names a host.")
    values: dict[str, object] = {"kind": SourceKind.PAGE, "origin": address}
    return _add(session, bot_id, title.strip() or address_title(address), values)


def _names_a_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def address_title(address: str) -> str:
    """Return the title of a page until its own title is known."""
    parts = urlsplit(address)
    return f"{parts.hostname}{parts.path.rstrip('/')}"[:MAX_TITLE_LENGTH]


def _add(session: Session, bot_id: int | None, title: str, values: dict[str, object]) -> int:
    if bot_id is not None and session.scalar(select(Bot.id).where(Bot.id == bot_id)) is None:
        raise NotFound(f"No bot {bot_id}.")
    title = _title(title)
    added: int | None = session.scalar(
        insert(KnowledgeSource)
        .values(bot_id=bot_id, title=title, created_by=actor_of(session), **values)
        .on_conflict_do_nothing()
        .returning(KnowledgeSource.id)
    )
    if added is None:
        raise _already_there(_same(session, bot_id, values))
    background_tasks.enqueue(session, INGEST, added)
    audit_log.record(session, "knowledge.add", f"source:{added}", title=title)
    return added


def _same(session: Session, bot_id: int | None, values: dict[str, object]) -> str:
    page = values.get("kind") == SourceKind.PAGE
    column = KnowledgeSource.origin if page else KnowledgeSource.content_hash
    same = select(KnowledgeSource.title).where(
        KnowledgeSource.bot_id.is_not_distinct_from(bot_id),
        column == values["origin" if page else "content_hash"],
        (KnowledgeSource.kind == SourceKind.PAGE) == page,
    )
    return session.scalar(same.limit(1)) or ""


def _already_there(title: str) -> Conflict:
    return Conflict("source_exists", f"This is there already: {title}.", title=title)


def _title(title: str) -> str:
    title = " ".join(title.split())[:MAX_TITLE_LENGTH]
    if not title:
        raise UnacceptableSource("title", "A source needs a title.")
    return title


def replace(session: Session, source_id: int, content: StoredContent) -> str | None:
    """Replace the content of a source; its passages replace the old ones once all of it is ingested.

    Return the storage key of the old content, to be deleted after the commit. Raises `NotFound`, and
    `Conflict` for content that is there already and for a page, which is re-ingested instead.
    """
    source, _ = _cancel_ingest(session, source_id)
    if source.kind == SourceKind.PAGE:
        raise Conflict("page_not_replaced", "A web page is not replaced: read it again, or add the other page.")
    taken = select(KnowledgeSource.title).where(
        KnowledgeSource.bot_id.is_not_distinct_from(source.bot_id),
        KnowledgeSource.content_hash == content.sha256,
        KnowledgeSource.kind != SourceKind.PAGE,
    )
    if (title := session.scalar(taken.limit(1))) is not None:
        raise _already_there(title)
    old = source.file_key
    source.content_hash, source.bytes, source.file_key, source.origin = (
        content.sha256,
        content.size,
        content.file_key,
        content.name,
    )
    _enqueue(session, source)
    audit_log.record(session, "knowledge.replace", f"source:{source_id}", origin=content.name)
    return old


def reread(session: Session, source_id: int) -> None:
    """Ingest a source again: a page as it is now, a file as it was uploaded. Raises `NotFound`."""
    source, _ = _cancel_ingest(session, source_id)
    _enqueue(session, source)
    audit_log.record(session, "knowledge.reread", f"source:{source_id}")


def _enqueue(session: Session, source: KnowledgeSource) -> None:
    _abandon(session, source)
    source.state, source.fault, source.updated_at = SourceState.WAITING, None, func.now()
    background_tasks.enqueue(session, INGEST, source.id)


def cancel(session: Session, source_id: int) -> None:
    """Cancel the ingest of a source. The revision in use stays searchable. Raises `NotFound`."""
    source, was_read = _cancel_ingest(session, source_id)
    if not was_read:
        return
    _abandon(session, source)
    source.state, source.fault, source.updated_at = SourceState.CANCELLED, None, func.now()
    audit_log.record(session, "knowledge.cancel", f"source:{source_id}")


def rename(session: Session, source_id: int, title: str) -> None:
    """Rename a source. Raises `NotFound`, `UnacceptableSource`."""
    source = _locked(session, source_id)
    source.title, source.updated_at = _title(title), func.now()
    audit_log.record(session, "knowledge.rename", f"source:{source_id}", title=source.title)


def remove(session: Session, source_id: int) -> str | None:
    """Remove a source with its passages. Return the storage key of its content, to be deleted after the commit.

    Raises `NotFound`.
    """
    source, _ = _cancel_ingest(session, source_id)
    session.execute(delete(KnowledgeSource).where(KnowledgeSource.id == source_id))
    audit_log.record(session, "knowledge.remove", f"source:{source_id}", title=source.title)
    return source.file_key


def drop_unfinished(session: Session, source_id: int, revision: int | None) -> bool:
    """Delete the revision of a source that is not in use. Return whether there was any."""
    dropped = delete(KnowledgeRevision).where(
        KnowledgeRevision.source_id == source_id, KnowledgeRevision.id.is_distinct_from(revision)
    )
    return session.execute(dropped.returning(KnowledgeRevision.id)).first() is not None


def _abandon(session: Session, source: KnowledgeSource) -> None:
    """Delete the unused revision, and a page's content hash with it, which would claim that the content is in use."""
    if drop_unfinished(session, source.id, source.revision) and source.kind == SourceKind.PAGE:
        source.content_hash = None


def record_failure(session: Session, source_id: int, fault: str) -> None:
    """Record that a source could not be ingested. The revision in use stays searchable."""
    source = session.get(KnowledgeSource, source_id, with_for_update=True)
    if source is not None:
        _abandon(session, source)
        source.state, source.fault, source.updated_at = SourceState.FAILED, fault, func.now()


def _cancel_ingest(session: Session, source_id: int) -> tuple[KnowledgeSource, bool]:
    """Cancel the source's ingest; return the source and whether one was running. Raises `NotFound`.

    Locks the task first, as the ingest does.
    """
    was_read = background_tasks.cancel_for(session, INGEST, source_id)
    return _locked(session, source_id), was_read


def _locked(session: Session, source_id: int) -> KnowledgeSource:
    source = session.scalar(
        select(KnowledgeSource)
        .where(KnowledgeSource.id == source_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if source is None:
        raise NotFound(f"No source {source_id}.")
    return source
