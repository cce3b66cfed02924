"""What is done to bots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce

from console import auth
from console.store import transaction
from core.ai.assistant import compose
from core.ai.decision import ComposeRequest, HandOff, Outcome, Reply
from core.ai.prompt import BusinessFacts, Role, Turn
from core.ai.settings import BotSettings
from core.business import facts, prices
from core.business.model import model
from core.conversations import bot_channels, bot_history, bot_removal, bots, spending
from core.conversations.spending import OverBudget
from core.knowledge.retrieval import passages_for, question_in
from core.media import storage
from core.quotes.catalogue import products_of
from core.quotes.offer import QuoteChange, standing


def save(bot_id: int, settings: BotSettings, *, based_on: int, note: str) -> int:
    """Put settings in force. Returns the new version. Raises `NotAllowed`, `NotFound`, `Overtaken`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        return bot_history.save(
            session, agent.business_id, bot_id, settings, based_on=based_on, actor=f"agent:{agent.id}", note=note
        )


def create(name: str, *, copied_from: int | None) -> int:
    """Make a bot, like another or with the settings that every bot begins with. Returns its id.

    Raises `NotAllowed`, `NotFound`.
    """
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        settings = BotSettings() if copied_from is None else bots.current(session, copied_from)[1]
        named = BotSettings.model_validate({**settings.model_dump(), "name": name})
        return bot_channels.create(
            session, agent.business_id, named, actor=f"agent:{agent.id}", copied_from=copied_from
        )


def assign(channel_id: int, bot_id: int | None, *, seen: int | None) -> None:
    """Say who answers on a channel. Raises `NotAllowed`, `NotFound`, `ChannelMoved`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        bot_channels.assign(session, agent.business_id, channel_id, bot_id, seen=seen, actor=f"agent:{agent.id}")


def remove(bot_id: int) -> None:
    """Remove a bot with all that only it had. Raises `NotAllowed`, `NotFound`, `BotInUse`, `LastBot`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        kept = bot_removal.remove(session, agent.business_id, bot_id, actor=f"agent:{agent.id}")
    for key in kept:
        storage.delete(key)


def save_facts(known: BusinessFacts) -> None:
    """Raises `NotAllowed`, `UnacceptableFacts`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        facts.save(session, agent.business_id, f"agent:{agent.id}", known)
    auth.forget()


def try_it(
    bot_id: int, settings: BotSettings, said: Sequence[tuple[str, str]], before: Sequence[Outcome] = ()
) -> Outcome:
    """What the bot would do with these settings. `said` are (role, words), the customer's last.

    `before` is what came of the trial's earlier questions: a quote stays open, and a mood is remembered. Nothing is
    sent. What the model's work takes counts against the bot's budget in force, and is in the audit log.
    Raises `NotAllowed`, `NotFound`, `OverBudget`.
    """
    agent = auth.require(*auth.MANAGERS, fresh=True)
    now = datetime.now(UTC)
    turns = tuple(Turn(Role(role), words, now) for role, words in said)
    with transaction(agent.business_id) as session:
        in_force = bots.current(session, bot_id)[1]
        if not spending.fits(session, bot_id, in_force, turns):
            raise OverBudget("The bot has spent its budget for this minute: try again in a moment.")
        over_budget = bool(spending.spent_out(session, bot_id, in_force))
        business = facts.read(session, agent.business_id)
        items = products_of(session, agent.business_id)
    outcome = compose(
        ComposeRequest(
            settings=settings,
            business=business,
            turns=turns,
            prices=prices.table(agent.business_id),
            bot_ref=f"bot-{bot_id}",
            contact_ref=f"trial-{agent.id}",
            replies_in_a_row=sum(turn.role is Role.BOT for turn in turns),
            passages=passages_for(agent.business_id, bot_id, question_in(turns)),
            last_sentiment=before[-1].trace.sentiment if before else None,
            catalogue=items,
            open_quote=reduce(standing, map(_quoted, before), None),
            over_budget=over_budget,
        ),
        model(),
    )
    with transaction(agent.business_id) as session:
        spending.record_trial(session, agent.business_id, bot_id, outcome.trace, actor=f"agent:{agent.id}")
    return outcome


def _quoted(outcome: Outcome) -> QuoteChange | None:
    return outcome.quote if isinstance(outcome, Reply | HandOff) else None
