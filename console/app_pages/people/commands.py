"""Commands on people, for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from core.accounts import two_factor, user_admin
from core.models import Role

P = ParamSpec("P")
T = TypeVar("T")


def change(write: Callable[Concatenate[Session, int, str, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `write(session, business_id, actor, …)` as the current administrator in one transaction.

    Raises `NotAllowed` and the errors of `write`.
    """
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        return write(session, agent.business_id, f"agent:{agent.id}", *args, **kwargs)


def invite(name: str, email: str, role: Role) -> str:
    """Invite a person. Return a one-time link's token. Raises `NotAllowed`, `UnacceptablePerson`, `Conflict`."""
    return change(user_admin.invite, name, email, role)


def new_link(agent_id: int) -> str:
    """Return a new one-time link's token. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    return change(user_admin.new_link, agent_id)


def set_role(agent_id: int, role: Role) -> None:
    """Change a role. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(user_admin.set_role, agent_id, role)


def disable(agent_id: int) -> None:
    """Disable a person. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(user_admin.disable, agent_id)


def enable(agent_id: int) -> None:
    """Enable a person. Raises `NotAllowed`, `NotFound`."""
    change(user_admin.enable, agent_id)


def reset_second_factor(agent_id: int) -> None:
    """Turn off a person's two-step sign-in, for a lost phone. Raises `NotAllowed`, `NotFound`."""
    change(lambda session, _, actor: two_factor.remove(session, agent_id, actor))
