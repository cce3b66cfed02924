"""Price lists as spreadsheets."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from core.catalog import price_list_file
from core.catalog.price_list_file import Fault, UnreadableFile
from core.catalog.products import Facts, Listed
from core.platform import spreadsheets
from core.platform.spreadsheets import UnreadableSheet

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(
    lambda text: " ".join(text.split())
)
ALIAS = st.from_regex(r"[a-zá-ú]{1,10}", fullmatch=True)
FACTS = st.builds(
    Facts,
    name=WORDS.filter(bool),
    price=st.decimals(min_value=0, max_value=10**9, places=4),
    sku=st.from_regex(r"[A-Z0-9=+@-]{0,8}", fullmatch=True),
    description=WORDS,
    unit=st.sampled_from(["", "kg", "caja"]),
    currency=st.sampled_from(["", "EUR", "ARS"]),
    aliases=st.lists(ALIAS, unique=True, max_size=3).map(tuple),
    active=st.booleans(),
)
LISTS = st.lists(FACTS, max_size=5, unique_by=(lambda one: one.sku or one.name.casefold()))


def listed(products: list[Facts]) -> list[Listed]:
    return [Listed(number, one, datetime.now(UTC)) for number, one in enumerate(products, start=1)]


@settings(max_examples=30)
@given(LISTS)
def test_what_is_exported_reads_the_same(products: list[Facts]) -> None:
    for content in (price_list_file.csv_of(listed(products)), price_list_file.xlsx_of(listed(products))):
        read = price_list_file.read(content)
        assert (list(read.products), list(read.faults)) == (products, [])


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_exported_cell_runs_as_a_formula(start: str) -> None:
    content = price_list_file.csv_of(listed([Facts(f"{start}cmd", Decimal(1), description=f"{start}1+1")]))
    cells = content.decode("utf-8-sig").splitlines()[1].split(",")
    assert (cells[1], cells[2]) == (f"'{start}cmd", f"'{start}1+1")


def test_signs_that_a_workbook_cannot_hold_are_left_out() -> None:
    content = price_list_file.xlsx_of(listed([Facts("Camisa\x02 azul", Decimal(1), description="a\x1bb")]))
    assert [(one.name, one.description) for one in price_list_file.read(content).products] == [("Camisa azul", "ab")]


def test_a_list_in_utf_16_as_spreadsheets_write_their_unicode_text() -> None:
    read = price_list_file.read("Nombre\tPrecio\r\nCafé\t1.234,50\r\n".encode("utf-16"))
    assert [(one.name, one.price) for one in read.products] == [("Café", Decimal("1234.5"))]


def test_a_spanish_price_list_with_a_title_above_it() -> None:
    content = (
        "Lista de precios;;;\r\n;;;\r\nCódigo;Nombre;Precio (EUR);Otros nombres\r\n"
        "CAM-01;Camisa azul;1.025,50;blusa, remera\r\n1002;Gorra niño;9,9;\r\n"
    ).encode("cp1252")
    read = price_list_file.read(content)
    assert list(read.products) == [
        Facts("Camisa azul", Decimal("1025.5"), sku="CAM-01", currency="EUR", aliases=("blusa", "remera")),
        Facts("Gorra niño", Decimal("9.9"), sku="1002", currency="EUR"),
    ]
    assert read.columns == {"sku", "name", "price", "aliases", "currency"}


@pytest.mark.parametrize(
    "heading",
    ["name,price,active", "nombre,precio,activo", "nome,preço,ativo", "PRODUCTO,PVP,disponible"],
)  # fmt: skip
def test_headings_in_three_languages(heading: str) -> None:
    (one,) = price_list_file.read(f"{heading}\nGorra,5,no\n".encode()).products
    assert one == Facts("Gorra", Decimal(5), active=False)


def test_numbers_of_a_workbook_are_what_they_say() -> None:
    book = Workbook()
    book.active.append(["SKU", "Nombre", "Precio"])
    book.active.append([1001, "Harina", 1.234])
    book.active.append([1002.0, "Azúcar", 1200])
    out = io.BytesIO()
    book.save(out)
    assert [(one.sku, one.price) for one in price_list_file.read(out.getvalue()).products] == [
        ("1001", Decimal("1.234")),
        ("1002", Decimal(1200)),
    ]


def test_rows_that_cannot_be_used_are_named_by_their_lines() -> None:
    content = (
        "sku,name,price,currency,active\nA,,1,,\nB,Gorra,,,\nC,Gorra,cara,,\nD,Gorra,1,pesos,\nE,Gorra,€ 1,USD,\n"
        f"F,Gorra,1,,tal vez\nG,{'x' * 201},1,,\nH,Gorra,1,,\nh,Gorro,2,,\n\nI,Gorra,2,,sí\n"
    )
    read = price_list_file.read(content.encode())
    assert [(one.sku, one.price) for one in read.products] == [("H", 1), ("I", 2)]
    assert list(read.faults) == [
        Fault(2, "no_name"), Fault(3, "no_price"), Fault(4, "price"), Fault(5, "currency"), Fault(6, "currency"),
        Fault(7, "active"), Fault(8, "too_long"), Fault(10, "twice"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no_columns"),
        (b"a,b\n1,2\n", "no_columns"),
        (b'name,price\n"open,1\n', "not_readable"),
        (b"PK\x03\x04 and then nothing of the sort", "not_readable"),
        (b"name,price\n" + b"a,1\n" * (price_list_file.MAX_ROWS + 1), "too_many"),
        (b" " * (price_list_file.LARGEST_FILE + 1), "too_large"),
    ],
    ids=["empty", "other columns", "open quote", "broken workbook", "too many", "too large"],
)
def test_files_that_cannot_be_used_say_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        price_list_file.read(content)
    assert refused.value.reason == reason


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes of it would block everybody's console for a quarter of a minute."""
    content = io.BytesIO(price_list_file.xlsx_of([]))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst>{'<si><t>ab</t></si>' * 200_000}</sst>")
    with pytest.raises(UnreadableSheet, match="unpacks to more"):
        next(spreadsheets.rows(content.getvalue()))
    monkeypatch.setattr(spreadsheets, "_LARGEST_UNPACKED", 1_000)
    with pytest.raises(UnreadableSheet, match="unpacks to more"):
        next(spreadsheets.rows(price_list_file.xlsx_of([])))
