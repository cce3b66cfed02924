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
from core.replies.context import ReplyContext, Standing
from core.replies.decision import ComposeRequest, HandOff, Outcome, Reply
from core.replies.handoff_rules import Reason
from core.replies.trial_costs import with_lookup

log = structlog.get_logger(__name__)

_courtesies = ThreadPoolExecutor(4, thread_name_prefix="courtesy")
_MOST_COURTESIES_WAITING = 4


def lease_for() -> timedelta:
    return timedelta(seconds=get_settings().lease_seconds)


Task = tuple[pending_replies.Turn, Standing | None]


def claim(limit: int) -> Sequence[Task]:
    with system_transaction() as session:
        return pending_replies.look(session, pending_replies.claim(session, limit, lease_for()))


def answer(task: Task) -> None:
    """Work out the answer to one conversation, and queue it if it still counts."""
    turn, how = task

    def prepare() -> ReplyContext | None:
        with transaction(turn.business_id) as session:
            return pending_replies.prepare(session, turn)

    briefing = pending_replies.ready(turn, how) or retry_until_available(prepare)
    if briefing is None:
        return
    _show_reading(briefing)
    begun = time.monotonic()
    outcome = _outcome(turn, briefing)
    if _may_be_early(outcome):
        time.sleep(max(0.0, _quiet(briefing) - turn.waited - (time.monotonic() - begun)))
    if not _clerk.note(pending_replies.Done(turn, briefing, outcome)):
        log.info("answer_dropped", conversation_id=turn.conversation_id)


def _outcome(turn: pending_replies.Turn, briefing: ReplyContext) -> Outcome:
    """What the assistant makes of it: with what was answered lately to the same question, or with a model."""
    kept_as = retry_until_available(lambda: answer_cache.key(turn.business_id, briefing))
    before = answer_cache.recall(kept_as)
    if before is not None:
        return compose(replace(briefing.request, given_before=before), None)
    with metered() as embedded:
        request = _informed(turn, briefing)
    outcome = compose(request, model())
    answer_cache.keep(kept_as, briefing.request.settings.frequent_minutes, outcome)
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


def _quiet(briefing: ReplyContext) -> float:
    own = briefing.request.settings.quiet_seconds
    return get_settings().reply_quiet_seconds if own is None else own


def _informed(turn: pending_replies.Turn, briefing: ReplyContext) -> ComposeRequest:
    """The request with what the bot knows about the question; a bot whose money is spent looks nothing up."""
    request = briefing.request
    if request.over_budget:
        return request
    question = question_in(request.turns)
    passages = retry_until_available(lambda: passages_for(turn.business_id, briefing.bot_id, question))
    return replace(request, passages=passages)


def _finish(done: Sequence[pending_replies.Done]) -> list[bool]:
    """One transaction for each business's answers; one that is repeated finds its turns gone and changes nothing."""
    used: dict[pending_replies.Turn, bool] = {}
    for business_id in {one.turn.business_id for one in done}:
        own = [one for one in done if one.turn.business_id == business_id]
        with transaction(business_id) as session:
            used |= zip([one.turn for one in own], pending_replies.finish(session, business_id, own), strict=True)
    return [used[one.turn] for one in done]


_clerk = GroupCommit("answers", _finish)


def renew(held: Sequence[Task]) -> None:
    with system_transaction() as session:
        pending_replies.renew(session, [turn for turn, _ in held], lease_for())


def _show_reading(briefing: ReplyContext) -> None:
    """Blue ticks and "typing…" while the model thinks. When many wait, the courtesy is what gives way."""
    if briefing.read_up_to and _courtesies._work_queue.qsize() < _MOST_COURTESIES_WAITING:
        _courtesies.submit(_mark_read, briefing.channel_id, briefing.read_up_to)


def _mark_read(channel_id: int, provider_id: str) -> None:
    try:
        channel(channel_id).mark_read(provider_id, typing=True)
    except SendError as error:
        log.info("mark_read_refused", code=error.error.code)
