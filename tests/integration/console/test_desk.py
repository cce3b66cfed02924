"""The inbox as people work in it: finding, putting in order, deciding about what did not go out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.app_pages.inbox import bulk_commands, commands
from console.app_pages.queue import commands as queue_actions
from console.auth import NotAllowed
from console.url_state import row_number
from core.conversations import inbox_list
from core.conversations.inbox_list import InboxFilter, View
from core.messaging import closing
from core.messaging.closing import CloseUndo
from core.messaging.outbound import manual_retry
from core.models import Role
from core.platform.db import transaction
from core.platform.errors import Conflict, StoreUnavailable
from tests.factories import conversation, failed_message, person, says
from tests.support.database import column, one, rows, state_of
from tests.support.desk import Desk

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)


def talk(business: Any, name: str = "Daniela Cruz", **values: Any) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id, name=name, **values)


def found(
    business: Any, wanted: InboxFilter, after: inbox_list.Cursor | None = None, limit: int = 60
) -> inbox_list.Page:
    with transaction(business.business_id) as session:
        return inbox_list.page(session, wanted, 0, after, limit)


def ids(page: inbox_list.Page) -> list[int]:
    return [row.id for row in page.rows]


class TestList:
    def test_filters_narrow_a_view(self, business) -> None:
        usual = talk(business, last_message_at=NOW)
        closed = talk(business, status="closed", last_message_at=NOW - timedelta(1), tags=["vip"])
        closing = talk(
            business, last_message_at=NOW - timedelta(2), window_expires_at=datetime.now(UTC) + timedelta(hours=1)
        )
        mine = talk(business, last_message_at=NOW - timedelta(3), assignee_id=person(business.business_id).id)
        assert ids(found(business, InboxFilter())) == [usual, closed, closing, mine]
        assert ids(found(business, InboxFilter(status="closed"))) == [closed]
        assert ids(found(business, InboxFilter(tag="vip"))) == [closed]
        assert ids(found(business, InboxFilter(closing=True))) == [closing]
        assert ids(found(business, InboxFilter(unassigned=True))) == [usual, closing]
        assert ids(found(business, InboxFilter(channel="sms"))) == []

    def test_words_are_found_in_names_and_in_what_was_said(self, business) -> None:
        ana, bea = talk(business, "Ana Núñez"), talk(business, "Bea")
        says(business.business_id, bea, "Quisiera una cotización")
        assert ids(found(business, InboxFilter(words="nunez"))) == [ana]
        assert ids(found(business, InboxFilter(words="COTIZACIONES"))) == [bea]
        assert ids(found(business, InboxFilter(words="nada de nada"))) == []

    @pytest.mark.parametrize("view", [View.ALL, View.WAITING])
    def test_pages_reach_every_conversation_once(self, business, view: View) -> None:
        made = [
            talk(business, mode="human", waiting_since=NOW - timedelta(minutes=n // 3), last_message_at=NOW)
            for n in range(11)
        ]
        seen: list[int] = []
        after = None
        while True:
            page = found(business, InboxFilter(view), after, 3)
            seen += ids(page)
            if (after := page.next) is None:
                break
        assert sorted(seen) == made

    def test_the_longest_waiting_comes_first(self, business) -> None:
        short = talk(business, mode="human", waiting_since=NOW)
        long = talk(business, mode="human", waiting_since=NOW - timedelta(hours=1))
        assert ids(found(business, InboxFilter(View.WAITING))) == [long, short]

    def test_a_browser_asks_for_what_is_in_its_address(self, desk, business) -> None:
        ana = talk(business, "Ana Núñez", tags=["vip"])
        talk(business, "Bea")
        for wanted in (
            {"q": "nuñez"},
            {"tag": "vip"},
            {"q": "ana", "view": "bot", "status": "open", "channel": "whatsapp"},
        ):
            assert [row["id"] for row in desk.rows(**wanted)] == [ana], wanted
        for other in ({"q": "zzz"}, {"view": "mine"}, {"team": 1}, {"unassigned": True, "closing": True}):
            assert desk.rows(**other) == [], other

    @pytest.mark.parametrize("view", [View.ALL, View.WAITING])
    def test_a_browser_asks_for_what_follows_the_last_row(self, desk, business, view: View) -> None:
        made = [
            talk(business, mode="human", waiting_since=NOW - timedelta(minutes=n // 3), last_message_at=NOW)
            for n in range(5)
        ]
        seen: list[int] = []
        last: dict[str, object] = {}
        while True:
            page = desk.browser.get("/inbox/rows", params={"view": view, "most": 2} | last).json()
            seen += [row["id"] for row in page["rows"]]
            if not page["more"]:
                break
            end = page["rows"][-1]
            last = {"at": end["waiting" if view is View.WAITING else "at"], "id": end["id"]}
        assert sorted(seen) == made
        assert page["counts"] == {"waiting": 5, "mine": 0, "bot": 0}

    @pytest.mark.parametrize(
        "wanted",
        [
            {"view": "x"},
            {"at": NOW.isoformat(), "id": "9" * 30},
            {"closing": "maybe"},
            {"most": "many"},
            {"most": "9" * 5000},
            {"at": "today"},
        ],
    )
    def test_filters_that_cannot_be_are_refused(self, desk, wanted: dict[str, Any]) -> None:
        assert desk.browser.get("/inbox/rows", params=wanted).status_code == 400

    @pytest.mark.parametrize(
        "wanted",
        [
            {"q": "a\0b %_'\\", "tag": "\0"}, {"q": "x" * 9000}, {"status": "x"}, {"team": "9" * 30}, {"x": "y"},
            {"most": "-1"}, {"team": "²"}, {"at": "1999-12-31T09:30", "id": 1},
        ],
    )  # fmt: skip
    def test_no_address_breaks_a_list(self, desk, wanted: dict[str, Any]) -> None:
        assert desk.rows(**wanted) == []

    def test_a_list_is_for_people_of_the_business_only(self, desk, business) -> None:
        talk(business)
        desk.browser.cookies.clear()
        assert desk.browser.get("/inbox/rows").status_code == 401


class TestActions:
    def test_several_at_once(self, desk, business) -> None:
        first, second = talk(business), talk(business)
        closed = bulk_commands.several("close", [first, second, 999_999])
        assert (closed.done, closed.refused) == (2, 1)
        assert {state_of(one).status for one in (first, second)} == {"closed"}
        assert bulk_commands.several("take", [first]).refused == 1
        assert bulk_commands.take_back(closed.stood) == 2
        assert {state_of(one).status for one in (first, second)} == {"open"}
        with pytest.raises(ValueError, match="drop"):
            bulk_commands.several("drop", [first])

    def test_several_are_given_and_named(self, desk, business) -> None:
        first, closed = talk(business, tags=["old"]), talk(business, status="closed")
        given = bulk_commands.several("assign", [first, closed], desk.person.id)
        assert (given.done, given.refused) == (1, 1)
        assert bulk_commands.several("tag", [first, closed], ["vip"]).done == 2
        assert bulk_commands.several("tag", [first], [f"tag {number}" for number in range(20)]).refused == 1
        assert (state_of(first).assignee_id, state_of(first).tags) == (desk.person.id, ["old", "vip"])

    def test_the_answer_tells_what_was_done_and_what_was_not(self, desk, business) -> None:
        first, second = talk(business), talk(business)
        told = desk.act("bulk", 0, name="close", ids=[first, second, 999_999])
        assert (told["said"], told["undo"]["said"]) == ("Not possible in 1", "Done. Conversations: 2")
        again = desk.act("bulk", 0, name="take", ids=[first, second])
        assert again == {"error": "Not possible in 2"}
        assert desk.act("undo", 0, value=told["undo"]["token"])["said"] == "Undone"
        told = desk.act("bulk", 0, name="assign", ids=[first, second], value=desk.person.id)
        assert (told["said"], told["undo"]) == ("Done. Conversations: 2", None)
        assert {state_of(one).assignee_id for one in (first, second)} == {desk.person.id}

    def test_what_was_closed_before_the_database_went_away_can_be_undone(self, desk, business, monkeypatch) -> None:
        first, second, third = talk(business), talk(business), talk(business)
        close, undo_close, away = commands.close, closing.undo_close, {second, third}

        def close_until_away(conversation_id: int) -> CloseUndo | None:
            if conversation_id in away:
                raise StoreUnavailable
            return close(conversation_id)

        monkeypatch.setattr(commands, "close", close_until_away)
        with pytest.raises(StoreUnavailable):
            bulk_commands.several("close", [second, first])
        told = desk.act("bulk", 0, name="close", ids=[first, second, third])
        assert (told["said"], told["undo"]["said"]) == ("Not possible in 2", "Done. Conversations: 1")

        def undo_while_away(*_: object) -> int:
            raise StoreUnavailable

        undo = {"key": str(uuid.uuid4()), "value": told["undo"]["token"]}
        monkeypatch.setattr(closing, "undo_close", undo_while_away)
        assert desk.browser.post("/inbox/0/undo", json=undo).status_code == 503
        monkeypatch.setattr(closing, "undo_close", undo_close)
        assert desk.browser.post("/inbox/0/undo", json=undo).json()["said"] == "Undone"
        assert {state_of(one).status for one in (first, second, third)} == {"open"}

    @pytest.mark.parametrize(
        ("name", "value"), [("drop", None), ("assign", True), ("assign", "me"), ("assign", ["x"]), ("tag", 1)]
    )
    def test_what_cannot_be_done_to_several_is_refused(self, desk, business, name: str, value: Any) -> None:
        first = talk(business)
        before = state_of(first)
        assert desk.act("bulk", 0, name=name, ids=[first], value=value)["error"]
        assert (state_of(first).assignee_id, state_of(first).tags) == (before.assignee_id, before.tags)

    def test_a_closed_conversation_is_taken_back(self, desk, business) -> None:
        first = talk(business, mode="human", unread_count=3)
        desk.open(first)
        offered = desk.act("close", first)["undo"]
        assert state_of(first).status == "closed"
        desk.act("undo", first, value=offered["token"])
        now = state_of(first)
        assert (now.status, now.mode, now.closed_at) == ("open", "human", None)

    def test_a_note_is_kept_once(self, desk, business) -> None:
        one_talk, token = talk(business), str(uuid.uuid4())
        commands.note(one_talk, "Ojo", token)
        commands.note(one_talk, "Ojo", token)
        desk.open(one_talk)
        (line,) = desk.component("thread")["lines"]
        assert (line["type"], line["sender"], line["text"], line["author"]) == ("note", "note", "Ojo", "Ana Torres")
        assert state_of(one_talk).mode == "bot", "a note takes nothing over"

    def test_the_customers_pane_assigns_and_tags(self, desk, business) -> None:
        one_talk = talk(business, mode="human")
        desk.open(one_talk)
        desk.act("assign", one_talk, value=desk.person.id)
        desk.act("tags", one_talk, value=["vip"])
        desk.act("rename", one_talk, contact=state_of(one_talk).contact_id, value="Ana Núñez")
        now = state_of(one_talk)
        assert (now.assignee_id, now.tags) == (desk.person.id, ["vip"])
        assert column("SELECT name FROM contacts") == ["Ana Núñez"]

    def test_what_is_closed_is_not_given_to_anybody(self, desk, business) -> None:
        with pytest.raises(Conflict):
            commands.assign(talk(business, status="closed"), desk.person.id)


class TestQueue:
    @pytest.fixture
    def failed(self, business) -> int:
        return failed_message(business.business_id, talk(business, mode="human"))

    def open(self, desk: Desk) -> Any:
        page = desk.open()
        page.switch_page("app_pages/queue/page.py")
        return desk.run()

    def test_failures_stand_under_their_cause(self, desk, failed) -> None:
        page = self.open(desk)
        (box,) = page.expander
        assert "the recipient cannot receive it" in box.label
        assert [one.value for one in page.metric][2] == "1"

    def test_an_empty_queue_says_so(self, desk) -> None:
        assert "Everything was sent" in self.open(desk).success[0].value

    def test_a_preview_tells_what_a_retry_would_do(self, business, failed) -> None:
        with transaction(business.business_id) as session:
            assert manual_retry.preview(session, "recipient") == manual_retry.Preview(1, 1, {})
        rows("UPDATE conversations SET window_expires_at = NULL")
        with transaction(business.business_id) as session:
            shown = manual_retry.preview(session, "recipient")
        assert (shown.messages, sum(shown.refused.values())) == (0, 1)

    def test_retrying_and_giving_up(self, desk, failed) -> None:
        assert queue_actions.retry([failed], None).queued == [failed]
        assert one("SELECT status FROM messages") == "queued"
        assert (queue_actions.give_up([failed]), queue_actions.give_up([failed])) == (1, 0)
        assert rows("SELECT status, next_attempt_at FROM messages JOIN deliveries ON message_id = id") == [
            ("cancelled", None)
        ]

    def test_a_person_knows_that_it_arrived(self, desk, failed) -> None:
        queue_actions.arrived(failed)
        assert one("SELECT status FROM messages") == "failed", "only what is uncertain can turn out to have arrived"
        rows("UPDATE messages SET status = 'uncertain'")
        queue_actions.arrived(failed)
        assert one("SELECT status FROM messages") == "sent"

    def test_an_agent_may_look_but_not_decide(self, business, failed, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = Desk(person(business.business_id), monkeypatch)
        assert not [one for one in self.open(desk).button if str(one.key).startswith(("retry", "give_up", "all"))]
        for decide in (
            lambda: queue_actions.retry([failed], None),
            lambda: queue_actions.give_up([failed]),
            lambda: queue_actions.arrived(failed),
            lambda: commands.save_reply("a", "b"),
            lambda: commands.remove_reply(1),
        ):
            with pytest.raises(NotAllowed):
                decide()


class TestSavedReplies:
    def test_they_are_made_and_offered_in_the_composer(self, desk, business) -> None:
        page = desk.open()
        page.switch_page("app_pages/saved_replies/page.py")
        page = desk.run()
        page.text_input(key="shortcut").set_value("/hola")
        page.text_area(key="words").set_value("Hola {{contact.first_name}}")
        page.button[0].click()
        page = desk.run()
        assert "**/hola**" in [one.value for one in page.markdown]
        page.switch_page("app_pages/inbox/page.py")
        desk.open(talk(business, "Ana Núñez"))
        shown = desk.component("thread")
        assert shown["saved"] == [{"shortcut": "hola", "text": "Hola {{contact.first_name}}"}]
        assert shown["contact"]["contact.first_name"] == "Ana"


@pytest.mark.parametrize("said", ["²", "-1", "1.5", "9" * 19, "", "x", "١"])
def test_an_address_that_names_no_row_names_none(said: str) -> None:
    assert row_number(said) is None


def test_the_next_who_waits_walks_on_through_ones_own_and_nobodys(business) -> None:
    ana, bea = person(business.business_id).id, person(business.business_id, name="Bea Paz").id
    waits = [
        talk(business, mode="human", assignee_id=who, waiting_since=NOW - timedelta(minutes=60 - minutes))
        for minutes, who in enumerate([None, bea, ana, bea, None])
    ]
    talk(business, mode="human", assignee_id=ana, waiting_since=NOW, status="snoozed")
    walked: list[int | None] = [None]
    with transaction(business.business_id) as session:
        for _ in range(4):
            walked.append(inbox_list.next_waiting(session, ana, walked[-1]))
        assert walked[1:] == [waits[0], waits[2], waits[4], waits[0]]
        assert inbox_list.next_waiting(session, ana, waits[1]) == waits[2], "from a colleague's as well"
        assert inbox_list.next_waiting(session, bea, waits[4]) == waits[0]


def test_what_is_snoozed_is_in_no_view_until_it_is_asked_for(business) -> None:
    ana = person(business.business_id).id
    until = NOW + timedelta(days=1)
    asleep = talk(business, name="Zoe Paz", mode="human", assignee_id=ana, status="snoozed", snoozed_until=until)
    awake = talk(business, mode="human", assignee_id=ana)
    for view in (View.ALL, View.MINE):
        with transaction(business.business_id) as session:
            assert ids(inbox_list.page(session, InboxFilter(view), ana)) == [awake]
            assert inbox_list.counts(session).of(ana)[View.MINE] == 1
    assert ids(found(business, InboxFilter(status="snoozed"))) == [asleep]
    assert ids(found(business, InboxFilter(words="Zoe"))) == [asleep]


@pytest.mark.parametrize(("said", "is_put_off"), [("2026", False), ("tomorrow?", False), ("", False), ("own", True)])
def test_a_moment_of_ones_own_is_in_the_businesss_time(desk, business, said: str, is_put_off: bool) -> None:
    one_talk = talk(business)
    desk.open(one_talk)
    moment = datetime.now(desk_zone()).replace(tzinfo=None, second=0, microsecond=0) + timedelta(days=2)
    desk.act("snooze", one_talk, value=moment.isoformat(timespec="minutes") if said == "own" else said)
    until = state_of(one_talk).snoozed_until
    assert (until is not None) is is_put_off
    assert until is None or until.astimezone(desk_zone()).replace(tzinfo=None) == moment


def desk_zone() -> ZoneInfo:
    return ZoneInfo(one("SELECT timezone FROM businesses"))
