"""Write transactions of pages. A command checks the agent's role again, by the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from console import auth
from console.db import transaction
from core.accounts.sessions import CurrentAgent

P = ParamSpec("P")
T = TypeVar("T")
Write = Callable[Concatenate[Session, P], T]


def as_administrator(write: Write[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `write` as the current administrator in one transaction. Raises `NotAllowed` and the errors of `write`."""
    return _run(auth.require(*auth.ADMINISTRATORS, fresh=True), write, *args, **kwargs)


def as_manager(write: Write[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `write` as the current manager or administrator, like `as_administrator`."""
    return _run(auth.require(*auth.MANAGERS, fresh=True), write, *args, **kwargs)


def _run(agent: CurrentAgent, write: Write[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with transaction(agent.scope) as session:
        return write(session, *args, **kwargs)
