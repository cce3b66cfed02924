"""Cost of runs, and unknown costs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from core.bots.llm.types import Usage
from core.bots.model_prices import load_prices, read_file

AT = datetime(2026, 11, 20, tzinfo=UTC)
MILLION = Usage(input=1_000_000, cached=0, output=1_000_000)


def override(path: Path, **changes: object) -> Path:
    entry = {"model": "m", "valid_from": "2026-11-10", "input": "1", "output": "2", "source": "invoice", **changes}
    path.write_text(json.dumps({"prices": [entry]}))
    return path


def test_cached_input_is_billed_at_its_own_price() -> None:
    usage = Usage(input=1_000_000, cached=400_000, output=100_000)
    assert load_prices().cost("gpt-6-luna", usage, AT) == Decimal("0.6") * Decimal("0.10") + Decimal("0.054")


def test_without_a_cached_price_all_input_costs_the_same() -> None:
    usage = Usage(input=1_000_000, cached=1_000_000, output=0)
    assert load_prices().cost("gpt-6.1-sol", usage, AT) == Decimal(2)


def test_a_server_that_reports_more_cached_than_input_does_not_earn_us_money() -> None:
    assert load_prices().cost("gpt-6-luna", Usage(input=10, cached=99, output=0), AT) == Decimal("0.0000001")


@pytest.mark.parametrize("model", ["gpt-4", "gpt-6-luna-mini", ""])
def test_an_unknown_model_has_an_unknown_cost(model: str) -> None:
    assert load_prices().cost(model, MILLION, AT) is None


def test_a_dated_snapshot_costs_what_its_model_does() -> None:
    assert load_prices().cost("gpt-6-luna-2026-09-01", MILLION, AT) == Decimal("0.60")


def test_a_day_before_the_table_has_an_unknown_cost() -> None:
    assert load_prices().cost("gpt-6-luna", MILLION, datetime(2026, 10, 31, 23, tzinfo=UTC)) is None


def test_days_are_counted_in_utc() -> None:
    evening_before = datetime(2026, 10, 31, 22, tzinfo=timezone(timedelta(hours=-3)))
    assert load_prices().cost("gpt-6-luna", MILLION, evening_before) is not None


def test_an_override_adds_models_and_later_prices(tmp_path: Path) -> None:
    table = load_prices(override(tmp_path / "prices.json", model="gpt-6-luna"))
    assert table.cost("gpt-6-luna", MILLION, AT) == Decimal(3)
    assert table.cost("gpt-6-luna", MILLION, datetime(2026, 11, 9, tzinfo=UTC)) == Decimal("0.60")
    assert table.cost("gpt-6-sol", MILLION, AT) == Decimal(12)


def test_an_override_of_the_same_day_replaces_the_bundled_price(tmp_path: Path) -> None:
    table = load_prices(override(tmp_path / "prices.json", model="gpt-6-luna", valid_from="2026-11-01"))
    assert table.cost("gpt-6-luna", MILLION, AT) == Decimal(3)


def test_a_missing_override_is_no_error(tmp_path: Path) -> None:
    assert load_prices(tmp_path / "none.json").cost("gpt-6-sol", MILLION, AT) == Decimal(12)


@pytest.mark.parametrize("changes", [{"input": "-1"}, {"input": "cheap"}, {"currency": "EUR"}, {"valid_from": "soon"}])
def test_a_bad_price_is_told_and_stops_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    path = override(tmp_path / "prices.json", **changes)
    _, problems = read_file(path)
    assert len(problems) == 1 and problems[0].startswith("prices.json, price 1, ")
    assert load_prices(path).cost("gpt-6-luna", MILLION, AT) == Decimal("0.60")
    assert load_prices(path).cost("m", MILLION, AT) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"prices": 3}', '{"prices": [null, 7]}', '{"costs": []}', "\x00"])
def test_a_file_that_is_no_price_list_stops_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    assert load_prices(path).cost("gpt-6-luna", MILLION, AT) == Decimal("0.60")
