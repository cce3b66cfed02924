"""Commands on teams, for administrators."""

from __future__ import annotations

from collections.abc import Collection

from console.app_pages.people.commands import change
from core.accounts import teams, visibility
from core.conversations import assignment
from core.conversations.assignment import Rules
from core.models import Sees


def create(name: str) -> int:
    """Create a team. Return its id. Raises `NotAllowed`, `UnacceptableTeam`, `TeamNameTaken`."""
    return change(teams.create, name)


def rename(team_id: int, name: str) -> None:
    """Rename a team. Raises `NotAllowed`, `NotFound`, `UnacceptableTeam`, `TeamNameTaken`."""
    change(teams.rename, team_id, name)


def remove(team_id: int) -> None:
    """Delete a team. Raises `NotAllowed`, `NotFound`."""
    change(teams.remove, team_id)


def set_members(team_id: int, agent_ids: Collection[int]) -> None:
    """Replace a team's members. Raises `NotAllowed`, `NotFound`."""
    change(teams.set_members, team_id, agent_ids)


def set_channels(team_id: int, channel_ids: Collection[int]) -> None:
    """Replace a team's channels. Raises `NotAllowed`, `NotFound`."""
    change(teams.set_channels, team_id, channel_ids)


def set_rules(rules: Rules) -> None:
    """Save the assignment rules. Raises `NotAllowed`, `UnacceptableLimit`."""
    change(assignment.set_rules, rules)


def set_visibility(sees: str) -> None:
    """Set which conversations agents see: a value of `core.models.Sees`. Raises `NotAllowed`, `ValueError`."""
    change(visibility.set_setting, Sees(sees))
