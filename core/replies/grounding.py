"""Check by rules, not by the model that wrote it, whether an answer rests on its sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.bots.calibration import Calibration
from core.bots.llm.types import ModelAnswer
from core.bots.settings import BotSettings
from core.replies.addresses import invented_addresses
from core.replies.confidence import Confidence, Signals, weigh
from core.replies.output_checks import invented_amounts
from core.replies.prompt import FACTS, fact_lines
from core.text.normalize import guess_language
from core.types import BusinessFacts, Passage, Role, Turn, burst


@dataclass(frozen=True, slots=True)
class Review:
    """`sources` were among those given, `unknown_sources` were not. `grounded` is None when nothing is stated.

    `invented_amounts` are amounts, gifts, links, e-mail addresses and long numbers that no source contains.
    """

    sources: tuple[str, ...]
    unknown_sources: tuple[str, ...]
    invented_amounts: tuple[str, ...]
    grounded: bool | None
    confidence: Confidence


def review(
    answer: ModelAnswer,
    settings: BotSettings,
    business: BusinessFacts,
    turns: Sequence[Turn],
    passages: Sequence[Passage],
    calibration: Calibration,
) -> Review:
    """Check an answer to the newest burst of `turns` against the facts and the passages behind it."""
    asked = "\n".join(turn.text for turn in burst(turns))
    scores = {passage.id: passage.score for passage in passages}
    cited = tuple(dict.fromkeys(source.strip(" []") for source in answer.sources))
    sources = tuple(source for source in cited if source in scores or source == FACTS)
    unknown = tuple(source for source in cited if source not in sources)
    texts = _business_texts(settings, business, turns, passages)
    invented = (
        *invented_amounts(answer.reply, texts, asked),
        *invented_addresses(answer.reply, texts, "\n".join(turn.text for turn in turns if turn.role is Role.CUSTOMER)),
    )
    # An answer that cites a source or names a price or a link states something, whatever it reports of itself.
    states = answer.states_facts or bool(cited) or bool(invented)
    grounded = bool(sources) and not invented if states else None
    signals = Signals(
        model=answer.confidence,
        evidence=max((scores[source] for source in sources if source in scores), default=None),
        ungrounded=grounded is False,
        invented_amounts=bool(invented),
        unknown_sources=bool(unknown),
        other_language=_other_language(settings, asked, answer.reply),
    )
    return Review(sources, unknown, invented, grounded, weigh(signals, calibration))


def _business_texts(
    settings: BotSettings, business: BusinessFacts, turns: Sequence[Turn], passages: Sequence[Passage]
) -> list[str]:
    """Return all texts of the business: facts, passages, and its messages in this conversation."""
    replies = [turn.text for turn in turns if turn.role is not Role.CUSTOMER]
    documents = [f"{passage.title}\n{passage.text}" for passage in passages]
    return [*fact_lines(business), settings.personality, *documents, *replies]


def _other_language(settings: BotSettings, asked: str, reply: str) -> bool:
    """Return whether a reply is not in the bot's language or, if none is set, the customer's."""
    configured = settings.language
    expected = guess_language(asked, guess_language(reply)) if configured == "auto" else configured
    return guess_language(reply, expected) != expected
