"""Commands on bot drafts."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.platform import job_queue
from core.replies import drafts


def send(run_id: int) -> None:
    """Send the draft unchanged. Raises `NotAllowed` and the errors of `drafts.approve`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_run(session, agent, run_id)
        drafts.approve(session, run_id)
    job_queue.wake_worker()


def set_aside(run_id: int, *, edited: bool) -> None:
    """Discard the draft, or start from its text if `edited`. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        visibility.require_run(session, agent, run_id)
        drafts.set_aside(session, run_id, edited=edited)
