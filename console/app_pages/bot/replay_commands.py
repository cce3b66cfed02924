"""Commands for replays and saved cases."""

from __future__ import annotations

from decimal import Decimal

from console import auth
from console.db import transaction
from core.bots.settings import BotSettings
from core.evaluation import replays, test_cases
from core.evaluation.replay_diff import Expectation
from core.evaluation.replays import Plan
from core.models import ReplaySource
from core.platform import job_queue


def begin(bot_id: int, settings: BotSettings, source: str, *, count: int, spend_limit: Decimal | None) -> int:
    """Start a replay of at most `count` questions and `spend_limit` USD. Return its id.

    Raises `NotAllowed`, `NotFound`, `Conflict`.
    """
    agent = auth.require(*auth.MANAGERS, fresh=True)
    plan = Plan(settings, ReplaySource(source), count, spend_limit)
    with transaction(agent.scope) as session:
        replay_id = replays.begin(session, bot_id, plan)
    job_queue.wake_worker()
    return replay_id


def cancel(replay_id: int) -> None:
    """Cancel a replay. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        replays.cancel(session, replay_id)


def add_case(bot_id: int, name: str, question: str, expected: Expectation) -> None:
    """Save a case. Raises `NotAllowed`, `Invalid`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        test_cases.add(session, bot_id, name, test_cases.asked(question), expected)


def keep_item(bot_id: int, item_id: int, name: str, expected: Expectation) -> None:
    """Save a replayed question as a case. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        item = replays.find_item(session, item_id)
        test_cases.add(session, bot_id, name, item.said, expected, conversation_id=item.conversation_id)


def keep_answer(message_id: int | None, run_id: int | None, name: str, expected: Expectation) -> None:
    """Save the question behind an answer as a case. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        test_cases.of_answer(session, name, expected, message_id=message_id, run_id=run_id)


def remove_case(case_id: int) -> None:
    """Delete a case. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        test_cases.remove(session, case_id)
