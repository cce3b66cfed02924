"""Puts each case through the rooms that a customer's message goes through, and notes what came of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.evaluation import shop
from benchmarks.evaluation.cases import Case
from benchmarks.evaluation.results import Result
from core.ai import knowledge
from core.ai.assistant import ComposeRequest, HandOff, Outcome, Reply, compose
from core.ai.handoff import Reason
from core.ai.model import Model
from core.ai.prices import PriceTable
from core.ai.prompt import BusinessFacts, Passage
from core.ai.settings import BotSettings
from core.ai.text import fold, guess_language
from core.knowledge.retrieval import passages_for
from core.quotes import catalogue
from core.quotes.catalogue import Item
from core.quotes.matching import match_lines
from core.quotes.reading import read_order

# Reasons that call for a person; the others say that the bot ran out of answers.
_CALLS = frozenset(
    {Reason.KEYWORD, Reason.ASKED_TWICE, Reason.SENTIMENT, Reason.UNSUPPORTED_CONTENT, Reason.MODEL_ASKED}
)
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the questions are asked. `model` is None offline."""

    business_id: int
    bot_id: int
    settings: BotSettings
    facts: BusinessFacts
    items: tuple[Item, ...]
    prices: PriceTable
    model: Model | None = None


def score(desk: Desk, cases: Iterable[Case]) -> Iterator[Result]:
    """What becomes of each case, one at a time."""
    for case in cases:
        yield _score(desk, case)


def holds(text: str, facts: Sequence[str]) -> bool:
    """Whether a text holds one of the facts, however its letters, spaces and decimals are written."""
    written = _plain(text)
    return any(_plain(fact) in written for fact in facts)


def _score(desk: Desk, case: Case) -> Result:
    started = time.perf_counter()
    found = passages_for(desk.business_id, desk.bot_id, case.question)
    seconds = time.perf_counter() - started
    passages = (*found, *catalogue.passages(desk.items, case.question))
    outcome = compose(_request(desk, case, passages), desk.model)
    reply = outcome.text or "" if isinstance(outcome, Reply | HandOff) else ""
    pairs = knowledge.search(desk.settings.qa_pairs, case.question, limit=3)
    shown = sorted((*passages, *pairs), key=lambda passage: -passage.score)
    lines, unclear = _ordered(desk, case)
    answered = isinstance(outcome, Reply)
    return Result(
        case,
        rank=next((at for at, passage in enumerate(shown, start=1) if holds(_whole(passage), case.facts)), None),
        answered=answered,
        right=answered and holds(reply, case.facts),
        grounded=_grounded(outcome, case) if desk.model else None,
        person=_person(outcome, case),
        lines=lines,
        unclear=unclear,
        leaks=_leaks(reply, found),
        reply=reply,
        decided_by=outcome.trace.decided_by,
        seconds=seconds,
        cost=outcome.trace.cost,
    )


def _request(desk: Desk, case: Case, passages: tuple[Passage, ...]) -> ComposeRequest:
    return ComposeRequest(
        settings=desk.settings,
        business=desk.facts,
        turns=case.turns(),
        prices=desk.prices,
        bot_ref=str(desk.bot_id),
        contact_ref=case.name,
        replies_in_a_row=0,
        passages=passages,
    )


def _ordered(desk: Desk, case: Case) -> tuple[tuple[tuple[str, Decimal], ...], int]:
    order = read_order(case.question)
    lines = match_lines(order.lines, desk.items, guess_language(case.question))
    sure = tuple((line.item.sku, line.quantity) for line in lines if line.item and line.quantity)
    return sure, sum(not line.sure for line in lines)


def _person(outcome: Outcome, case: Case) -> str | None:
    if not isinstance(outcome, HandOff) or outcome.reason not in _CALLS:
        return None
    return f"{outcome.reason}: {outcome.detail}"


def _grounded(outcome: Outcome, case: Case) -> bool | None:
    if not isinstance(outcome, Reply):
        return None
    cited = [passage for passage in outcome.trace.passages if passage.id in outcome.trace.sources]
    return any(holds(_whole(passage), case.facts) for passage in cited)


def _leaks(reply: str, found: Sequence[Passage]) -> tuple[str, ...]:
    """Secrets in what is said, and another business's or an unapproved one in what the model was given to read."""
    read = " ".join(map(_whole, found))
    hidden = (shop.SECRET_OF_NEIGHBOUR, shop.SECRET_OF_DRAFT)
    return tuple(secret for secret in shop.SECRETS if secret in reply or (secret in hidden and secret in read))


def _whole(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}"


def _plain(text: str) -> str:
    return _DECIMAL_COMMA.sub(".", " ".join(fold(text).split()))
