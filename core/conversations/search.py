"""Finding conversations by words: in what was said and what that is about (an advertisement, a product, a file's name),
the beginnings of the customer's names, digits of their number, or all of another address or of their username.

It runs in two steps. A probe of each index, cut off at a limit, tells whether the words are rare; then the list takes
the few conversations found, or, for common words, walks the newest conversations until its page is full.
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
from core.models.message import ABOUT_WORDS, FOLDED, HAS_ABOUT, STEMMABLE
from core.platform.db import enter_business, leave_business, run

_COMMON = 2000  # messages; beyond this the words are common
_MOST_CONTACTS = 500
_FEWEST_DIGITS = 4

_SCANS = "SELECT set_config('enable_seqscan', '{}', true)"

_WORD = re.compile(r"[^\W_]+")


def matches(session: Session, business_id: int, words: str) -> ColumnElement[bool]:
    """A condition on `Conversation` for what people type into a search box. Reads the indexes."""
    typed, words = words, words.lower()
    with _probing(session, business_id):
        said = _said(session, business_id, words)
        contacts = _named(session, business_id, words) + _addressed(session, business_id, typed)
    spoken = Conversation.id.in_(set(said)) if len(said) <= _COMMON else _said_in_it(words)
    return or_(spoken, Conversation.contact_id.in_(contacts))


def customer_matches(session: Session, business_id: int, words: str) -> ColumnElement[bool]:
    """The same, but only by the customer's names and addresses: what was said is not looked at."""
    return Conversation.contact_id.in_(contacts(session, business_id, words))


def contacts(session: Session, business_id: int, words: str) -> list[int]:
    """The contacts in whose name each of these words begins a word, or whose number holds these digits."""
    with _probing(session, business_id):
        found = _named(session, business_id, words.lower()) + _addressed(session, business_id, words)
    return list(dict.fromkeys(found))


@contextmanager
def _probing(session: Session, business_id: int) -> Iterator[None]:
    """Outside the business, for reads that name it themselves, and by the indexes alone.

    Under row-level security Postgres uses no index for operators it does not hold to be leakproof, and full text is
    one. And a planner that hopes for an early end at the limit reads a whole table for words that are nowhere.
    """
    leave_business(session)
    run(session, _SCANS.format("off"))
    yield
    run(session, _SCANS.format("on"))
    enter_business(session, business_id)


def _said(session: Session, business_id: int, words: str) -> Sequence[int]:
    """The conversation of each matching message."""
    return session.scalars(
        select(Message.conversation_id).where(Message.business_id == business_id, _has_words(words)).limit(_COMMON + 1)
    ).all()


def _named(session: Session, business_id: int, words: str) -> list[int]:
    """Contacts with a name in which each of these words begins a word."""
    beginnings = " & ".join(f"'{word}':*" for word in _WORD.findall(words))
    if not beginnings:
        return []
    return list(
        session.scalars(
            select(Contact.id)
            .where(
                Contact.business_id == business_id,
                Contact.search.bool_op("@@")(func.to_tsquery("simple", _as_stored(FOLDED, beginnings))),
            )
            .limit(_MOST_CONTACTS)
        )
    )


def _addressed(session: Session, business_id: int, words: str) -> list[int]:
    """Contacts whose number holds these digits, or whose other address or chosen name this is.

    The inner query needs nothing but the index on `lookup_key`.
    """
    number = digits(words)
    if len(number) < _FEWEST_DIGITS:
        return _identified(session, business_id, words.strip())
    key = ContactIdentity.lookup_key
    keys = (
        select(key)
        .where(ContactIdentity.business_id == business_id, or_(key.contains(number), key == lookup_key(number)))
        .limit(_MOST_CONTACTS)
    )
    return list(
        session.scalars(
            select(ContactIdentity.contact_id).where(ContactIdentity.business_id == business_id, key.in_(keys))
        )
    )


def _identified(session: Session, business_id: int, words: str) -> list[int]:
    """Contacts of this address (a BSUID or a sender's name, as the provider writes it) or username ("@ana")."""
    theirs = or_(
        ContactIdentity.address == words,
        and_(ContactIdentity.username.is_not(None), func.lower(ContactIdentity.username) == words.lower().lstrip("@")),
    )
    return list(
        session.scalars(
            select(ContactIdentity.contact_id)
            .where(ContactIdentity.business_id == business_id, ContactIdentity.kind.in_(list(Kind)), theirs)
            .limit(_MOST_CONTACTS)
        )
    )


def _said_in_it(words: str) -> ColumnElement[bool]:
    """For common words: ask each conversation in turn. A value, not a join, so that the walk ends with a full page."""
    found = (
        select(true())
        .where(Message.conversation_id == Conversation.id, _has_words(words))
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    return func.coalesce(found, False)


def _has_words(words: str) -> ColumnElement[bool]:
    """A condition on messages. A reaction's text is its emoji, some of which hold letters or digits."""
    query = func.websearch_to_tsquery("spanish", _as_stored(STEMMABLE, words))
    about = and_(text(HAS_ABOUT), literal_column(ABOUT_WORDS).bool_op("@@")(query))
    return and_(or_(Message.search.bool_op("@@")(query), about), Message.type != "reaction")


def _as_stored(form: str, words: str) -> TextClause:
    """What a person typed in the form that the stored side has."""
    return text(form.format(":words")).bindparams(words=words)
