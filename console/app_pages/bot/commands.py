"""Commands of the bot page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce

from console import auth
from console.db import transaction
from console.writing import as_administrator
from core.accounts import business_profile
from core.bots import admin, price_table, usage, version_history, versions
from core.bots.llm.configured import model
from core.bots.settings import BotSettings
from core.catalog.product_index import products_of
from core.catalog.quote import QuoteChange, quote_after
from core.evaluation import bot_removal
from core.knowledge.retrieval import passages_for, question_in
from core.platform import object_storage
from core.platform.errors import Conflict
from core.replies import trial_costs
from core.replies.assistant import compose
from core.replies.decision import ComposeRequest, HandOff, Outcome, Reply
from core.types import BusinessFacts, Role, Turn


def save(bot_id: int, settings: BotSettings, *, based_on: int, note: str) -> int:
    """Save settings as a new version and return its number. Raises `NotAllowed`, `NotFound`, `Overtaken`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        return version_history.save(session, bot_id, settings, based_on=based_on, note=note)


def create(name: str, *, copied_from: int | None) -> int:
    """Create a bot, as a copy or with default settings. Return its id.

    Raises `NotAllowed`, `NotFound`.
    """
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        settings = BotSettings() if copied_from is None else versions.current(session, copied_from)[1]
        named = BotSettings.model_validate({**settings.model_dump(), "name": name})
        return admin.create(session, named, copied_from=copied_from)


def assign(channel_id: int, bot_id: int | None, *, seen: int | None) -> None:
    """Assign a bot, or none, to a channel. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        admin.assign(session, channel_id, bot_id, seen=seen)


def remove(bot_id: int) -> None:
    """Delete a bot and everything that belongs only to it. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.scope) as session:
        kept = bot_removal.remove(session, bot_id)
    for key in kept:
        object_storage.delete(key)


def save_facts(known: BusinessFacts) -> None:
    """Save the business facts. Raises `NotAllowed`, `Invalid`."""
    as_administrator(business_profile.save, known)
    auth.forget()


def try_it(
    bot_id: int, settings: BotSettings, said: Sequence[tuple[str, str]], before: Sequence[Outcome] = ()
) -> Outcome:
    """Return what the bot would do with these settings. `said` are (role, text) pairs, the customer's last.

    `before` is the state after the trial's earlier questions: open quote, sentiment. Nothing is sent.
    Model usage counts against the current budget and is recorded in the audit log.
    Raises `NotAllowed`, `NotFound`, `Conflict`.
    """
    agent = auth.require(*auth.MANAGERS, fresh=True)
    now = datetime.now(UTC)
    turns = tuple(Turn(Role(role), words, now) for role, words in said)
    with transaction(agent.scope) as session:
        in_force = versions.current(session, bot_id)[1]
        if not usage.fits(session, bot_id, in_force, turns):
            raise Conflict("over_budget", "The bot has spent its budget for this minute: try again in a moment.")
        over_budget = usage.is_money_spent(session, bot_id, in_force)
        business = business_profile.read(session)
        items = products_of(session)
    outcome = compose(
        ComposeRequest(
            settings=settings,
            business=business,
            turns=turns,
            prices=price_table.table(agent.business_id),
            bot_ref=f"bot-{bot_id}",
            contact_ref=f"trial-{agent.id}",
            replies_in_a_row=sum(turn.role is Role.BOT for turn in turns),
            passages=passages_for(agent.business_id, bot_id, question_in(turns)),
            last_sentiment=before[-1].trace.sentiment if before else None,
            catalogue=items,
            open_quote=reduce(quote_after, map(_quoted, before), None),
            over_budget=over_budget,
        ),
        model(),
    )
    with transaction(agent.scope) as session:
        trial_costs.record_trial(session, bot_id, outcome.trace)
    return outcome


def _quoted(outcome: Outcome) -> QuoteChange | None:
    return outcome.quote if isinstance(outcome, Reply | HandOff) else None
