"""What the ids in audit entries refer to, and the names of those things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.models import (
    Agent,
    APIKey,
    Bot,
    Business,
    Channel,
    Contact,
    Conversation,
    KnowledgeSource,
    Product,
    SavedTestCase,
    Team,
)

_LONGEST_ID = 18  # digits that fit a bigint
_NAMES: dict[str, Select[int, str]] = {
    "agent": select(Agent.id, Agent.name),
    "api_key": select(APIKey.id, APIKey.name),
    "bot": select(Bot.id, Bot.name),
    "business": select(Business.id, Business.name),
    "case": select(SavedTestCase.id, SavedTestCase.name),
    "channel": select(Channel.id, Channel.name),
    "contact": select(Contact.id, Contact.name),
    "conversation": select(Conversation.id, Contact.name).join(Contact, Contact.id == Conversation.contact_id),
    "key": select(APIKey.id, APIKey.name),
    "product": select(Product.id, Product.name),
    "source": select(KnowledgeSource.id, KnowledgeSource.title),
    "team": select(Team.id, Team.name),
}
_KINDS = {
    "bot": "bot", "channels": "channel", "copied_from": "bot", "keys_revoked": "api_key", "members": "agent",
    "merged": "contact", "rehearsal": "rehearsal", "since": "conversation",
    "channel.assign.after": "bot", "channel.assign.before": "bot", "conversation.assign.to": "agent",
}  # fmt: skip


def references(action: str, data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the references in an entry's data, as "team:3", by the key they are under."""
    found = {}
    for key, value in data.items():
        if kind := _KINDS.get(f"{action}.{key}") or _KINDS.get(key):
            ids = value if isinstance(value, list) else [value]
            found[key] = [f"{kind}:{one}" for one in ids if one is not None]
    return found


def names(session: Session, wanted: Iterable[str]) -> dict[str, str]:
    """Return the names by reference. What has no name, or is deleted, is absent."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for reference in wanted:
        kind, _, number = reference.partition(":")
        if kind in _NAMES and number.isdecimal() and len(number) <= _LONGEST_ID:
            ids[kind].add(int(number))
    found: dict[str, str] = {}
    for kind, numbers in ids.items():
        query = _NAMES[kind]
        rows = session.execute(query.where(query.selected_columns[0].in_(numbers)))
        found |= {f"{kind}:{row_id}": name for row_id, name in rows if name}
    return found
