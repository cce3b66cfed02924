"""Files dropped on the page on knowledge are read before one's eyes, and their passages found."""

from __future__ import annotations

import pytest
from fpdf import FPDF
from playwright.sync_api import FilePayload, Page, expect

from core.knowledge import ingest, sources
from core.models import Role
from core.platform.db import transaction
from tests.browser.steps import at_rest, signed_in
from tests.factories import person
from tests.support.database import one
from tests.support.knowledge import add, claim, markdown, read_at_once, read_next

pytestmark = pytest.mark.browser


def _pdf(*answers: str) -> bytes:
    made = FPDF()
    made.set_font("helvetica", size=12)
    for answer in answers:
        made.add_page()
        made.multi_cell(0, 8, answer)
    return bytes(made.output())


def test_files_are_read_before_ones_eyes(page: Page, console, business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "parse_file", read_at_once)
    broken = add(business, markdown("Old prices."), title="Prices 2025")
    read_next()
    with transaction(business.business_id) as session:
        sources.record_failure(session, broken, "no_text")
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    page.goto("/knowledge")
    expect(page.get_by_text("Run it through text recognition")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    panel = page.get_by_role("dialog")
    guide = _pdf("Shipping to Cordoba takes three days.", "The warranty lasts one year.")
    panel.locator("input[type=file]").set_input_files(
        [
            FilePayload(name="Shipping guide.pdf", mimeType="application/pdf", buffer=guide),
            FilePayload(name="prices.csv", mimeType="text/csv", buffer=b"product,price\nBag,120 EUR\nBelt,30 EUR"),
        ]
    )
    expect(panel.get_by_text("Shipping guide.pdf")).to_be_visible()
    at_rest(page)
    panel.get_by_role("button", name="Add files: 2").click()
    expect(panel).not_to_be_visible()
    guide_id = one("SELECT id FROM knowledge_sources WHERE kind = 'pdf'")
    card = page.locator(f".st-key-source_{guide_id}")
    expect(card).to_contain_text("Waiting for its turn")
    running = claim()
    ingest._start(running, None)
    running.report_progress(1, 2)
    expect(card).to_contain_text("Reading: 1 of 2")
    ingest.run(running)
    read_next()
    expect(card).to_contain_text("Passages: 2")
    expect(card).to_contain_text("In use")
    at_rest(page)
    card.get_by_role("button", name="See passages").click()
    expect(page.get_by_role("dialog")).to_contain_text("The warranty lasts one year.")
    at_rest(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_text("Try a search").click()
    at_rest(page)
    page.get_by_label("Question").fill("¿cuánto cuesta el cinturón? price of a belt")
    page.get_by_label("Question").blur()
    at_rest(page)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("30 EUR")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("Sources", exact=True).click()
    expect(card).to_contain_text("In use")
