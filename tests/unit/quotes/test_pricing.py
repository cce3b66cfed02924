"""Prices as written in spreadsheets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from core.text import prices
from core.text.prices import NoPrice, Price

PRICES = st.decimals(min_value=0, max_value=9_999_999, places=2)


@given(PRICES, st.sampled_from(["es", "en", "pt", "es_MX", "de_CH"]), st.sampled_from(["EUR", "USD", "BRL", "ARS"]))
def test_every_locale_s_prices_are_read(price: Decimal, locale: str, currency: str) -> None:
    written = format_currency(price, currency, "#,##0.00 ¤¤", locale=locale).replace("\u2019", "'")
    assert prices.read(written) == Price(price, currency)


@pytest.mark.parametrize(
    ("cell", "amount", "currency"),
    [
        ("1.234,50 €", "1234.5", "EUR"),
        ("US$ 12.5", "12.5", "USD"),
        ("R$ 3,99", "3.99", "BRL"),
        ("S/. 12,00", "12", "PEN"),
        ("$ 1,234,567.89", "1234567.89", ""),
        ("$48.000", "48000", ""),
        ("48,000", "48000", ""),
        ("0.125", "0.125", ""),
        ("1 234,5", "1234.5", ""),
        ("25 EUR", "25", "EUR"),
        ("ars 25", "25", "ARS"),
        ("0", "0", ""),
        (Decimal("1.234"), "1.234", ""),
        (Decimal("33.333333333333336"), "33.3333", ""),
    ],
)
def test_a_price(cell: str | Decimal, amount: str, currency: str) -> None:
    assert prices.read(cell) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "price"), ("consultar", "price"), ("-3", "price"), ("1.2.3", "price"), ("1,23,456", "price"),
        ("$25 EUR", "price"), ("1.00001", "price"), ("12 xyz", "currency"), (Decimal(-1), "price"),
        (Decimal("1e40"), "price"), (Decimal("NaN"), "price"),
    ],
)  # fmt: skip
def test_no_price(cell: str | Decimal, reason: str) -> None:
    with pytest.raises(NoPrice) as refused:
        prices.read(cell)
    assert refused.value.reason == reason


def test_the_column_settles_what_a_price_alone_leaves_open() -> None:
    comma = prices.decimal_marks(["1.234", "12,50"])
    point = prices.decimal_marks(["1.234", "12.50"])
    assert prices.read("1.234", comma) == Price(Decimal(1234))
    assert prices.read("1.234", point) == Price(Decimal("1.234"))


def test_a_column_that_disagrees_with_itself_settles_nothing() -> None:
    marks = prices.decimal_marks(["12,50", "12.50"])
    assert prices.read("12,50", marks) == prices.read("12.50", marks) == Price(Decimal("12.5"))
    with pytest.raises(NoPrice, match="ambiguous"):
        prices.read("1.234", marks)
