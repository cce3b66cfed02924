"""Which conversations people see: a setting of the business for agents, kept wherever one is shown or acted on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient

from console import auth
from console.app_pages.analytics import queries as analytics_queries
from console.app_pages.inbox import (
    bulk_commands,
    contact_commands,
    conversation_queries,
    copilot_commands,
    copilot_queries,
    draft_commands,
)
from console.app_pages.inbox import commands as acts
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.inbox.conversation_queries import Opened
from console.app_pages.notices import queries as notices_queries
from console.app_pages.queue import queries as queue_queries
from console.app_pages.quotes import commands as quote_acts
from console.app_pages.quotes import queries as quotes_queries
from console.app_pages.teams import commands as team_acts
from console.http import change_feed, live_updates
from console.http.change_feed import News
from console.http.security import COOKIE
from core.accounts import sessions, teams
from core.accounts.notifications import notify
from core.conversations.inbox_list import View
from core.models import AIRun, Attachment, QuoteState, Role, Sees, Severity
from core.platform import events, object_storage
from core.platform.db import system_transaction, transaction
from core.platform.errors import NotFound
from core.platform.events import Change, Presence
from core.platform.scope import Actor, Scope
from core.replies.copilot import Task
from core.reporting.metrics import EVERYBODY
from tests.factories import Person, conversation, failed_message, person, says
from tests.support.database import one, rows
from tests.support.desk import Desk
from tests.support.quotes import TWO_SHIRTS, quote

HOST = "http://console.example"
SEEN = {
    Sees.ALL: {"mine", "team_free", "team_taken", "loose", "elsewhere", "taken"},
    Sees.TEAM: {"mine", "team_free", "team_taken", "loose"},
    Sees.OWN: {"mine", "team_free"},
}


@dataclass
class Floor:
    """Ana is an agent of Sales, Bea one of Returns; the conversations have names."""

    business: Any
    ana: Person
    bea: Person
    talks: dict[str, int] = field(default_factory=dict)

    def sees(self, setting: Sees) -> None:
        rows("UPDATE businesses SET agents_see = :sees", sees=setting.value)

    def names(self, ids: Any) -> set[str]:
        known = {number: name for name, number in self.talks.items()}
        return {known[number] for number in ids}


@pytest.fixture
def floor(business: Any) -> Floor:
    ana, bea = person(business.business_id), person(business.business_id, name="Bea")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        sales, returns = (teams.create(session, name) for name in ("Sales", "Returns"))
        teams.set_members(session, sales, [ana.id])
        teams.set_members(session, returns, [bea.id])
    held: dict[str, dict[str, Any]] = {
        "mine": {"assignee_id": ana.id, "team_id": returns},
        "team_free": {"team_id": sales},
        "team_taken": {"team_id": sales, "assignee_id": bea.id},
        "loose": {},
        "elsewhere": {"team_id": returns},
        "taken": {"assignee_id": bea.id},
    }
    since = datetime.now(UTC) - timedelta(hours=1)
    talks = {
        name: conversation(
            business.business_id,
            business.whatsapp_channel_id,
            name=f"Zoë {name}",
            mode="human",
            waiting_since=since,
            **row,
        )
        for name, row in held.items()
    }
    for name, talk in talks.items():
        says(business.business_id, talk, f"calabaza {name}")
    return Floor(business, ana, bea, talks)


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Callable[[Person], None]:
    """Sit down at the console as somebody: the database is asked at every look."""

    def sit(who: Person) -> None:
        def fresh(*, fresh: bool = False) -> sessions.CurrentAgent | None:
            with system_transaction() as session:
                return sessions.session_agent(session, who.token)

        monkeypatch.setattr(auth, "current_agent", fresh)

    return sit


@pytest.mark.parametrize("setting", list(Sees))
@pytest.mark.parametrize("role", list(Role))
def test_lists_counts_search_and_what_comes_next_hold_what_is_seen(
    floor: Floor, be: Callable[[Person], None], monkeypatch: pytest.MonkeyPatch, setting: Sees, role: Role
) -> None:
    floor.sees(setting)
    rows("UPDATE agents SET role = :role WHERE id = :id", role=role.value, id=floor.ana.id)
    be(floor.ana)
    seen = SEEN[setting if role is Role.AGENT else Sees.ALL]
    desk = Desk(floor.ana, monkeypatch)
    wishes: list[dict[str, str]] = [{}, {"view": "waiting"}, {"q": "calabaza"}, {"q": "zoë"}, {"status": "open"}]
    for wanted in wishes:
        assert floor.names(row["id"] for row in desk.rows(**wanted)) == seen, wanted
    assert inbox_queries.counts() == {View.WAITING: len(seen), View.MINE: 1, View.BOT: 0}
    theirs = {name for name in seen if name in ("mine", "team_free", "loose", "elsewhere")}
    walked, here = set(), None
    for _ in range(len(theirs)):
        here = inbox_queries.next_waiting(here)
        walked.add(here)
    assert floor.names(walked) == theirs
    for name, talk in floor.talks.items():
        assert (opened(talk, 10) is not None) == (name in seen)


def _with_everything(floor: Floor, talk: int) -> dict[str, int]:
    """Ids of all that hangs on a conversation."""
    business_id = floor.business.business_id
    with transaction(business_id) as session:
        run = session.execute(
            insert(AIRun)
            .values(
                business_id=business_id, bot_id=floor.business.bot_id, conversation_id=talk, outcome="draft",
                decided_by="model", settings_version=1, prompt_version="x", trace={"draft": "Hola"},
            )
            .returning(AIRun.id)
        ).scalar_one()  # fmt: skip
        notify(session, "handed_off", Severity.WARNING, "x", conversation_id=talk)
    contact = one("SELECT contact_id FROM conversations WHERE id = :id", id=talk)
    return {
        "talk": talk, "run": run, "contact": contact, "failed": failed_message(business_id, talk),
        "quote": quote(floor.business, talk, TWO_SHIRTS),
    }  # fmt: skip


Act = Callable[[dict[str, int], Floor], object]
ACTS: dict[str, Act] = {
    "reply": lambda it, _: acts.reply(it["talk"], "hola", str(uuid4())),
    "note": lambda it, _: acts.note(it["talk"], "hola", str(uuid4())),
    "retry": lambda it, _: acts.retry(it["failed"]),
    "arrived": lambda it, _: acts.arrived(it["failed"]),
    "take_over": lambda it, _: acts.take_over(it["talk"]),
    "hand_back": lambda it, _: acts.hand_back(it["talk"]),
    "close": lambda it, _: acts.close(it["talk"]),
    "reopen": lambda it, _: acts.reopen(it["talk"]),
    "assign": lambda it, floor: acts.assign(it["talk"], floor.ana.id),
    "team": lambda it, _: acts.give_to_team(it["talk"], None),
    "snooze": lambda it, _: acts.snooze(it["talk"], datetime.now(UTC) + timedelta(hours=1)),
    "wake": lambda it, _: acts.wake(it["talk"]),
    "priority": lambda it, _: acts.set_priority(it["talk"], 1),
    "set_tags": lambda it, _: acts.set_tags(it["talk"], ["x"]),
    "add_tags": lambda it, _: acts.add_tags(it["talk"], ["x"]),
    "unread": lambda it, _: acts.mark_unread(it["talk"]),
    "seen": lambda it, _: acts.mark_seen(it["talk"]),
    "continue": lambda it, floor: acts.continue_on(it["talk"], floor.business.sms_channel_id, 1),
    "draft": lambda it, _: draft_commands.send(it["run"]),
    "set_aside": lambda it, _: draft_commands.set_aside(it["run"], edited=False),
    "rename": lambda it, _: contact_commands.rename(it["contact"], "X"),
    "describe": lambda it, _: contact_commands.describe(it["contact"], "X"),
    "field": lambda it, _: contact_commands.set_field(it["contact"], "X", "Y"),
    "merge": lambda it, floor: contact_commands.merge(contact_of(floor, "mine"), it["contact"]),
    "merge_into": lambda it, floor: contact_commands.merge(it["contact"], contact_of(floor, "mine")),
    "cancel_quote": lambda it, _: quote_acts.cancel(it["quote"]),
    "quote": lambda it, _: quotes_queries.details(it["quote"]),
    "copilot": lambda it, _: copilot_commands.write(it["talk"], Task.SUMMARISE, "", "es"),
    "likely": lambda it, _: copilot_queries.likely_replies(it["talk"]),
    "named": lambda it, _: copilot_queries.named_tags(it["talk"]),
}


def opened(talk: int, limit: int) -> Opened | None:
    """The conversation as the current agent gets it."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        try:
            return conversation_queries.read(session, agent, talk, limit)
        except NotFound:
            return None


def contact_of(floor: Floor, name: str) -> int:
    return int(one("SELECT contact_id FROM conversations WHERE id = :id", id=floor.talks[name]))


def test_nothing_can_be_done_to_what_is_not_seen(
    floor: Floor, be: Callable[[Person], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copilot_commands, "model", lambda: object())
    hidden = _with_everything(floor, floor.talks["taken"])
    floor.sees(Sees.OWN)
    be(floor.ana)
    counted = ("count(*) FROM messages", "count(*) FROM audit_entries", "sum(unread_count) FROM conversations")
    kept = "SELECT " + ", ".join(f"(SELECT {one})" for one in counted)
    before = rows(kept)
    for name, act in ACTS.items():
        with pytest.raises(NotFound):
            act(hidden, floor)
            pytest.fail(f"{name} was done")
    for action, value in (("take", None), ("read", None), ("close", None), ("assign", floor.ana.id), ("tag", ["x"])):
        outcome = bulk_commands.several(action, [hidden["talk"]], value)
        assert (outcome.done, outcome.refused) == (0, 1), action
    assert bulk_commands.take_back([{"id": hidden["talk"]}]) == 0
    assert inbox_queries.explanation(run_id=hidden["run"]) is None
    assert inbox_queries.explanation(message_id=hidden["failed"]) is None
    assert inbox_queries.candidates(hidden["contact"], "zoë") == []
    assert rows(kept) == before

    own = _with_everything(floor, floor.talks["mine"])
    acts.note(own["talk"], "hola", str(uuid4()))
    acts.reply(own["talk"], "hola", token := str(uuid4()))
    contact_commands.rename(own["contact"], "Zoë")
    quote_acts.cancel(own["quote"])
    draft_commands.set_aside(own["run"], edited=False)
    assert acts.retry(own["failed"]) is None
    acts.assign(own["talk"], floor.bea.id)
    assert opened(own["talk"], 10) is None, "given away, out of sight"
    acts.reply(own["talk"], "hola", token)  # the browser repeats what was sent before
    with pytest.raises(NotFound):
        acts.reply(own["talk"], "hola", str(uuid4()))


def test_lists_beside_the_inbox_leave_out_what_is_not_seen(floor: Floor, be: Callable[[Person], None]) -> None:
    own, hidden = (_with_everything(floor, floor.talks[name]) for name in ("mine", "taken"))
    with transaction(floor.business.business_id) as session:
        notify(session, "account_verified", Severity.INFO, "of no conversation")
    floor.sees(Sees.OWN)
    be(floor.ana)
    assert [found.id for found in quotes_queries.listed((), None, None, 10)] == [own["quote"]]
    today = datetime.now(UTC)
    sums = quotes_queries.sums(today - timedelta(days=1), today + timedelta(days=1))
    assert [(found.state, found.count) for found in sums] == [(QuoteState.OPEN, 1)]
    assert [found.conversation_id for found in notices_queries.listed(None)] == [None, own["talk"]]
    assert notices_queries.unread() == 2
    state = queue_queries.state()
    assert (state.failed, [found.id for found in state.failed_messages]) == (1, [own["failed"]])
    assert [found.id for found in queue_queries.group("failed", "recipient", None)] == [own["failed"]]
    assert {found.id for found in inbox_queries.candidates(own["contact"], "zoë")} == {contact_of(floor, "team_free")}
    rows("UPDATE messages SET author_id = :ana WHERE status = 'failed'", ana=floor.ana.id)
    span = ((today - timedelta(days=1)).date(), (today + timedelta(days=1)).date())
    behind = analytics_queries.behind(*span, "failure", None, EVERYBODY, 1)
    assert [found.id for found in behind] == [own["talk"]], "their own work, in what they still see"
    for talk in (own["talk"], hidden["talk"]):
        says(
            floor.business.business_id,
            talk,
            "x",
            sender="agent",
            direction="outbound",
            status="sent",
            author_id=floor.ana.id,
        )
    assert [found.id for found in analytics_queries.behind(*span, "response", None, EVERYBODY, 1)] == [own["talk"]]

    rows(
        "UPDATE conversations SET contact_id = :to, status = 'closed' WHERE id = :id",
        to=own["contact"],
        id=hidden["talk"],
    )
    found = opened(own["talk"], 10)
    assert found is not None
    assert [past.id for past in found.customer.past] == [own["talk"]], "the same customer's, but not theirs to see"

    be(floor.bea)
    rows("UPDATE agents SET role = 'manager' WHERE id = :id", id=floor.bea.id)
    assert len(quotes_queries.listed((), None, None, 10)) == 2
    assert (notices_queries.unread(), queue_queries.state().failed) == (3, 2)


def test_routes_give_nothing_of_what_is_not_seen(floor: Floor, tmp_path: Any) -> None:
    from console import asgi

    floor.sees(Sees.OWN)
    browser = TestClient(Starlette(routes=asgi.app._user_routes), base_url=HOST)
    browser.headers |= {"cookie": f"{COOKIE}={floor.ana.token}", "origin": HOST}
    for name, talk in floor.talks.items():
        seen = name in SEEN[Sees.OWN]
        assert browser.get(f"/inbox/{talk}?lines=10").status_code == (200 if seen else 404), name
        (tmp_path / "file").write_bytes(b"content")
        object_storage.put(f"test/{name}", tmp_path / "file")
        came, sent = (says(floor.business.business_id, talk, "look") for _ in range(2))
        row = {
            "business_id": floor.business.business_id, "state": "stored", "mime_type": "text/plain", "size": 7,
            "storage_key": f"test/{name}",
        }  # fmt: skip
        with system_transaction() as session:
            theirs, ours = (
                session.execute(insert(Attachment).values(row | more).returning(Attachment.id)).scalar_one()
                for more in ({"message_id": came}, {"author_id": floor.bea.id})
            )
        rows(
            "UPDATE messages SET payload = jsonb_build_object('media', jsonb_build_object('attachment_id', :file)) "
            "WHERE id = :id",
            file=ours,
            id=sent,
        )
        expected = 200 if seen else 404
        for address in (f"/files/{theirs}", f"/files/{theirs}?m={came}", f"/files/{ours}?m={sent}"):
            assert browser.get(address).status_code == expected, (name, address)
        for forged in (f"/files/{ours}", f"/files/{ours}?m={came}", f"/files/{ours}?m=x", "/files/999999"):
            assert browser.get(forged).status_code == 404, (name, forged)
        handed = browser.post(
            "/files", content=b"a;b", headers={"content-type": "text/csv", "x-conversation": str(talk)}
        )
        assert handed.status_code == (201 if seen else 422), name
        if seen:
            own = handed.json()["id"]
            assert browser.get(f"/files/{own}").status_code == 200, "whoever handed it in"


def test_a_file_of_what_is_not_seen_cannot_be_sent_on(floor: Floor, be: Callable[[Person], None]) -> None:
    row = {
        "business_id": floor.business.business_id, "state": "stored", "mime_type": "image/png", "size": 7,
        "storage_key": "test/a", "author_id": floor.bea.id,
    }  # fmt: skip
    with system_transaction() as session:
        file = session.execute(insert(Attachment).values(row).returning(Attachment.id)).scalar_one()
    floor.sees(Sees.TEAM)
    be(floor.ana)
    header = {"type": "image", "image": {"attachment_id": file}}
    button = {"type": "reply", "reply": {"id": "1", "title": "Sí"}}
    action = {"buttons": [button]}
    interactive = {"type": "button", "header": header, "body": {"text": "?"}, "action": action}
    with pytest.raises(NotFound):
        acts.send_file(floor.talks["mine"], file, "", str(uuid4()))
    with pytest.raises(NotFound):
        acts.send(floor.talks["mine"], {"type": "interactive", "interactive": interactive}, str(uuid4()))


def test_an_address_opens_nothing_that_is_not_seen(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.sees(Sees.TEAM)
    desk = Desk(floor.ana, monkeypatch)
    desk.open(floor.talks["taken"])
    assert "lines" not in desk.component("thread")
    assert {row["id"] for row in desk.rows()} == {floor.talks[name] for name in SEEN[Sees.TEAM]}
    rows("DELETE FROM team_members")
    desk = Desk(floor.ana, monkeypatch)
    desk.open(floor.talks["mine"])
    assert desk.component("thread")["conversation"] == floor.talks["mine"]
    assert {row["id"] for row in desk.rows()} == {floor.talks["mine"], floor.talks["loose"]}


def test_an_open_conversation_elsewhere_is_no_way_where_it_is_not_seen(
    floor: Floor, be: Callable[[Person], None]
) -> None:
    there = conversation(
        floor.business.business_id, floor.business.twilio_whatsapp_channel_id, assignee_id=floor.bea.id
    )
    contact = contact_of(floor, "mine")
    identity = int(one("SELECT identity_id FROM conversations WHERE id = :id", id=floor.talks["mine"]))
    rows("UPDATE conversations SET contact_id = :to WHERE id = :id", to=contact, id=there)
    for setting, offered in ((Sees.ALL, True), (Sees.TEAM, False)):
        floor.sees(setting)
        be(floor.ana)
        found = opened(floor.talks["mine"], 10)
        assert found is not None
        assert (there in [way.open_id for way in found.ways]) == offered
    with pytest.raises(NotFound):
        acts.continue_on(floor.talks["mine"], floor.business.twilio_whatsapp_channel_id, identity)
    assert one("SELECT assignee_id FROM conversations WHERE id = :id", id=there) == floor.bea.id


def test_administrators_set_it_on_the_page_of_teams_and_it_is_noted(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, be: Callable[[Person], None]
) -> None:
    boss = person(floor.business.business_id, role=Role.ADMINISTRATOR, name="Boss")
    desk = Desk(boss, monkeypatch)
    desk.open().switch_page("app_pages/teams/page.py")
    page = desk.run()
    assert page.radio(key="agents_see").value == Sees.ALL
    page.radio(key="agents_see").set_value(Sees.OWN)
    desk.run()
    assert one("SELECT agents_see FROM businesses") == "own"
    (noted,) = rows("SELECT actor, data FROM audit_entries WHERE action = 'business.visibility'")
    assert tuple(noted) == (f"agent:{boss.id}", {"before": "all", "after": "own"})
    for who in (floor.ana, person(floor.business.business_id, role=Role.MANAGER, name="Eva")):
        be(who)
        with pytest.raises(auth.NotAllowed):
            team_acts.set_visibility("all")
    manager = Desk(who, monkeypatch)
    be(who)
    manager.open().switch_page("app_pages/teams/page.py")
    assert "Their own only" in [text.value for text in manager.run().text]


# ---- what open browsers are told


@pytest.fixture
def socket(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(live_updates, "_seen", {})
    monkeypatch.setattr(live_updates, "_LISTEN_EVERY_SECONDS", 0)
    with TestClient(
        Starlette(routes=[WebSocketRoute("/live", live_updates.socket)]), base_url="http://desk.example"
    ) as client:
        yield lambda who: client.websocket_connect(
            "ws://desk.example/live",
            headers={"cookie": f"{COOKIE}={who.token}", "origin": "http://desk.example"},
        )


@pytest.mark.parametrize("setting", list(Sees))
def test_browsers_are_told_of_what_their_agent_sees(floor: Floor, socket: Any, setting: Sees) -> None:
    floor.sees(setting)
    seen = SEEN[setting]
    boss = person(floor.business.business_id, role=Role.MANAGER, name="Boss")
    with socket(floor.ana) as hers, socket(boss) as his:
        for talk in floor.talks.values():
            hers.portal.call(live_updates._pass_on, Change(floor.business.business_id, talk, events.ALL_AGENTS))
        told: dict[str, Any] = {}
        for browser, sees in ((hers, seen), (his, SEEN[Sees.ALL])):
            told, calls = {}, set[int]()
            while not told or len(calls) < len(sees):
                said = browser.receive_json()
                calls |= set(said.get("calls", ()))
                told |= said if "rows" in said else {}
            assert floor.names(calls) == sees
            assert floor.names(row["id"] for row in told["rows"] if row["views"]) == sees
            assert all(len(row) == 2 for row in told["rows"] if not row["views"]), "nothing but its number"
            assert len(told["rows"]) == len(floor.talks)
            own = {row["id"] for row in told["rows"] if "mine" in row["views"]}
            assert floor.names(own) == ({"mine"} if browser is hers else set())
            assert told["counts"] == {"waiting": len(sees), "mine": int(browser is hers), "bot": 0}


def test_nobody_is_introduced_at_a_conversation_that_they_do_not_see(floor: Floor, socket: Any) -> None:
    floor.sees(Sees.OWN)
    business_id, hidden, open_here = floor.business.business_id, floor.talks["taken"], floor.talks["mine"]
    with socket(floor.ana) as hers:
        hers.portal.call(live_updates._introduce, Presence(business_id, hidden, floor.bea.id, "Bea", typing=True))
        hers.portal.call(live_updates._introduce, Presence(business_id, open_here, floor.bea.id, "Bea", typing=False))
        hers.send_json({"looking": hidden, "typing": True})
        hers.send_json({"looking": open_here, "typing": False})
        assert hers.receive_json()["conversation"] == open_here


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Semaphore, threading.Event]:
    """Reads of changes, each announced and then held until they may end."""
    begun, may_end, read = threading.Semaphore(0), threading.Event(), change_feed.read

    def read_slowly(*asked: Any) -> News:
        begun.release()
        assert may_end.wait(10)
        return read(*asked)

    monkeypatch.setattr(change_feed, "read", read_slowly)
    return begun, may_end


def test_whoever_connects_while_changes_are_read_for_others_reads_for_themselves(
    floor: Floor, socket: Any, reading: tuple[threading.Semaphore, threading.Event]
) -> None:
    floor.sees(Sees.OWN)
    begun, may_end = reading
    hidden = Change(floor.business.business_id, floor.talks["taken"], events.ALL_AGENTS)
    with socket(person(floor.business.business_id, role=Role.MANAGER, name="Boss")) as his:
        his.portal.call(live_updates._pass_on, hidden)
        assert begun.acquire(timeout=10)
        with socket(floor.ana) as hers:
            may_end.set()
            assert hers.receive_json() == [live_updates.EVERYTHING]
            hers.portal.call(live_updates._pass_on, hidden)
            told = hers.receive_json()
            assert told["rows"] == [{"id": floor.talks["taken"], "views": []}]
            assert told["counts"] == {"waiting": len(SEEN[Sees.OWN]), "mine": 1, "bot": 0}


def test_whoever_is_limited_while_changes_are_read_reads_for_themselves(
    floor: Floor,
    socket: Any,
    reading: tuple[threading.Semaphore, threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_updates, "_RECHECK_SECONDS", 0.05)
    floor.sees(Sees.OWN)
    begun, may_end = reading
    chief = person(floor.business.business_id, role=Role.MANAGER, name="Chief")
    with socket(chief) as browser:
        browser.portal.call(live_updates._pass_on, Change(floor.business.business_id, floor.talks["taken"]))
        assert begun.acquire(timeout=10)
        rows("UPDATE agents SET role = 'agent' WHERE id = :id", id=chief.id)
        assert browser.receive_json() == [live_updates.EVERYTHING]
        may_end.set()
        assert browser.receive_json() == [live_updates.EVERYTHING]
