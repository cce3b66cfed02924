"""An address that no longer belongs to its contact: stop sending there and notify people."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.channels.phone_numbers import display
from core.conversations import lifecycle
from core.messaging.outbound import status
from core.models import Severity
from core.platform.db import run


def announce(session: Session, identity_ids: Sequence[int]) -> None:
    """Cancel messages to addresses that ended without a successor, and report it.

    In the newest conversation of each, and in a notification.
    """
    status.cancel_queued(session, status.ENDED, identity_ids=identity_ids)
    for conversation_id, channel_id, address in run(session, _CONVERSATIONS, {"identities": list(identity_ids)}).all():
        shown = display(address)
        lifecycle.add_event(session, conversation_id, channel_id, "address_ended", address=shown)
        words = f"The number {shown} has another owner now. Nothing more is sent there in this conversation."
        notify(
            session, "address_ended", Severity.WARNING, words, conversation_id=conversation_id,
            data={"address": shown},
        )  # fmt: skip


# Where nothing can be sent no bot reply is pending.
_CONVERSATIONS = """
WITH newest AS (
    SELECT DISTINCT ON (c.channel_id, i.id) c.id, c.channel_id, i.address
    FROM conversations c JOIN contact_identities i ON i.id = c.identity_id
    WHERE i.id = ANY(%(identities)s::bigint[])
    ORDER BY c.channel_id, i.id, c.status = 'closed', c.last_message_at DESC, c.id DESC
), dropped AS (
    DELETE FROM pending_replies t USING conversations c
    WHERE c.id = t.conversation_id AND c.identity_id = ANY(%(identities)s::bigint[])
)
SELECT id, channel_id, address FROM newest ORDER BY id
"""
