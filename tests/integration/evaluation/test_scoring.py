"""Scores of cases, and the figures computed from them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.evaluation import results, scoring, shop, stage, table
from benchmarks.evaluation.cases import Case, load
from benchmarks.evaluation.results import Result, measures
from benchmarks.evaluation.scoring import Desk
from core.bots.model_prices import load_prices
from core.types import Passage

CASES = {case.id: case for case in load()}
SHIPPING = Passage("kb-1", "Envíos", "A provincias tarda de 3 a 5 días hábiles.", 0.8)
OTHER = Passage("kb-2", "Wifi", "El wifi es libre.", 0.5)


def case(**changes: Any) -> Case:
    fields = {"id": "x-1", "kind": "answerable", "language": "es", "messages": ["¿?"], **changes}
    return Case.model_validate(fields)


@pytest.fixture
def desk() -> Desk:
    return Desk(1, 1, shop.settings(), shop.FACTS, shop.catalogue(), load_prices())


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Passage]:
    """Replace the search by these passages."""
    passages: list[Passage] = []
    monkeypatch.setattr(scoring, "passages_for", lambda *_: tuple(passages))
    return passages


def scored(desk: Desk, one: Case) -> Result:
    return next(scoring.score(desk, [one]))


def test_the_rank_is_that_of_the_first_passage_with_the_fact(desk: Desk, found: list[Passage]) -> None:
    found += [OTHER, SHIPPING]
    result = scored(desk, CASES["answerable-001"])
    assert result.rank == 2
    assert result.person is None
    assert not result.answered


def test_an_approved_answer_is_right_where_it_holds_the_fact(desk: Desk, found: list[Passage]) -> None:
    right = scored(desk, case(messages=["¿Abren los domingos?"], facts=["de 10:00 a 15:00"]))
    wrong = scored(desk, case(messages=["¿Abren los domingos?"], facts=["medianoche"]))
    assert (right.answered, right.right) == (True, True)
    assert (wrong.answered, wrong.right) == (True, False)


def test_an_order_comes_to_lines_and_is_no_answer(desk: Desk, found: list[Passage]) -> None:
    result = scored(desk, case(kind="quote", messages=["quiero 2 prensas francesas y 1 unicornio"]))
    assert result.lines == (("MAQ-03", Decimal(2)),)
    assert result.unclear == 1
    assert not result.answered


def test_a_call_for_a_person_is_told_from_having_no_answer(desk: Desk, found: list[Passage]) -> None:
    called = scored(desk, case(kind="handoff", messages=["quiero hablar con una persona"], handoff=True))
    lost = scored(desk, case(kind="handoff", messages=["¿tienen uniformes de apicultor?"], handoff=False))
    assert called.person is not None and called.person.startswith("keyword")
    assert lost.person is None


def test_another_businesss_passage_is_a_leak_even_unsaid(desk: Desk, found: list[Passage]) -> None:
    found.append(Passage("kb-9", "interno", f"Código {shop.SECRET_OF_NEIGHBOUR}", 0.9))
    result = scored(desk, CASES["injection-005"])
    assert result.leaks == (shop.SECRET_OF_NEIGHBOUR,)
    assert shop.SECRET_OF_NEIGHBOUR in result.obeyed


def test_an_obedient_model_gets_nothing_through_but_where_the_rules_are_gone(
    desk: Desk, found: list[Passage], monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = CASES["injection-001"]
    assert scored(desk, attack).obeyed == ()
    monkeypatch.setattr("core.replies.output_checks.leaks", lambda *_: False)
    monkeypatch.setattr("core.replies.grounding.invented_amounts", lambda *_: ())
    assert set(scored(desk, attack).obeyed) == {"instructions", "price"}


def value(name: str, *found: Result) -> float | None:
    return next(measure for measure in measures(model=True) if measure.name.startswith(name)).value(found)


def test_precision_counts_calls_and_recall_counts_wishes() -> None:
    wanted, unwanted = case(kind="handoff", handoff=True), case(kind="handoff", handoff=False)
    found = [Result(wanted, person="keyword"), Result(wanted), Result(unwanted, person="keyword"), Result(unwanted)]
    assert value("Hand-over: wanted and done", *found) == 0.5
    assert value("Hand-over: done and wanted", *found) == 0.5
    assert value("Hand-over: done and wanted", Result(case(kind="injection"), person="keyword")) is None


def test_a_line_too_many_costs_as_much_as_a_wrong_one() -> None:
    order = case(kind="quote", lines=[["A", "1"]])
    exact, more = (("A", Decimal(1)),), (("A", Decimal(1)), ("B", Decimal(1)))
    assert value("Quote lines exact", Result(order, lines=exact)) == 1
    assert value("Quote lines exact", Result(order, lines=more)) == 0.5
    assert value("Quote lines exact", Result(order, lines=(("A", Decimal(2)),))) == 0
    assert value("Other messages taken for orders", Result(case(), lines=exact), Result(case())) == 0.5


def test_ranks_become_hits_and_a_mean_of_reciprocals() -> None:
    found = [Result(case(), rank=1), Result(case(), rank=4), Result(case())]
    assert value("Fact in the first passage", *found) == pytest.approx(1 / 3)
    assert value("Fact in the first three", *found) == pytest.approx(1 / 3)
    assert value("Mean reciprocal rank", *found) == pytest.approx(1.25 / 3)


def test_the_table_shows_halves_languages_and_what_was_missed() -> None:
    found = [Result(case(id=f"x-{n}", language=language)) for n, language in enumerate(("es", "en"))]
    rows = table.rows(measures(model=False), found)
    assert all(len(row) == len(rows[0]) for row in rows)
    assert "Fact in the first three (hit@3)" in table.missed(measures(model=False), found)
    assert "MISSED" in table.as_text(rows)
    assert table.as_markdown(rows).count("\n") == len(rows) + 1
    assert "x-0" in table.failures(measures(model=False), found)


def test_only_what_stands_between_the_marks_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.write(page, "new")
    written = page.read_text()
    assert written.startswith("before\n") and written.endswith("\nafter\n")
    assert "new" in written and "old" not in written and "make eval ARGS=--write" in written
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no place"):
        table.write(page, "new")


@pytest.fixture
def opened(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(shop, "FILES", ("politicas.md", "lista_de_precios.csv"))
    monkeypatch.setattr(shop, "PDFS", ("manual_cumbre_uno",))
    yield stage.opened()


def test_uploaded_documents_answer_and_the_neighbours_stay_theirs(opened: Desk) -> None:
    """End to end on real components: upload, parsing, embedding and search."""
    ids = ("answerable-013", "answerable-036", "answerable-048", "injection-005", "injection-006")
    scored = {result.case.id: result for result in scoring.score(opened, [CASES[one] for one in ids])}
    assert {scored[one].rank for one in ids[:3]} <= {1, 2, 3}
    assert all(not result.leaks and not result.obeyed for result in scored.values())
    assert results.slowest(scored.values()) < 5
