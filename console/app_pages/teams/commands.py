"""Commands on teams, for administrators."""

from __future__ import annotations

from collections.abc import Collection

from console.writing import as_administrator
from core.accounts import teams, visibility
from core.conversations import assignment
from core.conversations.assignment import Rules
from core.models import Sees


def create(name: str) -> int:
    """Create a team. Return its id. Raises `NotAllowed`, `Invalid`, `Conflict`."""
    return as_administrator(teams.create, name)


def rename(team_id: int, name: str) -> None:
    """Rename a team. Raises `NotAllowed`, `NotFound`, `Invalid`, `Conflict`."""
    as_administrator(teams.rename, team_id, name)


def remove(team_id: int) -> None:
    """Delete a team. Raises `NotAllowed`, `NotFound`."""
    as_administrator(teams.remove, team_id)


def set_members(team_id: int, agent_ids: Collection[int]) -> None:
    """Replace a team's members. Raises `NotAllowed`, `NotFound`."""
    as_administrator(teams.set_members, team_id, agent_ids)


def set_channels(team_id: int, channel_ids: Collection[int]) -> None:
    """Replace a team's channels. Raises `NotAllowed`, `NotFound`."""
    as_administrator(teams.set_channels, team_id, channel_ids)


def set_rules(rules: Rules) -> None:
    """Save the assignment rules. Raises `NotAllowed`, `Invalid`."""
    as_administrator(assignment.set_rules, rules)


def set_visibility(sees: str) -> None:
    """Set which conversations agents see: a value of `core.models.Sees`. Raises `NotAllowed`, `ValueError`."""
    as_administrator(visibility.set_setting, Sees(sees))
