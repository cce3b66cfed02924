"""Check without a model that a reply carries neither our instructions nor invented amounts.

These checks are the last line of defence, not the only one: the prompt separates customers' messages and documents from
its rules. A translated or spelled-out copy of the instructions is not recognised here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import list_currencies

from core.replies.prompt import DATA_BEGINS, RULES_BEGIN
from core.text.normalize import LanguageCode, visible, words
from core.text.numbers import quantity_at

_RULE_RUN = 8  # words in a row that do not coincide by chance
# A personality may hold phrases meant for customers, such as a greeting: only a long run of it is a leak.
_PERSONALITY_RUN = 30
_MIN_QUANTITY = Decimal("0.1")
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
_SIGN = r"(?:US\$|R\$|S/\.?|\b[BG]s\.?|[$€£¥₡₲₹₺₽₩₫₪₱₴₸₦₵])"
_WORDS_TOO = frozenset(
    ["ALL", "CUP", "GEL", "MAD", "PEN", "RON", "SOS", "TOP", "TRY"]
)  # in capitals they need not be currencies
_CODES = "|".join(sorted(list_currencies() - _WORDS_TOO))  # of ISO 4217, in capitals
_CODE = r"(?:ARS|BOB|BRL|CLP|COP|CRC|DOP|EUR|GBP|GTQ|HNL|MXN|NIO|PAB|PYG|USD|UYU|VES|(?-i:CUP|PEN)|" rf"(?-i:{_CODES}))"
_COIN = (
    r"(?:euros?|d[oó]lar(?:es)?|dollars?|bucks?|pesos?|reais|soles|bol[ií]var(?:es)?|bolivianos?|"
    r"guaran[ií](?:es)?|col[oó]n(?:es)?|quetzal(?:es)?|lempiras?|c[oó]rdobas?|balboas?|"
    r"cents?|c[eé]ntimos?|centavos?|pavos|varos|quid|francs?|francos|yen(?:es)?|rupees?|rupias?)"
)
_PERCENT = r"(?:%|por ciento|por cento|per ?cent)"
AMOUNT = re.compile(
    rf"(?:{_SIGN}|\b{_CODE})\s?({_DIGITS})|(?<![\d.,])({_DIGITS})\s?(?:(?:{_CODE}|{_COIN})\b|{_SIGN}|{_PERCENT})", re.I
)
_PERCENTS = re.compile(_PERCENT, re.I)
_COINS = re.compile(_COIN, re.I)
_LANGUAGES: tuple[LanguageCode, ...] = ("es", "en", "pt")
_MAX_NUMBER_WORDS = 6  # words
_SPEAKS_OF_PRICES = re.compile(
    rf"{_SIGN}|\b(?:{_CODE}|precios?|pre[cç]os?|prices?|cuestan?|custam?|costs?|costos?|coste|importes?|tarifas?)\b",
    re.I,
)
# A bare number is a price after such words, unless a counted noun follows: "cuesta 10", not "sale 10 días".
_PRICED = re.compile(
    r"\b(?:precios?|pre[cç]os?|prices?|cuestan?|custam?|costs?|costar\w*|valen?|salen?|sai|dej\w+ en|deix\w+ por|"
    r"qued\w+ en|fic\w+ (?:em|por)|descuento de|desconto de|discount of|rebaja de|cobr\w+|charge[sd]?)"
    r"(?:(?:[ \t:=]+(?!a las\b|[àa]s\b|at\b|en\b|em\b)[^\W\d]+){0,2}"
    r"|(?:[ \t]+[^\W\d]+){0,6}[ \t]+(?:es|is|é|ser[ií]a|would be))[ \t:=]+"
    rf"({_DIGITS})(?![.,]\d)(?!\s?(?:(?!(?:por|per|each|cada)\b)[^\W\d]{{2,}}|[hglm]\b|[x×:/%$€£]|[-–]\s?\d))",
    re.I,
)
# Gifts named without a number; allowed if the business's own texts name them.
_GIFTS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\bgratis\b|\bgr[aá]tis\b|\bgratuit\w+|\bsin (?:costo|coste|cargo)\b|\bde gra[cç]a\b|\bsem custo\b|"
        r"(?<!feel )(?<!-)\bfree\b(?! to\b| of the\b|dom)|\bno charge\b",
        r"\bmitad de(?:l)? precio\b|\bmetade do pre[cç]o\b|\bhalf(?:[- ]the)?[- ]price\b",
        r"\b(?:2|dos|dois|two)\s?(?:x|por|for|pelo pre[cç]o de)\s?(?:1|uno|um|one)\b",
    )
)
_NUMBER = re.compile(rf"(?<![\d.,]){_DIGITS}")
_ALONE = re.compile(rf"(?<![\w.,-]){_DIGITS}(?![\w-])")  # not part of an article code


def leaks(reply: str, instructions: str, personality: str) -> bool:
    """Return whether a reply repeats a long run of the instructions. Data quoted in them may be repeated."""
    ours = instructions.rpartition(RULES_BEGIN)[2].partition(DATA_BEGINS)[0]
    return _shares_run(reply, ours, _RULE_RUN) or _shares_run(reply, personality, _PERSONALITY_RUN)


@dataclass(frozen=True, slots=True)
class _Stated:
    """An amount as a reply states it. `share`: it is a percentage."""

    written: str
    value: Decimal
    share: bool


def invented_amounts(reply: str, known: Iterable[str], asked: str) -> tuple[str, ...]:
    """Return the prices, percentages and gifts in a reply that do not follow from the business's texts, as written.

    `known` are texts of the business. An amount follows from those about prices (or percentages) when it occurs there,
    is a price from there times a quantity in the reply or in `asked`, the customer's messages, or is the sum of the
    reply's other amounts. The customer's own amounts prove nothing: naming a price does not make it one.
    """
    reply, texts = _readable(reply), [_readable(text) for text in known]
    prices = {value for text in texts for value in _prices(text)}
    shares = {value for text in texts if _PERCENTS.search(text) for value in _numbers(text)}
    counts = _quantities(AMOUNT.sub(" ", reply)) | _quantities(AMOUNT.sub(" ", asked))
    stated = list(_stated(reply))
    valid = [found for found in stated if _follows(found, prices, shares, counts)]
    total = sum((found.value for found in valid), Decimal(0)) if len(valid) > 1 else None
    invented = [found.written for found in stated if found not in valid and found.value != total]
    return (*invented, *_gifts(reply, texts))


def _readable(text: str) -> str:
    """Undo what hides an amount: zero-width characters, and the letter O in place of a zero."""
    return re.sub(r"(?<=\d)[oO](?=[\doO.,\s%$€£]|$)", "0", visible(text))


def _stated(reply: str) -> Iterator[_Stated]:
    """Yield the amounts in figures, with their currency or after a word about prices, and those in words."""
    for found in AMOUNT.finditer(reply):
        yield _Stated(found[0].strip(), _amount(found), bool(_PERCENTS.search(found[0])))
    for found in _PRICED.finditer(AMOUNT.sub(" ", reply)):
        yield _Stated(found[0].strip(), _value(found[1]), share=False)
    yield from _in_words(reply)


def _in_words(reply: str) -> Iterator[_Stated]:
    """Yield amounts such as "diez euros" and "twenty per cent"."""
    tokens = words(_PERCENTS.sub(" percent ", reply))
    for at, word in enumerate(tokens):
        share = word == "percent"
        if not share and not _COINS.fullmatch(word):
            continue
        for start in range(max(0, at - _MAX_NUMBER_WORDS), at):
            value = _spelled(tokens[start:at])
            if value is not None:
                yield _Stated(" ".join(tokens[start : at + 1]), value, share)
                break


def _spelled(tokens: list[str]) -> Decimal | None:
    """Return the number that all of these words spell; None for figures, an article and anything else."""
    for language in _LANGUAGES:
        found = quantity_at(tokens, language)
        if (
            found
            and found.length == len(tokens)
            and not found.unit
            and not found.article
            and not tokens[0][0].isdigit()
        ):
            return found.amount
    return None


def _gifts(reply: str, texts: list[str]) -> Iterator[str]:
    for gift in _GIFTS:
        found = gift.search(reply)
        if found and not any(gift.search(text) for text in texts):
            yield found[0]


def _shares_run(reply: str, ours: str, length: int) -> bool:
    tokens = set(_runs(reply, length))
    return bool(tokens) and not tokens.isdisjoint(_runs(ours, length))


def _runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    found = words(text)
    return (tuple(found[start : start + length]) for start in range(len(found) - length + 1))


def _prices(text: str) -> Iterator[Decimal]:
    """Yield the amounts of a text or, if it has none and yet is about prices, its numbers, as in rows of a price list.

    A zero counts only as an amount: the zeros of a telephone number make nothing free.
    """
    amounts = [_amount(found) for found in AMOUNT.finditer(text) if not _PERCENTS.search(found[0])]
    if amounts or not _SPEAKS_OF_PRICES.search(text):
        yield from amounts
    else:
        yield from (value for found in _ALONE.finditer(text) if (value := _value(found[0])))


def _amount(found: re.Match[str]) -> Decimal:
    return _value(found[1] or found[2])


def _follows(found: _Stated, prices: set[Decimal], shares: set[Decimal], counts: set[Decimal]) -> bool:
    if found.share:
        return found.value in shares
    return found.value in prices or any(found.value / count in prices for count in counts)


def _quantities(text: str) -> set[Decimal]:
    written = {value for value in _numbers(text) if value >= _MIN_QUANTITY}
    return written | {Decimal(_COUNTS[word]) for word in words(text) if word in _COUNTS}


def _numbers(text: str) -> Iterator[Decimal]:
    return (_value(found[0]) for found in _NUMBER.finditer(text))


def _value(written: str) -> Decimal:
    """Parse a number in Spanish or English notation. Three digits after a mark are thousands, as in prices."""
    plain = re.sub(r"[\s']", "", written)
    whole, mark, tail = plain.rpartition(max(".,", key=plain.rfind))
    if len(tail) == 3 or not mark:
        whole, tail = whole + tail, ""
    return Decimal(f"{re.sub('[.,]', '', whole)}.{tail or 0}")
