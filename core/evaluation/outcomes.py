"""Judge the bot's answers by the events after them.

| verdict     | cause        | what happened                                                                        |
|-------------|--------------|--------------------------------------------------------------------------------------|
| good        | used         | a person sent the draft as it was                                                    |
| good        | used_edited  | a person sent the draft with small changes                                           |
| bad         | edited       | a person rewrote the draft                                                           |
| bad         | discarded    | a person discarded the draft                                                         |
| bad         | handed_over  | next, within the hour, the customer asked for a person, asked again or was annoyed   |
| bad         | corrected    | a person wrote within half an hour, before the customer said anything else           |
| bad         | rated_low    | the customer rated the conversation 1 or 2, and only the bot had answered since      |
| bad         | came_back    | it was reopened, or the customer wrote again within a week of its end                |
| good        | rated_high   | rated 4 or 5, and only the bot had answered since                                    |
| good        | resolved     | no message for a week after its end, and only the bot had answered since             |
| unknown     | person       | a person continued the conversation, and shares in its outcome                       |
| unknown     | waiting      | an undecided draft                                                                   |
| unknown     | open         | not over, or not for a week yet                                                      |
| handed_over | the reason   | the bot gave no answer                                                               |

The first line that applies counts. A conversation ends when it is closed, or when nobody waits and there was no
message for a week. Unknown verdicts are judged again each day for three weeks; the others are final.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from core.conversations import pending_draft
from core.models import AnswerVerdict
from core.platform.db import business_of, run
from core.replies import drafts
from core.replies.handoff_rules import Reason

DURABLE = timedelta(days=7)  # a conversation not reopened for so long counts as resolved
_ASKED_WITHIN = timedelta(hours=1)
_CORRECTED_WITHIN = timedelta(minutes=30)
_MAX_AGE = timedelta(days=90)
_REJUDGE_WITHIN = timedelta(days=21)
_BATCH = 2000
_MINOR_EDIT = 90.0  # similarity, 0 to 100, above which an edit is minor
_LOW, _HIGH = 2, 4  # scores
DISSATISFIED = frozenset({Reason.KEYWORD, Reason.ASKED_TWICE, "sentiment"})


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Events after a run.

    `next_reason`: the reason of the hand-over that was the conversation's next run within the hour. `corrected`: the
    next message was a person's, within half an hour. `next_by_person`: what a person first wrote after the run.
    `ended`: the conversation ended a week ago or longer. `came_back`: the customer returned.
    """

    outcome: str
    decided_by: str
    draft: str | None = None
    next_reason: str | None = None
    corrected: bool = False
    next_by_person: str | None = None
    score: int | None = None
    ended: bool = False
    came_back: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """How good an answer was, and what shows it."""

    verdict: AnswerVerdict
    cause: str


def judged(after: FollowUp) -> Judgement:
    """Return the verdict, by the table above."""
    match after.outcome:
        case "handoff":
            return Judgement(AnswerVerdict.HANDED_OVER, after.decided_by)
        case pending_draft.PENDING:
            return Judgement(AnswerVerdict.UNKNOWN, "waiting")
        case drafts.SENT:
            return Judgement(AnswerVerdict.GOOD, "used")
        case drafts.DISCARDED:
            return Judgement(AnswerVerdict.BAD, "discarded")
        case drafts.EDITED:
            return _edited(after)
    if after.next_reason in DISSATISFIED:
        return Judgement(AnswerVerdict.BAD, "handed_over")
    if after.corrected:
        return Judgement(AnswerVerdict.BAD, "corrected")
    if after.next_by_person is not None:
        return Judgement(AnswerVerdict.UNKNOWN, "person")
    return _judge_ended(after)


def _edited(after: FollowUp) -> Judgement:
    if after.next_by_person is None:
        return Judgement(AnswerVerdict.UNKNOWN, "waiting")
    if fuzz.ratio(after.draft or "", after.next_by_person) >= _MINOR_EDIT:
        return Judgement(AnswerVerdict.GOOD, "used_edited")
    return Judgement(AnswerVerdict.BAD, "edited")


def _judge_ended(after: FollowUp) -> Judgement:
    if after.score is not None and after.score <= _LOW:
        return Judgement(AnswerVerdict.BAD, "rated_low")
    if after.came_back:
        return Judgement(AnswerVerdict.BAD, "came_back")
    if after.score is not None and after.score >= _HIGH:
        return Judgement(AnswerVerdict.GOOD, "rated_high")
    if after.ended:
        return Judgement(AnswerVerdict.GOOD, "resolved")
    return Judgement(AnswerVerdict.UNKNOWN, "open")


# An answer's message is stored in its run's own transaction, so what is stored later came after it.
_FOLLOW_UPS = """
WITH due AS (
    SELECT r.* FROM ai_runs r LEFT JOIN answer_outcomes o ON o.run_id = r.id
    WHERE r.business_id = %(business)s AND r.bot_id = %(bot)s AND r.id > %(after)s AND r.outcome = ANY(%(judged)s)
      AND r.created_at > now() - %(back)s
      AND (o.run_id IS NULL OR (o.verdict = 'unknown' AND o.judged_at < now() - interval '20 hours'
                                AND o.at > now() - %(again)s))
    ORDER BY r.id LIMIT %(limit)s
)
SELECT r.id, r.conversation_id, r.created_at, r.outcome, r.decided_by, r.trace ->> 'draft' AS draft,
       coalesce((r.trace #>> '{confidence,raw}')::float, r.confidence) AS confidence,
       r.trace -> 'topics' AS topics, named.sources,
       next_run.decided_by AS next_reason, coalesce(next_word.corrected, false) AS corrected,
       by_person.text AS next_by_person, c.csat AS score, coalesce(ends.at < now() - %(durable)s, false) AS ended,
       EXISTS (
           SELECT FROM messages m
           WHERE m.conversation_id = c.id AND m.type = 'event' AND m.payload ->> 'event' = 'reopened'
             AND m.created_at >= r.created_at AND m.created_at < r.created_at + %(back)s
       ) OR EXISTS (
           SELECT FROM conversations later
           WHERE later.contact_id = c.contact_id AND later.channel_id = c.channel_id AND c.closed_at IS NOT NULL
             AND later.created_at > c.closed_at AND later.created_at < c.closed_at + %(durable)s
       ) AS came_back
FROM due r
JOIN conversations c ON c.id = r.conversation_id
CROSS JOIN LATERAL (
    SELECT jsonb_agg(DISTINCT coalesce(passage.title, source.id)) AS sources
    FROM jsonb_array_elements_text(r.trace -> 'sources') AS source (id)
    LEFT JOIN LATERAL (
        SELECT p ->> 'title' AS title FROM jsonb_array_elements(r.trace -> 'passages') AS p WHERE p ->> 'id' = source.id
        LIMIT 1
    ) passage ON true
) named
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.status = 'closed' THEN c.closed_at WHEN c.waiting_since IS NULL THEN c.last_message_at END AS at
) ends
LEFT JOIN LATERAL (
    SELECT CASE WHEN n.outcome = 'handoff' AND n.created_at < r.created_at + %(asked)s THEN n.decided_by END
           AS decided_by
    FROM ai_runs n WHERE n.conversation_id = r.conversation_id AND n.id > r.id AND n.outcome = ANY(%(judged)s)
    ORDER BY n.id LIMIT 1
) next_run ON true
LEFT JOIN LATERAL (
    SELECT m.sender = 'agent' AND m.stored_at < r.created_at + %(corrected)s AS corrected
    FROM messages m
    WHERE m.conversation_id = r.conversation_id AND m.created_at >= date_trunc('second', r.created_at)
      AND m.stored_at > r.created_at AND m.sender IN ('customer', 'agent') AND m.type NOT IN ('note', 'event')
    ORDER BY m.created_at, m.id LIMIT 1
) next_word ON true
LEFT JOIN LATERAL (
    SELECT m.text FROM messages m
    WHERE m.conversation_id = r.conversation_id AND m.created_at >= date_trunc('second', r.created_at)
      AND m.stored_at > r.created_at AND m.sender = 'agent' AND m.type NOT IN ('note', 'event', 'reaction')
    ORDER BY m.created_at, m.id LIMIT 1
) by_person ON true
ORDER BY r.id
"""

_STORE = """
INSERT INTO answer_outcomes (business_id, bot_id, run_id, conversation_id, at, verdict, cause, confidence, topics,
                             sources, judged_at)
SELECT %(business)s, %(bot)s, k.run_id, k.conversation_id, k.at, k.verdict, k.cause, k.confidence,
       ARRAY(SELECT jsonb_array_elements_text(k.topics)), ARRAY(SELECT jsonb_array_elements_text(k.sources)), now()
FROM jsonb_to_recordset(%(kept)s::jsonb) AS k (
    run_id bigint, conversation_id bigint, at timestamptz, verdict text, cause text, confidence double precision,
    topics jsonb, sources jsonb)
ON CONFLICT (run_id) DO UPDATE SET verdict = excluded.verdict, cause = excluded.cause, judged_at = now()
"""


def judge(session: Session, bot_id: int, *, after: int = 0) -> int | None:
    """Judge a batch of the bot's runs with ids above `after`. Return the last one's id, None when there are no more.

    Runs of the last 90 days are judged, those with a verdict only while it is unknown.
    """
    scope = {"business": business_of(session), "bot": bot_id}
    rows = run(session, _FOLLOW_UPS, {**scope, "after": after, **_VALUES}).all()
    if not rows:
        return None
    judged_rows = json.dumps([_to_row(row) for row in rows], default=str)
    run(session, _STORE, {**scope, "kept": judged_rows})
    return int(rows[-1].id)


_VALUES = {
    "judged": ["reply", "handoff", pending_draft.PENDING, drafts.SENT, drafts.EDITED, drafts.DISCARDED],
    "back": _MAX_AGE,
    "again": _REJUDGE_WITHIN,
    "durable": DURABLE,
    "asked": _ASKED_WITHIN,
    "corrected": _CORRECTED_WITHIN,
    "limit": _BATCH,
}


def _to_row(row: Any) -> dict[str, Any]:
    verdict = judged(
        FollowUp(
            row.outcome, row.decided_by, row.draft, row.next_reason, row.corrected, row.next_by_person, row.score,
            row.ended, row.came_back,
        )
    )  # fmt: skip
    return {
        "run_id": row.id,
        "conversation_id": row.conversation_id,
        "at": row.created_at,
        "verdict": verdict.verdict,
        "cause": verdict.cause,
        "confidence": row.confidence,
        "topics": row.topics or [],
        "sources": row.sources or [],
    }


_SAMPLES = """
SELECT confidence, verdict = 'good' FROM answer_outcomes
WHERE bot_id = %(bot)s AND verdict IN ('good', 'bad') AND confidence IS NOT NULL AND at > now() - %(back)s
ORDER BY at DESC LIMIT %(limit)s
"""
_MAX_SAMPLES = 5000


def samples(session: Session, bot_id: int) -> Sequence[tuple[float, bool]]:
    """Return the confidence of the bot's newest judged answers, before calibration, and whether each was good."""
    rows = run(session, _SAMPLES, {"bot": bot_id, "back": _MAX_AGE, "limit": _MAX_SAMPLES})
    return [(float(confidence), bool(good)) for confidence, good in rows]
