"""What administrators do about people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from core.accounts import two_factor, user_admin
from core.models import Role

T = TypeVar("T")


def change(write: Callable[[Session, int, str], T]) -> T:
    """Write as the administrator who acts, in one transaction. Raises `NotAllowed`, and what `write` raises."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        return write(session, agent.business_id, f"agent:{agent.id}")


def invite(name: str, email: str, role: Role) -> str:
    """Returns a one-time link's token. Raises `NotAllowed`, `UnacceptablePerson`, `Conflict`."""
    return change(lambda *known: user_admin.invite(*known, name, email, role))


def new_link(agent_id: int) -> str:
    """Returns a one-time link's token. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    return change(lambda *known: user_admin.new_link(*known, agent_id))


def set_role(agent_id: int, role: Role) -> None:
    """Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(lambda *known: user_admin.set_role(*known, agent_id, role))


def disable(agent_id: int) -> None:
    """Raises `NotAllowed`, `NotFound`, `Conflict`."""
    change(lambda *known: user_admin.disable(*known, agent_id))


def enable(agent_id: int) -> None:
    """Raises `NotAllowed`, `NotFound`."""
    change(lambda *known: user_admin.enable(*known, agent_id))


def reset_second_factor(agent_id: int) -> None:
    """For somebody who lost their phone. Raises `NotAllowed`, `NotFound`."""
    change(lambda session, _, actor: two_factor.remove(session, agent_id, actor))
