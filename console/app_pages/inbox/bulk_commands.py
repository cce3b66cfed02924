"""Bulk commands on conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from console import auth
from console.app_pages.inbox import commands
from console.db import transaction
from core.accounts import visibility
from core.messaging import closing
from core.messaging.closing import CloseUndo
from core.platform import events, job_queue
from core.platform.errors import Conflict, Invalid, NotFound, StoreUnavailable

MOST = 200


@dataclass(slots=True)
class Outcome:
    """Counts of successes and failures; `stood` are the states of the closed conversations before closing."""

    done: int = 0
    refused: int = 0
    stood: list[CloseUndo] = field(default_factory=list)


def several(
    action: str,
    conversation_ids: Sequence[int],
    value: int | Sequence[str] | None = None,
) -> Outcome:
    """Take, read, close, assign (`value`: agent id or None) or tag (`value`: tags to add).

    Each conversation is handled separately, so one failure does not stop the others. When the database goes away, what
    is left is refused: a repeat of the whole would not know how to undo what is done.
    Raises `NotAllowed`, `ValueError` for an unknown action, and `StoreUnavailable` if nothing was done.
    """
    outcome = Outcome()
    act = _action(action, value, outcome)
    for conversation_id in conversation_ids:
        try:
            act(conversation_id)
            outcome.done += 1
        except (Conflict, Invalid, NotFound):
            outcome.refused += 1
        except StoreUnavailable:
            if not outcome.done:
                raise
            outcome.refused = len(conversation_ids) - outcome.done
            break
    return outcome


def _action(action: str, value: int | Sequence[str] | None, outcome: Outcome) -> Callable[[int], None]:
    def close(conversation_id: int) -> None:
        if stood := commands.close(conversation_id):
            outcome.stood.append(stood)

    match action, value:
        case "take", _:
            return commands.take_over
        case "read", _:
            return commands.mark_seen
        case "close", _:
            return close
        case "assign", int() | None:
            return lambda one: commands.assign(one, value)
        case "tag", list() | tuple():
            return lambda one: commands.add_tags(one, value)
    raise ValueError(f"{action!r} cannot be done to several conversations")


def take_back(stood: Sequence[CloseUndo]) -> int:
    """Undo closing. Return how many reopened; fewer if customers have written again since. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        known = [one for one in stood if visibility.sees(session, agent, one["id"])]
        opened = closing.undo_close(session, known)
        events.publish_change(session, 0)
    job_queue.wake_worker()
    return opened
