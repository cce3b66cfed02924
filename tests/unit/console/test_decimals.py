"""Numbers with decimals as the reader types them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import decimals, i18n


@pytest.mark.parametrize(
    ("language", "typed", "value"),
    [
        ("en", "1.5", "1.5"), ("en", "1,234.5", "1234.5"), ("en", " 40 ", "40"), ("en", ".5", None),
        ("en", "1,5", None),
        ("es", "1,5", "1.5"), ("es", "1.234,5", "1234.5"), ("es", "1.5", None), ("es", "0.05", None),
        ("pt", "0,05", "0.05"), ("pt", "2.000", "2000"), ("pt", "2,000", "2"), ("pt", "2.0", None),
        ("es", "NaN", None), ("es", "1e3", None), ("en", "1_0", None), ("en", "Infinity", None), ("es", "-1", None),
        ("es", "5001", None), ("es", "5 USD", None), ("en", "½", None),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_in_the_readers_way(language: str, typed: str, value: str | None) -> None:
    with i18n.speaking(language):
        found = decimals.read(typed, 0, 5000)
    assert (found.value, bool(found.fault)) == (None if value is None else Decimal(value), value is None)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "0.01 to 1000.5"), ("es", "0,01 a 1000,5"), ("pt", "0,01 a 1000,5")]
)
def test_a_fault_names_the_bounds_in_the_readers_way(language: str, told: str) -> None:
    with i18n.speaking(language):
        assert told in decimals.read("much", 0.01, 1000.5).fault


def test_empty_is_no_number_unless_one_is_needed() -> None:
    with i18n.speaking("pt"):
        assert decimals.read(" ", 0, 1) == decimals.Typed(None)
        assert decimals.read("", 0, 1, needed=True).fault


@given(st.sampled_from(list(i18n.LANGUAGES)), st.decimals(0, 10**6, places=4))
def test_what_is_written_is_read_again(language: str, value: Decimal) -> None:
    with i18n.speaking(language):
        assert decimals.read(decimals.written(value), 0, 10**6).value == value
