"""Full-text search of conversations.

Matches message texts and what they refer to (an advertisement, a product, a file name), prefixes of the customer's
names, digits of their number, or an entire other address or username.

A first query probes each index up to a limit. If the words are rare, the list is restricted to the conversations
found; if they are common, it scans the latest conversations until the page is full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ColumnElement, TextClause, and_, func, literal_column, or_, select, text, true
from sqlalchemy.orm import Session

from core.channels.phone_numbers import digits, lookup_key
from core.channels.types import Kind
from core.models import Contact, ContactIdentity, Conversation, Message
from core.models.base import Tenant
from core.models.message import ABOUT_WORDS, FOLDED, HAS_ABOUT, STEMMABLE
from core.platform.db import across_businesses, business_of, run

_COMMON = 2000  # matching messages, above which the words count as common
_MOST_CONTACTS = 500
_FEWEST_DIGITS = 4

_SCANS = "SELECT set_config('enable_seqscan', '{}', true)"

_WORD = re.compile(r"[^\W_]+")


def matches(session: Session, words: str) -> ColumnElement[bool]:
    """Return a condition on `Conversation` for a search text. Queries the indexes."""
    lowered = words.lower()
    with _index_only(session):
        by_text = _by_message(session, lowered)
        by_customer = _by_name(session, lowered) + _by_address(session, words)
    in_messages = Conversation.id.in_(set(by_text)) if len(by_text) <= _COMMON else _has_message(lowered)
    return or_(in_messages, Conversation.contact_id.in_(by_customer))


def customer_matches(session: Session, words: str) -> ColumnElement[bool]:
    """Like `matches`, but only by the customer's names and addresses, not by message texts."""
    return Conversation.contact_id.in_(contacts(session, words))


def contacts(session: Session, words: str) -> list[int]:
    """Return the ids of contacts whose name has all these word prefixes, or whose address matches."""
    with _index_only(session):
        ids = _by_name(session, words.lower()) + _by_address(session, words)
    return list(dict.fromkeys(ids))


@contextmanager
def _index_only(session: Session) -> Iterator[None]:
    """Suspend row-level security and sequential scans; the queries inside filter by business themselves.

    Under row-level security Postgres uses no index for operators that are not leakproof, such as full-text search.
    And a planner that expects to reach the limit early scans the whole table for words that do not occur.
    """
    with across_businesses(session):
        run(session, _SCANS.format("off"))
        yield
        run(session, _SCANS.format("on"))


def _by_message(session: Session, words: str) -> Sequence[int]:
    """Return the conversation id of each matching message."""
    matching = select(Message.conversation_id).where(_of_business(session, Message), _has_words(words))
    return session.scalars(matching.limit(_COMMON + 1)).all()


def _by_name(session: Session, words: str) -> list[int]:
    """Return contacts whose name has all these word prefixes."""
    prefixes = " & ".join(f"'{word}':*" for word in _WORD.findall(words))
    if not prefixes:
        return []
    named = Contact.search.bool_op("@@")(func.to_tsquery("simple", _as_stored(FOLDED, prefixes)))
    query = select(Contact.id).where(_of_business(session, Contact), named).limit(_MOST_CONTACTS)
    return list(session.scalars(query))


def _by_address(session: Session, words: str) -> list[int]:
    """Return contacts whose number contains these digits, or whose other address or username equals the text.

    The inner query needs nothing but the index on `lookup_key`.
    """
    number = digits(words)
    if len(number) < _FEWEST_DIGITS:
        return _by_exact_address(session, words.strip())
    ours, key = _of_business(session, ContactIdentity), ContactIdentity.lookup_key
    keys = select(key).where(ours, or_(key.contains(number), key == lookup_key(number))).limit(_MOST_CONTACTS)
    return list(session.scalars(select(ContactIdentity.contact_id).where(ours, key.in_(keys))))


def _by_exact_address(session: Session, words: str) -> list[int]:
    """Return contacts with this address (a BSUID or sender name, as the provider writes it) or username ("@ana")."""
    address_or_username = or_(
        ContactIdentity.address == words,
        and_(ContactIdentity.username.is_not(None), func.lower(ContactIdentity.username) == words.lower().lstrip("@")),
    )
    ours = (_of_business(session, ContactIdentity), ContactIdentity.kind.in_(list(Kind)))
    query = select(ContactIdentity.contact_id).where(*ours, address_or_username).limit(_MOST_CONTACTS)
    return list(session.scalars(query))


def _of_business(session: Session, table: type[Tenant]) -> ColumnElement[bool]:
    """Return the condition that row-level security would add."""
    return table.business_id == business_of(session)


def _has_message(words: str) -> ColumnElement[bool]:
    """Check each conversation in turn, for common words. A scalar, not a join, so the scan stops at a full page."""
    found = (
        select(true())
        .where(Message.conversation_id == Conversation.id, _has_words(words))
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    return func.coalesce(found, False)


def _has_words(words: str) -> ColumnElement[bool]:
    """Return a condition on messages. Reactions are excluded: some emoji contain letters or digits."""
    query = func.websearch_to_tsquery("spanish", _as_stored(STEMMABLE, words))
    about = and_(text(HAS_ABOUT), literal_column(ABOUT_WORDS).bool_op("@@")(query))
    return and_(or_(Message.search.bool_op("@@")(query), about), Message.type != "reaction")


def _as_stored(form: str, words: str) -> TextClause:
    """Normalize the search text like the stored side."""
    return text(form.format(":words")).bindparams(words=words)
