"""Continue a conversation with the same customer on another channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.conversations import lifecycle
from core.models import Channel, ChannelState, ContactIdentity, Conversation
from core.platform.db import run
from core.platform.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class AlternativeAddress:
    """Another channel on which the customer has an address. `open_id` is their open conversation there, if any."""

    channel_id: int
    identity_id: int
    kind: str
    channel: str
    address: str
    opted_out: bool
    open_id: int | None


def alternatives(session: Session, conversation_id: int) -> Sequence[AlternativeAddress]:
    """Return the other channels on which the conversation's customer can be reached, ordered by kind and name.

    Ended addresses are excluded; a phone number is preferred to a user id.
    """
    rows = session.execute(_ALTERNATIVES, {"conversation": conversation_id})
    return [AlternativeAddress(*row) for row in rows]


_ALTERNATIVES = text("""
SELECT DISTINCT ON (ch.kind, ch.name, ch.id)
       ch.id, i.id, ch.kind, ch.name, i.address, i.opted_out_at IS NOT NULL, there.id
FROM conversations c
JOIN contact_identities i ON i.contact_id = c.contact_id AND i.ended_at IS NULL
JOIN channels ch ON ch.kind = i.kind AND ch.state = 'active' AND ch.id <> c.channel_id
LEFT JOIN conversations there
       ON there.channel_id = ch.id AND there.contact_id = c.contact_id AND there.status <> 'closed'
WHERE c.id = :conversation
ORDER BY ch.kind, ch.name, ch.id, i.opted_out_at IS NOT NULL, i.address ~ '^[A-Z]{2}[.]', i.id DESC
""")


def continue_on(session: Session, conversation_id: int, channel_id: int, identity_id: int, agent_id: int) -> int:
    """Find or open the customer's conversation on another channel and assign it to the agent.

    Adds an event to both threads. Returns the id of the conversation there.

    Raises:
        NotFound: no such conversation, or the address is not this customer's.
        Conflict: the channel is not active, or is of another kind than the address; or see `check_address`.
    """
    start = lifecycle.lock(session, conversation_id)
    channel = session.get(Channel, channel_id)
    identity = session.get(ContactIdentity, identity_id)
    if channel is None or identity is None or identity.contact_id != start.contact_id:
        raise NotFound("This customer has no such address.")
    if channel.state != ChannelState.ACTIVE or channel.kind != identity.kind:
        raise Conflict("channel_unusable", "This channel cannot be used for that address now.")
    check_address(identity.ended_at, identity.opted_out_at)
    there = _open(session, start, channel, identity)
    lifecycle.take_over(session, there, agent_id)
    lifecycle.add_event(session, conversation_id, start.channel_id, "continues", to=channel.name)
    lifecycle.add_event(session, there, channel_id, "continued", to=_channel_name(session, start))
    audit_log.record(session, "conversation.continue", f"conversation:{there}", since=conversation_id)
    return there


def _open(session: Session, start: Conversation, channel: Channel, identity: ContactIdentity) -> int:
    """Find or open the conversation; safe under concurrent calls."""
    values = {
        "channel": channel.id,
        "contact": start.contact_id,
        "identity": identity.id,
        "kind": channel.kind,
    }
    run(session, _BEGIN, values)
    return session.scalars(
        select(Conversation.id).where(
            Conversation.channel_id == channel.id,
            Conversation.contact_id == start.contact_id,
            Conversation.status != "closed",
        )
    ).one()


_BEGIN = """
INSERT INTO conversations (channel_id, contact_id, identity_id, kind, mode)
VALUES (%(channel)s, %(contact)s, %(identity)s, %(kind)s, 'human') ON CONFLICT DO NOTHING
"""


def _channel_name(session: Session, conversation: Conversation) -> str:
    return session.scalars(select(Channel.name).where(Channel.id == conversation.channel_id)).one()


def check_address(ended_at: datetime | None, opted_out_at: datetime | None) -> None:
    """Raise `Conflict` if the address is not the customer's any more, or the customer opted out there."""
    if ended_at is not None:
        raise Conflict(
            "address_ended",
            "This number is not the customer's any more, and may be somebody else's: nothing can be sent there. "
            "Write to another of their addresses, or wait until they write from a new one.",
        )
    if opted_out_at is not None:
        raise Conflict(
            "opted_out", "This customer opted out. They must write START (or ALTA) before anything can be sent."
        )
