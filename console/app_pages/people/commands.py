"""Commands on people, for administrators."""

from __future__ import annotations

from console.writing import as_administrator
from core.accounts import two_factor, user_admin
from core.models import Role


def invite(name: str, email: str, role: Role) -> str:
    """Invite a person. Return a one-time link's token. Raises `NotAllowed`, `Invalid`, `Conflict`."""
    return as_administrator(user_admin.invite, name, email, role)


def new_link(agent_id: int) -> str:
    """Return a new one-time link's token. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    return as_administrator(user_admin.new_link, agent_id)


def set_role(agent_id: int, role: Role) -> None:
    """Change a role. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    as_administrator(user_admin.set_role, agent_id, role)


def disable(agent_id: int) -> None:
    """Disable a person. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    as_administrator(user_admin.disable, agent_id)


def enable(agent_id: int) -> None:
    """Enable a person. Raises `NotAllowed`, `NotFound`."""
    as_administrator(user_admin.enable, agent_id)


def reset_second_factor(agent_id: int) -> None:
    """Turn off a person's two-step sign-in, for a lost phone. Raises `NotAllowed`, `NotFound`."""
    as_administrator(two_factor.remove, agent_id)
