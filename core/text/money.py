"""Format amounts of money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from core.text.normalize import LanguageCode

# A home locale of each currency: its sign is short there, and comma and point are local: 1,234.50 in Mexico.
_HOME_LOCALES: dict[tuple[LanguageCode, str], str] = {
    ("es", "ARS"): "es_AR", ("es", "BOB"): "es_BO", ("es", "CLP"): "es_CL", ("es", "COP"): "es_CO",
    ("es", "CRC"): "es_CR", ("es", "DOP"): "es_DO", ("es", "GTQ"): "es_GT", ("es", "HNL"): "es_HN",
    ("es", "MXN"): "es_MX", ("es", "NIO"): "es_NI", ("es", "PEN"): "es_PE", ("es", "PYG"): "es_PY",
    ("es", "UYU"): "es_UY", ("pt", "EUR"): "pt_PT", ("en", "GBP"): "en_GB",
}  # fmt: skip


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round `amount` to the smallest unit of `currency`, halves away from zero: cents for EUR, whole for CLP."""
    return amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP)


def format_amount(amount: Decimal, currency: str, language: LanguageCode) -> str:
    """Format an amount, as in "25,00 €"; one below the smallest unit (0,0125 € a screw) keeps all of its digits."""
    exact = amount == rounded(amount, currency)
    locale = Locale.parse(_HOME_LOCALES.get((language, currency), language))
    return format_currency(amount.normalize(), currency, locale=locale, decimal_quantization=exact)
