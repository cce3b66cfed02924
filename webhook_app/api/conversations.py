"""Routes: conversations and their messages."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.accounts.api_keys import Scope
from core.conversations import api_reads, lifecycle
from core.messaging import closing
from core.models import Mode
from core.platform.db import transaction
from webhook_app.api import blueprint, cursors
from webhook_app.api.auth import Caller, caller, needs
from webhook_app.api.schemas import (
    Assign,
    ContactOut,
    ConversationList,
    ConversationOut,
    ConversationPath,
    ConversationQuery,
    Handoff,
    MessageList,
    Paging,
)

api = blueprint.blueprint("conversations", "Conversations and their messages")


@api.get("/api/v1/conversations", responses={200: ConversationList})
@needs(Scope.CONVERSATIONS_READ)
def list_conversations(query: ConversationQuery) -> dict[str, Any]:
    """Conversations, newest activity first."""
    who = caller()
    filters = api_reads.Filter(
        query.channel, query.status, _assignee(query.assignee), query.tag, query.q, who.may(Scope.MESSAGES_READ)
    )
    with transaction(who.scope) as session:
        page = api_reads.conversations(session, filters, cursors.decode(query.cursor), query.limit)
    items = [_permitted(view, who) for view in page.items]
    return ConversationList(items=items, next_cursor=cursors.encode(page.next)).model_dump(mode="json")


def _assignee(value: str | None) -> int | Literal["none"] | None:
    if value is None:
        return None
    return "none" if value == "none" else int(value)


@api.get("/api/v1/conversations/<int:conversation_id>", responses={200: ConversationOut})
@needs(Scope.CONVERSATIONS_READ)
def get_conversation(path: ConversationPath) -> dict[str, Any]:
    """One conversation."""
    who = caller()
    with transaction(who.scope) as session:
        return _shown(session, who, path)


@api.get("/api/v1/conversations/<int:conversation_id>/messages", responses={200: MessageList})
@needs(Scope.MESSAGES_READ)
def list_messages(path: ConversationPath, query: Paging) -> dict[str, Any]:
    """A conversation's messages, oldest first.

    Lines of `type` event and `sender` system record what happened to the conversation; customers do not see them.
    """
    who = caller()
    after = cursors.decode(query.cursor)
    with transaction(who.scope) as session:
        page = api_reads.messages(session, path.conversation_id, after, query.limit)
    return MessageList.model_validate({"items": page.items, "next_cursor": cursors.encode(page.next)}).model_dump(
        mode="json"
    )


@api.post("/api/v1/conversations/<int:conversation_id>/close", responses={200: ConversationOut})
@needs(Scope.CONVERSATIONS_WRITE)
def close_conversation(path: ConversationPath) -> dict[str, Any]:
    """Close. Closing what is closed changes nothing."""
    who = caller()
    with transaction(who.scope) as session:
        closing.close(session, path.conversation_id)
        return _shown(session, who, path)


@api.post("/api/v1/conversations/<int:conversation_id>/reopen", responses={200: ConversationOut})
@needs(Scope.CONVERSATIONS_WRITE)
def reopen_conversation(path: ConversationPath) -> dict[str, Any]:
    """Open a closed conversation again, with a person; 409 if the customer has a newer one."""
    who = caller()
    with transaction(who.scope) as session:
        lifecycle.reopen(session, path.conversation_id)
        return _shown(session, who, path)


@api.post("/api/v1/conversations/<int:conversation_id>/assign", responses={200: ConversationOut})
@needs(Scope.CONVERSATIONS_WRITE)
def assign_conversation(path: ConversationPath, body: Assign) -> dict[str, Any]:
    """Give a conversation to an agent, or to nobody."""
    who = caller()
    with transaction(who.scope) as session:
        lifecycle.assign(session, path.conversation_id, body.agent_id)
        return _shown(session, who, path)


@api.post("/api/v1/conversations/<int:conversation_id>/handoff", responses={200: ConversationOut})
@needs(Scope.CONVERSATIONS_WRITE)
def hand_conversation(path: ConversationPath, body: Handoff) -> dict[str, Any]:
    """Let a person, or the bot, answer from here on. Changes nothing where they do already."""
    who = caller()
    with transaction(who.scope) as session:
        mode = lifecycle.lock_open(session, path.conversation_id).mode
        if body.to == "human" and mode == Mode.BOT:
            _hand_to_team(session, who, path.conversation_id, body.reason or "")
        elif body.to == "bot" and mode == Mode.HUMAN:
            lifecycle.hand_back(session, path.conversation_id)
        return _shown(session, who, path)


def _hand_to_team(session: Session, who: Caller, conversation_id: int, reason: str) -> None:
    lifecycle.hand_off(session, conversation_id, "requested", reason)
    subject = f"conversation:{conversation_id}"
    audit_log.record(session, "conversation.hand_off", subject, reason=reason)


def _shown(session: Session, who: Caller, path: ConversationPath) -> dict[str, Any]:
    session.expire_all()  # the services bypass the session's identity map
    view = api_reads.conversation(session, path.conversation_id)
    return _permitted(view, who).model_dump(mode="json")


def _permitted(view: api_reads.ConversationView, who: Caller) -> ConversationOut:
    """Blank what the key's scopes do not cover: message texts, or the contact and tags."""
    result = ConversationOut.model_validate(view)
    if not who.may(Scope.MESSAGES_READ):
        result.last_message_text = ""
    if not who.may(Scope.CONVERSATIONS_READ):
        result.contact = ContactOut(id=result.contact.id, name="", address="")
        result.tags = []
    return result
