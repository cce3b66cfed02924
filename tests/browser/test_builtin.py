"""What Streamlit says by itself is in the language of whoever looks."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from core.models import Role
from tests.browser.steps import at_rest, signed_in
from tests.factories import person


def test_streamlits_own_words_are_in_the_language_of_whoever_looks(page: Page, console, business, talk) -> None:
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR, language="es"))
    page.goto("/account")
    shows = page.get_by_role("button", name="Mostrar la contraseña")
    expect(shows.first).to_be_visible()
    expect(page.get_by_role("button", name="Ayuda: Contraseña nueva")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.goto("/catalogue")
    at_rest(page)
    page.get_by_text("Importar").first.click()
    uploader = page.get_by_test_id("stFileUploader")
    expect(uploader).to_contain_text("Elegir archivo")
    expect(uploader).to_contain_text("10MB por archivo")
    uploader.locator("input").set_input_files({"name": "Upload.csv", "mimeType": "text/csv", "buffer": b"name,price\n"})
    expect(page.get_by_role("button", name="Quitar Upload.csv")).to_be_visible()
    page.goto("/keys")
    page.get_by_role("combobox", name="Qué puede hacer").click()
    expect(page.get_by_role("option", name="Elegir todo")).to_be_visible()
    page.keyboard.type("zzz")
    expect(page.get_by_text("Sin resultados")).to_be_visible()
    page.goto("/analytics")
    at_rest(page)
    page.get_by_text("Tabla").first.click()
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name="Descargar CSV").first).to_be_visible()
    page.get_by_role("radio", name="Fechas").click()
    expect(page.get_by_test_id("stDateInput")).to_have_text(re.compile(r"\d\d/\d\d/20\d\d"))
    page.get_by_role("button", name="Elegir las fechas").click()
    calendar = page.get_by_role("dialog", name="Elegir las fechas")
    expect(calendar).to_contain_text("Período")
    calendar.get_by_role("button", name="Elegir un período").click()
    expect(page.get_by_role("option", name="Último mes")).to_be_visible()
    page.goto("/account")
    at_rest(page)
    page.get_by_role("combobox", name="Idioma").click()
    page.get_by_role("option", name="Português").click()
    expect(page.get_by_role("button", name="Mostrar a senha").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Help|Ayuda)"))).to_have_count(0)
    assert failed == []
