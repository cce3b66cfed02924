"""Delete uploads that no message uses."""

from __future__ import annotations

from datetime import timedelta

import structlog
from obstore.exceptions import BaseError
from sqlalchemy import ARRAY, BigInteger, bindparam, text

from core.platform import object_storage
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)

KEEP = timedelta(days=1)  # an agent may have attached it and still be writing
_LOOK_BACK = timedelta(days=30)  # bounds the search; longer than any outage of the scheduler
_BATCH = 500

# A file is named soon after its upload: its message is among the first in the index from then on. Queuing a message
# locks its file (`outgoing.check`), so a file in use is skipped.
_LOCK = text("""
SELECT a.id FROM attachments a
WHERE a.created_at BETWEEN now() - :look_back AND now() - :keep AND a.message_id IS NULL
  AND a.storage_key LIKE '%/upload-%' AND NOT coalesce((
    SELECT true FROM messages m
    WHERE m.business_id = a.business_id AND m.created_at >= a.created_at
      AND jsonb_path_exists(m.payload, '$.**.attachment_id ? (@ == $id)', jsonb_build_object('id', a.id))
    ORDER BY m.created_at LIMIT 1
  ), false)
  AND (:among IS NULL OR a.id = ANY(:among))
ORDER BY a.id LIMIT :limit FOR UPDATE OF a SKIP LOCKED
""").bindparams(bindparam("among", type_=ARRAY(BigInteger)))
_WITHDRAW = text("""
UPDATE attachments SET state = 'failed', failure = 'never used' WHERE id = ANY(:ids) RETURNING id, storage_key
""")
_FORGET = text("DELETE FROM attachments WHERE id = ANY(:ids)")


def delete_orphaned_uploads() -> int:
    """Delete uploads older than `KEEP` that no message names. Returns how many.

    First they become unusable, then storage deletes them, then their rows are deleted: after an interruption the next
    run begins with the same files.
    """
    deleted = 0
    while True:
        with system_transaction() as session:
            limits = {"look_back": _LOOK_BACK, "keep": KEEP, "limit": _BATCH}
            locked = list(session.scalars(_LOCK, {**limits, "among": None}))
            unnamed = list(session.scalars(_LOCK, {**limits, "among": locked}))  # re-read under the lock
            files = session.execute(_WITHDRAW, {"ids": unnamed}).all()
        if not files:
            return deleted
        try:
            for file in files:
                object_storage.delete(file.storage_key)
        except (BaseError, OSError) as error:
            log.warning("storage_away", error=str(error))
            return deleted
        with system_transaction() as session:
            session.execute(_FORGET, {"ids": [file.id for file in files]})
        deleted += len(files)
