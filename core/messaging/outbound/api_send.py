"""A message that another program asks for: to a conversation, or to an address whose conversation is found or made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import versions
from core.channels.phone_numbers import dialled, is_bsuid
from core.channels.types import InvalidMessage, Kind
from core.conversations import incoming
from core.conversations import lifecycle as conversations
from core.messaging.contacts.addresses import Address, Known
from core.messaging.contacts.resolve import resolve
from core.messaging.inbound.webhook_events import lock_receiving
from core.messaging.outbound.enqueue import Draft, queue_reply
from core.models import (
    Channel,
    ChannelState,
    ContactIdentity,
    Message,
    Sender,
)
from core.platform.errors import IdempotencyConflict

LARGEST_ID = 2**63 - 1  # of a Postgres bigint


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone by their address. `via` picks one of our numbers; without it the first active one is used."""

    kind: str
    to: str
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A message to a conversation, a recipient, or both, which must then fit together.

    `reply_to` is our id of a message, or its provider's. With `take_over` a person answers from here on; without it
    the conversation stays with whoever has it, and only a reply ends its customer's wait for an answer.
    """

    content: Mapping[str, Any]
    conversation_id: int | None = None
    recipient: Recipient | None = None
    reply_to: str | None = None
    idempotency_key: str | None = None
    send_at: datetime | None = None
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """The messages in the outbox; `replayed` when an earlier request with this idempotency key had put them there."""

    message_ids: Sequence[int]
    replayed: bool = False


def place(session: Session, business_id: int, order: Order, actor: str) -> Placed:
    """Put the message in the outbox; ring the bell after the commit.

    Raises what `queue_reply` raises, and `InvalidMessage` for a recipient or reply that cannot be used.
    """
    earlier = _earlier(session, business_id, order) if order.idempotency_key else None
    conversation_id = earlier or _conversation(session, business_id, order)
    draft = _draft(order, _quoted(session, conversation_id, order.reply_to))
    if order.take_over and earlier is None:
        conversations.take_over(session, business_id, conversation_id, actor, None)
    message_ids = queue_reply(session, business_id, conversation_id, draft)
    if earlier is None:
        audit_log.record(
            session, business_id, actor, "message.send", f"conversation:{conversation_id}", ids=message_ids
        )
    return Placed(message_ids, replayed=earlier is not None)


def _draft(order: Order, reply_to: str | None) -> Draft:
    return Draft(
        order.content,
        Sender.AGENT,
        None,
        reply_to,
        order.idempotency_key,
        order.send_at,
        order.take_over or reply_to is not None,
    )


def _earlier(session: Session, business_id: int, order: Order) -> int | None:
    """The conversation in which this key was used. Requests with the same key wait here for each other.

    Raises `IdempotencyConflict` when the key was used for somebody else.
    """
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"{business_id} {order.idempotency_key}", 0)))
    )
    conversation_id = session.scalar(
        select(Message.conversation_id).where(
            Message.business_id == business_id, Message.idempotency_key == order.idempotency_key
        )
    )
    if conversation_id is None:
        return None
    other = order.conversation_id not in (None, conversation_id)
    if other or (order.recipient and not _is_with(session, conversation_id, order.recipient)):
        raise IdempotencyConflict
    return conversation_id


def _conversation(session: Session, business_id: int, order: Order) -> int:
    if order.conversation_id is None:
        if order.recipient is None:
            raise InvalidMessage("to", "is missing: give channel and to, or conversation_id")
        return _open(session, business_id, order.recipient)
    if order.recipient and not _is_with(session, order.conversation_id, order.recipient):
        raise InvalidMessage("conversation_id", "is not a conversation with this recipient on this channel")
    return order.conversation_id


def _is_with(session: Session, conversation_id: int, recipient: Recipient) -> bool:
    conversation = conversations.lock(session, conversation_id)
    known = _find(session, _address(recipient))
    return known is not None and (conversation.kind, conversation.contact_id) == (recipient.kind, known.contact_id)


def _open(session: Session, business_id: int, recipient: Recipient) -> int:
    """The recipient's conversation on the chosen number."""
    address = _address(recipient)
    channel = _channel(session, recipient)
    known = _identity(session, business_id, address)
    bot = versions.reply_policies(session, [channel.bot_id]).get(channel.bot_id) if channel.bot_id else None
    wanted = incoming.ConversationKey(channel.id, channel.kind, known.contact_id, known.identity_id, bot)
    return incoming.find_or_open(session, business_id, [wanted])[channel.id, known.contact_id]


def _address(recipient: Recipient) -> Address:
    """The address as its provider writes it: WhatsApp ids are bare digits, telephone numbers carry a plus."""
    if recipient.kind == Kind.WHATSAPP and is_bsuid(recipient.to):
        return Address(recipient.kind, recipient.to)
    number = dialled(recipient.to)
    if not number:
        raise InvalidMessage("to", "must be a telephone number with its country code, such as +54 9 11 5555 0001")
    return Address(recipient.kind, number if recipient.kind == Kind.WHATSAPP else f"+{number}", phone=f"+{number}")


def _channel(session: Session, recipient: Recipient) -> Channel:
    query = (
        select(Channel)
        .where(Channel.kind == recipient.kind, Channel.state == ChannelState.ACTIVE)
        .order_by(Channel.id)
        .limit(1)
    )
    if recipient.via is not None:
        query = query.where(Channel.identity.in_((recipient.via, "+" + dialled(recipient.via))))
    channel = session.scalars(query).one_or_none()
    if channel is None and recipient.via is not None:
        raise InvalidMessage("from", f"is not an active {recipient.kind} number of this business")
    if channel is None:
        raise InvalidMessage("channel", f"this business has no active {recipient.kind} number")
    return channel


def _identity(session: Session, business_id: int, address: Address) -> Known:
    """Who has this address; someone new if nobody has."""
    if known := _find(session, address):
        return known
    lock_receiving(session)  # an arriving message may be making the same contact
    return _find(session, address) or resolve(session, business_id, [address])[0]


def _find(session: Session, address: Address) -> Known | None:
    """Who has this address, preferably as it is written here, else as another spelling of the same number."""
    exact = ContactIdentity.address == address.value
    spelled = exact if address.key is None else or_(exact, ContactIdentity.lookup_key == address.key)
    row = session.execute(
        select(ContactIdentity.id, ContactIdentity.contact_id)
        .where(ContactIdentity.kind == address.kind, ContactIdentity.ended_at.is_(None), spelled)
        .order_by(exact.desc(), ContactIdentity.id)
        .limit(1)
    ).one_or_none()
    return row and Known(row.id, row.contact_id)


def _quoted(session: Session, conversation_id: int, reply_to: str | None) -> str | None:
    """The provider's id of the message that is replied to."""
    if reply_to is None or not (reply_to.isascii() and reply_to.isdigit()):
        return reply_to
    found = session.execute(
        select(Message.provider_id).where(
            Message.id == min(int(reply_to), LARGEST_ID), Message.conversation_id == conversation_id
        )
    ).one_or_none()
    if found is None:
        raise InvalidMessage("reply_to", "is not a message of this conversation")
    if found.provider_id is None:
        raise InvalidMessage("reply_to", "is a message that its provider does not know (yet)")
    return str(found.provider_id)
