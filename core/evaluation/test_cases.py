"""Test cases of a bot: questions of customers with the expectations of a good answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.evaluation.replay_diff import Expectation
from core.models import AIRun, Bot, Message, SavedTestCase, Sender
from core.platform.db import actor_of
from core.platform.errors import Invalid, NotFound
from core.replies import transcript
from core.types import Role, Turn

MAX_CASES = 200
LONGEST_NAME = 120  # characters
MAX_QUESTION_LENGTH = 4_000
_MAX_TURNS = 20


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what its answer must do; `said` is the conversation, the question last."""

    id: int
    name: str
    said: tuple[Turn, ...]
    expected: Expectation
    conversation_id: int | None
    created_at: datetime


def add(
    session: Session,
    bot_id: int,
    name: str,
    said: Sequence[Turn],
    expected: Expectation,
    *,
    conversation_id: int | None = None,
) -> int:
    """Save a case. `said` ends with the customer's message. Return its id.

    Raises:
        NotFound: no such bot.
        Invalid: no name, not a question at the end, or the bot has 200 cases.
    """
    if session.scalar(select(Bot.id).where(Bot.id == bot_id)) is None:
        raise NotFound(f"No bot {bot_id}.")
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name or not said or said[-1].role is not Role.CUSTOMER or not said[-1].text.strip():
        raise Invalid("invalid_case", "A case has a name and ends with what the customer asks.")
    count = session.scalar(select(func.count()).select_from(SavedTestCase).where(SavedTestCase.bot_id == bot_id)) or 0
    if count >= MAX_CASES:
        raise Invalid("invalid_case", f"A bot has at most {MAX_CASES} cases.")
    case_id = session.execute(
        insert(SavedTestCase)
        .values(
            bot_id=bot_id,
            conversation_id=conversation_id,
            name=name,
            turns=[packed(turn) for turn in said],
            expected=expected.model_dump(mode="json"),
            created_by=actor_of(session),
        )
        .returning(SavedTestCase.id)
    ).scalar_one()
    audit_log.record(session, "case.add", f"case:{case_id}", bot=bot_id)
    return case_id


def asked(question: str) -> tuple[Turn, ...]:
    """Return the turns of a typed question; each paragraph is a message of its own."""
    now = datetime.now(UTC)
    return tuple(Turn(Role.CUSTOMER, part.strip(), now) for part in question.split("\n\n") if part.strip())


def remove(session: Session, case_id: int) -> None:
    """Delete a case; results of replays stay. No-op if it does not exist."""
    gone = session.scalar(delete(SavedTestCase).where(SavedTestCase.id == case_id).returning(SavedTestCase.name))
    if gone is not None:
        audit_log.record(session, "case.remove", f"case:{case_id}")


def of_bot(session: Session, bot_id: int) -> list[Case]:
    """Return a bot's cases, oldest first."""
    rows = session.scalars(select(SavedTestCase).where(SavedTestCase.bot_id == bot_id).order_by(SavedTestCase.id))
    return [
        Case(
            row.id,
            row.name,
            tuple(unpacked(one) for one in row.turns),
            Expectation.model_validate(row.expected),
            row.conversation_id,
            row.created_at,
        )
        for row in rows
    ]


def of_answer(
    session: Session, name: str, expected: Expectation, *, message_id: int | None = None, run_id: int | None = None
) -> int:
    """Save the turns that the bot answered with a message, or in a run, as a case. Return its id.

    Raises:
        NotFound: the bot wrote no such message, or was removed.
        Invalid: see `add`.
    """
    condition = AIRun.message_id == message_id if message_id is not None else AIRun.id == run_id
    run = session.scalars(select(AIRun).where(condition).order_by(AIRun.id.desc()).limit(1)).one_or_none()
    if run is None or run.bot_id is None:
        raise NotFound("Nothing is known of how the bot wrote this.")
    question = session.scalar(
        select(func.max(Message.id)).where(
            Message.conversation_id == run.conversation_id,
            Message.sender == Sender.CUSTOMER,
            Message.stored_at <= run.created_at,
        )
    )
    turns = transcript.turns_until(session, run.conversation_id, limit=_MAX_TURNS, until=question)
    return add(session, run.bot_id, name, turns, expected, conversation_id=run.conversation_id)


def packed(turn: Turn) -> dict[str, Any]:
    """Return a turn as JSON."""
    return {
        "role": str(turn.role),
        "text": turn.text,
        "at": turn.at.isoformat(),
        "readable": turn.readable,
        "about": turn.about,
    }


def unpacked(document: dict[str, Any]) -> Turn:
    """Restore a turn from its stored form; the reverse of `packed`."""
    return Turn(
        Role(document["role"]),
        document["text"],
        datetime.fromisoformat(document["at"]),
        document["readable"],
        document.get("about", ""),
    )
