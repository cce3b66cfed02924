"""Commands on knowledge sources."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, TypeVar

from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from core.accounts.sessions import CurrentAgent
from core.knowledge import sources
from core.knowledge.sources import StoredContent
from core.platform import job_queue, object_storage
from core.platform.errors import BotHubError

Result = TypeVar("Result")
_TYPED = "text.md"  # typed text may contain headings


def add_file(file: IO[bytes], name: str, bot_id: int | None) -> int:
    """Add an uploaded file. Raises `NotAllowed`, `Conflict`, `NotFound`, `UnacceptableSource`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    kept = sources.store_content(agent.business_id, file, name)
    title = PurePath(name).stem.replace("_", " ").strip() or name
    return _add(agent, kept, lambda session: sources.add(session, kept, bot_id=bot_id, title=title))


def add_text(title: str, words: str, bot_id: int | None) -> int:
    """Add a typed or pasted text. Raises like `add_file`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    kept = sources.store_content(agent.business_id, io.BytesIO(words.strip().encode()), _TYPED)
    return _add(agent, kept, lambda session: sources.add(session, kept, bot_id=bot_id, title=title, origin=""))


def add_page(address: str, bot_id: int | None) -> int:
    """Add a web page. Raises `NotAllowed`, `Conflict`, `NotFound`, `UnacceptableSource`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        added = sources.add_page(session, address, bot_id=bot_id, title="")
    job_queue.wake_worker()
    return added


def replace(source_id: int, file: IO[bytes], name: str) -> None:
    """Replace a source's content. Raises `NotAllowed`, `Conflict`, `NotFound`, `UnacceptableSource`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    kept = sources.store_content(agent.business_id, file, name)
    old = _add(agent, kept, lambda session: sources.replace(session, source_id, kept))
    if old is not None:
        object_storage.delete(old)


def reread(source_id: int) -> None:
    """Read a source again. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        sources.reread(session, source_id)
    job_queue.wake_worker()


def cancel(source_id: int) -> None:
    """Cancel reading a source. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        sources.cancel(session, source_id)


def rename(source_id: int, title: str) -> None:
    """Rename a source. Raises `NotAllowed`, `NotFound`, `UnacceptableSource`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        sources.rename(session, source_id, title)


def remove(source_id: int) -> None:
    """Delete a source. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        old = sources.remove(session, source_id)
    if old is not None:
        object_storage.delete(old)


def _add(agent: CurrentAgent, kept: StoredContent, write: Callable[[Session], Result]) -> Result:
    """Insert the row of stored content; the content is deleted if the row is rejected."""
    try:
        with transaction(agent.scope) as session:
            written = write(session)
    except BotHubError:
        object_storage.delete(kept.file_key)
        raise
    job_queue.wake_worker()
    return written
