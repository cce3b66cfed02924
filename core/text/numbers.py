"""Parse quantities in customers' messages: figures, number words, dozens and halves, and units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.text.normalize import LanguageCode, fold

PIECE = ""
PAIR = "pair"
DOZEN = "dozen"

_UNITS = {
    "kg": "kg kgs kilo kilos quilo quilos kilogramo kilogramos quilograma quilogramas kilogram kilograms",
    "g": "g gr grs gramo gramos grama gramas gram grams",
    "lb": "lb lbs libra libras pound pounds",
    "oz": "oz onza onzas ounce ounces onca oncas",
    "l": "l lt lts litro litros liter liters litre litres",
    "ml": "ml mililitro mililitros milliliter milliliters",
    "m": "m mt mts metro metros meter meters metre metres",
    "cm": "cm cms centimetro centimetros centimeter centimeters",
    PAIR: "par pares pair pairs",
    DOZEN: "docena docenas dozen dozens duzia duzias",
}
UNITS: Mapping[str, str] = {word: unit for unit, words in _UNITS.items() for word in words.split()}
# What a unit measures, and its size in the base unit.
_MEASURES = {
    "kg": ("mass", Decimal(1000)),
    "g": ("mass", Decimal(1)),
    "lb": ("mass", Decimal("453.59237")),
    "oz": ("mass", Decimal("28.349523125")),
    "l": ("volume", Decimal(1000)),
    "ml": ("volume", Decimal(1)),
    "m": ("length", Decimal(100)),
    "cm": ("length", Decimal(1)),
    PIECE: ("count", Decimal(1)),
    PAIR: ("count", Decimal(2)),
    DOZEN: ("count", Decimal(12)),
}

_ONES: dict[LanguageCode, str] = {
    "es": "un|uno|una=1 dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 once=11 doce=12 trece=13 "
    "catorce=14 quince=15 dieciseis=16 diecisiete=17 dieciocho=18 diecinueve=19 veinte=20 veintiun|veintiuno|"
    "veintiuna=21 veintidos=22 veintitres=23 veinticuatro=24 veinticinco=25 veintiseis=26 veintisiete=27 "
    "veintiocho=28 veintinueve=29 treinta=30 cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 "
    "cien|ciento=100 doscientos|doscientas=200 trescientos|trescientas=300 cuatrocientos|cuatrocientas=400 "
    "quinientos|quinientas=500 seiscientos|seiscientas=600 setecientos|setecientas=700 ochocientos|ochocientas=800 "
    "novecientos|novecientas=900 mil=1000 otro|otra=1",
    "pt": "um|uma=1 dois|duas=2 tres=3 quatro=4 cinco=5 seis|meia=6 sete=7 oito=8 nove=9 dez=10 onze=11 doze=12 "
    "treze=13 catorze|quatorze=14 quinze=15 dezesseis|dezasseis=16 dezessete|dezassete=17 dezoito=18 "
    "dezenove|dezanove=19 vinte=20 trinta=30 quarenta=40 cinquenta=50 sessenta=60 setenta=70 oitenta=80 noventa=90 "
    "cem|cento=100 duzentos|duzentas=200 trezentos|trezentas=300 quatrocentos|quatrocentas=400 "
    "quinhentos|quinhentas=500 seiscentos|seiscentas=600 setecentos|setecentas=700 oitocentos|oitocentas=800 "
    "novecentos|novecentas=900 mil=1000 outro|outra=1",
    "en": "a|an|one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 "
    "thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 "
    "forty|fourty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000 another=1",
}
_ARTICLES = frozenset(["un", "una", "um", "uma", "a", "an", "otro", "otra", "outro", "outra", "another"])
# Words that are numbers in one language and something else in another ("dos" is Portuguese for "of the").
_OWN_LANGUAGE_ONLY: dict[LanguageCode, frozenset[str]] = {
    "es": frozenset({"dos", "once", "mil"}),
    "pt": frozenset({"meia", "nove"}),
    "en": frozenset({"a", "an", "ten"}),
}


def _values(language: LanguageCode) -> dict[str, int]:
    pairs = (entry.split("=") for entry in _ONES[language].split())
    return {word: int(value) for words, value in pairs for word in words.split("|")}


def _number_words(language: LanguageCode) -> dict[str, int]:
    """Return the number words of one language, and the unambiguous ones of the others: customers mix them."""
    others: dict[str, int] = {}
    for other in _ONES:
        if other != language:
            foreign = _values(other)
            others |= {word: value for word, value in foreign.items() if word not in _OWN_LANGUAGE_ONLY[other]}
    if language == "pt":
        others.pop("uno", None)
    return others | {word: value for word, value in _values(language).items() if word != "meia"}


_WORDS: dict[LanguageCode, dict[str, int]] = {language: _number_words(language) for language in _ONES}
# What a number word counts, in whichever language; articles count nothing.
COUNTS: Mapping[str, int] = {
    **{word: value for language in _ONES for word, value in _values(language).items() if value > 1},
    **dict.fromkeys(("both", "couple", *_UNITS[PAIR].split()), 2),
    **dict.fromkeys(_UNITS[DOZEN].split(), 12),
}
_AND = frozenset({"y", "e", "and"})
_HALF = frozenset({"medio", "media", "meio", "meia", "half", "½", "1/2"})
_QUARTER = frozenset({"cuarto", "quarto", "quarter", "¼", "1/4"})
_QUARTERS = frozenset({"cuartos", "quartos", "quarters"})
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
_OF = frozenset({"de", "da", "do", "of", "a", "an"})
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
Mark = Literal[",", "."]
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_OTHER: Mapping[str, Mark] = {",": ".", ".": ","}
_SHARE = re.compile(r"(\d{1,3})/(\d{1,3})")
_WITH_UNIT = re.compile(r"(\d+(?:[.,]\d+)*)([a-z]{1,3})")
LARGEST = Decimal(1_000_000)  # larger than any quantity


_CLOCK = frozenset({"am", "pm", "hs", "hrs", "h", "hora", "horas", "oclock"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """`amount` of `unit` ("" counts pieces), written in `length` tokens.

    `article`: it is a mere "un" or "a", which may count, or only go with the noun.
    """

    amount: Decimal
    unit: str
    length: int
    article: bool = False


def convert(amount: Decimal, unit: str, into: str) -> Decimal | None:
    """Convert an amount to another unit; None when the two measure different things."""
    kind, size = _MEASURES[unit]
    other, other_size = _MEASURES[into]
    return None if kind != other else (amount * size / other_size).quantize(Decimal("0.001")).normalize()


def unit_named(words: str) -> str | None:
    """Return the unit that `words` name ("kilo", "Docena"), None if they name none ("caja")."""
    return UNITS.get(fold(words).strip(" ."))


_UNIT_LABELS: dict[str, dict[LanguageCode, tuple[str, str]]] = {
    PAIR: {"es": ("par", "pares"), "en": ("pair", "pairs"), "pt": ("par", "pares")},
    DOZEN: {"es": ("docena", "docenas"), "en": ("dozen", "dozen"), "pt": ("dúzia", "dúzias")},
}


def unit_label(unit: str, language: LanguageCode, amount: Decimal = Decimal(1)) -> str:
    """Return a product's unit in a language: pairs and dozens are translated, any other stays as written."""
    labels = _UNIT_LABELS.get(unit_named(unit) or "")
    return unit if labels is None else labels[language][amount != 1]


def quantity_at(tokens: Sequence[str], language: LanguageCode) -> Quantity | None:
    """Parse the quantity at the start of `tokens`, which are folded; None if there is none."""
    found = _fraction(tokens) or _number(tokens, language) or _bare_unit(tokens)
    if found is None:
        return None
    amount, used, unit, article = found
    if unit is None:
        unit, taken = _unit(tokens[used:])
        if taken and tokens[used] == "couple":
            amount, unit = amount * 2, PIECE
        used += taken
        article = article and not taken
    if halves := _and_a_half(tokens[used:], unit):
        amount, used, article = amount + Decimal("0.5"), used + halves, False
        if not unit:
            unit, taken = _unit(tokens[used:])
            used += taken
    return Quantity(amount, unit, used, article) if 0 < amount < LARGEST else None


def hour_at(tokens: Sequence[str], at: int) -> int:
    """Return how many of the folded `tokens` from `at` form a time ("a las 11", "11 am"); 0 if none."""
    number = tokens[at].isdigit() or _spelled(tokens[at : at + 1], "es") is not None
    after = at + 1 < len(tokens) and tokens[at + 1] in _CLOCK
    return 1 + after if number and (after or tuple(tokens[max(at - 2, 0) : at]) == ("a", "las")) else 0


def _and_a_half(tokens: Sequence[str], unit: str) -> int:
    """Return how many tokens form a half: "kilo y medio", "one and a half kilos". It halves a unit, never a piece."""
    used = 2 + (len(tokens) > 1 and tokens[1] in ("a", "um", "un"))
    if len(tokens) < used or tokens[0] not in _AND or tokens[used - 1] not in _HALF:
        return 0
    return used if unit or _unit(tokens[used:])[1] else 0


def _bare_unit(tokens: Sequence[str]) -> _Found | None:
    """Parse a unit without a number, which means one: "kilo y medio de queso", "docena de huevos"."""
    if len(tokens) > 1 and len(tokens[0]) > 2 and tokens[0] in UNITS and tokens[1] in _OF | _AND:
        return Decimal(1), 1, UNITS[tokens[0]], False
    return None


_Found = tuple[Decimal, int, str | None, bool]


def _fraction(tokens: Sequence[str]) -> _Found | None:
    """Parse halves and quarters, which only count before a unit: "media docena", "a quarter of a kilo"."""
    for words, amount in ((_HALF, Decimal("0.5")), (_QUARTER, Decimal("0.25"))):
        start = 1 if len(tokens) > 1 and tokens[0] in _ARTICLES and tokens[1] in words else 0
        if len(tokens) > start and tokens[start] in words:
            return _before_unit(tokens, amount, start + 1)
    if len(tokens) > 2 and tokens[0] in ("tres", "three", "3") and tokens[1] in _QUARTERS:
        return _before_unit(tokens, Decimal("0.75"), 2)
    return None


def _before_unit(tokens: Sequence[str], amount: Decimal, used: int) -> _Found | None:
    while used < len(tokens) and tokens[used] in _OF | _ARTICLES:
        used += 1
    unit, taken = _unit(tokens[used:])
    return (amount, used + taken, unit, False) if taken else None


def _unit(tokens: Sequence[str]) -> tuple[str, int]:
    """Return the unit at the start and its number of tokens."""
    if not tokens:
        return PIECE, 0
    unit = PAIR if tokens[0] == "couple" else UNITS.get(tokens[0])
    return (PIECE, 0) if unit is None else (unit, 1)


def _number(tokens: Sequence[str], language: LanguageCode) -> _Found | None:
    if not tokens:
        return None
    first = tokens[0]
    if first in _FRACTIONS:
        return Decimal(_FRACTIONS[first]), 1, None, False
    if share := _SHARE.fullmatch(first):
        return (Decimal(share[1]) / Decimal(share[2]), 1, None, False) if int(share[2]) else None
    if glued := _WITH_UNIT.fullmatch(first):
        unit = UNITS.get(glued[2])
        return None if unit is None else (figure(glued[1], language, unit), 1, unit, False)
    if _FIGURE.fullmatch(first):
        unit = UNITS.get(tokens[1], PIECE) if len(tokens) > 1 else PIECE
        return figure(first, language, unit), 1, None, False
    return _spelled(tokens, language)


def figure(digits: str, language: LanguageCode, unit: str) -> Decimal:
    """Parse "1.500" and "1,5" in the notation of the language.

    Nobody orders a fraction of a piece: for pieces, three digits after any separator are thousands.
    """
    mark = decimal_mark(digits)
    if mark is None:
        thousands = next((sign for sign in digits if sign in ".,"), ",") if _MEASURES[unit][0] == "count" else ""
        mark = _OTHER.get(thousands, "." if language == "en" else ",")
    whole, found, decimals = digits.rpartition(mark)
    return Decimal(f"{re.sub('[.,]', '', whole)}.{decimals}" if found else re.sub("[.,]", "", digits))


def decimal_mark(digits: str) -> Mark | None:
    """Return the decimal mark, if one number alone shows it: it has both, or one that separates no group of three."""
    marks = [character for character in digits if character in ".,"]
    if not marks or _THOUSANDS.fullmatch(digits):
        return None
    alone = len(marks) > 1 and len(set(marks)) == 1  # 1.234.567
    return "." if (marks[-1] == ".") is not alone else ","


def _spelled(tokens: Sequence[str], language: LanguageCode) -> _Found | None:
    """Parse number words: hundreds, tens and ones in falling order, thousands around them."""
    values = _WORDS[language]
    if tokens[0] not in values:
        return None
    total, group, smallest, used = 0, 0, 10_000, 0
    while used < len(tokens):
        joined = used > 0 and tokens[used] in _AND and used + 1 < len(tokens)
        value = values.get(tokens[used + joined])
        if value is None or (joined and value in (100, 1000) and language == "en"):
            break
        if value == 1000 and total == 0:
            total, group, smallest = max(group, 1) * 1000, 0, 1000
        elif value == 100 and language == "en" and 0 < group < 10 and smallest < 100:
            group, smallest = group * 100, 100
        elif used == 0 or _continues(smallest, value, language, joined=joined):
            group, smallest = group + value, value
        else:
            break
        used += 1 + joined
    return Decimal(total + group), used, None, used == 1 and tokens[0] in _ARTICLES


def _continues(smallest: int, value: int, language: LanguageCode, *, joined: bool) -> bool:
    """Return whether `value` may follow: "treinta y dos", "ciento veinte", but not "dos y una" nor "uno dos"."""
    if smallest >= 1000:
        return value < 1000 and (not joined or value >= 1)
    if smallest >= 100:
        return value < 100 and (not joined or language != "es")
    return smallest >= 20 and smallest % 10 == 0 and value < 10
