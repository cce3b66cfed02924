"""Merging two contacts, and undoing it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.messaging.contacts import duplicates, merging, profile
from core.platform.db import transaction
from core.platform.errors import Conflict, NotFound
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.factories import conversation
from tests.integration.contacts.steps import close, merge, undo
from tests.support.database import column, one, rows, state_of
from tests.support.inbound import customer_writes

ONE, OTHER = "5491155550001", "5491166660002"


def state() -> list[Any]:
    """Return everything that merging changes, except the records of the merge."""
    return [
        rows("SELECT id, name, custom::text, merged_into_id FROM contacts ORDER BY id"),
        rows("SELECT id, contact_id, address, opted_out_at FROM contact_identities ORDER BY id"),
        rows(
            "SELECT id, contact_id, identity_id, status, mode, waiting_since, unread_count, snoozed_until, closed_at"
            " FROM conversations ORDER BY id"
        ),
    ]


@pytest.fixture
def pair(business: TestBusiness) -> tuple[int, int]:
    """Return the open conversations of two contacts on one channel, the second newer."""
    older = customer_writes("Hola", ONE, at=(datetime.now(UTC) - timedelta(minutes=9)).timestamp(), name="Ana")
    return older, customer_writes("Soy yo", OTHER, name="Ana T.")


def contacts(*talks: int) -> list[int]:
    return [state_of(talk).contact_id for talk in talks]


def test_undoing_a_merge_restores_everything(business: TestBusiness, pair: tuple[int, int]) -> None:
    keep, merged = contacts(*pair)
    rows("UPDATE contact_identities SET opted_out_at = now() WHERE address = :one", one=OTHER)
    known = '{"about": "Prefers mornings", "fields": [["City", "Lima"]]}'
    rows("UPDATE contacts SET custom = cast(:known AS jsonb) WHERE id = :id", known=known, id=merged)
    before = state()
    merge_id = merge(business, keep, merged)
    assert set(column("SELECT contact_id FROM contact_identities")) == {keep}
    assert set(column("SELECT contact_id FROM conversations")) == {keep}
    assert one("SELECT count(*) FROM contact_identities WHERE opted_out_at IS NULL") == 0
    with transaction(business.business_id) as session:
        assert profile.read(session, keep).about == "Prefers mornings"
    undo(business, merge_id)
    undo(business, merge_id)
    assert state() == before
    assert column("SELECT action FROM audit_entries WHERE action LIKE 'contact.%' ORDER BY id") == [
        "contact.merge",
        "contact.unmerge",
    ]


def test_the_older_open_conversation_is_closed_and_its_wait_goes_on(
    business: TestBusiness, pair: tuple[int, int]
) -> None:
    older, newer = pair
    waited = state_of(older).waiting_since
    merge(business, *contacts(newer, older))
    assert state_of(older).status == "closed"
    assert (state_of(newer).status, state_of(newer).waiting_since) == ("open", waited)
    assert state_of(newer).unread_count == 2


def test_later_messages_go_to_the_owner_of_their_address(business: TestBusiness, pair: tuple[int, int]) -> None:
    older, newer = pair
    close(business, older)
    close(business, newer)
    keep, merged = contacts(older, newer)
    merge_id = merge(business, keep, merged)
    since = customer_writes("Otra cosa", OTHER)
    assert state_of(since).contact_id == keep
    undo(business, merge_id)
    assert contacts(older, newer, since) == [keep, merged, merged]
    assert customer_writes("Sigo aqui", OTHER) == since


def test_a_conversation_that_followed_the_other_address_returns_to_its_own(
    business: TestBusiness, pair: tuple[int, int]
) -> None:
    older, newer = pair
    close(business, newer)
    merge_id = merge(business, *contacts(older, newer))
    assert customer_writes("Sigo aqui", OTHER) == older
    undo(business, merge_id)
    assert one(
        "SELECT i.address FROM conversations c JOIN contact_identities i ON i.id = c.identity_id"
        " WHERE c.id = :id",
               id=older) == ONE  # fmt: skip


def test_changes_made_since_are_kept(business: TestBusiness, pair: tuple[int, int]) -> None:
    keep, merged = contacts(*pair)
    merge_id = merge(business, keep, merged)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        profile.rename(session, keep, "Sra. Torres")
    customer_writes("STOP", OTHER)
    undo(business, merge_id)
    with transaction(business.business_id) as session:
        assert profile.read(session, keep).name == "Sra. Torres"
    assert one("SELECT count(*) FROM contact_identities WHERE opted_out_at IS NOT NULL") == 2, "a wish is never undone"


def test_what_cannot_be_merged(business: TestBusiness, pair: tuple[int, int]) -> None:
    keep, merged = contacts(*pair)
    with pytest.raises(Conflict):
        merge(business, keep, keep)
    with pytest.raises(NotFound):
        merge(business, keep, 999_999)
    merge_id = merge(business, keep, merged)
    with pytest.raises(Conflict):
        merge(business, keep, merged)
    third = state_of(conversation(business.business_id, business.sms_channel_id)).contact_id
    merge(business, third, keep)
    with pytest.raises(Conflict):
        undo(business, merge_id)
    with pytest.raises(NotFound):
        undo(business, 999_999)


def test_another_business_sees_neither_contacts_nor_merges(business: TestBusiness, pair: tuple[int, int]) -> None:
    keep, merged = contacts(*pair)
    merge_id = merge(business, keep, merged)
    with transaction(Scope(business.business_id + 1, Actor.agent(1))) as session:
        with pytest.raises(NotFound):
            merging.undo(session, merge_id)
        assert duplicates.candidates(session, keep, "Ana") == []


def test_candidates_share_a_number_or_a_name(business: TestBusiness, pair: tuple[int, int]) -> None:
    (keep, similar) = contacts(*pair)
    by_number = state_of(conversation(business.business_id, business.sms_channel_id, name="Otra")).contact_id
    rows(
        "UPDATE contact_identities SET lookup_key = (SELECT lookup_key FROM contact_identities"
        " WHERE contact_id = :keep)"
        " WHERE contact_id = :other",
        keep=keep,
        other=by_number,
    )
    with transaction(business.business_id) as session:
        found = duplicates.candidates(session, keep)
        assert [(one.id, one.same_number, one.conversations) for one in found] == [
            (by_number, True, 1),
            (similar, False, 1),
        ]
        assert [one.id for one in duplicates.candidates(session, keep, "otr")] == [by_number]
        assert [one.id for one in duplicates.candidates(session, by_number, "66660002")] == [similar]
    merge(business, keep, similar)
    with transaction(business.business_id) as session:
        assert [one.id for one in duplicates.candidates(session, keep)] == [by_number]
