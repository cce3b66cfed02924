"""State changes of a conversation: hand off, take over, hand back, close, reopen, assign."""

from __future__ import annotations

import json
from dataclasses import asdict

import structlog
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.accounts.notifications import notify
from core.conversations import assignment
from core.conversations.assignment import Owner
from core.models import (
    Agent,
    Channel,
    Conversation,
    ConversationStatus,
    Mode,
    PendingReply,
    Severity,
)
from core.platform import events
from core.platform.db import in_business, run
from core.platform.errors import Conflict, NotFound
from core.platform.scope import SYSTEM, current_scope
from core.types import NO_SUMMARY, Summary

log = structlog.get_logger(__name__)
_QUIET = {"synchronize_session": False}


def hand_off(
    session: Session,
    conversation_id: int,
    reason: str,
    detail: str = "",
    summary: Summary = NO_SUMMARY,
    *,
    current_mode: Mode = Mode.BOT,
) -> bool:
    """Hand a conversation off to people: assign an online agent if possible, notify, and record it in the thread.

    Alerts the assigned agent, else all. Returns False if its mode is no longer `current_mode`. The thread gets an event
    only if the bot had it.
    """
    changed = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.mode == current_mode)
        .values(
            mode=Mode.HUMAN,
            status=ConversationStatus.OPEN,
            handoff_reason=reason,
            handed_off_at=func.now(),
            waiting_since=func.coalesce(Conversation.waiting_since, func.now()),
            bot_turns=0,
            team_id=func.coalesce(Conversation.team_id, _TEAM_OF_CHANNEL),
        )
        .returning(Conversation.channel_id)
        .execution_options(**_QUIET)
    ).one_or_none()
    if changed is None:
        return False
    session.execute(
        delete(PendingReply).where(PendingReply.conversation_id == conversation_id).execution_options(**_QUIET)
    )
    owner = assignment.pick_agent(session, conversation_id)
    if owner:
        assigned = update(Conversation).where(Conversation.id == conversation_id).values(assignee_id=owner.id)
        session.execute(assigned.execution_options(**_QUIET))
    if current_mode == Mode.BOT:
        details = {"reason": reason, "detail": detail, "owner": owner.name if owner else "", **asdict(summary)}
        add_event(session, conversation_id, changed.channel_id, "handed_off", **details)
    events.publish_change(session, conversation_id, owner.id if owner else events.ALL_AGENTS)
    text = _notification_text(reason, detail, owner, summary)
    data = {
        "reason": reason,
        "detail": detail if reason in _QUOTED else "",
        "owner": owner.name if owner else "",
        "known": _summary_text(summary),
    }
    notify(session, "handed_off", Severity.WARNING, text, conversation_id=conversation_id, data=data)
    log.info("handed_off", conversation_id=conversation_id, reason=reason, owner=owner.id if owner else None)
    return True


# Reasons whose detail was written by the customer, the model or the provider, so that notifications quote it. Any other
# detail is our own English, or a keyword phrase in any of the bot's languages: the summary quotes the customer.
_QUOTED = frozenset({"topic", "asked_twice", "model_asked", "send_failed"})
_TEAM_OF_CHANNEL = select(Channel.team_id).where(Channel.id == Conversation.channel_id).scalar_subquery()


def _notification_text(reason: str, detail: str, owner: Owner | None, summary: Summary) -> str:
    why = f"A customer needs a person: {reason.replace('_', ' ')}" + (f" ({detail})" if detail else "") + "."
    return " ".join(filter(None, [why, f"It went to {owner.name}." if owner else "", _summary_text(summary)]))


def _summary_text(summary: Summary) -> str:
    return summary.words or (f"“{summary.asked}”" if summary.asked else "")


def take_over(session: Session, conversation_id: int, agent_id: int | None) -> None:
    """Switch the conversation to people; a pending reply of the bot is discarded.

    Raises:
        NotFound, Conflict: there is no such conversation, or it is closed.
    """
    conversation = lock_open(session, conversation_id)
    session.execute(
        delete(PendingReply).where(PendingReply.conversation_id == conversation_id).execution_options(**_QUIET)
    )
    if agent_id is not None and conversation.assignee_id is None:
        conversation.assignee_id = agent_id
    if conversation.mode == Mode.HUMAN:
        session.flush()
        return
    conversation.mode = Mode.HUMAN
    conversation.bot_turns = 0
    session.flush()
    add_event(session, conversation_id, conversation.channel_id, "taken_over")
    audit_log.record(session, "conversation.take_over", f"conversation:{conversation_id}")


def hand_back(session: Session, conversation_id: int) -> None:
    """Return the conversation to the bot, which answers from the next message on; a no-op if the bot has it.

    Raises:
        NotFound, Conflict: there is no such conversation, or it is closed.
    """
    conversation = lock_open(session, conversation_id)
    if conversation.mode == Mode.BOT and conversation.assignee_id is None:
        return
    conversation.mode = Mode.BOT
    conversation.handoff_reason = None
    conversation.waiting_since = None
    conversation.unsent_id = conversation.unsent_at = None
    conversation.assignee_id = None
    session.flush()
    add_event(session, conversation_id, conversation.channel_id, "handed_back")
    audit_log.record(session, "conversation.hand_back", f"conversation:{conversation_id}")


def close(session: Session, conversation_id: int) -> None:
    """Close the conversation; a no-op if it is closed.

    Raises:
        NotFound: there is no such conversation.
    """
    conversation = lock(session, conversation_id)
    if conversation.status == ConversationStatus.CLOSED:
        return
    conversation.status = ConversationStatus.CLOSED
    conversation.closed_at = func.now()
    conversation.waiting_since = None
    conversation.unsent_id = conversation.unsent_at = None
    conversation.unread_count = 0
    session.flush()
    session.execute(
        delete(PendingReply).where(PendingReply.conversation_id == conversation_id).execution_options(**_QUIET)
    )
    add_event(session, conversation_id, conversation.channel_id, "closed")
    audit_log.record(session, "conversation.close", f"conversation:{conversation_id}")


def reopen(session: Session, conversation_id: int) -> None:
    """Reopen a closed conversation, in human mode.

    Raises:
        NotFound: there is no such conversation.
        Conflict: the customer has a newer open conversation on this channel.
    """
    conversation = lock(session, conversation_id)
    if conversation.status != ConversationStatus.CLOSED:
        return
    try:
        with session.begin_nested():
            conversation.status = ConversationStatus.OPEN
            conversation.mode = Mode.HUMAN
            conversation.closed_at = None
            conversation.imported = False  # from now on it counts in reports
            session.flush()
    except IntegrityError:
        raise Conflict(
            "conflict", "This customer already has an open conversation on this channel: continue there."
        ) from None
    add_event(session, conversation_id, conversation.channel_id, "reopened")
    audit_log.record(session, "conversation.reopen", f"conversation:{conversation_id}")


def assign(session: Session, conversation_id: int, agent_id: int | None) -> None:
    """Assign a conversation to an agent, or to nobody with None; a no-op if unchanged.

    Raises:
        NotFound: no such conversation or agent.
        Conflict: it is closed, or the agent is disabled.
    """
    conversation = lock_open(session, conversation_id)
    owner = None
    if agent_id is not None:
        agent = session.get(Agent, agent_id)
        if agent is None:
            raise NotFound(f"No agent {agent_id}.")
        if agent.disabled_at is not None:
            raise Conflict("conflict", f"{agent.name} is disabled and cannot be given conversations.")
        owner = agent.name
    if conversation.assignee_id == agent_id:
        return
    conversation.assignee_id = agent_id
    session.flush()
    add_event(session, conversation_id, conversation.channel_id, "assigned", to=agent_id, owner=owner)
    audit_log.record(session, "conversation.assign", f"conversation:{conversation_id}", to=agent_id)


def mark_seen(session: Session, conversation_id: int) -> None:
    """Reset the unread counter."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.unread_count > 0)
        .values(unread_count=0)
        .execution_options(**_QUIET)
    )


def lock(session: Session, conversation_id: int) -> Conversation:
    """Return the conversation, locked until commit. Raises `NotFound`."""
    conversation = session.scalars(
        select(Conversation).where(Conversation.id == conversation_id).with_for_update()
    ).one_or_none()
    if conversation is None:
        raise NotFound(f"No conversation {conversation_id}.")
    return conversation


def lock_open(session: Session, conversation_id: int) -> Conversation:
    """Return the conversation, locked until commit. Raises `NotFound`, or `Conflict` if it is closed."""
    conversation = lock(session, conversation_id)
    if conversation.status == ConversationStatus.CLOSED:
        raise Conflict("conflict", "This conversation is closed: reopen it first.")
    return conversation


def add_event(session: Session, conversation_id: int, channel_id: int, event: str, **details: object) -> None:
    """Add an event to the thread, by the one who acts unless that is BotHub; customers never see it."""
    actor = current_scope(session).actor
    by = {} if actor == SYSTEM else {"by": str(actor)}
    payload = json.dumps({"event": event, **by, **details})
    run(session, _EVENT, {"conversation": conversation_id, "channel": channel_id, "payload": payload})
    events.publish_change(session, conversation_id)


_EVENT = """
INSERT INTO messages (conversation_id, channel_id, direction, sender, type, payload, status, created_at)
VALUES (%(conversation)s, %(channel)s, 'outbound', 'system', 'event', %(payload)s::jsonb, 'sent',
        date_trunc('second', clock_timestamp()))
"""


def hand_off_unanswered(session: Session, waiting_seconds: float, limit: int = 200) -> int:
    """Hand off bot conversations that wait with no reply or send in progress. Returns the number handed off."""
    rows = session.execute(
        text("""
        SELECT c.business_id, c.id FROM conversations c
        WHERE c.waiting_since IS NOT NULL AND c.mode = 'bot' AND c.status <> 'closed'
          AND c.waiting_since < now() - make_interval(secs => :seconds)
          AND NOT EXISTS (SELECT FROM pending_replies t WHERE t.conversation_id = c.id)
          AND NOT EXISTS (
              SELECT FROM messages m WHERE m.conversation_id = c.id
              AND m.stored_at > now() - make_interval(secs => :seconds)
          )
          AND NOT EXISTS (
              SELECT FROM deliveries d WHERE d.conversation_id = c.id
              AND ((d.next_attempt_at IS NOT NULL AND coalesce(d.scheduled_for <= now(), true))
                   OR d.leased_until IS NOT NULL)
          )
          AND NOT EXISTS (
              SELECT FROM messages m JOIN deliveries d ON d.message_id = m.id
              WHERE m.conversation_id = c.id AND m.status = 'uncertain' AND d.uncertain_since IS NOT NULL
          )
        ORDER BY c.id LIMIT :limit
        """),
        {"seconds": waiting_seconds, "limit": limit},
    ).all()
    handed_off = 0
    for business_id, conversation_id in rows:
        with in_business(session, business_id):
            handed_off += hand_off(session, conversation_id, "unanswered")
    return handed_off
