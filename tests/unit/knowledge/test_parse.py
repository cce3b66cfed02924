"""Parsing documents of every kind, valid and invalid."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from docx import Document as WordDocument
from fpdf import FPDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pypdf import PageObject, PdfReader, PdfWriter

from core.knowledge.parsers import BadFile, Fault, Section, detect, pdf, read, table, types
from core.models import SourceKind


def sections(content: bytes, name: str) -> list[Section]:
    return list(read(content, name).sections)


def said(content: bytes, name: str) -> list[tuple[str, str]]:
    return [(section.heading, section.text) for section in sections(content, name)]


def refusal(content: bytes, name: str) -> Fault:
    with pytest.raises(BadFile) as caught:
        sections(content, name)
    return caught.value.fault


def make_pdf(*pages: str) -> bytes:
    document = FPDF()
    document.set_font("helvetica")
    for text in pages:
        document.add_page()
        if text:
            document.multi_cell(0, 6, text)
    return bytes(document.output())


def make_xlsx(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book.save)


def make_docx() -> bytes:
    document = WordDocument()
    document.add_paragraph("Bienvenidos.")
    document.add_heading("Envíos", 1)
    document.add_paragraph("Tardan tres días.")
    document.add_heading("Islas", 2)
    document.add_paragraph("Tardan siete.")
    grid = document.add_table(2, 2)
    for place, text in enumerate(["Zona", "Coste", "Norte", "5 €"]):
        grid.cell(place // 2, place % 2).text = text
    document.add_heading("Pagos", 1)
    document.add_paragraph("Con tarjeta.")
    return saved(document.save)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()


def archive(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def test_text_in_the_encoding_that_it_has() -> None:
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        assert said("Envíos en 24 horas.\r\nSí.".encode(encoding), "a.txt") == [("", "Envíos en 24 horas.\nSí.")]


def test_markdown_is_cut_at_its_headings() -> None:
    envios = "# Envíos\nTres días.\n## [Islas](x) *lejanas*\nSiete.\n```\n# no\n```\n"
    text = f"---\ntitle: x\n---\nAntes\n{envios}Pagos\n=====\nTarjeta."
    assert said(text.encode(), "a.md") == [
        ("", "Antes"),
        ("Envíos", "Tres días."),
        ("Envíos › Islas lejanas", "Siete.\n```\n# no\n```"),
        ("Pagos", "Tarjeta."),
    ]


def test_a_pdf_page_by_page() -> None:
    document = read(make_pdf("Los envíos tardan tres días.", "", "La garantía dura dos años."), "a.pdf")
    assert (document.kind, document.pieces) == (SourceKind.PDF, 3)
    assert [(one.heading, one.text, one.piece) for one in document.sections] == [
        ("p. 1", "Los envíos tardan tres días.", 1),
        ("p. 3", "La garantía dura dos años.", 3),
    ]


def test_a_pdf_is_known_by_its_content_whatever_its_name() -> None:
    assert read(make_pdf("hola"), "precios.csv").kind == SourceKind.PDF


def test_lines_of_a_pdf_are_joined_to_sentences() -> None:
    assert pdf._tidy("El plazo de devo-\nlución es de\ntreinta días.\n\n\n\nOtro  párrafo\nNuevo") == (
        "El plazo de devolución es de treinta días.\n\nOtro párrafo\nNuevo"
    )


def test_half_a_character_of_a_pdf_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A font may map a glyph to one half of a surrogate pair, and pypdf passes it through."""
    monkeypatch.setattr(PageObject, "extract_text", lambda page: "Hola \ud83d mundo")
    assert said(make_pdf("hola"), "a.pdf") == [("p. 1", "Hola mundo")]


def test_a_word_document_with_headings_and_tables() -> None:
    assert said(make_docx(), "a.docx") == [
        ("", "Bienvenidos."),
        ("Envíos", "Tardan tres días."),
        ("Envíos › Islas", "Tardan siete.\n\nZona: Norte · Coste: 5 €"),
        ("Pagos", "Con tarjeta."),
    ]


def test_each_row_of_a_table_names_its_columns() -> None:
    expected = [("", "Producto: Zapato\nPrecio: 45,50"), ("", "Producto: Camisa azul\nPrecio: 20")]
    assert said("Producto;Precio\nZapato;45,50\n\nCamisa azul;20\n".encode("cp1252"), "a.csv") == expected
    assert said(b'Producto,Precio\nZapato,"45,50"\nCamisa azul,20', "a.csv") == expected
    assert said(b"Producto\tPrecio\nZapato\t45,50\nCamisa azul\t20", "a.tsv") == expected


def test_a_workbook_in_the_words_of_its_cells() -> None:
    rows = [
        ("Producto", "Precio", "Nuevo", "Desde"),
        ("Zapato", 45.5, True, date(2026, 5, 1)),
        (),
        ("Camisa", 20, None, ""),
    ]
    document = read(make_xlsx(*rows), "a.xlsx")
    found = list(document.sections)
    assert document.kind == SourceKind.TABLE
    assert [one.text for one in found] == [
        "Producto: Zapato\nPrecio: 45.5\nNuevo: sí / yes / sim\nDesde: 2026-05-01",
        "Producto: Camisa\nPrecio: 20",
    ]
    assert all(one.whole for one in found)


def test_several_sheets_are_headed_by_their_names() -> None:
    book = Workbook()
    book.active.title = "Zapatos"
    other = book.create_sheet("Camisas")
    empty = book.create_sheet("Vacía")
    for sheet, product in ((book.active, "bota"), (other, "polo")):
        sheet.append(("Producto", "Precio"))
        sheet.append((product, 1))
    assert empty.max_row <= 1
    assert [(s.heading, s.piece) for s in sections(saved(book.save), "a.xlsx")] == [("Zapatos", 1), ("Camisas", 2)]


def test_the_content_of_a_page_without_its_menus() -> None:
    html = """<html><body><nav><a href=/>Inicio</a><a href=/b>Blog</a></nav><main><h1>Envíos</h1>
    <p>Los envíos tardan tres días hábiles a toda la península y siete a las islas, sin coste adicional.</p>
    <h2>Precios</h2><p>Cuestan cinco euros y son gratuitos en pedidos desde cincuenta euros.</p></main>
    <footer>Aviso legal</footer></body></html>"""
    found = said(html.encode(), "page.html")
    assert [heading for heading, _ in found] == ["Envíos", "Envíos › Precios"]
    assert "tres días hábiles" in found[0][1]
    assert not any("Aviso legal" in text or "Blog" in text for _, text in found)


def test_files_that_cannot_be_read_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf("secreto"))))
    locked.encrypt("clave")
    old_office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    cases = [
        (b"", "a.pdf", Fault.EMPTY),
        (b" \n ", "a.txt", Fault.EMPTY),
        (saved(locked.write), "a.pdf", Fault.ENCRYPTED),
        (old_office + "EncryptedPackage".encode("utf-16-le"), "a.docx", Fault.ENCRYPTED),
        (old_office, "a.doc", Fault.WRONG_TYPE),
        (make_pdf("hola")[:400], "a.pdf", Fault.DAMAGED),
        (make_pdf("", ""), "a.pdf", Fault.NO_TEXT),
        (make_docx()[:-200], "a.docx", Fault.DAMAGED),
        (make_xlsx(("a", "b"), (1, 2))[:-200], "a.xlsx", Fault.DAMAGED),
        (make_xlsx(), "a.xlsx", Fault.EMPTY),
        (archive({"a.txt": b"hola"}), "a.zip", Fault.WRONG_TYPE),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a.png", Fault.WRONG_TYPE),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 8, "a.txt", Fault.WRONG_TYPE),
        (b"<html><body></body></html>", "a.html", Fault.NO_TEXT),
        (archive({"word/document.xml": b" " * 60_000_000}), "a.docx", Fault.ZIP_BOMB),
        (
            archive({"xl/workbook.xml": b"", **{f"{n}": b"" for n in range(5_001)}}, zipfile.ZIP_STORED),
            "a.xlsx",
            Fault.ZIP_BOMB,
        ),
    ]
    assert [(name, refusal(content, name)) for content, name, _ in cases] == [(name, fault) for _, name, fault in cases]
    monkeypatch.setattr(detect, "LARGEST_FILE", 10)
    assert refusal(b"a" * 11, "a.txt") == Fault.TOO_LARGE


def test_a_pdf_locked_without_a_password_is_read() -> None:
    locked = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf("abierto"))))
    locked.encrypt("", owner_password="duena")
    assert said(saved(locked.write), "a.pdf") == [("p. 1", "abierto")]


def test_limits_end_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    assert refusal(b"a,b\n1,2\n1,2\n1,2\n", "a.csv") == Fault.TOO_LARGE
    monkeypatch.setattr(pdf, "MAX_PAGES", 1)
    assert refusal(make_pdf("a", "b"), "a.pdf") == Fault.TOO_LARGE
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    monkeypatch.setattr(pdf, "MAX_CHARACTERS", 10)
    assert refusal(make_pdf("hola hola", "hola hola"), "a.pdf") == Fault.TOO_LARGE
    monkeypatch.setattr(pdf, "_MAX_SECONDS", -1.0)
    assert refusal(make_pdf("a"), "a.pdf") == Fault.TIMED_OUT
    assert types.MAX_ROWS > 2


GARBAGE = st.binary(max_size=400)
STARTS = st.sampled_from(
    [b"", b"%PDF-1.7\n", b"PK\x03\x04word/document.xml", b"PK\x03\x04xl/workbook.xml", b"<html>", b"\xff\xfe"]
)
NAMES = st.sampled_from(["a.pdf", "a.docx", "a.xlsx", "a.csv", "a.md", "a.txt", "a.html", "a", ""])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=STARTS, rest=GARBAGE, name=NAMES)
def test_garbage_is_refused_or_read_and_nothing_else(start: bytes, rest: bytes, name: str) -> None:
    try:
        found = sections(start + rest, name)
    except BadFile:
        return
    assert all(section.text for section in found)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_good_files_with_bytes_changed_are_refused_or_read(data: st.DataObject) -> None:
    name, content = data.draw(st.sampled_from(GOOD))
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 20))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadFile):
        sections(bytes(changed), name)


GOOD = [("a.pdf", make_pdf("hola a todos")), ("a.docx", make_docx()), ("a.xlsx", make_xlsx(("a", "b"), (1, "dos")))]
