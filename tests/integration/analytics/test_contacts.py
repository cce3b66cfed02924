"""Active contacts of a day and a week agree with a count over all messages."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.platform.db import transaction
from core.platform.errors import Conflict
from core.reporting.metrics import Contacts, contacts
from tests.conftest import TestBusiness
from tests.integration.contacts.steps import close, merge, undo
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.outbox import say
from tests.support.provider_bodies import twilio_form

EVERY_MESSAGE = text("""
SELECT count(DISTINCT c.contact_id) FILTER (WHERE written.at >= now() - interval '24 hours'),
       count(DISTINCT c.contact_id) FILTER (WHERE written.at >= now() - interval '7 days')
FROM messages m JOIN conversations c ON c.id = m.conversation_id
CROSS JOIN LATERAL (SELECT coalesce((m.payload ->> 'written_at')::timestamptz, m.created_at) AS at) AS written
WHERE m.sender = 'customer'
""")


def wrote(business: TestBusiness) -> Contacts:
    """Return the figure, after comparing it with all messages at the same time."""
    with transaction(business.business_id) as session:
        found = contacts(session)
        assert found == Contacts(*session.execute(EVERY_MESSAGE).one())
    return found


def days_ago(days: float) -> float:
    return (datetime.now(UTC) - timedelta(days=days)).timestamp()


def shift_days(days: float) -> None:
    """Shift all timestamps into the past."""
    earlier = {
        "messages": ("created_at", "stored_at"),
        "conversations": ("created_at", "last_message_at", "window_expires_at", "waiting_since", "closed_at"),
        "contact_merges": ("created_at",),
    }
    for table, moments in earlier.items():
        changes = ", ".join(f"{moment} = {moment} - make_interval(secs => :seconds)" for moment in moments)
        rows(f"UPDATE {table} SET {changes}", seconds=days * 86400)
    rows(
        "UPDATE messages SET payload = payload || jsonb_build_object('written_at', "
        "(payload ->> 'written_at')::timestamptz - make_interval(secs => :seconds)) WHERE payload ? 'written_at'",
        seconds=days * 86400,
    )


def texts(business: TestBusiness, sender: str) -> None:
    """Receive an SMS."""
    number = one("SELECT identity FROM channels WHERE id = :id", id=business.sms_channel_id)
    sid = f"SM{random.getrandbits(128):032x}"
    form = [("MessageSid", sid), ("SmsStatus", "received"), ("Body", "Hola"), ("NumMedia", "0"), ("To", number),
            ("From", sender), ("AccountSid", "AC" + "0" * 32), ("ApiVersion", "2010-04-01")]  # fmt: skip
    store(twilio_form(form), source="twilio_inbound", content_type="application/x-www-form-urlencoded")
    receive()


def erase(contact_id: int) -> None:
    rows("DELETE FROM contacts WHERE id = :id", id=contact_id)


def contact_of(talk: int) -> int:
    return int(one("SELECT contact_id FROM conversations WHERE id = :id", id=talk))


def test_a_customer_is_active_for_a_day_and_a_week(business: TestBusiness) -> None:
    assert wrote(business) == Contacts(0, 0)
    customer_writes()
    customer_writes("Otra")
    texts(business, "+5491199990009")
    assert wrote(business) == Contacts(2, 2)
    shift_days(1.01)
    assert wrote(business) == Contacts(0, 2)
    shift_days(6)
    assert wrote(business) == Contacts(0, 0)


def test_only_customer_messages_count(business: TestBusiness) -> None:
    talk = customer_writes()
    texts(business, "+5491199990009")
    shift_days(0.9)
    for conversation_id in column("SELECT id FROM conversations"):
        say(business.business_id, conversation_id)
    shift_days(0.2)
    assert wrote(business) == Contacts(0, 2)
    close(business, talk)
    assert wrote(business) == Contacts(0, 2)


def test_a_late_message_counts_at_its_own_time(business: TestBusiness) -> None:
    customer_writes("de ayer", "5491155550001", at=days_ago(1.5))
    customer_writes("de antes", "5491155550002", at=days_ago(8))
    assert wrote(business) == Contacts(0, 1)
    customer_writes("de hoy", "5491155550002")
    customer_writes("de antes de ayer", "5491155550002", at=days_ago(2))
    assert wrote(business) == Contacts(1, 2)


def test_merged_contacts_count_once_until_unmerged(business: TestBusiness) -> None:
    talks = [customer_writes("Hola", "5491155550001"), customer_writes("Soy yo", "5491155550002")]
    merge_id = merge(business, *map(contact_of, talks))
    assert wrote(business) == Contacts(1, 1)
    undo(business, merge_id)
    assert wrote(business) == Contacts(2, 2)


def test_an_erased_customer_no_longer_counts(business: TestBusiness) -> None:
    customer_writes("Hola", "5491155550001")
    talk = customer_writes("Hola", "5491155550002")
    erase(contact_of(talk))
    assert wrote(business) == Contacts(1, 1)


def test_customers_of_another_business_do_not_count(business: TestBusiness) -> None:
    customer_writes()
    rows("INSERT INTO businesses (name) VALUES ('Other')")
    other = one("SELECT max(id) FROM businesses")
    with transaction(other) as session:
        assert contacts(session) == Contacts(0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_the_figure_agrees_with_the_messages_after_random_events(business: TestBusiness, seed: int) -> None:
    rng = random.Random(seed)

    def any_of(table: str) -> int:
        return int(rng.choice(column(f"SELECT id FROM {table} ORDER BY id")))

    happenings: list[Callable[[], object]] = [
        lambda: customer_writes(sender=f"549115555000{rng.randrange(5)}"),
        lambda: customer_writes(sender=f"549115555000{rng.randrange(5)}", at=days_ago(rng.random() * 9)),
        lambda: texts(business, f"+549116666000{rng.randrange(3)}"),
        lambda: shift_days(rng.random() * 2),
        lambda: say(business.business_id, any_of("conversations")),
        lambda: close(business, any_of("conversations")),
        lambda: merge(business, any_of("contacts"), any_of("contacts")),
        lambda: undo(business, any_of("contact_merges")),
    ]
    seen = set()
    for step in range(80):
        with suppress(Conflict, IndexError):  # a closed window, a merge of merged ones; nothing there yet
            rng.choice(happenings)()
        if step % 20 == 19:
            erase(any_of("contacts"))
        seen.add(wrote(business))
    assert len(seen) > 5
