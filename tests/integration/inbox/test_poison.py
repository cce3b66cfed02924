"""Oversized bodies, and events that crash their worker: no other event is affected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.messaging.inbound import dead_letters, webhook_events
from core.messaging.inbound import ingest as receiving
from core.messaging.inbound.routes import Item
from core.platform.db import run, system_transaction
from core.platform.job_queue import TimedOut
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import receive, store
from tests.support.provider_bodies import meta_body, meta_json, status_value, text_value
from workers.jobs import ingest


def change(**value: Any) -> dict[str, Any]:
    return meta_body(value)


def nested(depth: int) -> Any:
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


OVERFULL = {
    "entries": {"object": "whatsapp_business_account", "entry": [0] * 1_400_000},
    "changes": {"entry": [{"id": "1", "changes": [{}] * 1001} for _ in range(2)]},
    "messages": change(messages=[{"id": str(n), "from": "1"} for n in range(2001)]),
    "messages of two changes": meta_body(*({"messages": [{}] * 1001} for _ in range(2))),
    "statuses": change(statuses=[{}] * 2001),
    "contacts": change(contacts=[{}] * 200_000, **{"messages": text_value("Hola")["messages"]}),
    "errors": change(errors=[{"code": 1}] * 2001),
    "errors of a status": change(statuses=[status_value("wamid.1", "failed", errors=[{"code": 1}] * 5000)]),
    "old messages": meta_body({"history": [{"threads": [{"id": "1", "messages": [{}] * 6001}] * 2}]}),
    "lists in lists": {"entry": [[[0] * 1001] * 2]},
    "content": change(messages=[{"type": "contacts", "contacts": [[]] * 400_000}]),
    "an object of many": {"entry": [{"id": "1", "changes": [], **{f"k{n}": 0 for n in range(250_000)}}]},
    "levels": change(messages=[{"type": "order", "order": nested(200)}]),
}


@pytest.mark.parametrize("document", OVERFULL.values(), ids=OVERFULL.keys())
def test_a_body_that_holds_too_much_is_one_dead_letter(business: TestBusiness, document: Any) -> None:
    poison = json.dumps(document, separators=(",", ":")).encode()
    assert len(poison) <= 3 * 1024 * 1024
    store(meta_json(meta_body(text_value("antes"))), poison, meta_json(meta_body(text_value("después"))))
    while ingest.receive():
        pass
    assert column("SELECT text FROM messages ORDER BY id") == ["antes", "después"]
    ((reason,),) = rows("SELECT reason FROM dead_letters")
    assert "holds too much" in reason


def test_what_meta_may_send_is_no_excess(business: TestBusiness) -> None:
    people = [{"wa_id": f"54911{n:08}", "profile": {"name": f"Cliente {n}"}} for n in range(1000)]
    texts = [
        {"from": f"54911{n:08}", "id": f"wamid.{n}", "timestamp": "1", "type": "text", "text": {"body": "Hola"}}
        for n in range(996)
    ]
    card = {"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": [{"phone": "1"}, {"phone": "2"}]}
    cards = [
        {"from": "5491155550001", "id": f"wamid.c{n}", "timestamp": "1", "type": "contacts", "contacts": [card] * 257}
        for n in range(4)
    ]
    receive(meta_body({"contacts": people, "messages": texts + cards}))
    assert column("SELECT reason FROM dead_letters") == []
    assert one("SELECT count(*) FROM messages") == 1000


def test_a_thousand_dead_items_are_one_statement(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(session: Session, statement: str, values: Any = None) -> Any:
        calls.append(statement)
        return run(session, statement, values)

    monkeypatch.setattr(webhook_events, "run", counted)
    receive({"entry": [0] * 1000})
    assert sum("dead_letters" in statement for statement in calls) == 1
    assert one("SELECT count(*) FROM dead_letters") == 1000


class TestAnEventThatStopsPeople:
    @pytest.fixture
    def mine(self, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        """Make storing a marked text fail like a time limit or a kill: nothing is committed."""
        really = receiving._store_items

        def stopped(session: Session, items: Sequence[Item]) -> None:
            if any("veneno" in getattr(item.parsed, "text", "") for item in items):
                raise TimedOut("stopped")
            really(session, items)

        monkeypatch.setattr(receiving, "_store_items", stopped)
        return monkeypatch

    def stops(self) -> int:
        """Process until no event is pending. Returns how often a worker was stopped."""
        found = 0
        for _ in range(200):
            try:
                if not ingest.receive():
                    break
            except TimedOut:
                found += 1
        return found

    def texts(self, *words: str) -> None:
        store(*(meta_json(meta_body(text_value(word, f"5491155550{n:03}"))) for n, word in enumerate(words)))

    def test_it_is_quarantined_and_the_others_are_stored_in_order(
        self, business: TestBusiness, mine: pytest.MonkeyPatch
    ) -> None:
        self.texts("uno", "dos", "veneno", "tres", "cuatro")
        assert self.stops() == 3
        assert column("SELECT text FROM messages ORDER BY id") == ["uno", "dos", "tres", "cuatro"]
        assert "never ended" in one("SELECT reason FROM dead_letters")
        assert rows("SELECT attempts FROM webhook_events WHERE attempts > 0 AND processed_at IS NULL") == []

    def test_two_of_them(self, business: TestBusiness, mine: pytest.MonkeyPatch) -> None:
        self.texts("veneno", "uno", "veneno", "dos")
        assert self.stops() <= 6
        assert column("SELECT text FROM messages ORDER BY id") == ["uno", "dos"]
        assert one("SELECT count(*) FROM dead_letters") == 2

    def test_it_can_be_replayed_when_the_cause_is_fixed(self, business: TestBusiness, mine: pytest.MonkeyPatch) -> None:
        self.texts("veneno")
        self.stops()
        mine.undo()
        with system_transaction() as session:
            assert dead_letters.replay(session) == 1
        assert self.stops() == 0
        assert column("SELECT text FROM messages") == ["veneno"]

    def test_one_that_was_stopped_by_chance_is_processed(
        self, business: TestBusiness, mine: pytest.MonkeyPatch
    ) -> None:
        self.texts("uno", "veneno", "dos")
        with pytest.raises(TimedOut):
            ingest.receive()
        mine.undo()
        assert self.stops() == 0
        assert column("SELECT text FROM messages ORDER BY id") == ["uno", "veneno", "dos"]
        assert one("SELECT count(*) FROM dead_letters") == 0
        self.texts("tres", "cuatro")
        assert ingest.receive() == 2
