"""What the list and a conversation show, read from real rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from core.accounts import teams
from core.conversations import inbox_list, lifecycle, team_assignment
from core.conversations import thread as threads
from core.conversations.inbox_list import InboxFilter, View
from core.models import Attachment, Business
from core.platform.db import system_transaction, transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from tests.factories import conversation, person, says

NOW = datetime.now(UTC).replace(microsecond=0)


def ids(business_id: int, view: View, agent_id: int = 0) -> list[int]:
    with transaction(business_id) as session:
        return [row.id for row in inbox_list.page(session, InboxFilter(view), agent_id).rows]


def read(business_id: int, conversation_id: int, limit: int = 60) -> threads.Thread:
    with transaction(business_id) as session:
        return threads.read(session, conversation_id, limit)


def test_each_view_shows_its_own_newest_first(business) -> None:
    ana = person(business.business_id)

    def one(minutes: int, **values: Any) -> int:
        at = NOW - timedelta(minutes=minutes)
        return conversation(business.business_id, business.whatsapp_channel_id, last_message_at=at, **values)

    bot, mine = one(4), one(3, mode="human", assignee_id=ana.id)
    waiting = one(2, mode="human", waiting_since=NOW)
    closed = one(1, mode="human", status="closed", waiting_since=NOW, assignee_id=ana.id)
    asleep = one(0, mode="human", status="snoozed", snoozed_until=NOW + timedelta(days=1), assignee_id=ana.id)
    assert ids(business.business_id, View.ALL) == [closed, waiting, mine, bot]
    assert ids(business.business_id, View.WAITING) == [waiting]
    assert ids(business.business_id, View.MINE, ana.id) == [mine]
    assert ids(business.business_id, View.BOT) == [bot]
    with transaction(business.business_id) as session:
        assert inbox_list.counts(session).of(ana.id) == {View.WAITING: 1, View.MINE: 1, View.BOT: 1}
        told = {row.id: row.views for row in inbox_list.rows(session, [bot, mine, waiting, closed, asleep])}
    assert told == {
        bot: [View.ALL, View.BOT], mine: [View.ALL, View.MINE], waiting: [View.ALL, View.WAITING], closed: [View.ALL],
        asleep: [],
    }  # fmt: skip


def test_a_wordless_last_message_is_shown_by_its_type(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "hello", created_at=NOW)
    says(business.business_id, talk, "", type="image", created_at=NOW)
    with transaction(business.business_id) as session:
        (row,) = inbox_list.page(session, InboxFilter(), 0).rows
    assert (row.last_text, row.last_type) == ("", "image")


def test_a_conversation_of_a_team_tells_its_name(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, mode="human")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        team_id = teams.create(session, "Ventas")
        team_assignment.assign_team(session, talk, team_id)
        (row,) = inbox_list.page(session, InboxFilter(), 0).rows
    assert (row.assignee, row.team) == (None, "Ventas")
    assert read(business.business_id, talk).team == "Ventas"


def test_a_thread_ends_with_the_newest_and_tells_that_there_are_more(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    for number in range(5):
        says(business.business_id, talk, f"m{number}", created_at=NOW)  # one second: arrival decides
    assert [line.text for line in read(business.business_id, talk, 3).lines] == ["m2", "m3", "m4"]
    assert read(business.business_id, talk, 3).more
    assert not read(business.business_id, talk, 5).more


def test_reactions_and_edits_are_shown_on_the_message_they_are_about(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "old", provider_id="w1", payload={"edited": {"text": "new"}})
    says(business.business_id, talk, "👍", type="reaction", payload={"message_id": "w1"})
    says(business.business_id, talk, "new", type="edit")
    says(business.business_id, talk, "❤", type="reaction", payload={"message_id": "unknown"})
    assert [line.text for line in read(business.business_id, talk).lines] == ["old", "❤"]


def test_quotes_files_and_events_come_with_their_message(business) -> None:
    ana = person(business.business_id)
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "which one?", provider_id="w1")
    message_id = says(business.business_id, talk, "this", reply_to="w1", type="image")
    with system_transaction() as session:
        session.execute(
            insert(Attachment).values(
                business_id=business.business_id, message_id=message_id, mime_type="image/png", state="stored"
            )
        )
    with transaction(Scope(business.business_id, Actor.agent(ana.id))) as session:
        lifecycle.take_over(session, talk, ana.id)
    thread = read(business.business_id, talk)
    _, picture, event = thread.lines
    assert picture.quoted == "which one?"
    assert [file.mime_type for file in picture.files] == ["image/png"]
    assert (event.type, event.author, thread.assignee) == ("event", "Ana Torres", "Ana Torres")


def test_a_quote_shows_nothing_of_another_customers_messages(business) -> None:
    """A browser names what it quotes by the provider's id, also of a message that its agent may not see."""
    here, elsewhere = (conversation(business.business_id, business.whatsapp_channel_id) for _ in range(2))
    says(business.business_id, elsewhere, "my diagnosis", provider_id="w1")
    says(business.business_id, here, "this", sender="agent", reply_to="w1")
    assert [line.quoted for line in read(business.business_id, here).lines] == [None]


@pytest.mark.parametrize(("hours", "is_open"), [(1, True), (-1, False)])
def test_the_window_is_told(business, hours: int, is_open: bool) -> None:
    at = datetime.now(UTC) + timedelta(hours=hours)
    talk = conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=at)
    assert read(business.business_id, talk).window_open is is_open


def test_a_customer_who_never_wrote_has_no_window(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=None)
    assert not read(business.business_id, talk).window_open


def test_another_businesss_conversation_is_not_there(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    with system_transaction() as session:
        other = session.execute(insert(Business).values(name="Other").returning(Business.id)).scalar_one()
    assert ids(other, View.ALL) == []
    with pytest.raises(NotFound):
        read(other, talk)
