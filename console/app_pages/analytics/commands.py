"""Audit log entries for downloads."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import audit_log


def note(what: str) -> None:
    """Record that a file of `what` is downloaded. Raises `NotAllowed`."""
    agent = auth.require()
    with transaction(agent.scope) as session:
        audit_log.record(session, "export.download", what)
