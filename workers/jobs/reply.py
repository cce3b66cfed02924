"""The bot's answers. No transaction is open while the model thinks; the turn is checked again before it speaks."""

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

_courtesies = ThreadPoolExecutor(4, thread_name_prefix="courtesy")
_MOST_COURTESIES_WAITING = 4


def lease_for() -> timedelta:
    return timedelta(seconds=get_settings().lease_seconds)


Task = tuple[pending_replies.PendingReply, ConversationSnapshot | None]


def claim(limit: int) -> Sequence[Task]:
    with system_transaction() as session:
        return pending_replies.load_snapshots(session, pending_replies.claim(session, limit, lease_for()))


def answer(task: Task) -> None:
    """Work out the answer to one conversation, and queue it if it still counts."""
    pending, snapshot = task

    def prepare() -> ReplyContext | None:
        with transaction(pending.business_id) as session:
            return pending_replies.prepare(session, pending)

    reply_context = pending_replies.prepare_from_cache(pending, snapshot) or retry_until_available(prepare)
    if reply_context is None:
        return
    _show_reading(reply_context)
    begun = time.monotonic()
    outcome = _outcome(pending, reply_context)
    if _may_be_early(outcome):
        time.sleep(max(0.0, _quiet(reply_context) - pending.waited - (time.monotonic() - begun)))
    if not _clerk.note(pending_replies.CompletedReply(pending, reply_context, outcome)):
        log.info("answer_dropped", conversation_id=pending.conversation_id)


def _outcome(pending: pending_replies.PendingReply, reply_context: ReplyContext) -> Outcome:
    """What the assistant makes of it: with what was answered lately to the same question, or with a model."""
    cache_key = retry_until_available(lambda: answer_cache.key(pending.business_id, reply_context))
    before = answer_cache.get(cache_key)
    if before is not None:
        return compose(replace(reply_context.request, cached_answer=before), None)
    with metered() as embedded:
        request = _informed(pending, reply_context)
    outcome = compose(request, model())
    answer_cache.put(cache_key, reply_context.request.settings.frequent_minutes, outcome)
    return replace(outcome, trace=with_lookup(outcome.trace, embedded, request.prices))


def _may_be_early(outcome: Outcome) -> bool:
    """Whether it answers nothing yet: a greeting, a question back, a person called because nothing was understood.

    A customer who has said hello is likely still to write what they want. That waits until the quiet window is over,
    and is dropped when more comes; an answer that states something goes out at once.
    """
    match outcome:
        case Reply(quote=None, trace=trace):
            return trace.grounded is None and trace.decided_by in (MODEL, COURTESY)
        case HandOff(reason=reason):
            return reason is not Reason.KEYWORD
    return False


def _quiet(reply_context: ReplyContext) -> float:
    own = reply_context.request.settings.quiet_seconds
    return get_settings().reply_quiet_seconds if own is None else own


def _informed(pending: pending_replies.PendingReply, reply_context: ReplyContext) -> ComposeRequest:
    """The request with what the bot knows about the question; a bot whose money is spent looks nothing up."""
    request = reply_context.request
    if request.over_budget:
        return request
    question = question_in(request.turns)
    passages = retry_until_available(lambda: passages_for(pending.business_id, reply_context.bot_id, question))
    return replace(request, passages=passages)


def _finish(done: Sequence[pending_replies.CompletedReply]) -> list[bool]:
    """One transaction for each business's answers; one that is repeated finds its turns gone and changes nothing."""
    used: dict[pending_replies.PendingReply, bool] = {}
    for business_id in {one.pending.business_id for one in done}:
        own = [one for one in done if one.pending.business_id == business_id]
        with transaction(business_id) as session:
            used |= zip([one.pending for one in own], pending_replies.finish(session, business_id, own), strict=True)
    return [used[one.pending] for one in done]


_clerk = GroupCommit("answers", _finish)


def renew(held: Sequence[Task]) -> None:
    with system_transaction() as session:
        pending_replies.renew(session, [pending for pending, _ in held], lease_for())


def _show_reading(reply_context: ReplyContext) -> None:
    """Blue ticks and "typing…" while the model thinks. When many wait, the courtesy is what gives way."""
    if reply_context.last_customer_message_id and _courtesies._work_queue.qsize() < _MOST_COURTESIES_WAITING:
        _courtesies.submit(_mark_read, reply_context.channel_id, reply_context.last_customer_message_id)


def _mark_read(channel_id: int, provider_id: str) -> None:
    try:
        channel(channel_id).mark_read(provider_id, typing=True)
    except SendError as error:
        log.info("mark_read_refused", code=error.error.code)
