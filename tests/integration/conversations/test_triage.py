"""Snooze, tags, priority, private notes and canned responses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.conversations import canned_responses, notes, triage
from core.models import Conversation
from core.platform import events
from core.platform.db import system_transaction, transaction
from core.platform.errors import Conflict
from core.platform.scope import Actor, Scope
from core.replies import context
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import column, one, rows, state_of
from tests.support.inbound import customer_writes
from tests.support.refusals import refused

NOW = datetime.now(UTC)


def snooze(business_id: int, talk: int, until: datetime) -> None:
    with transaction(Scope(business_id, Actor.agent(1))) as session:
        triage.snooze(session, talk, until)


def unsnooze_due() -> int:
    with system_transaction() as session:
        return triage.unsnooze_due(session)


def test_a_snooze_ends_at_its_time(business: TestBusiness) -> None:
    talk = customer_writes()
    snooze(business.business_id, talk, NOW + timedelta(hours=1))
    assert state_of(talk).status == "snoozed"
    assert unsnooze_due() == 0
    rows("UPDATE conversations SET snoozed_until = now() - interval '1 second'")
    assert (unsnooze_due(), unsnooze_due()) == (1, 0)
    now = state_of(talk)
    assert (now.status, now.snoozed_until) == ("open", None)


def test_a_customer_message_ends_the_snooze(business: TestBusiness) -> None:
    talk = customer_writes()
    snooze(business.business_id, talk, NOW + timedelta(hours=1))
    assert customer_writes("¿Hola?") == talk
    now = state_of(talk)
    assert (now.status, now.snoozed_until) == ("open", None)


@pytest.mark.parametrize("until", [NOW - timedelta(minutes=1), NOW + timedelta(days=400)])
def test_a_past_or_too_distant_time_is_refused(business: TestBusiness, until: datetime) -> None:
    talk = customer_writes()
    with refused("invalid_time"):
        snooze(business.business_id, talk, until)


def test_a_closed_conversation_cannot_be_snoozed(business: TestBusiness) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, status="closed")
    with pytest.raises(Conflict):
        snooze(business.business_id, talk, NOW + timedelta(hours=1))


def test_tags_are_trimmed_and_counted_once(business: TestBusiness) -> None:
    talk = customer_writes()
    with transaction(business.business_id) as session:
        triage.set_tags(session, talk, ["  envío  gratis ", "VIP", "vip", ""])
    assert state_of(talk).tags == ["envío gratis", "vip"]
    with transaction(business.business_id) as session:
        assert triage.known_tags(session) == ["envío gratis", "vip"]


@pytest.mark.parametrize("tags", [["x" * 41], [str(n) for n in range(21)]])
def test_too_many_or_too_long_tags_are_refused(business: TestBusiness, tags: list[str]) -> None:
    talk = customer_writes()
    with transaction(business.business_id) as session, refused("invalid_tag"):
        triage.set_tags(session, talk, tags)


def test_priority_stays_within_its_bounds(business: TestBusiness) -> None:
    talk = customer_writes()
    for asked, kept in ((9, 3), (-1, 0), (2, 2)):
        with transaction(business.business_id) as session:
            triage.set_priority(session, talk, asked)
        assert state_of(talk).priority == kept


class TestNotes:
    def add(self, business: TestBusiness, talk: int, words: str, key: str | None = None) -> int:
        ana = person(business.business_id)
        with transaction(business.business_id) as session:
            return notes.add_note(session, talk, ana.id, words, key)

    def test_a_note_is_never_sent_and_hidden_from_the_bot(self, business: TestBusiness) -> None:
        talk = customer_writes("¿Hacen envíos?")
        self.add(business, talk, "Cliente difícil")
        assert column("SELECT type FROM messages ORDER BY id") == ["text", "note"]
        assert one("SELECT count(*) FROM deliveries") == 0
        assert state_of(talk).last_message_text == "¿Hacen envíos?"
        with transaction(business.business_id) as session:
            assert [message.text for message in context.load_snapshots(session, [talk])[talk].messages] == [
                "¿Hacen envíos?"
            ]

    def test_a_repeated_note_is_stored_once(self, business: TestBusiness) -> None:
        talk = customer_writes()
        assert self.add(business, talk, "Ojo", "k1") == self.add(business, talk, "Ojo", "k1")
        assert one("SELECT count(*) FROM messages WHERE type = 'note'") == 1

    @pytest.mark.parametrize("words", ["  ", "x" * 5001])
    def test_an_empty_or_too_long_note_is_refused(self, business: TestBusiness, words: str) -> None:
        talk = customer_writes()
        with refused("invalid_note"):
            self.add(business, talk, words)


class TestSavedReplies:
    @pytest.mark.parametrize("words", ["Hola {{foo}}", "{{ contact.nombre }}", "{{}}", "{{agent.name}} {{1}}"])
    def test_an_unknown_variable_is_refused(self, business: TestBusiness, words: str) -> None:
        with refused("unknown_variable"):
            self.save(business, "hola", words)
        self.save(business, "hola", "¡Hola, {{contact.first_name}}! Soy {{ agent.name }}. {x} {{ }")

    @pytest.mark.parametrize(("text", "goes"), [("Hola {{foo}}", False), ("{{ }}", False), ("Son {2} a {{3} }", True)])
    def test_a_placeholder_never_reaches_a_customer(self, text: str, goes: bool) -> None:
        if goes:
            canned_responses.reject_placeholders(text)
        else:
            with refused("unfilled_variable"):
                canned_responses.reject_placeholders(text)

    def save(self, business: TestBusiness, shortcut: str, words: str) -> None:
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            canned_responses.save(session, shortcut, words)

    def all(self, business: TestBusiness) -> list[tuple[str, str]]:
        with transaction(business.business_id) as session:
            return [(one.shortcut, one.text) for one in canned_responses.canned_responses(session)]

    def test_a_shortcut_has_one_text(self, business: TestBusiness) -> None:
        self.save(business, "/Hola", "Buenas")
        self.save(business, "hola", "Buenos días")
        self.save(business, "chau", "Hasta luego")
        assert self.all(business) == [("chau", "Hasta luego"), ("hola", "Buenos días")]
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            (first, _) = canned_responses.canned_responses(session)
            canned_responses.remove(session, first.id)
            canned_responses.remove(session, first.id)
        assert self.all(business) == [("hola", "Buenos días")]

    @pytest.mark.parametrize(
        ("shortcut", "words"), [("", "x"), ("a b", "x"), ("x" * 31, "x"), ("a", " "), ("a", "x" * 4001)]
    )
    def test_an_invalid_shortcut_or_text_is_refused(self, business: TestBusiness, shortcut: str, words: str) -> None:
        with refused("invalid_reply"):
            self.save(business, shortcut, words)


def test_mark_unread(business: TestBusiness) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, unread_count=0)
    with transaction(business.business_id) as session:
        triage.mark_unread(session, talk)
        assert session.get_one(Conversation, talk).unread_count == 1


def test_the_owner_is_alerted_when_a_snooze_ends(business: TestBusiness, monkeypatch) -> None:
    called: list[int | None] = []
    monkeypatch.setattr(events, "publish_change", lambda session, talk, needs_agent=None: called.append(needs_agent))
    ana = person(business.business_id).id
    long_ago = NOW - timedelta(days=3)
    known: dict[str, Any] = {
        "status": "snoozed",
        "snoozed_until": NOW - timedelta(seconds=1),
        "last_message_at": long_ago,
    }
    known |= {"waiting_since": None, "unread_count": 0}
    hers = conversation(business.business_id, business.whatsapp_channel_id, mode="human", assignee_id=ana, **known)
    bots = conversation(business.business_id, business.sms_channel_id, mode="bot", **known)
    assert unsnooze_due() == 2
    for talk in (hers, bots):
        now = state_of(talk)
        assert (now.status, now.unread_count) == ("open", 1)
        assert now.last_message_at > NOW - timedelta(minutes=1), "it stands first"
    assert state_of(hers).waiting_since is not None
    assert state_of(bots).waiting_since is None, "the bot's would be taken for abandoned"
    assert [one for one in called if one is not None] == [ana]
    assert set(column("SELECT conversation_id FROM notifications WHERE kind = 'snooze_due'")) == {hers, bots}
