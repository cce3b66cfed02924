"""What no reply may carry to a customer, checked without asking a model: our instructions, and invented amounts.

These are the last line, not the only one: the prompt keeps customers' words and documents apart from its rules. A
translated or spelled-out copy of the instructions is not recognised here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from core.ai.prompt import DATA_BEGINS, RULES_BEGIN
from core.ai.text import words

_RULE_RUN = 8  # words in a row that nobody writes by chance
# A personality may hold phrases to be used with customers, such as a greeting: only a long piece of it is a leak.
_PERSONALITY_RUN = 30
_LEAST_QUANTITY = Decimal("0.1")
_COUNTS = {
    word: count
    for count, names in enumerate(
        (
            "dos par dois duas two both pair couple",
            "tres three",
            "cuatro quatro four",
            "cinco five",
            "seis six",
            "siete sete seven",
            "ocho oito eight",
            "nueve nove nine",
            "diez dez ten",
            "once onze eleven",
            "doce docena doze duzia twelve dozen",
        ),
        start=2,
    )
    for word in names.split()
}

_DIGITS = r"(?:\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,3})?)(?!\d)"
_SIGN = r"(?:US\$|R\$|S/\.?|\bBs\.?|[$€£₡₲])"
_CODE = r"(?:ARS|BOB|BRL|CLP|COP|CRC|CUP|DOP|EUR|GBP|GTQ|HNL|MXN|NIO|PAB|PEN|PYG|USD|UYU|VES)"
_COIN = (
    r"(?:euros?|d[oó]lar(?:es)?|dollars?|bucks?|pesos?|reais|soles|bol[ií]var(?:es)?|bolivianos?|"
    r"guaran[ií](?:es)?|col[oó]n(?:es)?|quetzal(?:es)?|lempiras?|c[oó]rdobas?|balboas?|"
    r"cents?|c[eé]ntimos?|centavos?)"
)
_PERCENT = r"(?:%|por ciento|por cento|per ?cent)"
_AMOUNT = re.compile(
    rf"(?:{_SIGN}|\b{_CODE})\s?({_DIGITS})|(?<![\d.,])({_DIGITS})\s?(?:(?:{_CODE}|{_COIN})\b|{_SIGN}|{_PERCENT})", re.I
)
_PERCENTS = re.compile(_PERCENT, re.I)
_SPEAKS_OF_PRICES = re.compile(
    rf"{_SIGN}|\b(?:{_CODE}|precios?|pre[cç]os?|prices?|cuestan?|custam?|costs?|costos?|coste|importes?|tarifas?)\b",
    re.I,
)
_NUMBER = re.compile(rf"(?<![\d.,]){_DIGITS}")
_ALONE = re.compile(rf"(?<![\w.,-]){_DIGITS}(?![\w-])")  # no part of an article's code


def leaks(reply: str, instructions: str, personality: str) -> bool:
    """Whether a reply repeats a long run of the instructions. What they quote as data is free to be told."""
    ours = instructions.rpartition(RULES_BEGIN)[2].partition(DATA_BEGINS)[0]
    return _shares_run(reply, ours, _RULE_RUN) or _shares_run(reply, personality, _PERSONALITY_RUN)


def invented_amounts(reply: str, known: Iterable[str], asked: str) -> tuple[str, ...]:
    """The prices and percentages in a reply that do not follow from what the business says, as they are written.

    `known` are texts of the business. An amount follows from those that speak of prices (or percentages) when it stands
    there, is a price that stands there times a quantity in the reply or in `asked`, the customer's words, or is the
    sum of the reply's other amounts. The customer's own amounts prove nothing: naming a price does not make it one.
    """
    texts = list(known)
    prices = {value for text in texts for value in _prices(text)}
    shares = {value for text in texts if _PERCENTS.search(text) for value in _numbers(text)}
    counts = _quantities(_AMOUNT.sub(" ", reply)) | _quantities(_AMOUNT.sub(" ", asked))
    stated = list(_AMOUNT.finditer(reply))
    sound = [found for found in stated if _follows(found, prices, shares, counts)]
    total = sum(map(_amount, sound), Decimal(0)) if len(sound) > 1 else None
    return tuple(found[0].strip() for found in stated if found not in sound and _amount(found) != total)


def _shares_run(reply: str, ours: str, length: int) -> bool:
    said = set(_runs(reply, length))
    return bool(said) and not said.isdisjoint(_runs(ours, length))


def _runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    found = words(text)
    return (tuple(found[start : start + length]) for start in range(len(found) - length + 1))


def _prices(text: str) -> Iterator[Decimal]:
    """The amounts of a text or, where it has none and yet speaks of prices, its numbers, as the rows of a price list.

    A zero counts only as an amount: the noughts of a telephone number make nothing free.
    """
    amounts = [_amount(found) for found in _AMOUNT.finditer(text) if not _PERCENTS.search(found[0])]
    if amounts or not _SPEAKS_OF_PRICES.search(text):
        yield from amounts
    else:
        yield from (value for found in _ALONE.finditer(text) if (value := _value(found[0])))


def _amount(found: re.Match[str]) -> Decimal:
    return _value(found[1] or found[2])


def _follows(found: re.Match[str], prices: set[Decimal], shares: set[Decimal], counts: set[Decimal]) -> bool:
    value = _amount(found)
    if _PERCENTS.search(found[0]):
        return value in shares
    return value in prices or any(value / count in prices for count in counts)


def _quantities(text: str) -> set[Decimal]:
    written = {value for value in _numbers(text) if value >= _LEAST_QUANTITY}
    return written | {Decimal(_COUNTS[word]) for word in words(text) if word in _COUNTS}


def _numbers(text: str) -> Iterator[Decimal]:
    return (_value(found[0]) for found in _NUMBER.finditer(text))


def _value(written: str) -> Decimal:
    """A number as Spanish or English writes it. Three digits after a point or a comma are thousands: prices are."""
    plain = re.sub(r"[\s']", "", written)
    whole, mark, tail = plain.rpartition(max(".,", key=plain.rfind))
    if len(tail) == 3 or not mark:
        whole, tail = whole + tail, ""
    return Decimal(f"{re.sub('[.,]', '', whole)}.{tail or 0}")
