"""The list of notices and the bell: for everybody, in their language, with what each person has read."""

from __future__ import annotations

import json

import pytest
import streamlit as st

from console.app_pages.notices import queries
from core.accounts import notification_list
from core.accounts.notifications import notify
from core.messaging.outbound import settlement
from core.models import Role, Severity
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.factories import conversation, person
from tests.support.database import column, one, rows
from tests.support.desk import Desk
from tests.support.inbound import customer_writes
from tests.support.outbox import say


def note(
    business: TestBusiness, kind: str, severity: Severity = Severity.WARNING, talk: int | None = None, **facts: object
) -> None:
    with transaction(business.business_id) as session:
        notify(session, kind, severity, "In English.", conversation_id=talk, data=facts)


def test_the_bell_counts_and_the_page_shows_and_reads_them(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(business, "account_verified")
    rows("UPDATE notifications SET created_at = now() - interval '1 hour'")
    ana, bea = (person(business.business_id, role=role) for role in (Role.AGENT, Role.MANAGER))
    rows("UPDATE agents SET language = 'es'")
    desk = Desk(ana, monkeypatch)
    desk.open()
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    rows("UPDATE contacts SET name = 'Zoë'")
    note(business, "handed_off", talk=talk, reason="keyword")
    note(business, "alert_workers", Severity.INFO, subject="all", cleared=True)
    monkeypatch.setattr(st, "session_state", {})  # outside of a page it is everybody's
    assert queries.unread() == 2, "what was before somebody came is no news to them"
    desk.page.switch_page("app_pages/notices/page.py")
    desk.run()
    shown = [element.value for element in desk.page.text]
    assert any("Zoë necesita a una persona: la pidió." in words for words in shown)
    assert any(words.startswith("Resuelto:") for words in shown)
    links = [json.dumps(str(link.proto)) for link in desk.page.get("page_link")]
    assert any(f"c={talk}" in link for link in links)
    assert queries.unread() == 0
    with transaction(business.business_id) as session:
        assert notification_list.unread(session, bea.id) == 2, "each reads for themselves"
        for up_to in (2, 0):
            notification_list.mark_read(session, bea.id, up_to)
        assert (notification_list.read_up_to(session, bea.id), notification_list.unread(session, bea.id)) == (2, 1)


def test_a_persons_message_of_unknown_fate_is_told_once(business: TestBusiness) -> None:
    ids = [say(business.business_id, customer_writes(sender=f"549115555{n:04}"))[0] for n in range(3)]
    rows("UPDATE messages SET status = 'uncertain' WHERE id = ANY(:ids)", ids=ids)
    rows("UPDATE messages SET sender = 'bot' WHERE id = :id", id=ids[1])
    rows("UPDATE deliveries SET uncertain_since = now() - interval '2 minutes' WHERE message_id <> :id", id=ids[2])
    rows("UPDATE conversations SET mode = 'bot'")
    for _ in range(2):
        with system_transaction() as session:
            settlement.notify_of_uncertain(session, 60)
    assert rows("SELECT kind, conversation_id FROM notifications") == [
        ("message_uncertain", one("SELECT conversation_id FROM messages WHERE id = :id", id=ids[0]))
    ]
    assert column("SELECT about FROM notifications") == [f"uncertain message {ids[0]}"]
