"""The bot's replies. No transaction is open during the model call; the lease is checked again before the commit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import structlog

from core.bots.llm.configured import model
from core.bots.llm.metering import metered
from core.channels.types import SendError
from core.knowledge.retrieval import passages_for, question_in
from core.messaging.channels.accounts import channel
from core.platform.config import get_settings
from core.platform.db import system_transaction, transaction
from core.platform.db_retry import retry_until_available
from core.platform.group_commit import GroupCommit
from core.replies import answer_cache, pending_replies
from core.replies.assistant import COURTESY, MODEL, compose
from core.replies.context import ConversationSnapshot, ReplyContext
from core.replies.decision import ComposeRequest, HandOff, Outcome, Reply
from core.replies.handoff_rules import Reason
from core.replies.trial_costs import with_lookup

log = structlog.get_logger(__name__)

_read_receipts = ThreadPoolExecutor(4, thread_name_prefix="read-receipt")
_MAX_READ_RECEIPTS_WAITING = 4


def lease_for() -> timedelta:
    """Return how long a pending reply is leased."""
    return timedelta(seconds=get_settings().lease_seconds)


Task = tuple[pending_replies.ClaimedReply, ConversationSnapshot | None]


def claim(limit: int) -> Sequence[Task]:
    """Claim up to `limit` pending replies, each with its conversation's state."""
    with system_transaction() as session:
        return pending_replies.load_snapshots(session, pending_replies.claim(session, limit, lease_for()))


def answer(task: Task) -> None:
    """Compose the reply to one conversation, and enqueue it unless it is outdated."""
    pending, snapshot = task

    def prepare() -> ReplyContext | None:
        with transaction(pending.business_id) as session:
            return pending_replies.prepare(session, pending, snapshot)

    reply_context = retry_until_available(prepare)
    if reply_context is None:
        return
    _send_read_receipt(reply_context)
    started = time.monotonic()
    outcome = _outcome(pending, reply_context)
    if _can_wait(outcome):
        time.sleep(max(0.0, _quiet_seconds(reply_context) - pending.waited - (time.monotonic() - started)))
    if not _commits.submit(pending_replies.CompletedReply(pending, reply_context, outcome)):
        log.info("answer_dropped", conversation_id=pending.conversation_id)


def _outcome(pending: pending_replies.ClaimedReply, reply_context: ReplyContext) -> Outcome:
    """Compose with the cached answer to the same question, or with the model."""
    cache_key = retry_until_available(lambda: answer_cache.key(pending.business_id, reply_context))
    cached = answer_cache.get(cache_key)
    if cached is not None:
        return compose(replace(reply_context.request, cached_answer=cached), None)
    with metered() as embedded:
        request = _with_passages(pending, reply_context)
    outcome = compose(request, model())
    answer_cache.put(cache_key, reply_context.request.settings.frequent_minutes, outcome)
    return replace(outcome, trace=with_lookup(outcome.trace, embedded, request.prices))


def _can_wait(outcome: Outcome) -> bool:
    """Whether it states nothing: a greeting, a question back, a hand-off because nothing was understood.

    A customer who greets will probably still write what they want, so such a reply waits until the quiet window is over
    and is dropped when more messages arrive; a reply with content is sent at once.
    """
    match outcome:
        case Reply(quote=None, trace=trace):
            return trace.grounded is None and trace.decided_by in (MODEL, COURTESY)
        case HandOff(reason=reason):
            return reason is not Reason.KEYWORD
    return False


def _quiet_seconds(reply_context: ReplyContext) -> float:
    of_bot = reply_context.request.settings.quiet_seconds
    return get_settings().reply_quiet_seconds if of_bot is None else of_bot


def _with_passages(pending: pending_replies.ClaimedReply, reply_context: ReplyContext) -> ComposeRequest:
    """Return the request with the passages found for its question; a bot over its budget searches nothing."""
    request = reply_context.request
    if request.over_budget:
        return request
    question = question_in(request.turns)
    passages = retry_until_available(lambda: passages_for(pending.business_id, reply_context.bot_id, question))
    return replace(request, passages=passages)


def _finish(done: Sequence[pending_replies.CompletedReply]) -> list[bool]:
    """Save the replies in one transaction per business; a repeated call finds them gone and changes nothing."""
    used: dict[pending_replies.ClaimedReply, bool] = {}
    for business_id in {one.pending.business_id for one in done}:
        own = [one for one in done if one.pending.business_id == business_id]
        with transaction(business_id) as session:
            used |= zip([one.pending for one in own], pending_replies.finish(session, own), strict=True)
    return [used[one.pending] for one in done]


_commits = GroupCommit("answers", _finish)


def renew(running: Sequence[Task]) -> None:
    """Renew the leases of running replies."""
    with system_transaction() as session:
        pending_replies.renew(session, [pending for pending, _ in running], lease_for())


def _send_read_receipt(reply_context: ReplyContext) -> None:
    """Show blue ticks and "typing…" during the model call. Skipped when the pool is saturated."""
    if reply_context.last_customer_message_id and _read_receipts._work_queue.qsize() < _MAX_READ_RECEIPTS_WAITING:
        _read_receipts.submit(_mark_read, reply_context.channel_id, reply_context.last_customer_message_id)


def _mark_read(channel_id: int, provider_id: str) -> None:
    try:
        channel(channel_id).mark_read(provider_id, typing=True)
    except SendError as error:
        log.info("mark_read_refused", code=error.error.code)
