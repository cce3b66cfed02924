"""Load the context of a reply: the assistant's request, and the columns recorded with its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts.business_profile import facts_of
from core.bots import calibration_store, price_table, versions
from core.bots import usage as spending
from core.bots.settings import BotSettings
from core.catalog import quotes
from core.catalog.product_index import Item, products_at
from core.catalog.quote import OpenQuote
from core.models import Sender
from core.platform.db import run
from core.replies.decision import ComposeRequest, Trace
from core.replies.transcript import IN_PROMPT, MESSAGE_COLUMNS, PARAMETERS, ThreadMessage, to_messages, to_turns
from core.types import BusinessFacts, Role


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """A request for the assistant, and what is recorded of it.

    `last_customer_message_id` is the provider's id, to mark as read. `catalogue` is the catalogue version that can
    be quoted, or None.
    """

    request: ComposeRequest
    bot_id: int
    settings_version: int
    channel_id: int
    last_customer_message_id: str | None
    over_rate_budget: bool
    catalogue: UUID | None = None


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """The catalogue to quote from. `quoted`: the customer may have an open quote."""

    version: UUID
    currency: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class ConversationSnapshot:
    """State and latest messages of a conversation when its reply is due.

    `last_sentiment`: the customer's at the bot's last reply, None if a person took part since. `catalog` is None if the
    business never had a product.
    """

    conversation_id: int
    mode: str
    status: str
    contact_id: int
    bot_turns: int
    channel_id: int
    bot_id: int | None
    settings_version: int | None
    last_sentiment: str | None
    business_id: int
    catalog: CatalogVersion | None
    business: BusinessFacts
    messages: Sequence[ThreadMessage]
    opted_out: bool


_SNAPSHOT_QUERY = f"""
SELECT c.id, c.mode, c.status, c.contact_id, c.bot_turns, c.channel_id, ch.bot_id, v.version,
       (SELECT r.trace ->> 'sentiment' FROM ai_runs r
        WHERE c.bot_turns > 0 AND r.conversation_id = c.id AND r.outcome IN ('reply', 'draft_sent')
        ORDER BY r.id DESC LIMIT 1),
       b.id, b.catalog_version, coalesce(nullif(b.profile ->> 'currency', ''), b.currency),
       b.catalog_version IS NOT NULL AND EXISTS (
           SELECT FROM quotes q JOIN conversations o ON o.id = q.conversation_id
           WHERE o.contact_id = c.contact_id AND q.expires_at > now() - %(remembered)s),
       i.opted_out_at IS NOT NULL,
       b.name, b.timezone, b.profile,
       (SELECT jsonb_agg(jsonb_build_array({MESSAGE_COLUMNS}) ORDER BY m.created_at, m.id)
        FROM (SELECT * FROM messages WHERE conversation_id = c.id AND {IN_PROMPT}
              ORDER BY created_at DESC, id DESC LIMIT v.context_messages) m)
FROM conversations c
JOIN channels ch ON ch.id = c.channel_id
JOIN contact_identities i ON i.id = c.identity_id
JOIN businesses b ON b.id = c.business_id
LEFT JOIN LATERAL (
    SELECT version, (data ->> 'context_messages')::int AS context_messages
    FROM bot_versions WHERE bot_id = ch.bot_id ORDER BY version DESC LIMIT 1
) v ON true
WHERE c.id = ANY(%(conversations)s::bigint[])
"""  # noqa: S608 - parts of our own


def load_snapshots(session: Session, conversation_ids: Sequence[int]) -> dict[int, ConversationSnapshot]:
    """Load these conversations and their latest messages in one statement."""
    values = {
        "conversations": list(conversation_ids),
        **PARAMETERS,
        "remembered": quotes.REMEMBERED,
    }
    rows = run(session, _SNAPSHOT_QUERY, values)
    return {row[0]: _snapshot(*row) for row in rows}


def _snapshot(  # noqa: PLR0913 - the columns of the query
    conversation_id: int,
    mode: str,
    status: str,
    contact_id: int,
    bot_turns: int,
    channel_id: int,
    bot_id: int | None,
    version: int | None,
    sentiment: str | None,
    business_id: int,
    catalogue: UUID | None,
    currency: str,
    quoted: bool,  # noqa: FBT001
    opted_out: bool,  # noqa: FBT001
    *rest: Any,
) -> ConversationSnapshot:
    *business, rows = rest
    facts = facts_of(*business)
    messages = to_messages(rows or [])
    catalog = None if catalogue is None else CatalogVersion(catalogue, currency, quoted)
    return ConversationSnapshot(
        conversation_id,
        mode,
        status,
        contact_id,
        bot_turns,
        channel_id,
        bot_id,
        version,
        sentiment,
        business_id,
        catalog,
        facts,
        messages,
        opted_out,
    )


def load_context(session: Session, snapshot: ConversationSnapshot) -> ReplyContext | None:
    """Load all that a decision depends on, or None without a bot or if the customer's is not the last message."""
    if snapshot.bot_id is None or snapshot.settings_version is None:
        return None
    settings = versions.version(session, snapshot.bot_id, snapshot.settings_version)
    catalog = snapshot.catalog
    if catalog is None:
        return _reply_context(snapshot, settings, session)
    items = products_at(session, catalog.version, catalog.currency)
    quote = quotes.latest(session, snapshot.conversation_id, snapshot.contact_id, items) if catalog.quoted else None
    return _reply_context(snapshot, settings, session, items, quote)


def _reply_context(
    snapshot: ConversationSnapshot,
    settings: BotSettings,
    session: Session,
    items: tuple[Item, ...] = (),
    quote: OpenQuote | None = None,
) -> ReplyContext | None:
    turns = to_turns(snapshot.messages)
    if not turns or turns[-1].role is not Role.CUSTOMER or snapshot.bot_id is None or snapshot.settings_version is None:
        return None
    request = ComposeRequest(
        settings=settings,
        business=snapshot.business,
        turns=turns,
        prices=price_table.table(snapshot.business_id),
        bot_ref=f"bot-{snapshot.bot_id}",
        contact_ref=f"contact-{snapshot.contact_id}",
        replies_in_a_row=snapshot.bot_turns,
        last_sentiment=snapshot.last_sentiment,
        catalogue=items,
        open_quote=quote,
        calibration=calibration_store.of_bot(session, snapshot.bot_id),
        over_budget=spending.is_money_spent(session, snapshot.bot_id, settings),
    )
    return ReplyContext(
        request=request,
        bot_id=snapshot.bot_id,
        settings_version=snapshot.settings_version,
        channel_id=snapshot.channel_id,
        last_customer_message_id=next(
            (
                one.provider_id
                for one in reversed(snapshot.messages)
                if one.sender == Sender.CUSTOMER and one.type != "call"
            ),
            None,
        ),
        catalogue=None if snapshot.catalog is None else snapshot.catalog.version,
        over_rate_budget=not spending.fits(session, snapshot.bot_id, settings, turns),
    )


def run_columns(trace: Trace) -> dict[str, Any]:
    """Return a run's columns. `trace` omits what has a column of its own."""
    usage = trace.usage
    details = {
        "passages": [asdict(passage) for passage in trace.passages],
        "sources": list(trace.sources),
        "unknown_sources": list(trace.unknown_sources),
        "invented_amounts": list(trace.invented_amounts),
        "grounded": trace.grounded,
        "confidence": dict(trace.confidence),
        "topics": list(trace.topics),
        "sentiment": trace.sentiment,
        "language": trace.language,
        "request_id": trace.request_id,
        "prompt_tokens": trace.prompt_tokens,
        "raw_reply": trace.raw_reply,
    }
    return {
        "prompt_version": trace.prompt_version or "",
        "decided_by": str(trace.decided_by),
        "model": trace.model,
        "confidence": trace.confidence.get("result"),
        "input_tokens": usage.input if usage else None,
        "cached_tokens": usage.cached if usage else None,
        "output_tokens": usage.output if usage else None,
        "cost_usd": trace.cost,
        "latency_ms": trace.latency_ms,
        "error": trace.error,
        "trace": details,
    }


BUDGET_WAIT = timedelta(seconds=5)
