"""What leaves the console as a file is noted: who took what, and when."""

from __future__ import annotations

from console import auth
from console.store import transaction
from core.people import audit


def note(what: str) -> None:
    """A file of `what` is being downloaded. Raises `NotAllowed`."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        audit.record(session, agent.business_id, f"agent:{agent.id}", "export.download", what)
