"""Queries of the notices page and the bell."""

from __future__ import annotations

from console import auth
from console.i18n import current
from console.reading import reading
from core.accounts import notification_list
from core.accounts.notification_list import NoticeFacts


def listed(before: int | None) -> list[NoticeFacts]:
    """Return the newest notices, or those before this id."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return notification_list.listed(session, current(), before, agent)


def read_up_to() -> int:
    """Return the id of the newest notice the viewer has read; 0 for none."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return notification_list.read_up_to(session, agent.id)


def unread() -> int:
    """Return the viewer's number of unread notices, capped at 100."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return notification_list.unread(session, agent.id, agent)
