"""What a bot spends: its answers to customers and what people try out count against the same budget a minute."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session

from core.ai import budget
from core.ai.assistant import Trace
from core.ai.prompt import Turn
from core.ai.settings import BotSettings
from core.errors import Conflict
from core.models import AIRun, AuditEntry
from core.people import audit

TRIAL = "bot.try"
# The log is indexed by its order, not by time: trials of the last minute are among the newest entries.
_ENTRIES_LOOKED_AT = 1000


class OverBudget(Conflict):
    """The bot has spent what it may in a minute."""


def fits(session: Session, bot_id: int, settings: BotSettings, turns: Sequence[Turn]) -> bool:
    """Whether the bot may be asked about this conversation now, within the budget of `settings`."""
    if settings.requests_per_minute is None and settings.tokens_per_minute is None:
        return True
    estimate = settings.max_output_tokens + sum(len(turn.text) for turn in turns) // 4
    return budget.fits(settings, _spent(session, bot_id), estimate)


def record_trial(session: Session, business_id: int, bot_id: int, trace: Trace, *, actor: str) -> None:
    """Keep what a trial spent. One for which no model was asked spent nothing and leaves no entry."""
    if trace.model is None:
        return
    audit.record(
        session, business_id, actor, TRIAL, f"bot:{bot_id}", model=trace.model,
        tokens=trace.usage.input + trace.usage.output if trace.usage else 0,
        cost_usd=None if trace.cost is None else str(trace.cost),
    )  # fmt: skip


def _spent(session: Session, bot_id: int) -> budget.Spent:
    answers = session.execute(
        select(
            func.count(AIRun.model),
            func.coalesce(func.sum(func.coalesce(AIRun.input_tokens, 0) + func.coalesce(AIRun.output_tokens, 0)), 0),
        ).where(AIRun.bot_id == bot_id, AIRun.created_at > func.now() - budget.WINDOW)
    ).one()
    newest = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(_ENTRIES_LOOKED_AT).subquery().c
    trials = session.execute(
        select(func.count(), func.coalesce(func.sum(newest.data["tokens"].astext.cast(Integer)), 0)).where(
            newest.action == TRIAL, newest.subject == f"bot:{bot_id}", newest.created_at > func.now() - budget.WINDOW
        )
    ).one()
    return budget.Spent(requests=answers[0] + trials[0], tokens=int(answers[1]) + int(trials[1]))
