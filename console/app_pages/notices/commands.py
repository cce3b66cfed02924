"""Commands on notices."""

from __future__ import annotations

from console import auth
from console.db import transaction
from core.accounts import notification_list


def mark_read(up_to: int) -> None:
    """Mark everything up to this notice id as read by the viewer. Raises `NotAllowed`."""
    agent = auth.require(fresh=True)
    with transaction(agent.scope) as session:
        notification_list.mark_read(session, agent.id, up_to)
