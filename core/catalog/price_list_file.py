"""Read and write products as spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from core.catalog.products import Facts, Listed, UnacceptableProduct, checked
from core.platform import spreadsheets
from core.platform.spreadsheets import Cell
from core.text import prices
from core.text.normalize import words
from core.text.numbers import Mark

LARGEST_FILE = 10_000_000  # bytes
MAX_ROWS = 20_000
_HEADING_WITHIN = 10  # rows: price lists often start with the shop's name and a date

_COLUMNS = {
    "sku": ("sku", "codigo", "code", "cod", "ref", "referencia", "reference", "item code", "codigo de producto"),
    "name": ("name", "nombre", "nome", "producto", "product", "produto", "articulo", "artigo", "item"),
    "description": ("description", "descripcion", "descricao", "detalle", "detalles", "details", "detalhes"),
    "unit": ("unit", "unidad", "unidade", "unidad de medida", "unidade de medida", "unit of measure", "por"),
    "price": (
        "price", "precio", "preco", "unit price", "precio unitario", "preco unitario", "pvp", "valor", "importe",
        "precio de venta", "preco de venda",
    ),
    "currency": ("currency", "moneda", "moeda", "divisa"),
    "aliases": ("aliases", "alias", "sinonimos", "synonyms", "otros nombres", "other names", "outros nomes"),
    "active": ("active", "activo", "activa", "ativo", "ativa", "disponible", "available", "disponivel"),
}  # fmt: skip
_YES = frozenset({"", "1", "true", "yes", "y", "x", "si", "s", "sim", "verdadero", "verdadeiro", "activo", "ativo"})
_NO = frozenset({"0", "false", "no", "n", "nao", "falso", "inactivo", "inativo"})
_ALIASES_PART = re.compile(r"[;|\n]|,(?!\d)")


class UnreadableFile(ValueError):
    """`reason` is "too_large", "not_readable", "no_columns" or "too_many"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be used. `line` is its line in the file.

    `reason` is "no_name", "no_price", "price", "ambiguous", "currency", "active", "too_long" or "twice".
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """Content of a file. `columns` are those it has: fields without a column keep their value."""

    products: Sequence[Facts]
    columns: frozenset[str]
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class _Heading:
    places: Mapping[str, int]
    currency: str = ""  # of a heading such as "Precio (USD)"


def read(content: bytes) -> Read:
    """Parse the products of a CSV or XLSX file that has columns for name and price, in any of our three languages.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("too_large")
    try:
        rows = spreadsheets.rows(content)
        heading = _heading(islice(rows, _HEADING_WITHIN))
        lines = [(line, row) for line, row in islice(rows, MAX_ROWS + 1) if any(row)]
    except spreadsheets.UnreadableSheet:
        raise UnreadableFile("not_readable") from None
    if len(lines) > MAX_ROWS:
        raise UnreadableFile("too_many")
    return _products(heading, lines)


def lists_products(rows: Iterable[Sequence[str]]) -> bool:
    """Return whether the first rows contain the header of a price list."""
    try:
        _heading(enumerate(islice(rows, _HEADING_WITHIN)))
    except UnreadableFile:
        return False
    return True


def csv_of(products: Iterable[Listed]) -> bytes:
    """Return the CSV file that `read` parses."""
    return spreadsheets.csv_of(_COLUMNS, ([str(cell) for cell in line] for line in _lines(products)))


def xlsx_of(products: Iterable[Listed]) -> bytes:
    """Return the XLSX file that `read` parses."""
    return spreadsheets.xlsx_of(_COLUMNS, _lines(products))


def _lines(products: Iterable[Listed]) -> Iterator[list[Cell]]:
    for one in products:
        known = one.facts
        yield [
            known.sku, known.name, known.description, known.unit, known.price,
            known.currency, "; ".join(known.aliases), "yes" if known.active else "no",
        ]  # fmt: skip


def _heading(rows: Iterable[tuple[int, Sequence[Cell]]]) -> _Heading:
    """Find the header row."""
    for _, row in rows:
        places: dict[str, int] = {}
        currency = ""
        for at, cell in enumerate(row):
            column, named = _column(str(cell))
            if column and column not in places:
                places[column] = at
                currency = currency or named
        if "name" in places and "price" in places:
            return _Heading(places, currency)
    raise UnreadableFile("no_columns")


def _column(cell: str) -> tuple[str, str]:
    """Return the column that a header names, and the currency in it; empty if there is none."""
    values = words(cell)
    codes = [word.upper() for word in values if word.upper() in prices.codes()]
    for spelled, currency in (
        (values, ""),
        ([word for word in values if word.upper() not in codes], "".join(codes[:1])),
    ):
        for column, names in _COLUMNS.items():
            if " ".join(spelled) in names:
                return column, currency if column == "price" else ""
    return "", ""


def _products(heading: _Heading, lines: Sequence[tuple[int, Sequence[Cell]]]) -> Read:
    cells = [(line, {name: row[at] if at < len(row) else "" for name, at in heading.places.items()})
             for line, row in lines]  # fmt: skip
    marks = prices.decimal_marks(row["price"] for _, row in cells)
    found: dict[tuple[str, str], Facts] = {}
    faults = []
    for line, row in cells:
        try:
            one = _product(row, marks, heading.currency)
        except (prices.NoPrice, UnacceptableProduct, _Unclear) as error:
            faults.append(Fault(line, error.reason))
            continue
        key = ("sku", one.sku.casefold()) if one.sku else ("name", one.name.casefold())
        if key in found:
            faults.append(Fault(line, "twice"))
        else:
            found[key] = one
    columns = set(heading.places)
    if any(one.currency for one in found.values()):
        columns.add("currency")
    return Read(list(found.values()), frozenset(columns), faults)


class _Unclear(ValueError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _product(row: Mapping[str, Cell], marks: frozenset[Mark], currency: str) -> Facts:
    values = {name: _text(cell) for name, cell in row.items()}
    if not values["name"]:
        raise _Unclear("no_name")
    if not values["price"]:
        raise _Unclear("no_price")
    price = prices.read(row["price"], marks)
    return checked(
        Facts(
            name=values["name"],
            price=price.amount,
            sku=values.get("sku", ""),
            description=values.get("description", ""),
            unit=values.get("unit", ""),
            currency=_currency(prices.currency(values.get("currency", "")), price.currency) or currency,
            aliases=tuple(_ALIASES_PART.split(values.get("aliases", ""))),
            active=_active(values.get("active", "")),
        )
    )


def _text(cell: Cell) -> str:
    """Convert a cell to text. A SKU such as 1001 is a number in a spreadsheet."""
    return f"{cell.normalize():f}" if isinstance(cell, Decimal) else cell


def _currency(column: str, price: str) -> str:
    if column and price and column != price:
        raise _Unclear("currency")
    return column or price


def _active(text: str) -> bool:
    word = " ".join(words(text))
    if word not in _YES | _NO:
        raise _Unclear("active")
    return word in _YES
