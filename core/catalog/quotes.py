"""Store quotes: apply an answer's change, expire, cancel, and find a customer's latest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.catalog.orders.matcher import Line
from core.catalog.product_index import Item
from core.catalog.quote import OpenQuote, QuoteChange, amount_of, totals
from core.conversations.lifecycle import lock
from core.models import PendingReply, Quote, QuoteLine, QuoteState
from core.platform.db import run
from core.platform.errors import Conflict, NotFound
from core.text.normalize import LanguageCode

WAITING = (QuoteState.ASKING, QuoteState.OPEN)
# A "yes" to a quote that expired this long ago still gets a new one.
REMEMBERED = timedelta(days=30)
_QUIET = {"synchronize_session": False}


def apply(session: Session, conversation_id: int, bot_id: int | None, change: QuoteChange) -> int | None:
    """Apply a change. Return the new quote's id, if there is one.

    A quote that expired between the customer's answer and now counts as answered: the customer was in time.
    """
    if change.based_on is not None:
        state = QuoteState.REPLACED if change.lines else change.state
        _end(session, Quote.id == change.based_on, Quote.state.in_((*WAITING, QuoteState.EXPIRED)), state=state)
    if not change.lines:
        return None
    _end(session, Quote.conversation_id == conversation_id, Quote.state.in_(WAITING), state=QuoteState.REPLACED)
    return _make(session, conversation_id, bot_id, change)


def _end(session: Session, *conditions: Any, state: QuoteState) -> list[int]:
    ended = update(Quote).where(*conditions).values(state=state, decided_at=func.now()).returning(Quote.id)
    return list(session.scalars(ended.execution_options(**_QUIET)))


def _make(session: Session, conversation_id: int, bot_id: int | None, change: QuoteChange) -> int:
    sums = totals(change.lines)
    currency, total = next(iter(sums.items())) if len(sums) == 1 else (None, None)
    quote_id = session.execute(
        insert(Quote)
        .values(
            conversation_id=conversation_id,
            bot_id=bot_id,
            state=change.state,
            language=change.language,
            currency=currency,
            total=total,
            expires_at=change.expires_at,
        )
        .returning(Quote.id)
    ).scalar_one()
    session.execute(
        insert(QuoteLine), [_columns(quote_id, position, line) for position, line in enumerate(change.lines)]
    )
    return quote_id


def _columns(quote_id: int, position: int, line: Line) -> dict[str, Any]:
    item = line.item
    return {
        "quote_id": quote_id,
        "position": position,
        "words": line.words,
        "quantity": line.quantity,
        "said_unit": line.unit,
        "product_id": item.id if item else None,
        "sku": item.sku if item else "",
        "name": item.name if item else "",
        "unit": item.unit if item else "",
        "price": item.price if item else None,
        "currency": item.currency if item else None,
        "amount": amount_of(line),
        "confidence": line.confidence,
        "candidates": [one.id for one in line.candidates],
    }


def latest(session: Session, conversation_id: int, contact_id: int, items: Sequence[Item]) -> OpenQuote | None:
    """Return the customer's latest quote: the last that waits, or that expired within a month.

    It may come from an earlier, closed conversation with the same customer. A newer quote that was confirmed, declined
    or replaced leaves nothing to answer. `items` is the catalogue, for the lines that were asked about.
    """
    rows = run(session, _LATEST, {"conversation": conversation_id, "contact": contact_id, "kept": REMEMBERED}).all()
    if not rows or rows[0].state not in (*WAITING, QuoteState.EXPIRED):
        return None
    items_by_id = {item.id: item for item in items}
    first = rows[0]
    language: LanguageCode = first.language
    lines = tuple(_line(row, items_by_id) for row in rows)
    return OpenQuote(first.id, QuoteState(first.state), language, lines, first.expires_at)


_LATEST = """
WITH newest AS (
    SELECT q.* FROM quotes q JOIN conversations c ON c.id = q.conversation_id
    WHERE c.contact_id = %(contact)s AND (c.id = %(conversation)s OR c.status = 'closed')
    ORDER BY q.id DESC LIMIT 1
)
SELECT q.id, q.state, q.language, q.expires_at, l.words, l.quantity, l.said_unit, l.product_id, l.sku, l.name, l.unit,
       l.price, l.currency, l.confidence, l.candidates
FROM newest q JOIN quote_lines l ON l.quote_id = q.id
WHERE q.expires_at > now() - %(kept)s
ORDER BY l.position
"""


def _line(row: Any, known: Mapping[int, Item]) -> Line:
    item = None
    if row.product_id is not None:
        item = Item(row.product_id, row.sku, row.name, (), row.unit, row.price, row.currency)
        if (now := known.get(row.product_id)) is not None:
            item = Item(item.id, item.sku, item.name, now.aliases, item.unit, item.price, item.currency)
    candidates = tuple(known[one] for one in row.candidates if one in known)
    return Line(row.words, row.quantity, row.said_unit, item, row.confidence, candidates)


def expire_due(session: Session) -> int:
    """Expire the quotes that are due. Return how many. Idempotent, and safe to run on two machines at once."""
    return len(_end(session, Quote.state.in_(WAITING), Quote.expires_at <= func.now(), state=QuoteState.EXPIRED))


def cancel(session: Session, quote_id: int) -> None:
    """Cancel a waiting quote. The customer is not notified: that is for the agent to do.

    Raises:
        NotFound: there is no such quote.
        Conflict: it is no longer waiting.
    """
    conversation_id = session.scalar(select(Quote.conversation_id).where(Quote.id == quote_id))
    if conversation_id is None:
        raise NotFound(f"No quote {quote_id}.")
    lock(session, conversation_id)
    if not _end(session, Quote.id == quote_id, Quote.state.in_(WAITING), state=QuoteState.DECLINED):
        raise Conflict("quote_settled", "This quote has been answered or has run out: there is nothing to cancel.")
    # A reply in progress may rest on the quote: it loses its lease and is decided anew.
    session.execute(
        update(PendingReply)
        .where(PendingReply.conversation_id == conversation_id)
        .values(lease=None, leased_until=None)
        .execution_options(**_QUIET)
    )
    audit_log.record(session, "quote.cancel", f"quote:{quote_id}")
