"""Check without a model that a reply carries neither our instructions nor invented amounts.

These checks are the last line of defence, not the only one: the prompt separates customers' messages and documents from
its rules. A translated or spelled-out copy of the instructions is not recognised here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from babel.numbers import list_currencies

from core.replies.concessions import FREE, Kind, concessions
from core.replies.prompt import DATA_BEGINS, RULES_BEGIN
from core.text.normalize import LanguageCode, visible, words
from core.text.numbers import COUNTS, PIECE, figure, quantity_at

_RULE_RUN = 8  # words in a row that do not coincide by chance
# A personality may hold phrases meant for customers, such as a greeting: only a long run of it is a leak.
_PERSONALITY_RUN = 30
_MIN_QUANTITY = Decimal("0.1")
_MAX_TEXTS = 2048  # of businesses, read before
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
    r"cents?|c[eé]ntimos?|centavos?|varos|quid|francs?|francos|yen(?:es)?|rupees?|rupias?|kwanzas?|metica(?:l|is|les)|"
    r"rands?|nairas?|cedis?|shillings?|chelines|dirhams?|(?:eur|pes|dolar|sol)(?:it|cit|inh|ill)[oa]s?)"
)
_PERCENT = r"(?:%|por ciento|por cento|per cento|pour cent|per ?cent|prozent)"
# The lookahead spares trying all codes at every word.
AMOUNT = re.compile(
    rf"(?:{_SIGN}|\b(?=[a-z]{{3}}\s?\d){_CODE})\s?({_DIGITS})|"
    rf"(?<![\d.,])({_DIGITS})\s?(?:(?:{_CODE}|{_COIN})\b|{_SIGN}|{_PERCENT})",
    re.I,
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
# Slang for money, with how much it may stand for. Most are also animals, fruit or names: they count after a word about
# prices.
_SLANG = {
    **dict.fromkeys(("luca", "lucas", "luka", "lukas", "grand"), 1000),
    **dict.fromkeys(("pavo", "pavos", "mangos", "pau", "paus", "conto", "contos", "pila", "pilas", "pratas"), 1),
}
_NOTES = {"fiver": Decimal(5), "tenner": Decimal(10)}
_SAYS_PRICE = re.compile(
    r"(?:cuest|sal[ei]|qued|dej|vale|cobr|pag|cust|fica|deix|cost|charg)\w*|son|sai|sao|its|itll|thatll|is|be|pay|for|por|"
    r"at|a"
)
# Round numbers of languages that `quantity_at` does not parse.
_ROUND = {
    word: Decimal(value)
    for value, names in (
        (5, "cinque cinq funf"), (10, "dieci dix zehn"), (15, "quindici quinze funfzehn"), (20, "venti vingt zwanzig"),
        (25, "venticinque funfundzwanzig"), (30, "trenta trente dreissig dreißig"), (40, "quaranta quarante vierzig"),
        (50, "cinquanta cinquante funfzig"), (60, "sessanta soixante sechzig"), (100, "cento hundert"),
    )
    for word in names.split()
}  # fmt: skip
_NUMBER = re.compile(rf"(?<![\d.,]){_DIGITS}")
_ALONE = re.compile(rf"(?<![\w.,-]){_DIGITS}(?![\w-])")  # not part of an article code


def leaks(reply: str, instructions: str, personality: str) -> bool:
    """Return whether a reply repeats a long run of the instructions. Data quoted in them may be repeated."""
    ours = instructions.rpartition(RULES_BEGIN)[2].partition(DATA_BEGINS)[0]
    return _shares_run(reply, ours, _RULE_RUN) or _shares_run(reply, personality, _PERSONALITY_RUN)


@dataclass(frozen=True, slots=True)
class _Stated:
    """An amount as a reply states it. `share`: a percentage. `unit`: slang may mean so many times as much."""

    written: str
    value: Decimal
    share: bool
    unit: int = 1


def invented_amounts(reply: str, known: Iterable[str], asked: str) -> tuple[str, ...]:
    """Return the prices, percentages and gifts in a reply that do not follow from the business's texts, as written.

    `known` are texts of the business. An amount follows from those about prices (or percentages) when it occurs there,
    is a price from there times a quantity in the reply or in `asked`, the customer's messages, or is the sum of the
    reply's other amounts. The customer's own amounts prove nothing: naming a price does not make it one.
    """
    reply, texts = _readable(reply), [_known(text) for text in known]
    prices = {value for text in texts for value in text.prices}
    shares = {value for text in texts for value in text.shares}
    counts = _quantities(AMOUNT.sub(" ", reply)) | _quantities(AMOUNT.sub(" ", asked))
    stated, conceded = list(_stated(reply)), list(concessions(reply))
    if conceded or any(found.share for found in stated):
        kinds = {kind for text in texts for kind in text.concessions}
        shares |= {share for kind in kinds if isinstance(kind, Fraction) for share in _as_shares(kind)}
        conceded = [found for found in conceded if not _is_granted(found.kind, kinds, prices, shares)]
    valid = [found for found in stated if _follows(found, prices, shares, counts)]
    total = sum((found.value for found in valid), Decimal(0)) if len(valid) > 1 else None
    invented = [found.written for found in stated if found not in valid and found.value != total]
    return (*invented, *(found.written for found in conceded))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a text of the business states."""

    prices: frozenset[Decimal]
    shares: frozenset[Decimal]
    concessions: frozenset[Kind]


@lru_cache(maxsize=_MAX_TEXTS)
def _known(text: str) -> _Known:
    """Read a text of the business once: most replies rest on the same ones."""
    text = _readable(text)
    return _Known(
        prices=frozenset(_prices(text)),
        shares=frozenset(_numbers(text) if _PERCENTS.search(text) else ()),
        concessions=frozenset(found.kind for found in concessions(text)),
    )


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
    """Yield amounts such as "diez euros", "twenty per cent" and, in figures too, those in slang: "20 lucas"."""
    tokens = words(_PERCENTS.sub(" percent ", reply))
    for at, word in enumerate(tokens):
        share, unit = word == "percent", _SLANG.get(word, 0)
        if word in _NOTES:
            yield _Stated(" ".join(tokens[max(0, at - 1) : at + 1]), _NOTES[word], share=False)
        elif share or unit or _COINS.fullmatch(word):
            for start in range(max(0, at - _MAX_NUMBER_WORDS), at):
                value = _counted(tokens[start:at], figures=bool(unit))
                told = not unit or any(map(_SAYS_PRICE.fullmatch, tokens[max(0, start - 2) : start]))
                if value is not None and told:
                    yield _Stated(" ".join(tokens[start : at + 1]), value, share, unit or 1)
                    break


def _counted(tokens: list[str], *, figures: bool) -> Decimal | None:
    if len(tokens) == 1 and (tokens[0] in _ROUND or (figures and tokens[0].isdecimal())):
        return _ROUND.get(tokens[0]) or Decimal(tokens[0])
    return _spelled(tokens)


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


def _is_granted(kind: Kind, kinds: set[Kind], prices: set[Decimal], shares: set[Decimal]) -> bool:
    """Return whether the business grants a concession, in any words; part of a price also as a percentage."""
    if isinstance(kind, Fraction) and not shares.isdisjoint(_as_shares(kind)):
        return True
    return kind in kinds or (kind == FREE and Decimal(0) in prices)


def _as_shares(part: Fraction) -> set[Decimal]:
    """Return a part of a price as percentages: 33 and 34 for a third."""
    return {Decimal(math.floor(100 * part)), Decimal(math.ceil(100 * part))}


def _shares_run(reply: str, ours: str, length: int) -> bool:
    found = words(reply)
    known = _known_runs(ours, length)
    return any(tuple(found[start : start + length]) in known for start in range(len(found) - length + 1))


@lru_cache(maxsize=64)
def _known_runs(text: str, length: int) -> frozenset[tuple[str, ...]]:
    found = words(text)
    return frozenset(tuple(found[start : start + length]) for start in range(len(found) - length + 1))


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
    values = {found.value, found.value * found.unit}
    return any(value in prices or any(value / count in prices for count in counts) for value in values)


def _quantities(text: str) -> set[Decimal]:
    written = {value for value in _numbers(text) if value >= _MIN_QUANTITY}
    return written | {Decimal(COUNTS[word]) for word in words(text) if word in COUNTS}


def _numbers(text: str) -> Iterator[Decimal]:
    return (_value(found[0]) for found in _NUMBER.finditer(text))


def _value(written: str) -> Decimal:
    """Parse a number in Spanish or English notation. Three digits after a mark are thousands, as in prices."""
    return figure(re.sub(r"[\s']", "", written), "es", PIECE)
