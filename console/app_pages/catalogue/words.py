"""Prices and import errors formatted for the viewer's language."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from console.i18n import catalogue, current, t
from core.catalog.products import Facts
from core.text import money
from core.text.normalize import LanguageCode


def price(amount: Decimal, currency: str) -> str:
    """Format a price: "25,00 €"."""
    return money.format_amount(amount, currency, cast(LanguageCode, current()))


def per_unit(facts: Facts, own_currency: str) -> str:
    """Format a price per unit: "25,00 € / kg"."""
    said = price(facts.price, facts.currency or own_currency)
    return f"{said} / {facts.unit}" if facts.unit else said


def fault(reason: str) -> str:
    """Return why a line, a product or a file was rejected."""
    return catalogue(current()).get(f"catalogue.fault_{reason}", t("error.unexpected"))
