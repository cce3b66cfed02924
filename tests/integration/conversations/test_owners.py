"""Automatic assignment of hand-offs, and their notifications."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from core.accounts import teams
from core.conversations import assignment, lifecycle
from core.conversations.assignment import Rules
from core.models import Role
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from core.replies.decision import HandOff, Trace
from core.replies.handoff_rules import Reason
from core.types import Summary
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import one, rows
from tests.support.inbound import customer_writes
from tests.support.pending_replies import begin, finish
from tests.support.refusals import refused

SUMMARY = Summary("Quiere cambiar la talla. No se le dijo nada.", "¿puedo cambiar la talla?", "")


def online(business: TestBusiness, name: str = "Ana Torres", *, seconds_ago: int = 30) -> int:
    who = person(business.business_id, name=name)
    rows(f"UPDATE agent_tokens SET last_seen_at = now() - interval '{seconds_ago} seconds' WHERE agent_id = {who.id}")
    return who.id


def talk(business: TestBusiness, **values: Any) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id, **values)


def busy(business: TestBusiness, agent_id: int, count: int, **values: object) -> None:
    for _ in range(count):
        talk(business, **{"mode": "human", "assignee_id": agent_id, **values})


def hand_off(business: TestBusiness, conversation_id: int) -> int | None:
    """Return the assignee afterwards."""
    with transaction(business.business_id) as session:
        assert lifecycle.hand_off(session, conversation_id, "keyword", "gerente", SUMMARY)
    return one(f"SELECT assignee_id FROM conversations WHERE id = {conversation_id}")


def set_rules(business: TestBusiness, automatic: bool = True, max_open: int = 10) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        assignment.set_rules(session, Rules(automatic, max_open))


def make_team(business: TestBusiness, *members: int, channels: tuple[int, ...] = ()) -> int:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        team = teams.create(session, "Ventas")
        teams.set_members(session, team, members)
        teams.set_channels(session, team, channels)
    return team


def test_the_online_agent_with_the_fewest_open_is_assigned_and_notified(business: TestBusiness) -> None:
    ana, bea = online(business, "Ana"), online(business, "Bea")
    busy(business, ana, 2)
    busy(business, bea, 1)
    busy(business, bea, 5, status="closed")
    busy(business, bea, 5, status="snoozed")
    wanted = talk(business)
    assert hand_off(business, wanted) == bea
    (event,) = rows(f"SELECT payload FROM messages WHERE conversation_id = {wanted} AND type = 'event'")[0]
    assert event == {
        "event": "handed_off",
        "reason": "keyword",
        "detail": "gerente",
        "owner": "Bea",
        "words": SUMMARY.words,
        "asked": SUMMARY.asked,
        "tried": "",
    }
    assert one("SELECT text FROM notifications") == (
        "A customer needs a person: keyword (gerente). It went to Bea. Quiere cambiar la talla. No se le dijo nada."
    )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE agents SET disabled_at = now()",
        "UPDATE agent_tokens SET last_seen_at = now() - interval '3 minutes'",
        "UPDATE agent_tokens SET last_seen_at = NULL",
        "UPDATE agent_tokens SET ended_at = now()",
        "UPDATE agent_tokens SET expires_at = now()",
        "UPDATE businesses SET auto_assign = false",
    ],
)
def test_without_an_online_agent_it_is_unassigned_and_all_are_notified(business: TestBusiness, change: str) -> None:
    online(business)
    rows(change)
    wanted = talk(business)
    assert hand_off(business, wanted) is None
    assert rows(f"SELECT mode, status, waiting_since IS NOT NULL FROM conversations WHERE id = {wanted}") == [
        ("human", "open", True)
    ]
    assert "went to" not in one("SELECT text FROM notifications")


def test_agents_at_the_limit_are_skipped(business: TestBusiness) -> None:
    ana = online(business)
    set_rules(business, max_open=2)
    assert [hand_off(business, talk(business)) for _ in range(3)] == [ana, ana, None]
    with refused("invalid_limit"):
        set_rules(business, max_open=0)


def test_the_owner_keeps_it_while_online(business: TestBusiness) -> None:
    ana, bea = online(business, "Ana"), online(business, "Bea")
    set_rules(business, max_open=3)
    busy(business, ana, 3)
    assert hand_off(business, talk(business, assignee_id=ana)) == ana
    away = person(business.business_id, name="Eva").id
    assert hand_off(business, talk(business, assignee_id=away)) == bea
    rows("UPDATE agent_tokens SET ended_at = now()")
    assert hand_off(business, talk(business, assignee_id=away)) == away, "better than nobody"


def test_hand_offs_go_to_the_channels_team(business: TestBusiness) -> None:
    ana, bea = online(business, "Ana"), online(business, "Bea")
    busy(business, bea, 3)
    team = make_team(business, bea, channels=(business.whatsapp_channel_id,))
    wanted = talk(business)
    assert hand_off(business, wanted) == bea
    assert one(f"SELECT team_id FROM conversations WHERE id = {wanted}") == team
    rows(f"UPDATE agent_tokens SET ended_at = now() WHERE agent_id = {bea}")
    assert hand_off(business, talk(business)) is None, f"{ana} is of no team"


def test_agents_of_another_business_are_ignored(business: TestBusiness) -> None:
    other = one("INSERT INTO businesses (name, profile) VALUES ('Otra', '{}') RETURNING id")
    stranger = person(other, role=Role.ADMINISTRATOR)
    rows(f"UPDATE agent_tokens SET last_seen_at = now() WHERE agent_id = {stranger.id}")
    with system_transaction() as session:
        assert assignment.pick_agent(session, talk(business)) is None
    assert hand_off(business, talk(business)) is None


def test_concurrent_hand_offs_pick_different_agents_without_waiting(business: TestBusiness) -> None:
    ana, bea = online(business, "Ana"), online(business, "Bea")
    first, second, third = talk(business), talk(business), talk(business)
    with transaction(business.business_id) as session:
        lifecycle.hand_off(session, first, "keyword")
        got: list[int | None] = []
        for one_more in (second, third):
            other = threading.Thread(target=lambda one_more=one_more: got.append(hand_off(business, one_more)))
            other.start()
            other.join(10)
    assert one(f"SELECT assignee_id FROM conversations WHERE id = {first}") == ana
    assert got == [bea, bea], "the first is still being given to Ana"


def test_if_all_agents_are_locked_one_is_still_assigned(business: TestBusiness) -> None:
    ana = online(business)
    with transaction(business.business_id) as session:
        lifecycle.hand_off(session, talk(business), "keyword")
        got: list[int | None] = []
        other = threading.Thread(target=lambda: got.append(hand_off(business, talk(business))))
        other.start()
        other.join(10)
    assert got == [ana]


def test_the_bots_hand_off_carries_its_summary(business: TestBusiness) -> None:
    ana = online(business)
    customer_writes("¿puedo cambiar la talla?")
    turn, reply_context = begin()
    assert finish(turn, reply_context, HandOff("Un momento.", Reason.MODEL_ASKED, "exchange", Trace("model"), SUMMARY))
    assert rows("SELECT assignee_id, mode FROM conversations") == [(ana, "human")]
    assert one("SELECT payload ->> 'words' FROM messages WHERE type = 'event'") == SUMMARY.words
