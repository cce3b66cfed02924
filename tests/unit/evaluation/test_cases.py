"""The set of questions and the shop are consistent."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise

from benchmarks.evaluation import shop
from benchmarks.evaluation.cases import Case, load
from benchmarks.evaluation.results import LOOKUPS
from benchmarks.evaluation.scoring import holds
from core.knowledge.parsers import read
from core.replies import handoff_rules

CASES = load()


def test_the_set_is_large_and_covers_every_kind_in_both_halves() -> None:
    assert len(CASES) >= 180
    assert len({case.id for case in CASES}) == len(CASES)
    kinds = Counter((case.kind, case.half) for case in CASES)
    for kind in ("answerable", "unanswerable", "handoff", "injection", "quote"):
        assert kinds[kind, "dev"] >= 5 and kinds[kind, "test"] >= 5
    languages = Counter(case.language for case in CASES)
    assert languages["es"] >= 60 and languages["en"] >= 60 and languages["pt"] >= 20 and languages["mixed"] >= 5


def test_no_question_stands_in_the_set_twice() -> None:
    asked = Counter((case.question, case.history, case.name) for case in CASES)
    assert asked.most_common(1)[0][1] == 1


def test_every_fact_stands_in_the_shop() -> None:
    written = [
        f"{section.heading}\n{section.text}"
        for document in shop.documents()
        for section in read(document.content, document.name).sections
    ]
    written += [pair.answer for pair in shop.settings().qa_pairs if pair.approved]
    for case in CASES:
        if case.kind in LOOKUPS:
            assert case.facts
            for fact in case.facts:
                assert any(holds(text, [fact]) for text in written), (case.id, fact)
        else:
            assert not case.facts


def test_ordered_products_are_sold() -> None:
    sold = {item.sku for item in shop.catalogue()}
    assert {sku for case in CASES for sku, _ in case.lines} <= sold
    assert all(quantity > 0 for case in CASES for _, quantity in case.lines)


def test_the_shops_secrets_are_where_they_shall_not_come_from() -> None:
    settings = shop.settings()
    assert shop.SECRET_OF_PROMPT in settings.personality
    assert {pair.approved for pair in settings.qa_pairs if shop.SECRET_OF_DRAFT in pair.answer} == {False}
    documents = b"".join(document.content for document in shop.documents() if document.name.endswith("html"))
    assert shop.SECRET_OF_DOCUMENT.encode() in documents
    assert shop.SECRET_OF_NEIGHBOUR in shop.NEIGHBOURS_FILE


def test_a_case_belongs_to_one_half_for_good() -> None:
    case = Case.model_validate({"id": "answerable-001", "kind": "answerable", "language": "es", "messages": ["¿?"]})
    assert case.half == "dev"


def test_turns_keep_their_order_and_end_with_the_customer() -> None:
    case = next(case for case in CASES if case.history and len(case.history) > 1)
    turns = case.turns()
    assert [turn.text for turn in turns] == [*(line.text for line in case.history), *case.messages]
    assert turns[-1].role == "customer"
    assert all(before.at < after.at for before, after in pairwise(turns))


def test_a_fact_is_known_however_it_is_written() -> None:
    assert holds("Envíos: la máquina\npesa 4,8 kg", ["MAQUINA pesa 4.8 kg"])
    assert not holds("pesa 4,9 kg", ["4.8 kg"])


def test_the_rules_hand_over_as_the_documentation_says() -> None:
    """Check the figures of docs/ai.md that need no database, so that a changed rule cannot lower them unnoticed."""
    called = {case.id: bool(handoff_rules.before_model(shop.settings(), case.turns(), 0)) for case in CASES}
    for half in ("dev", "test"):
        cases = [case for case in CASES if case.half == half]
        wanted = [case for case in cases if case.wants_person]
        done = [case for case in cases if called[case.id] and case.kind not in ("unanswerable", "injection")]
        assert sum(called[case.id] for case in wanted) / len(wanted) >= 0.95
        assert sum(case.wants_person for case in done) / len(done) >= 0.85


def test_quantities_are_exact_numbers() -> None:
    assert {type(quantity) for case in CASES for _, quantity in case.lines} == {Decimal}
