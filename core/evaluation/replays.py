"""Replays (What if): start one within its limits, and read the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, takewhile
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import versions
from core.bots.llm.types import Usage
from core.bots.model_prices import PriceTable
from core.bots.settings import BotSettings
from core.evaluation import test_cases
from core.evaluation.replay_diff import (
    Difference,
    Expectation,
    FailedExpectation,
    ReplayResult,
    difference,
    failed_expectations,
)
from core.evaluation.test_cases import packed, unpacked
from core.models import Bot, BotVersion, Replay, ReplayItem, ReplaySource
from core.platform.config import get_settings
from core.platform.db import actor_of, business_of, run
from core.platform.errors import Conflict, NotFound
from core.replies import transcript
from core.tasks import background_tasks
from core.tasks.background_tasks import TaskView
from core.types import Role, Turn

KIND = "rehearsal"
MAX_ITEMS = 50
MAX_USD = Decimal(20)
_MAX_REPLAYS = 20  # replays of a bot
_MAX_NAME_LENGTH = 80  # characters
_MAX_ANSWERS = 1000  # answers, the newest


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay. `spend_limit` is in USD; None if a price is not known."""

    settings: BotSettings
    source: ReplaySource
    count: int
    spend_limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Item:
    """One question with the results of both settings; None until it was tried."""

    id: int
    name: str
    said: tuple[Turn, ...]
    conversation_id: int | None
    expected: Expectation
    before: ReplayResult | None
    after: ReplayResult | None

    @property
    def difference(self) -> Difference | None:
        return None if self.before is None or self.after is None else difference(self.before, self.after)

    @property
    def missed_before(self) -> tuple[FailedExpectation, ...]:
        return () if self.before is None else failed_expectations(self.expected, self.before)

    @property
    def missed(self) -> tuple[FailedExpectation, ...]:
        return () if self.after is None else failed_expectations(self.expected, self.after)


@dataclass(frozen=True, slots=True)
class RehearsalView:
    """A replay. `work` is None if its task was deleted: then it ended long ago."""

    id: int
    base_version: int
    source: ReplaySource
    spend_limit: Decimal | None
    spent: Decimal
    ended: str | None
    created_at: datetime
    work: TaskView | None
    items: Sequence[Item]

    @property
    def is_open(self) -> bool:
        return self.work is not None and self.work.is_open


def begin(session: Session, bot_id: int, plan: Plan) -> int:
    """Store the questions and enqueue the task; wake a worker after the commit. Return the replay's id.

    Raises:
        NotFound: no such bot.
        Conflict: there is no question to try.
        Conflict: the bot's last replay has not ended.
    """
    session.execute(select(Bot.id).where(Bot.id == bot_id).with_for_update(key_share=True))  # serialise starts
    version, base = versions.current(session, bot_id)
    last = latest(session, bot_id)
    if last is not None and last.is_open:
        raise Conflict("already_replaying", "A run of this bot is under way: wait for it, or cancel it.")
    count = max(1, min(plan.count, MAX_ITEMS))
    most = max(base.context_messages, plan.settings.context_messages)
    if plan.source is ReplaySource.CASES:
        items = _cases(session, bot_id, count)
    else:
        items = _conversations(session, bot_id, count, most)
    if not items:
        raise Conflict("nothing_to_replay", "There is nothing to try the settings on yet.")
    replay_id = session.execute(
        insert(Replay)
        .values(
            bot_id=bot_id,
            base_version=version,
            settings=plan.settings.model_dump(mode="json"),
            source=plan.source,
            spend_limit=None if plan.spend_limit is None else min(plan.spend_limit, MAX_USD),
            created_by=actor_of(session),
        )
        .returning(Replay.id)
    ).scalar_one()
    rows = [{"business_id": business_of(session), "replay_id": replay_id, "position": at} | one for at, one in items]
    session.execute(insert(ReplayItem), rows)
    run(session, _FORGET, {"bot": bot_id, "kept": _MAX_REPLAYS})
    background_tasks.enqueue(session, KIND, replay_id)
    audit_log.record(session, "bot.rehearse", f"bot:{bot_id}", rehearsal=replay_id, items=len(rows))
    return replay_id


_FORGET = """
DELETE FROM replays WHERE bot_id = %(bot)s AND id NOT IN (
    SELECT id FROM replays WHERE bot_id = %(bot)s ORDER BY id DESC LIMIT %(kept)s
) AND id NOT IN (
    SELECT max(r.id) FROM replays r JOIN bot_versions v ON v.bot_id = r.bot_id AND v.data = r.settings
    WHERE r.bot_id = %(bot)s GROUP BY v.version
)
"""


def _cases(session: Session, bot_id: int, count: int) -> list[tuple[int, dict[str, Any]]]:
    return [
        (
            at,
            {
                "case_id": case.id,
                "conversation_id": case.conversation_id,
                "name": case.name,
                "turns": [packed(turn) for turn in case.said],
                "replies_in_a_row": _in_a_row(case.said),
                "expected": case.expected.model_dump(mode="json"),
            },
        )
        for at, case in enumerate(test_cases.of_bot(session, bot_id)[:count])
    ]


# The newest question of each conversation that the bot had to answer, the newest conversations first.
_ANSWERED = """
SELECT conversation_id, question FROM (
    SELECT DISTINCT ON (r.conversation_id) r.conversation_id, r.id, q.id AS question
    FROM (
        SELECT id, conversation_id, created_at FROM ai_runs
        WHERE bot_id = %(bot)s AND outcome = ANY(%(outcomes)s::text[]) ORDER BY id DESC LIMIT %(looked_at)s
    ) r CROSS JOIN LATERAL (
        SELECT id FROM messages WHERE conversation_id = r.conversation_id AND sender = 'customer'
        AND stored_at <= r.created_at AND type = ANY(%(said)s::text[]) ORDER BY id DESC LIMIT 1
    ) q
    ORDER BY r.conversation_id, r.id DESC
) newest ORDER BY id DESC LIMIT %(count)s
"""
_OUTCOMES = ["reply", "handoff", "draft", "draft_sent", "draft_edited", "draft_discarded"]
_SAID = ["text", "interactive", "button", "location", "contacts", "order", "image", "audio", "video", "document"]


def _conversations(session: Session, bot_id: int, count: int, most: int) -> list[tuple[int, dict[str, Any]]]:
    values = {"bot": bot_id, "outcomes": _OUTCOMES, "said": _SAID, "count": count, "looked_at": _MAX_ANSWERS}
    rows = run(session, _ANSWERED, values).all()
    found: list[tuple[int, dict[str, Any]]] = []
    for conversation_id, question in rows:
        turns = transcript.turns_until(session, conversation_id, limit=most, until=question)
        if turns and turns[-1].role is Role.CUSTOMER:
            item = {
                "conversation_id": conversation_id,
                "case_id": None,
                "name": " ".join(turns[-1].text.split())[:_MAX_NAME_LENGTH],
                "turns": [packed(turn) for turn in turns],
                "replies_in_a_row": _in_a_row(turns),
                "expected": {},
            }
            found.append((len(found), item))
    return found


def _in_a_row(turns: Sequence[Turn]) -> int:
    """Return the bot's replies since a person last took part, as far as the turns go back."""
    since = list(takewhile(lambda turn: turn.role is not Role.AGENT, reversed(turns)))
    return sum(role is Role.BOT for role, _ in groupby(since, key=lambda turn: turn.role))


def cancel(session: Session, replay_id: int) -> None:
    """Cancel a replay after the current question; results stay. No-op if it has ended."""
    if background_tasks.cancel_for(session, KIND, replay_id):
        audit_log.record(session, "bot.rehearse_cancel", f"rehearsal:{replay_id}")


def latest(session: Session, bot_id: int) -> RehearsalView | None:
    """Return the bot's newest replay."""
    return _view(session, select(Replay).where(Replay.bot_id == bot_id))


def of_version(session: Session, bot_id: int, number: int) -> RehearsalView | None:
    """Return the newest replay of exactly the settings of a version."""
    data = select(BotVersion.data).where(BotVersion.bot_id == bot_id, BotVersion.version == number).scalar_subquery()
    return _view(session, select(Replay).where(Replay.bot_id == bot_id, Replay.settings == data))


def _view(session: Session, query: Any) -> RehearsalView | None:
    replay = session.scalars(query.order_by(Replay.id.desc()).limit(1)).one_or_none()
    if replay is None:
        return None
    rows = session.scalars(select(ReplayItem).where(ReplayItem.replay_id == replay.id).order_by(ReplayItem.position))
    return RehearsalView(
        replay.id,
        replay.base_version,
        ReplaySource(replay.source),
        replay.spend_limit,
        replay.spent,
        replay.ended,
        replay.created_at,
        background_tasks.latest(session, KIND, [replay.id]).get(replay.id),
        [item_of(row) for row in rows],
    )


def item_of(row: ReplayItem) -> Item:
    """Convert a stored row."""
    return Item(
        row.id,
        row.name,
        tuple(unpacked(one) for one in row.turns),
        row.conversation_id,
        Expectation.model_validate(row.expected),
        None if row.before is None else ReplayResult.model_validate(row.before),
        None if row.after is None else ReplayResult.model_validate(row.after),
    )


def find_item(session: Session, item_id: int) -> Item:
    """Return one question of a replay. Raises `NotFound`."""
    row = session.get(ReplayItem, item_id)
    if row is None:
        raise NotFound(f"No item {item_id}.")
    return item_of(row)


def most_of_a_call(settings: BotSettings, prices: PriceTable) -> Decimal | None:
    """Return the maximum cost of one call with these settings in USD, None when the model's price is not known."""
    model = settings.model or get_settings().openai_model
    usage = Usage(input=settings.context_tokens, cached=0, output=settings.max_output_tokens)
    return prices.cost(model, usage, datetime.now(UTC))
