"""Quotes over pending replies and a real database: from an order to a confirmation."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, insert

from core.catalog import quote_reads, quotes
from core.conversations import lifecycle as conversations
from core.models import Bot, Business, Product, QuoteState
from core.platform.db import get_engine, system_transaction, transaction
from core.platform.errors import Conflict, NotFound
from core.platform.scope import Actor, Scope
from core.replies import pending_replies
from core.replies.assistant import compose
from core.replies.context import ReplyContext, load_context, load_snapshots
from core.replies.pending_replies import ClaimedReply, CompletedReply
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes
from tests.support.pending_replies import begin

OTHER_CUSTOMER = "5491155550002"


@pytest.fixture
def shop(business: TestBusiness) -> TestBusiness:
    """A business with a few products, in Chilean pesos, which have no cents."""
    products = [("Zapato negro", "50000"), ("Zapato rojo", "55000.4"), ("Camisa blanca", "25000"), ("Gorra", "8000")]
    rows('UPDATE businesses SET catalog_version = gen_random_uuid(), profile = profile || \'{"currency": "CLP"}\'')
    with transaction(business.business_id) as session:
        for name, price in products:
            session.execute(insert(Product).values(business_id=business.business_id, name=name, price=Decimal(price)))
    return business


def finish(turn: ClaimedReply, reply_context: ReplyContext) -> bool:
    outcome = compose(reply_context.request, None)
    with transaction(turn.business_id) as session:
        return pending_replies.finish(session, [CompletedReply(turn, reply_context, outcome)])[0]


def write(words: str, **more: str) -> str:
    """Store a customer's message and answer it without a model. Return the bot's last message."""
    customer_writes(words, **more)
    assert finish(*begin())
    return str(column("SELECT text FROM messages WHERE sender = 'bot' ORDER BY id")[-1])


def states() -> list[str]:
    return column("SELECT state FROM quotes ORDER BY id")


def test_a_button_that_says_yes_confirms(shop: TestBusiness) -> None:
    write("Quiero 2 zapatos negros")
    customer_writes("Sí")
    rows("UPDATE messages SET type = 'button' WHERE text = 'Sí'")
    assert finish(*begin())
    assert states() == ["confirmed"]


def test_from_an_order_to_a_confirmation(shop: TestBusiness) -> None:
    assert "2 × Zapato negro" in write("Quiero 2 zapatos negros y 1 camisa")
    assert rows("SELECT state, currency, total FROM quotes") == [("open", "CLP", 125000)]
    assert "3 × Zapato negro" in write("mejor 3 zapatos")
    assert states() == ["replaced", "open"]
    assert "queda confirmado" in write("SÍ")
    assert states() == ["replaced", "confirmed"]
    assert rows("SELECT mode, handoff_reason FROM conversations") == [("human", "quote_confirmed")]
    assert "3 × Zapato negro, 1 × Camisa blanca" in one("SELECT text FROM notifications WHERE kind = 'handed_off'")
    assert column("SELECT decided_by FROM ai_runs ORDER BY id") == ["quote", "quote", "quote"]
    lines = rows("SELECT name, quantity, price, amount FROM quote_lines WHERE quote_id = 2 ORDER BY position")
    assert lines == [("Zapato negro", 3, 50000, 150000), ("Camisa blanca", 1, 25000, 25000)]


def test_what_is_not_clear_is_asked_back_and_completed(shop: TestBusiness) -> None:
    assert "1) Zapato negro" in write("Quiero 2 zapatos y una gorra")
    assert states() == ["asking"]
    # A price with more digits than the currency has coins is rounded once, over the line.
    assert "Total: $118.001" in write("los rojos")
    assert states() == ["replaced", "open"]


def test_an_answer_that_lost_its_turn_changes_no_quote(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    customer_writes("sí")
    turn, reply_context = begin()
    customer_writes("no, espere")
    assert not finish(turn, reply_context)
    assert states() == ["open"]


def test_a_conversation_has_one_quote_that_waits(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    write("Quiero 1 camisa")
    assert states() == ["replaced", "open"]
    assert column("SELECT name FROM quote_lines WHERE quote_id = 2 ORDER BY position") == ["Gorra", "Camisa blanca"]
    write("Quiero 4 gorras", sender=OTHER_CUSTOMER)
    assert states() == ["replaced", "open", "open"]


def test_a_quote_runs_out_and_a_late_yes_gets_a_fresh_one(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    rows("UPDATE quotes SET expires_at = now() - interval '1 hour'")
    rows("UPDATE products SET price = 9000 WHERE name = 'Gorra'")
    rows("UPDATE businesses SET catalog_version = gen_random_uuid()")
    with system_transaction() as session:
        assert quotes.expire_due(session) == 1
        assert quotes.expire_due(session) == 0
    assert states() == ["expired"]
    assert "Total: $18.000" in write("sí")
    assert states() == ["replaced", "open"]


def test_a_yes_that_came_in_time_counts_although_the_quote_ran_out_meanwhile(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    customer_writes("sí")
    turn, reply_context = begin()
    rows("UPDATE quotes SET expires_at = now() - interval '1 second'")
    with system_transaction() as session:
        quotes.expire_due(session)
    assert finish(turn, reply_context)
    assert states() == ["confirmed"]


def test_a_quote_is_answered_in_the_conversation_that_follows(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    conversation = one("SELECT id FROM conversations")
    with transaction(Scope(shop.business_id, Actor.agent(1))) as session:
        conversations.close(session, conversation)
    # Nothing was asked in this conversation: a mere "sí" is ambiguous.
    write("sí, confirmo el pedido")
    assert states() == ["confirmed"]
    assert one("SELECT count(*) FROM conversations") == 2


def prepared(shop: TestBusiness) -> tuple[ReplyContext, list[str]]:
    """Prepare a reply from what its claim has loaded. Return the statements, too."""
    with system_transaction() as session:
        (snapshot,) = load_snapshots(session, column("SELECT id FROM conversations")).values()
    statements: list[str] = []
    own = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == own:
            statements.append(statement)

    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        with transaction(shop.business_id) as session:
            reply_context = load_context(session, snapshot)
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)
    assert reply_context is not None
    return reply_context, statements


def test_a_business_that_sells_nothing_has_no_catalogue(business: TestBusiness) -> None:
    customer_writes("Quiero 2 gorras")
    reply_context, _ = prepared(business)
    assert (reply_context.request.catalogue, reply_context.request.open_quote) == ((), None)
    assert prepared(business) == (reply_context, [])


def test_a_reply_needs_no_statement_until_the_catalogue_changes(shop: TestBusiness) -> None:
    customer_writes("Hola")
    first, statements = prepared(shop)
    assert len(first.request.catalogue) == 4 and statements
    assert prepared(shop) == (first, [])
    rows("DELETE FROM products WHERE name = 'Gorra'")
    rows("UPDATE businesses SET catalog_version = gen_random_uuid()")
    changed, statements = prepared(shop)
    assert len(changed.request.catalogue) == 3 and statements


def test_an_open_quote_is_read_for_each_reply(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    customer_writes("sí")
    for _ in range(2):
        reply_context, statements = prepared(shop)
        assert reply_context.request.open_quote is not None and statements


def test_a_person_withdraws_a_quote(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    with transaction(Scope(shop.business_id, Actor.agent(1))) as session:
        quotes.cancel(session, 1)
    assert states() == ["declined"]
    with transaction(Scope(shop.business_id, Actor.agent(1))) as session, pytest.raises(Conflict):
        quotes.cancel(session, 1)
    with transaction(Scope(shop.business_id, Actor.agent(1))) as session, pytest.raises(NotFound):
        quotes.cancel(session, 99)


def test_a_quote_that_is_withdrawn_while_the_bot_reads_a_yes_is_not_called_confirmed(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    customer_writes("sí")
    turn, reply_context = begin()
    with transaction(Scope(shop.business_id, Actor.agent(1))) as session:
        quotes.cancel(session, 1)
    assert not finish(turn, reply_context)
    assert states() == ["declined"]
    assert finish(*begin())
    assert not [text for text in column("SELECT text FROM messages WHERE sender = 'bot'") if "confirmado" in text]


def test_quotes_are_listed_and_opened(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    write("mejor 3")
    write("Quiero 2 zapatos", sender=OTHER_CUSTOMER)
    with transaction(shop.business_id) as session:
        listed = quote_reads.listed(session)
        assert [(row.id, row.state, row.total, row.lines) for row in listed] == [
            (3, QuoteState.ASKING, None, 1),
            (2, QuoteState.OPEN, 24000, 1),
            (1, QuoteState.REPLACED, 16000, 1),
        ]
        assert [row.id for row in quote_reads.listed(session, states=[QuoteState.OPEN])] == [2]
        assert [row.id for row in quote_reads.listed(session, before=3, limit=1)] == [2]
        opened = quote_reads.details(session, 2)
        assert [row.id for row in opened.history] == [1, 2]
        assert opened.lines[0].name == "Gorra"
        assert quote_reads.details(session, 3).lines[0].candidates == ["Zapato negro", "Zapato rojo"]
        waiting = quote_reads.waiting_in(session, listed[1].conversation_id)
        assert waiting is not None
        assert waiting.quote.id == 2
        with pytest.raises(NotFound):
            quote_reads.details(session, 99)


def test_quotes_are_counted_by_state(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    write("mejor 3")
    created = one("SELECT min(created_at) FROM quotes")
    until = one("SELECT max(created_at) + interval '1 second' FROM quotes")
    with transaction(shop.business_id) as session:
        counted = quote_reads.by_state(session, created, until)
    assert [(total.state, total.currency, total.count, total.total) for total in counted] == [
        (QuoteState.OPEN, "CLP", 1, 24000),
        (QuoteState.REPLACED, "CLP", 1, 16000),
    ]


def test_another_business_sees_no_quote(shop: TestBusiness) -> None:
    write("Quiero 2 gorras")
    with system_transaction() as session:
        other = session.execute(insert(Business).values(name="Otra").returning(Business.id)).scalar_one()
        session.execute(insert(Bot).values(business_id=other, name="Bot"))
    with transaction(Scope(other, Actor.agent(2))) as session:
        assert quote_reads.listed(session) == []
        with pytest.raises(NotFound):
            quotes.cancel(session, 1)
