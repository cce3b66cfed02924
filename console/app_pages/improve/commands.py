"""Commands of the Improve page."""

from __future__ import annotations

from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from core.accounts.sessions import CurrentAgent
from core.bots import price_table, usage
from core.bots.llm.configured import model
from core.bots.llm.types import ModelFailed
from core.evaluation import hourly_run, suggestion_drafts, suggestions
from core.evaluation.suggestion_drafts import Material
from core.platform.errors import Conflict, Unavailable
from core.replies import trial_costs
from core.replies.decision import Trace


def accept(suggestion_id: int, question: str, answer: str) -> int:
    """Add it to the approved answers. Return the new version of the bot's settings.

    Raises `NotAllowed`, `NotFound`, `Conflict`, `Invalid`.
    """
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        return suggestions.accept(session, suggestion_id, question, answer)


def dismiss(suggestion_id: int) -> None:
    """Dismiss a suggestion. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        suggestions.dismiss(session, suggestion_id)


def snooze(suggestion_id: int, days: int) -> None:
    """Snooze a suggestion. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        suggestions.snooze(session, suggestion_id, days)


def reopen(suggestion_id: int) -> None:
    """Reopen a suggestion. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        suggestions.reopen(session, suggestion_id)


def look_again(bot_id: int) -> None:
    """Collect new questions now, without waiting for the hourly run. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    hourly_run.collect_questions(agent.business_id, bot_id)


def draft(suggestion_id: int) -> str:
    """Have the model draft an answer from colleagues' answers, within the bot's budgets. Return it.

    Raises `NotAllowed`, `NotFound`, `Conflict`, `Unavailable`.
    """
    agent = auth.require(*auth.MANAGERS, fresh=True)
    writer = model()
    if writer is None:
        raise Unavailable("not_drafted", "No model is configured.")
    with transaction(agent.scope) as session:
        material = suggestion_drafts.material(session, suggestion_id)
        fits = usage.fits(session, material.bot_id, material.settings, ())
        if not fits or usage.is_money_spent(session, material.bot_id, material.settings):
            raise Conflict("over_budget", "The bot has spent its budget: try again later.")
    try:
        entry, trace = suggestion_drafts.write(material, writer, price_table.table(agent.business_id))
    except ModelFailed as failure:
        with transaction(agent.scope) as session:
            _spent(session, agent, material, suggestion_drafts.trace(failure, price_table.table(agent.business_id)))
        raise Unavailable("not_drafted", str(failure)) from failure
    with transaction(agent.scope) as session:
        _spent(session, agent, material, trace)
        suggestion_drafts.keep(session, suggestion_id, entry)
    if not entry.answer.strip():
        raise Unavailable("not_drafted", "Neither colleagues nor the facts give an answer.")
    return entry.answer.strip()


def _spent(session: Session, agent: CurrentAgent, material: Material, trace: Trace) -> None:
    trial_costs.record_trial(session, material.bot_id, trace, action=suggestion_drafts.ACTION)
