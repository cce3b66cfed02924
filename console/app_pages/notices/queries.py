"""What the list of notices and the bell read."""

from __future__ import annotations

from console import auth
from console.i18n import current
from console.reading import reading
from core.accounts import notification_list
from core.accounts.notification_list import NoticeFacts


def listed(before: int | None) -> list[NoticeFacts]:
    """The newest notices, or those before the one of this id."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return notification_list.listed(session, agent.business_id, current(), before, agent)


def read_up_to() -> int:
    """The newest one that whoever looks has read; 0 for none."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return notification_list.read_up_to(session, agent.id)


def unread() -> int:
    """How many whoever looks has not read; 100 stands for more as well."""
    agent = auth.require()
    with reading(agent.business_id) as session:
        return notification_list.unread(session, agent.id, agent)
