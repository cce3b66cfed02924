"""Properties of every text: nothing breaks the parser, and plain text is parsed exactly."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.catalog.orders.amendments import amended
from core.catalog.orders.confirmation import says_no, says_yes
from core.catalog.orders.matcher import Line, find, match_lines
from core.catalog.orders.parser import read_order
from core.text.normalize import LanguageCode, words
from core.text.numbers import COUNTS, convert, decimal_mark, figure, quantity_at
from tests.support.shop import SHOP

LANGUAGES: tuple[LanguageCode, ...] = ("es", "en", "pt")
# Names of one product only, in the plain form of a price list; those with a number in them are tested elsewhere.
PLAIN = [one for one in SHOP if one.name in ("Zapato negro", "Zapato rojo", "Camiseta", "Gorra", "Pantalón azul")]
_ONES = words(
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
_TENS = words("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_HUNDREDS = words(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
)
_EN_ONES = words(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_EN_TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")


def in_spanish(number: int) -> str:
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        lead = "mil" if thousands == 1 else f"{in_spanish(thousands)} mil"
        return f"{lead} {in_spanish(rest)}" if rest else lead
    if number == 100:
        return "cien"
    if number > 100:
        hundreds, rest = divmod(number, 100)
        return f"{_HUNDREDS[hundreds - 1]} {in_spanish(rest)}" if rest else _HUNDREDS[hundreds - 1]
    if number < 30:
        return _ONES[number - 1]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens - 3]} y {_ONES[ones - 1]}" if ones else _TENS[tens - 3]


def in_english(number: int) -> str:
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        return f"{in_english(thousands)} thousand {in_english(rest)}" if rest else f"{in_english(thousands)} thousand"
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return f"{_EN_ONES[hundreds - 1]} hundred" + (f" and {in_english(rest)}" if rest else "")
    if number < 20:
        return _EN_ONES[number - 1]
    tens, ones = divmod(number, 10)
    return _EN_TENS[tens - 2] + (f" {_EN_ONES[ones - 1]}" if ones else "")


@pytest.mark.parametrize(("language", "spelled"), [("es", in_spanish), ("en", in_english)])
@settings(max_examples=60, deadline=None)
@given(number=st.integers(1, 99_999))
@example(number=100).via("a word of its own")
@example(number=1000).via("no number before the thousand")
@example(number=21_021).via("every joint at once")
def test_a_number_in_words_is_that_number(language: LanguageCode, spelled: Callable[[int], str], number: int) -> None:
    quantity = quantity_at(words(f"{spelled(number)} gorras"), language)
    assert quantity is not None
    assert quantity.amount == number


def test_number_words_count_in_every_language_but_articles_do_not() -> None:
    assert [COUNTS[word] for word in words("veinte duas twelve docena par")] == [20, 2, 12, 12, 2]
    assert not COUNTS.keys() & {"un", "una", "um", "a", "an", "otra"}


ORDER = st.lists(
    st.tuples(st.integers(1, 999), st.sampled_from(PLAIN)), min_size=1, max_size=5, unique_by=lambda line: line[1].id
)


@settings(max_examples=60, deadline=None)
@given(
    order=ORDER,
    start=st.sampled_from(["", "Quiero ", "hola, quisiera ", "Buenas tardes! Necesito ", "me das "]),
    between=st.sampled_from([", ", " y ", "\n", "; ", " + ", "\n- ", ", y "]),
    end=st.sampled_from(["", ".", " por favor", ", gracias", " para hoy"]),
    wording=st.sampled_from(["{n} {name}", "{name} x{n}", "{n}x {name}", "{name} x {n}", "{name}: {n}"]),
)
def test_a_plain_order_is_read_exactly(
    order: list[tuple[int, object]], start: str, between: str, end: str, wording: str
) -> None:
    said = between.join(wording.format(n=number, name=product.name.lower()) for number, product in order)  # type: ignore[attr-defined]
    lines = match_lines(read_order(f"{start}{said}{end}", "es").lines, SHOP, "es")
    assert [(line.quantity, line.item) for line in lines] == [(number, product) for number, product in order]


@given(st.from_regex(r"[0-9]{1,6}([.,][0-9]{1,6}){0,3}", fullmatch=True), st.sampled_from(LANGUAGES))
def test_every_figure_is_a_number_with_its_own_digits(digits: str, language: LanguageCode) -> None:
    for unit in ("", "kg"):
        read = "".join(map(str, figure(digits, language, unit).as_tuple().digits))
        assert int(read) == int(re.sub("[.,]", "", digits))
    assert decimal_mark(digits) in (None, ".", ",")


TALK = st.text(st.sampled_from("aeinorstuñçã 0123456789.,;:!?¿()x½/-+\n") | st.characters(codec="utf-8"), max_size=120)
_PIECES = (
    "quiero 2 dos una media docena y medio kilo de camisa gorras x3 , . ? no sí mejor quita agrega solo 1,5 1/0 los "
    "dos par talla 42 - ( ) couple half dozen a of meia dúzia não"
)
WORDS = st.lists(st.sampled_from(_PIECES.split(" ")), max_size=25).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(text=TALK | WORDS, language=st.sampled_from(LANGUAGES))
def test_nothing_breaks_the_reader(text: str, language: LanguageCode) -> None:
    order = read_order(text, language)
    for line in order.lines:
        assert line.words.strip()
        assert line.words in text
        assert line.quantity is None or Decimal(0) < line.quantity < 1_000_000
    for matched in match_lines(order.lines, SHOP, language):
        assert 0 <= matched.confidence <= 1
        assert matched.item is None or not matched.candidates
        assert matched.quantity is None or matched.quantity > 0


@settings(max_examples=80, deadline=None)
@given(text=TALK | WORDS, language=st.sampled_from(LANGUAGES))
def test_nothing_is_both_yes_and_no_and_no_change_breaks(text: str, language: LanguageCode) -> None:
    assert not (says_yes(text) and says_no(text))
    lines = (Line("camisa", Decimal(2), "", SHOP[2], 1.0), Line("gorra", Decimal(1), "", SHOP[4], 1.0))
    change = amended(text, lines, SHOP, language)
    for line in change.lines if change else ():
        assert line.quantity is None or line.quantity > 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("product", SHOP, ids=lambda product: product.name)
def test_a_product_is_found_by_every_name_it_has(product: object, language: LanguageCode) -> None:
    for name in (product.name, *product.aliases, product.sku):  # type: ignore[attr-defined]
        if name:
            assert find(name.upper(), SHOP, language).items == (product,)


@settings(deadline=None)
@given(amount=st.integers(1, 100_000).map(lambda milli: Decimal(milli) / 1000))
def test_units_convert_there_and_back(amount: Decimal) -> None:
    for one, other in (("kg", "g"), ("l", "ml"), ("m", "cm")):
        there = convert(amount, one, other)
        assert there is not None
        assert convert(there, other, one) == amount
    assert convert(amount, "kg", "l") is None


@pytest.mark.parametrize(
    ("digits", "language", "unit", "amount"),
    [
        ("1.500", "es", "", "1500"),
        ("1,500", "es", "", "1500"),  # nobody orders a fraction of a piece
        ("1,500", "es", "kg", "1.5"),
        ("1.500", "es", "kg", "1500"),
        ("1.500", "en", "kg", "1.5"),
        ("1,500", "en", "kg", "1500"),
        ("1.234,5", "es", "kg", "1234.5"),
        ("1,234.5", "en", "kg", "1234.5"),
        ("1.234.567", "pt", "", "1234567"),
        ("0,250", "pt", "kg", "0.25"),
        ("1500", "en", "kg", "1500"),
        ("1.5,3,2", "es", "kg", "153.2"),
    ],
)
def test_the_comma_and_the_point_are_read_as_the_language_has_them(
    digits: str, language: LanguageCode, unit: str, amount: str
) -> None:
    assert figure(digits, language, unit) == Decimal(amount)
