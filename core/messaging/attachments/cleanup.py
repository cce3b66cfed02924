"""Files that were handed in for sending and that no message ever carried."""

from __future__ import annotations

from datetime import timedelta

import structlog
from obstore.exceptions import BaseError
from sqlalchemy import ARRAY, BigInteger, bindparam, text

from core.platform import object_storage
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)

KEEP = timedelta(days=1)  # somebody may have attached it and still be writing
_LOOK_BACK = timedelta(days=30)  # bounds the search, and is longer than a scheduler is ever down
_AT_ONCE = 500

# A file is named soon after it was handed in: its message is among the first that the index gives from then on.
# Whoever queues a message shares the lock on its file (`outgoing.check`), so that one just being used is passed over.
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


def clear() -> int:
    """Delete uploads older than `KEEP` that no message names. Returns how many.

    First nobody can send them any more, then the storage drops them, then their rows go: where that breaks off, the
    next round begins with the same files.
    """
    cleared = 0
    while True:
        with system_transaction() as session:
            limits = {"look_back": _LOOK_BACK, "keep": KEEP, "limit": _AT_ONCE}
            locked = list(session.scalars(_LOCK, {**limits, "among": None}))
            unnamed = list(session.scalars(_LOCK, {**limits, "among": locked}))  # as it is now that they are locked
            files = session.execute(_WITHDRAW, {"ids": unnamed}).all()
        if not files:
            return cleared
        try:
            for file in files:
                object_storage.delete(file.storage_key)
        except (BaseError, OSError) as error:
            log.warning("storage_away", error=str(error))
            return cleared
        with system_transaction() as session:
            session.execute(_FORGET, {"ids": [file.id for file in files]})
        cleared += len(files)
