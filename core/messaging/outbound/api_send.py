"""Messages sent by API clients: to a conversation, or to an address whose conversation is found or created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.bots import versions
from core.channels.content.parts import LARGEST_ID
from core.channels.kinds import rules
from core.channels.phone_numbers import dialled
from core.channels.types import InvalidMessage
from core.conversations import incoming
from core.conversations import lifecycle as conversations
from core.messaging.contacts.addresses import Address, ResolvedContact
from core.messaging.contacts.resolve import resolve
from core.messaging.inbound.webhook_events import lock_receiving
from core.messaging.outbound.enqueue import NewMessage, enqueue_message, key_reused
from core.models import (
    Channel,
    ChannelState,
    ContactIdentity,
    Message,
    Sender,
)
from core.platform.db import business_of


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient's address. `via` selects one of our numbers; the default is the first active one."""

    kind: str
    to: str
    via: str | None = None


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A message to a conversation, a recipient, or both, which must then match.

    `reply_to` is our id of a message, or its provider's. `take_over` hands the conversation to people; without it the
    mode is unchanged, and only a reply ends the customer's wait for an answer.
    """

    content: Mapping[str, Any]
    conversation_id: int | None = None
    recipient: Recipient | None = None
    reply_to: str | None = None
    idempotency_key: str | None = None
    send_at: datetime | None = None
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class SendAccepted:
    """The queued messages; `replayed` when an earlier request with this idempotency key queued them."""

    message_ids: Sequence[int]
    replayed: bool = False


def submit(session: Session, request: SendRequest) -> SendAccepted:
    """Queue the message; wake a worker after the commit.

    Raises what `enqueue_message` raises, and `InvalidMessage` for an unusable recipient or reply.
    """
    earlier = _earlier(session, request) if request.idempotency_key else None
    conversation_id = earlier or _conversation(session, request)
    message = _new_message(request, _quoted(session, conversation_id, request.reply_to))
    if request.take_over and earlier is None:
        conversations.take_over(session, conversation_id, None)
    message_ids = enqueue_message(session, conversation_id, message)
    if earlier is None:
        audit_log.record(session, "message.send", f"conversation:{conversation_id}", ids=message_ids)
    return SendAccepted(message_ids, replayed=earlier is not None)


def _new_message(request: SendRequest, reply_to: str | None) -> NewMessage:
    return NewMessage(
        request.content,
        Sender.AGENT,
        None,
        reply_to,
        request.idempotency_key,
        request.send_at,
        request.take_over or reply_to is not None,
    )


def _earlier(session: Session, request: SendRequest) -> int | None:
    """Return the conversation in which this key was used. Requests with the same key are serialised here.

    Raises `Invalid` when the key was used for another recipient.
    """
    business_id = business_of(session)
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"{business_id} {request.idempotency_key}", 0)))
    )
    conversation_id = session.scalar(
        select(Message.conversation_id).where(
            Message.business_id == business_id, Message.idempotency_key == request.idempotency_key
        )
    )
    if conversation_id is None:
        return None
    other = request.conversation_id not in (None, conversation_id)
    if other or (request.recipient and not _is_with(session, conversation_id, request.recipient)):
        raise key_reused()
    return conversation_id


def _conversation(session: Session, request: SendRequest) -> int:
    if request.conversation_id is None:
        if request.recipient is None:
            raise InvalidMessage("to", "is missing: give channel and to, or conversation_id")
        return _open(session, request.recipient)
    if request.recipient and not _is_with(session, request.conversation_id, request.recipient):
        raise InvalidMessage("conversation_id", "is not a conversation with this recipient on this channel")
    return request.conversation_id


def _is_with(session: Session, conversation_id: int, recipient: Recipient) -> bool:
    conversation = conversations.lock(session, conversation_id)
    known = _find(session, _address(recipient))
    return known is not None and (conversation.kind, conversation.contact_id) == (recipient.kind, known.contact_id)


def _open(session: Session, recipient: Recipient) -> int:
    """Return the recipient's conversation on the chosen number, opening one if needed."""
    address = _address(recipient)
    channel = _channel(session, recipient)
    known = _identity(session, address)
    bot = versions.reply_policies(session, [channel.bot_id]).get(channel.bot_id) if channel.bot_id else None
    key = incoming.ConversationKey(channel.id, channel.kind, known.contact_id, known.identity_id, bot)
    return incoming.find_or_open(session, [key])[channel.id, known.contact_id]


def _address(recipient: Recipient) -> Address:
    written = rules(recipient.kind).read_address(recipient.to)
    return Address(recipient.kind, written.value, phone=written.phone)


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


def _identity(session: Session, address: Address) -> ResolvedContact:
    """Return the contact with this address, creating one if needed."""
    if known := _find(session, address):
        return known
    lock_receiving(session)  # an arriving message may be creating the same contact
    return _find(session, address) or resolve(session, [address])[0]


def _find(session: Session, address: Address) -> ResolvedContact | None:
    """Return the contact with this address: an exact match first, else another spelling of the same number."""
    exact = ContactIdentity.address == address.value
    spelled = exact if address.key is None else or_(exact, ContactIdentity.lookup_key == address.key)
    row = session.execute(
        select(ContactIdentity.id, ContactIdentity.contact_id)
        .where(ContactIdentity.kind == address.kind, ContactIdentity.ended_at.is_(None), spelled)
        .order_by(exact.desc(), ContactIdentity.id)
        .limit(1)
    ).one_or_none()
    return row and ResolvedContact(row.id, row.contact_id)


def _quoted(session: Session, conversation_id: int, reply_to: str | None) -> str | None:
    """Return the provider's id of the message that is replied to."""
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
