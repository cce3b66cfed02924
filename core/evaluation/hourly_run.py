"""Hourly run of each bot: judge its answers, fit its calibration, collect its unanswered questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.evaluation import calibration_fit, outcomes, unanswered_questions
from core.models import Bot, BotCalibration
from core.platform.db import system_transaction, transaction

log = structlog.get_logger(__name__)

_INTERVAL = "1 hour"
_MAX_BATCHES = 4  # of each kind in one run: the rest follows in the next, so that no bot delays the others

# Whichever scheduler updates the time does the run: one of several.
_CLAIM = text(f"""
INSERT INTO bot_calibrations (bot_id, business_id) VALUES (:bot, :business)
ON CONFLICT (bot_id) DO UPDATE SET computed_at = now()
WHERE bot_calibrations.computed_at < now() - interval '{_INTERVAL}'
RETURNING bot_id
""")  # noqa: S608 - a constant


def run_due() -> int:
    """Run every bot that did not run within the hour. Return how many ran. Safe to run twice at once."""
    with system_transaction() as session:
        bots = session.execute(select(Bot.business_id, Bot.id).order_by(Bot.id)).all()
    return sum(_learn_if_due(business_id, bot_id) for business_id, bot_id in bots)


def last(session: Session, bot_id: int) -> datetime | None:
    """Return when the bot's last run started; None before its first."""
    return session.scalar(select(BotCalibration.computed_at).where(BotCalibration.bot_id == bot_id))


def _learn_if_due(business_id: int, bot_id: int) -> bool:
    try:
        with transaction(business_id) as session:
            claimed = session.execute(_CLAIM, {"bot": bot_id, "business": business_id}).one_or_none()
        if claimed:
            learn(business_id, bot_id)
    except IntegrityError:  # the bot was removed meanwhile
        log.info("bot_not_learned", bot_id=bot_id, exc_info=True)
        return False
    return claimed is not None


def learn(business_id: int, bot_id: int) -> None:
    """Do one run, in transactions of a batch each."""
    _in_batches(business_id, partial(outcomes.judge, bot_id=bot_id))
    with transaction(business_id) as session:
        calibration = calibration_fit.learn(session, bot_id)
    collect_questions(business_id, bot_id)
    log.info("bot_learned", bot_id=bot_id, sample=calibration.sample)


def collect_questions(business_id: int, bot_id: int) -> None:
    """Collect what the bot could not answer, and what agents answered instead."""
    _in_batches(business_id, partial(unanswered_questions.cluster_questions, bot_id=bot_id))
    for _ in range(_MAX_BATCHES):
        with transaction(business_id) as session:
            if unanswered_questions.record_agent_answers(session, bot_id) < unanswered_questions.BATCH:
                return


def _in_batches(business_id: int, batch: Callable[..., int | None]) -> None:
    after: int | None = 0
    for _ in range(_MAX_BATCHES):
        with transaction(business_id) as session:
            after = batch(session, after=after)
        if after is None:
            return
