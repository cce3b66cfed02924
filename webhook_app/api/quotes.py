"""Routes: quotes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.accounts.api_keys import Scope
from core.catalog import quote_reads
from core.platform.db import transaction
from webhook_app.api import blueprint, cursors
from webhook_app.api.auth import caller, needs
from webhook_app.api.catalog_schemas import QuoteDetailsOut, QuoteList, QuoteOut, QuotePath, QuoteQuery

api = blueprint.blueprint("quotes", "What customers asked for, at which prices, and what became of it")


@api.get("/api/v1/quotes", responses={200: QuoteList})
@needs(Scope.QUOTES_READ)
def list_quotes(query: QuoteQuery) -> dict[str, Any]:
    """Quotes, newest first."""
    who = caller()
    with transaction(who.scope) as session:
        found = quote_reads.listed(
            session,
            states=() if query.state is None else (query.state,),
            conversation_id=query.conversation_id,
            before=cursors.decode_id(query.cursor),
            limit=query.limit + 1,
        )
    items = [QuoteOut.model_validate(_members(quote)) for quote in found[: query.limit]]
    more = items[-1].id if len(found) > query.limit else None
    return QuoteList(items=items, next_cursor=cursors.encode_id(more)).model_dump(mode="json")


@api.get("/api/v1/quotes/<int:quote_id>", responses={200: QuoteDetailsOut})
@needs(Scope.QUOTES_READ)
def get_quote(path: QuotePath) -> dict[str, Any]:
    """One quote with its lines."""
    who = caller()
    with transaction(who.scope) as session:
        found = quote_reads.details(session, path.quote_id)
    lines = [asdict(line) for line in found.lines]
    return QuoteDetailsOut.model_validate({**_members(found.quote), "lines": lines}).model_dump(mode="json")


def _members(quote: quote_reads.QuoteRow) -> dict[str, Any]:
    return asdict(quote) | {"line_count": quote.lines, "contact": {"id": quote.contact_id, "name": quote.contact}}
