"""Find the conversations that threads of mail belong to, whoever writes in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from core.channels.types import InboundMessage
from core.platform.db import run


class Home(NamedTuple):
    """A conversation and the contact it is with."""

    conversation_id: int
    contact_id: int


def find(session: Session, arrived: Sequence[tuple[int, InboundMessage]]) -> list[Home | int | None]:
    """Return the open conversation of each message's thread, or the position of an earlier message that it follows.

    The messages come with their channels. None for what follows nothing that is known. The conversations are locked.
    """
    known = _stored(session, arrived)
    places: dict[tuple[int, str], int] = {}
    found: list[Home | int | None] = []
    for position, (channel_id, message) in enumerate(arrived):
        names = [(channel_id, one) for one in message.thread]
        found.append(next((known.get(one) or places.get(one) for one in names if one in known or one in places), None))
        places.setdefault((channel_id, message.provider_id), position)
    return found


def _stored(session: Session, arrived: Sequence[tuple[int, InboundMessage]]) -> dict[tuple[int, str], Home]:
    named = {(channel_id, one) for channel_id, message in arrived for one in message.thread}
    if not named:
        return {}
    channels, provider_ids = zip(*named, strict=True)
    rows = run(session, _OPEN, {"channels": list(channels), "provider_ids": list(provider_ids)})
    return {(row.channel_id, row.provider_id): Home(row.id, row.contact_id) for row in rows}


_OPEN = """
SELECT m.channel_id, m.provider_id, c.id, c.contact_id
FROM unnest(%(channels)s::bigint[], %(provider_ids)s::text[]) AS r (channel, provider_id)
JOIN messages m ON m.channel_id = r.channel AND m.provider_id = r.provider_id
JOIN conversations c ON c.id = m.conversation_id AND c.channel_id = m.channel_id AND c.status <> 'closed'
ORDER BY c.id FOR UPDATE OF c
"""
