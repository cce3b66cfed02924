"""Claim, prepare and finish pending replies, as a worker does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.bots.llm.types import Usage
from core.platform.db import system_transaction, transaction
from core.replies import context, pending_replies
from core.replies.context import ReplyContext
from core.replies.decision import Outcome, Reply, Trace
from core.replies.pending_replies import ClaimedReply, CompletedReply
from tests.support.database import rows
from tests.support.outbox import LEASE

TRACE = Trace("model", model="gpt-6-luna", usage=Usage(input=100, cached=0, output=20))
ANSWER = Reply("Abrimos a las 9.", draft=False, trace=TRACE)


def claim(limit: int = 10, lease_for: timedelta = LEASE) -> Sequence[ClaimedReply]:
    rows("UPDATE pending_replies SET due_at = now() WHERE lease IS NULL")
    with system_transaction() as session:
        return pending_replies.claim(session, limit, lease_for)


def claim_one() -> ClaimedReply:
    (turn,) = claim(1)
    return turn


def prepare(turn: ClaimedReply) -> ReplyContext | None:
    with transaction(turn.business_id) as session:
        snapshot = context.load_snapshots(session, [turn.conversation_id]).get(turn.conversation_id)
        return pending_replies.prepare(session, turn, snapshot)


def begin() -> tuple[ClaimedReply, ReplyContext]:
    """Claim and prepare a reply."""
    turn = claim_one()
    reply_context = prepare(turn)
    assert reply_context is not None
    return turn, reply_context


def finish(turn: ClaimedReply, reply_context: ReplyContext, outcome: Outcome = ANSWER) -> bool:
    with transaction(turn.business_id) as session:
        return pending_replies.finish(session, [CompletedReply(turn, reply_context, outcome)])[0]
