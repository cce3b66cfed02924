"""Usage of a bot: answers to customers and trials by people count against the same budgets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import budget
from core.bots.budget import Level, Money
from core.bots.llm.metering import Embedded
from core.bots.model_prices import PriceTable
from core.bots.settings import BotSettings
from core.models import AIRun, AuditEntry
from core.platform.db import run
from core.types import Turn

TRIAL = "bot.try"
EMBEDDED = "knowledge.embed"
EVERY_BOT = "bots"
# The log is indexed by its order, not by time: trials of the last minute are among the newest entries.
_MAX_LOG_ENTRIES = 1000


# Summing a month is too slow for every answer: each process refreshes this often, and may overspend in between.
_REFRESH_SECONDS = 15.0


# For the bot of the row `b`: its cost in the day and in the month of its business, and calls of unknown price.
SPENT = """
SELECT coalesce(sum(cost) FILTER (WHERE at >= began.day), 0) AS day, coalesce(sum(cost), 0) AS month,
       count(*) FILTER (WHERE cost IS NULL AND at >= began.day) AS unknown_day,
       count(*) FILTER (WHERE cost IS NULL AND at IS NOT NULL) AS unknown_month
FROM (
    SELECT date_trunc('day', now() AT TIME ZONE timezone) AT TIME ZONE timezone AS day,
           date_trunc('month', now() AT TIME ZONE timezone) AT TIME ZONE timezone AS month
    FROM businesses WHERE id = b.business_id
) AS began LEFT JOIN LATERAL (
    SELECT cost_usd AS cost, created_at AS at FROM ai_runs
    WHERE business_id = b.business_id AND bot_id = b.id AND created_at >= began.month
      AND (input_tokens > 0 OR output_tokens > 0)
    UNION ALL
    SELECT (data ->> 'cost_usd')::numeric, created_at FROM audit_entries
    WHERE business_id = b.business_id AND subject IN ('bot:' || b.id, 'bots') AND data ? 'cost_usd'
      AND created_at >= began.month
) AS spent ON true
"""
_SPENT_BY_ONE = f"SELECT spent.* FROM bots b, LATERAL ({SPENT}) AS spent WHERE b.id = %(bot)s"  # noqa: S608 - ours


def fits(session: Session, bot_id: int, settings: BotSettings, turns: Sequence[Turn]) -> bool:
    """Return whether the bot may be asked about this conversation now, within the budget of `settings`."""
    if settings.requests_per_minute is None and settings.tokens_per_minute is None:
        return True
    estimate = settings.max_output_tokens + sum(len(turn.whole) for turn in turns) // 4
    return budget.fits(settings, _spent(session, bot_id), estimate)


def has_money_budget(settings: BotSettings) -> bool:
    """Return whether the bot's spending is limited by day or month."""
    return settings.usd_per_day is not None or settings.usd_per_month is not None


def money(session: Session, bot_id: int) -> Money:
    """Return the cost of the bot this day and this month."""
    cost = Money(*run(session, _SPENT_BY_ONE, {"bot": bot_id}).one())
    _cache[bot_id] = (time.monotonic(), cost)
    return cost


def is_money_spent(session: Session, bot_id: int, settings: BotSettings) -> bool:
    """Return whether the bot's money is spent, as of the last few seconds."""
    if not has_money_budget(settings):
        return False
    read_at, cost = _cache.get(bot_id, (float("-inf"), None))
    if cost is None or time.monotonic() - read_at > _REFRESH_SECONDS:
        cost = money(session, bot_id)
    return budget.level(settings, cost) is Level.REACHED


_cache: dict[int, tuple[float, Money]] = {}


def clear_cache() -> None:
    """Clear the cache of money spent."""
    _cache.clear()


def record_embedded(session: Session, bot_id: int | None, embedded: Embedded, prices: PriceTable) -> None:
    """Record the cost of embedding documents. Documents shared by all bots count for each."""
    if not embedded.total:
        return
    cost = embedded.cost(prices, datetime.now(UTC))
    audit_log.record(
        session, EMBEDDED, EVERY_BOT if bot_id is None else f"bot:{bot_id}",
        model=", ".join(embedded.tokens), tokens=embedded.total, cost_usd=None if cost is None else str(cost),
    )  # fmt: skip


def _spent(session: Session, bot_id: int) -> budget.Spent:
    answers = session.execute(
        select(
            func.count(AIRun.model),
            func.coalesce(func.sum(func.coalesce(AIRun.input_tokens, 0) + func.coalesce(AIRun.output_tokens, 0)), 0),
        ).where(AIRun.bot_id == bot_id, AIRun.created_at > func.now() - budget.WINDOW)
    ).one()
    newest = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(_MAX_LOG_ENTRIES).subquery().c
    trials = session.execute(
        select(func.count(), func.coalesce(func.sum(newest.data["tokens"].astext.cast(Integer)), 0)).where(
            newest.data.has_key("cost_usd"),
            newest.subject.in_([f"bot:{bot_id}", EVERY_BOT]),
            newest.created_at > func.now() - budget.WINDOW,
        )
    ).one()
    return budget.Spent(requests=answers[0] + trials[0], tokens=int(answers[1]) + int(trials[1]))
