"""What an arriving message does to its conversation: opens it, counts, marks the customer as waiting, owes a turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, bindparam, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import live
from core.ai.settings import Autonomy
from core.channels.base import Kind
from core.config import get_settings
from core.conversations.bots import Manners, manners
from core.models import Conversation, ConversationStatus, Mode, ReplyTurn

WINDOW = timedelta(hours=24)  # Meta, Cloud API, "Customer service windows"; Twilio's WhatsApp follows it
_LONGEST_WAIT = 5  # a customer who keeps writing is answered after this many quiet windows all the same
_PREVIEW = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A conversation that must be there."""

    channel_id: int
    kind: str
    contact_id: int
    identity_id: int
    bot_id: int | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was just stored. `owed_answer`: someone, bot or person, should answer it.

    One that is not `from_customer` was written by a person on the business's own phone.
    """

    conversation_id: int
    message_id: int
    identity_id: int
    kind: str
    bot_id: int | None
    text: str
    at: datetime
    plain: bool
    from_customer: bool
    historic: bool
    owed_answer: bool

    @property
    def takes_over(self) -> bool:
        return not self.from_customer and not self.historic


def find_or_open(session: Session, business_id: int, wanted: Iterable[Wanted]) -> dict[tuple[int, int], int]:
    """The open conversation of each (channel, contact), made where there is none. Keyed by that pair.

    It is locked, so that nobody closes it, and no answer to what it held before slips in after what is stored next.
    """
    needed = {(one.channel_id, one.contact_id): one for one in wanted}
    if not needed:
        return {}
    found = _open_conversations(session, needed)
    missing = [one for pair, one in needed.items() if pair not in found]
    if missing:
        has_bot = manners(session, {one.bot_id for one in missing if one.bot_id})
        rows = [
            {
                "business_id": business_id,
                "channel_id": one.channel_id,
                "contact_id": one.contact_id,
                "identity_id": one.identity_id,
                "kind": one.kind,
                "mode": Mode.BOT if _speaks(has_bot.get(one.bot_id or 0)) else Mode.HUMAN,
            }
            for one in missing
        ]
        session.execute(insert(Conversation).on_conflict_do_nothing(), rows)
        found = _open_conversations(session, needed)
    return found


def _open_conversations(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(Conversation.channel_id, Conversation.contact_id, Conversation.id)
        .where(
            tuple_(Conversation.channel_id, Conversation.contact_id).in_(list(pairs)),
            Conversation.status != ConversationStatus.CLOSED,
        )
        .order_by(Conversation.id)
        .with_for_update()
    )
    return {(channel_id, contact_id): conversation_id for channel_id, contact_id, conversation_id in rows}


def _speaks(one: Manners | None) -> bool:
    return one is not None and one.enabled and one.autonomy != Autonomy.OFF


def apply(session: Session, business_id: int, arrivals: Sequence[Arrival]) -> None:
    """Bring conversations up to date with their new messages and note where the bot owes an answer."""
    by_conversation: dict[int, list[Arrival]] = defaultdict(list)
    for one in arrivals:
        by_conversation[one.conversation_id].append(one)
    if not by_conversation:
        return
    before = _lock(session, by_conversation)
    session.execute(_UPDATE, [_changes(conversation_id, own) for conversation_id, own in by_conversation.items()])
    _drop_turns(session, [i for i, own in by_conversation.items() if any(one.takes_over for one in own)])
    _owe_turns(session, business_id, by_conversation, before)
    for conversation_id in by_conversation:
        live.notify(session, business_id, conversation_id)


@dataclass(frozen=True, slots=True)
class _Before:
    mode: str
    first: bool  # nobody has said anything in it yet


def _lock(session: Session, conversation_ids: Iterable[int]) -> dict[int, _Before]:
    """Lock the conversations, lowest id first so that two batches cannot wait for each other."""
    rows = session.execute(
        select(Conversation.id, Conversation.mode, Conversation.last_message_text, Conversation.waiting_since)
        .where(Conversation.id.in_(list(conversation_ids)))
        .order_by(Conversation.id)
        .with_for_update()
    )
    return {
        conversation_id: _Before(mode, first=not text and waiting is None)
        for conversation_id, mode, text, waiting in rows
    }


_UPDATE = text("""
UPDATE conversations SET
    identity_id = coalesce(:identity, identity_id),
    unread_count = unread_count + :unread,
    last_message_at = greatest(last_message_at, :at),
    last_message_text = :text,
    waiting_since = CASE WHEN :answered THEN NULL ELSE coalesce(waiting_since, :waiting) END,
    window_expires_at = greatest(window_expires_at, :window),
    mode = CASE WHEN :taken_over THEN 'human' ELSE mode END,
    status = CASE WHEN :unread > 0 AND status IN ('pending', 'snoozed') THEN 'open' ELSE status END
WHERE id = :conversation
""").bindparams(
    bindparam("identity", type_=BigInteger),
    bindparam("unread", type_=Integer),
    bindparam("at", type_=DateTime(timezone=True)),
    bindparam("waiting", type_=DateTime(timezone=True)),
    bindparam("window", type_=DateTime(timezone=True)),
    bindparam("answered", type_=Boolean),
    bindparam("taken_over", type_=Boolean),
)


def _changes(conversation_id: int, own: Sequence[Arrival]) -> dict[str, object]:
    """What these messages change. A person who answers from the business's own phone takes the conversation over."""
    newest = max(own, key=lambda one: (one.at, one.message_id))
    owed = [one for one in own if one.owed_answer]
    customers = [one for one in own if one.from_customer]
    has_window = own[0].kind == Kind.WHATSAPP and customers
    return {
        "conversation": conversation_id,
        "identity": customers[-1].identity_id if customers else None,
        "unread": len(owed),
        "at": newest.at,
        "text": newest.text[:_PREVIEW],
        "waiting": min((one.at for one in owed), default=None),
        "window": max(one.at for one in customers) + WINDOW if has_window else None,
        "answered": newest.takes_over,
        "taken_over": any(one.takes_over for one in own),
    }


def _drop_turns(session: Session, conversation_ids: Sequence[int]) -> None:
    if conversation_ids:
        session.execute(
            delete(ReplyTurn)
            .where(ReplyTurn.conversation_id.in_(conversation_ids))
            .execution_options(synchronize_session=False)
        )


def _owe_turns(
    session: Session, business_id: int, by_conversation: dict[int, list[Arrival]], before: dict[int, _Before]
) -> None:
    owing = {
        conversation_id: owed
        for conversation_id, own in by_conversation.items()
        if before[conversation_id].mode == Mode.BOT
        and not any(one.takes_over for one in own)
        and (owed := [one for one in own if one.owed_answer])
    }
    if not owing:
        return
    how = manners(session, {one.bot_id for own in owing.values() for one in own if one.bot_id})
    default_quiet = get_settings().reply_quiet_seconds
    rows = []
    for conversation_id, owed in owing.items():
        own_manners = how.get(owed[0].bot_id or 0)
        quiet = default_quiet if own_manners is None or own_manners.quiet is None else own_manners.quiet
        plain_first = before[conversation_id].first and len(owed) == 1 and owed[0].plain
        rows.append(
            {
                "business_id": business_id,
                "conversation_id": conversation_id,
                "quiet": 0 if plain_first else quiet,
                "patience": quiet * _LONGEST_WAIT,
                "latest_message_id": max(one.message_id for one in owed),
            }
        )
    session.execute(_OWE, rows)


_OWE = text("""
INSERT INTO reply_turns AS turn (business_id, conversation_id, latest_message_id, first_message_at, due_at)
VALUES (:business_id, :conversation_id, :latest_message_id, clock_timestamp(),
        clock_timestamp() + make_interval(secs => :quiet))
ON CONFLICT (conversation_id) DO UPDATE SET
    latest_message_id = excluded.latest_message_id,
    due_at = greatest(
        clock_timestamp(), least(excluded.due_at, turn.first_message_at + make_interval(secs => :patience))
    )
""")
