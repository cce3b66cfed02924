"""Re-embed all knowledge of a business with another model, in the background and without interruption.

A source is searched with the vectors of the model that its row names. The new vectors are stored beside them; when the
last is stored, one transaction changes the row to the new model and deletes the old vectors.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from core.bots.llm.types import FailureKind, ModelFailed
from core.knowledge import embedders
from core.knowledge.vector_store import backfill
from core.models.knowledge import KnowledgeSource, KnowledgeVector
from core.platform.db import in_business, transaction
from core.tasks import background_tasks
from core.tasks.background_tasks import ClaimedTask, PermanentTaskError

log = structlog.get_logger(__name__)

REEMBED = "knowledge.reembed"  # task kind; its subject is a business
_RETRY_AFTER = timedelta(minutes=10)  # when the model did not answer

_DUE = text("""
SELECT DISTINCT s.business_id FROM knowledge_sources s
WHERE s.revision IS NOT NULL AND s.model IS DISTINCT FROM :model AND NOT EXISTS (
    SELECT FROM background_tasks e WHERE e.business_id = s.business_id AND e.kind = :kind
      AND e.subject_id = s.business_id
        AND (e.due_at IS NOT NULL OR e.state = 'failed' AND e.ended_at > now() - :again_after)
)
""")


def enqueue_due(session: Session) -> int:
    """Enqueue the task where the current model is not that of the vectors. Return for how many businesses.

    The session sees all businesses. Wake a worker after the commit.
    """
    values = {"model": embedders.current().name, "kind": REEMBED, "again_after": _RETRY_AFTER}
    due = session.scalars(_DUE, values).all()
    for business_id in due:
        with in_business(session, business_id):
            background_tasks.enqueue(session, REEMBED, business_id)
    return len(due)


def run(task: ClaimedTask) -> None:
    """Re-embed. Raises `TaskInterrupted`; `PermanentTaskError` if the model does not answer: the scheduler retries.

    A source whose text the model refuses does not block the others.
    """
    embedder = embedders.current()
    refused: ModelFailed | None = None
    source_id = 0
    while (found := _next(task, embedder.name, after=source_id)) is not None:
        source_id, revision = found
        try:
            backfill(task, revision, embedder)
        except ModelFailed as error:
            if error.kind is not FailureKind.REJECTED:
                raise PermanentTaskError(f"model_{error.kind}") from error
            refused = error
            log.warning("source_not_embedded", source_id=source_id, model=embedder.name, error=str(error))
            continue
        _switch_model(task, source_id, revision, embedder.name)
    if refused is not None:
        raise PermanentTaskError(f"model_{refused.kind}")


def _next(task: ClaimedTask, model: str, *, after: int) -> tuple[int, int] | None:
    """Return the next source whose passages in use have no vectors of the model, and their revision."""
    with transaction(task.scope) as session:
        row = session.execute(
            select(KnowledgeSource.id, KnowledgeSource.revision)
            .where(
                KnowledgeSource.id > after,
                KnowledgeSource.revision.is_not(None),
                KnowledgeSource.model.is_distinct_from(model),
            )
            .order_by(KnowledgeSource.id)
            .limit(1)
        ).first()
    return None if row is None else (row.id, row.revision)


def _switch_model(task: ClaimedTask, source_id: int, revision: int, model: str) -> None:
    """Switch a source to the model. No-op if it was ingested anew meanwhile: its new revision is checked later."""
    with transaction(task.scope) as session:
        task.assert_lease(session)
        changed = session.scalar(
            update(KnowledgeSource)
            .where(KnowledgeSource.id == source_id, KnowledgeSource.revision == revision)
            .values(model=model)
            .returning(KnowledgeSource.id)
        )
        if changed is not None:
            session.execute(
                delete(KnowledgeVector).where(KnowledgeVector.revision == revision, KnowledgeVector.model != model)
            )
