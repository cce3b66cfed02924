"""Cluster questions that the bot could not answer into suggestions, with the answers of agents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.bots.approved_answers import meaning
from core.evaluation.agent_answers import best, most_like_others
from core.evaluation.question_clusters import Groups
from core.models import AskedQuestion, Bot, Suggestion
from core.platform.db import business_of, run
from core.replies.handoff_rules import Reason
from core.text.normalize import guess_language
from core.text.pii import redact

UNANSWERED_REASONS = (Reason.LOW_CONFIDENCE, Reason.MODEL_ASKED, Reason.NO_MODEL, Reason.ASKED_TWICE, Reason.EMPTY)
_LOOKED_BACK = timedelta(days=30)
_ANSWERED_WITHIN = timedelta(days=1)
BATCH = 500
_MAX_QUESTIONS = 2000  # the newest questions of that time
_MAX_QUESTION_LENGTH = 500

# The customer's messages without a reply when the run began.
_ASKED = """
SELECT r.id, r.conversation_id, r.created_at AS at, ct.name, asked.words
FROM (
    SELECT id, conversation_id, created_at FROM ai_runs
    WHERE business_id = %(business)s AND bot_id = %(bot)s AND outcome = 'handoff'
      AND decided_by = ANY(%(reasons)s) AND created_at > now() - %(back)s
    ORDER BY id DESC LIMIT %(most)s
) r
JOIN conversations c ON c.id = r.conversation_id
JOIN contacts ct ON ct.id = c.contact_id
CROSS JOIN LATERAL (
    SELECT string_agg(text, E'\\n' ORDER BY created_at, id) AS words FROM (
        SELECT m.id, m.text, m.type, m.created_at,
               sum((m.sender <> 'customer')::int) OVER (ORDER BY m.created_at DESC, m.id DESC) AS answers
        FROM (
            SELECT * FROM messages WHERE conversation_id = r.conversation_id AND stored_at < r.created_at
              AND sender IN ('customer', 'bot', 'agent') AND type NOT IN ('event', 'note', 'reaction')
            ORDER BY created_at DESC, id DESC LIMIT 6
        ) m
    ) latest WHERE answers = 0 AND type = 'text'
) asked
WHERE r.id > %(after)s AND NOT EXISTS (SELECT FROM asked_questions q WHERE q.run_id = r.id)
ORDER BY r.id LIMIT %(limit)s
"""


def cluster_questions(session: Session, bot_id: int, *, after: int = 0) -> int | None:
    """Add a batch of new questions, by runs with ids above `after`, to the bot's suggestions.

    A concurrent call for the same bot waits, and finds nothing to do. The newest 2,000 of the last thirty days are
    considered. Return the last run's id, None when there are no more.
    """
    session.execute(select(Bot.id).where(Bot.id == bot_id).with_for_update(key_share=True))
    scope = {
        "business": business_of(session),
        "bot": bot_id,
        "reasons": list(UNANSWERED_REASONS),
        "back": _LOOKED_BACK,
        "most": _MAX_QUESTIONS,
    }
    rows = run(session, _ASKED, {**scope, "after": after, "limit": BATCH}).all()
    if not rows:
        return None
    groups = Groups(
        session.execute(select(Suggestion.id, Suggestion.question).where(Suggestion.bot_id == bot_id)).all()
    )
    for row in rows:
        question = _question(row.words, row.name)
        if meaning(question):
            _add_question(session, bot_id, groups, row, question)
    return int(rows[-1].id)


def _question(words: str | None, name: str) -> str:
    return redact(" ".join((words or "").split())[: 2 * _MAX_QUESTION_LENGTH], name)[:_MAX_QUESTION_LENGTH]


def _add_question(session: Session, bot_id: int, groups: Groups, row: Any, question: str) -> None:
    suggestion_id = groups.nearest(question)
    if suggestion_id is None:
        suggestion_id = session.execute(
            insert(Suggestion)
            .values(
                bot_id=bot_id, question=question, language=guess_language(question), first_asked_at=row.at,
                last_asked_at=row.at,
            )
            .returning(Suggestion.id)
        ).scalar_one()  # fmt: skip
        groups.add(suggestion_id, question)
    session.execute(
        insert(AskedQuestion).values(
            suggestion_id=suggestion_id, run_id=row.id, conversation_id=row.conversation_id, text=question,
            asked_at=row.at,
        )
    )  # fmt: skip
    run(session, _UPDATE_LAST_ASKED, {"id": suggestion_id, "at": row.at})


_UPDATE_LAST_ASKED = "UPDATE suggestions SET last_asked_at = greatest(last_asked_at, %(at)s) WHERE id = %(id)s"

_ANSWERED = """
SELECT q.run_id, q.suggestion_id, q.text AS question, ct.name, said.words
FROM asked_questions q
JOIN conversations c ON c.id = q.conversation_id
JOIN contacts ct ON ct.id = c.contact_id
CROSS JOIN LATERAL (
    SELECT array_agg(text ORDER BY created_at, id) AS words FROM (
        SELECT m.id, m.text, m.created_at FROM messages m
        WHERE m.conversation_id = q.conversation_id AND m.sender = 'agent' AND m.type = 'text'
          AND m.created_at >= date_trunc('second', q.asked_at) AND m.created_at < q.asked_at + %(within)s
        ORDER BY m.created_at, m.id LIMIT 5
    ) first
) said
WHERE q.business_id = %(business)s AND q.answer = '' AND said.words IS NOT NULL AND q.asked_at > now() - %(recent)s
  AND q.suggestion_id IN (SELECT id FROM suggestions WHERE bot_id = %(bot)s)
ORDER BY q.run_id LIMIT %(limit)s
"""


def record_agent_answers(session: Session, bot_id: int) -> int:
    """Record agents' answers to questions that had none yet. Return to how many.

    A suggestion without a draft of the model takes the answer most similar to the others as its draft.
    """
    values = {
        "business": business_of(session),
        "bot": bot_id,
        "within": _ANSWERED_WITHIN,
        "recent": _LOOKED_BACK,
        "limit": BATCH,
    }
    rows = run(session, _ANSWERED, values).all()
    for row in rows:
        answer = redact(best(row.question, row.words), row.name)
        run(session, _SET_ANSWER, {"run": row.run_id, "answer": answer})
    for suggestion_id in sorted({row.suggestion_id for row in rows}):
        _draft(session, suggestion_id)
    return len(rows)


_SET_ANSWER = "UPDATE asked_questions SET answer = %(answer)s WHERE run_id = %(run)s"
_DRAFT = """
UPDATE suggestions SET answer = %(answer)s, drafted_by = 'team'
WHERE id = %(id)s AND state = 'open' AND drafted_by <> 'model'
"""


def _draft(session: Session, suggestion_id: int) -> None:
    texts = answers(session, suggestion_id)
    if texts:
        run(session, _DRAFT, {"id": suggestion_id, "answer": most_like_others(texts)})


def answers(session: Session, suggestion_id: int, limit: int = 20) -> Sequence[str]:
    """Return agents' answers to a question, the newest first."""
    found: Iterable[str] = session.scalars(
        select(AskedQuestion.answer)
        .where(AskedQuestion.suggestion_id == suggestion_id, AskedQuestion.answer != "")
        .order_by(AskedQuestion.run_id.desc())
        .limit(limit)
    )
    return list(found)
