"""The catalogue and the quotes in a browser: a price list is taken over, and a quote is found from its conversation."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.models import QuoteState, Role
from tests.browser.steps import at_rest, open_thread, signed_in, until
from tests.factories import person
from tests.support.database import one
from tests.support.quotes import SOME_FLOUR, TWO_SHIRTS, UNCLEAR, quote

pytestmark = pytest.mark.browser


def test_a_price_list_becomes_the_catalogue(business, page: Page, console) -> None:
    signed_in(page, console, person(business.business_id, role=Role.MANAGER))
    page.goto("/catalogue")
    page.get_by_text("Import a price list", exact=True).click()
    content = "Código;Nombre;Precio\nCAM-01;Camisa azul;25,50\n;Harina;1,20\n;Sin precio;\n".encode("cp1252")
    page.locator("input[type=file]").set_input_files({"name": "precios.csv", "mimeType": "text/csv", "buffer": content})
    expect(page.get_by_text("Line 4: The price is missing.")).to_be_visible()
    at_rest(page)
    page.locator(".st-key-take_list button").click()
    until(lambda: one("SELECT count(*) FROM products") == 2)
    expect(page.locator("span").filter(has_text="$25.50")).to_be_visible()
    at_rest(page)
    page.locator("[class*=st-key-edit_] button").first.click()
    expect(page.get_by_role("dialog").get_by_label("Price")).to_have_value("25.5")


def test_a_quote_opens_from_its_conversation_and_stays_with_its_address(business, page: Page, console, talk) -> None:
    first = quote(business, talk, TWO_SHIRTS)
    quote(business, talk, TWO_SHIRTS, SOME_FLOUR, UNCLEAR, state=QuoteState.ASKING, based_on=first)
    signed_in(page, console, person(business.business_id))
    open_thread(page, talk)
    card = page.locator(".customer .quote")
    expect(card.get_by_text("2 × Camisa azul")).to_be_visible()
    with page.expect_popup() as opened:
        card.get_by_text("See the quote").click()
    tab = opened.value
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_text("History")).to_be_visible()
    tab.reload()
    expect(dialog.get_by_text("History")).to_be_visible()
    at_rest(tab)
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    tab.wait_for_url(lambda url: "q=" not in url)
    at_rest(tab)
    tab.get_by_text("Daniela Cruz").first.click()
    tab.wait_for_selector(f".wrap[data-ready='{talk}']")
