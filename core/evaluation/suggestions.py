"""Suggested answers: list, accept into the bot's settings, snooze and dismiss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import version_history, versions
from core.bots.settings import BotSettings, QaPair
from core.models import Bot, Suggestion, SuggestionState
from core.platform.db import actor_of, run
from core.platform.errors import Conflict, Invalid, NotFound
from core.text.pii import MASK

PAGE = 20
MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """One occurrence of the question, and an agent's answer ("" if there is none). Personal data is redacted."""

    conversation_id: int
    question: str
    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suggested:
    """A question without an answer. `count` is how often it was asked; `drafted_by` is "team", "model" or ""."""

    id: int
    bot_id: int
    question: str
    answer: str
    drafted_by: str
    language: str
    count: int
    first_asked_at: datetime
    last_asked_at: datetime
    examples: Sequence[Example]


# The suggestions of a view, those asked most in the last thirty days first.
_LISTED = """
SELECT s.id, s.bot_id, s.question, s.answer, s.drafted_by, s.language, asked.times, s.first_asked_at, s.last_asked_at,
       asked.examples
FROM suggestions s
CROSS JOIN LATERAL (
    SELECT count(*) AS times,
           count(*) FILTER (WHERE q.asked_at > now() - interval '30 days') AS lately,
           (SELECT jsonb_agg(jsonb_build_array(e.conversation_id, e.text, e.answer, e.asked_at) ORDER BY e.run_id DESC)
            FROM (SELECT * FROM asked_questions WHERE suggestion_id = s.id ORDER BY run_id DESC LIMIT %(examples)s) e
           ) AS examples
    FROM asked_questions q WHERE q.suggestion_id = s.id
) asked
WHERE s.bot_id = %(bot)s AND asked.times > 0 AND (
    CASE WHEN s.state = 'open' AND s.snoozed_until > now() THEN 'snoozed' ELSE s.state END = %(view)s
)
ORDER BY asked.lately DESC, s.last_asked_at DESC, s.id DESC LIMIT %(limit)s
"""


def listed(session: Session, bot_id: int, view: str = SuggestionState.OPEN, *, limit: int = PAGE) -> list[Suggested]:
    """Return the bot's suggestions that are open, snoozed, accepted or dismissed, those asked most lately first."""
    values = {"bot": bot_id, "view": view, "limit": limit, "examples": MAX_EXAMPLES}
    return [_suggested(row) for row in run(session, _LISTED, values)]


def _suggested(row: Any) -> Suggested:
    examples = [Example(talk, said, answer, datetime.fromisoformat(at)) for talk, said, answer, at in row.examples]
    return Suggested(
        row.id, row.bot_id, row.question, row.answer, row.drafted_by, row.language, row.times, row.first_asked_at,
        row.last_asked_at, examples,
    )  # fmt: skip


def counts(session: Session, bot_id: int) -> dict[str, int]:
    """Return the number of suggestions in each view."""
    rows = run(session, _COUNTS, {"bot": bot_id})
    return {view: int(count) for view, count in rows}


_COUNTS = """
SELECT CASE WHEN state = 'open' AND snoozed_until > now() THEN 'snoozed' ELSE state END, count(*) FROM suggestions s
WHERE bot_id = %(bot)s AND EXISTS (SELECT FROM asked_questions q WHERE q.suggestion_id = s.id) GROUP BY 1
"""


def accept(session: Session, suggestion_id: int, question: str, answer: str) -> int:
    """Add it to the bot's approved answers, in a new version of its settings. Return the version's number.

    It replaces an answer to the same question.

    Raises:
        NotFound: there is no such suggestion.
        Conflict: it was accepted or dismissed.
        Invalid: the text cannot be an answer yet.
    """
    if MASK in question or MASK in answer:
        raise Invalid("still_masked", f"Put words in the place of {MASK}, where personal data stood.")
    suggestion = _undecided(session, suggestion_id)
    session.execute(select(Bot.id).where(Bot.id == suggestion.bot_id).with_for_update())
    based_on, settings = versions.current(session, suggestion.bot_id)
    number = version_history.save(
        session, suggestion.bot_id, _with_pair(settings, question, answer),
        based_on=based_on, note=f"+ {question}",
    )  # fmt: skip
    suggestion.question, suggestion.answer, suggestion.settings_version = question.strip(), answer.strip(), number
    _decide(session, suggestion, SuggestionState.ACCEPTED)
    return number


def _with_pair(settings: BotSettings, question: str, answer: str) -> BotSettings:
    try:
        pair = QaPair(question=question.strip(), answer=answer.strip(), approved=True)
        others = tuple(one for one in settings.qa_pairs if one.question.casefold() != pair.question.casefold())
        return BotSettings.model_validate({**settings.model_dump(), "qa_pairs": (*others, pair)})
    except ValidationError:
        raise Invalid(
            "invalid_answer", "A question has up to 500 characters, an answer up to 4000, and a bot up to 1000 answers."
        ) from None


def dismiss(session: Session, suggestion_id: int) -> None:
    """Dismiss it; later occurrences are still added to it. Raises `NotFound`, `Conflict`."""
    _decide(session, _undecided(session, suggestion_id), SuggestionState.DISMISSED)


def snooze(session: Session, suggestion_id: int, days: int) -> None:
    """Snooze it for some days. Raises `NotFound`, `Conflict`."""
    suggestion = _undecided(session, suggestion_id)
    suggestion.snoozed_until = func.now() + timedelta(days=days)
    audit_log.record(session, "suggestion.snooze", f"suggestion:{suggestion_id}", days=days)
    session.flush()


def reopen(session: Session, suggestion_id: int) -> None:
    """Reopen a dismissed or snoozed suggestion. Raises `NotFound`; `Conflict` when it was accepted."""
    suggestion = _locked(session, suggestion_id)
    if suggestion.state == SuggestionState.ACCEPTED:
        raise Conflict("already_decided", "This answer is in use: change it in the bot's settings.")
    suggestion.snoozed_until = None
    _decide(session, suggestion, SuggestionState.OPEN)


def _locked(session: Session, suggestion_id: int) -> Suggestion:
    query = select(Suggestion).where(Suggestion.id == suggestion_id).with_for_update()
    suggestion = session.scalars(query).one_or_none()
    if suggestion is None:
        raise NotFound(f"No suggestion {suggestion_id}.")
    return suggestion


def _undecided(session: Session, suggestion_id: int) -> Suggestion:
    suggestion = _locked(session, suggestion_id)
    if suggestion.state != SuggestionState.OPEN:
        raise Conflict("already_decided", "Somebody has already decided on this suggestion.")
    return suggestion


def _decide(session: Session, suggestion: Suggestion, state: SuggestionState) -> None:
    suggestion.state = state
    suggestion.decided_by = actor_of(session)
    suggestion.decided_at = func.now()
    audit_log.record(session, f"suggestion.{state}", f"suggestion:{suggestion.id}")
    session.flush()
