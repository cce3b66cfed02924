"""Quotes of a shop, stored as the bot leaves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.catalog import quotes
from core.catalog.orders.matcher import Line
from core.catalog.product_index import Item
from core.catalog.quote import QuoteChange
from core.models import QuoteState
from core.platform.db import transaction
from tests.conftest import TestBusiness

SHIRT = Item(1, "CAM-01", "Camisa azul", (), "", Decimal(25), "USD")
FLOUR = Item(2, "", "Harina", (), "kg", Decimal("1.2"), "USD")
TWO_SHIRTS = Line("camisas", Decimal(2), "", SHIRT, 0.97)
SOME_FLOUR = Line("harina", Decimal("1.5"), "kg", FLOUR, 0.9)
UNCLEAR = Line("zapato", Decimal(1), "", None, 0.5)


def quote(
    business: TestBusiness, talk: int, *lines: Line, state: QuoteState = QuoteState.OPEN, based_on: int | None = None
) -> int:
    """A quote that is given to the customer; `state` is what it ends in."""
    given = state if state in quotes.WAITING else QuoteState.OPEN
    change = QuoteChange(given, based_on, lines, "en", datetime.now(UTC) + timedelta(hours=48))
    with transaction(business.business_id) as session:
        quote_id = quotes.apply(session, talk, business.bot_id, change)
        assert quote_id is not None
        if state != given:
            quotes.apply(session, talk, business.bot_id, QuoteChange(state, quote_id))
    return quote_id
