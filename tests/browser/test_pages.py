"""That pages look like parts of one whole: as wide, with their titles in one place, and nothing beyond the window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.models import Role
from tests.browser.steps import at_rest, signed_in, until
from tests.factories import person

pytestmark = pytest.mark.browser

_PAGES = ("queue", "knowledge", "improve", "channels", "account")  # titles alone, and titles with a button beside them
_PLACE = """() => {
  const title = document.querySelector('.st-key-page h1').getBoundingClientRect();
  const page = document.querySelector('.st-key-page').getBoundingClientRect();
  return [title.left, title.top, page.left, page.width].map(Math.round);
}"""
_STYLED = "() => getComputedStyle(document.querySelector('.st-key-page')).maxWidth === '1180px'"  # it comes by itself
_BEYOND = (
    "() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"
)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_every_page_begins_in_the_same_place(page: Page, console, business, width: int, height: int) -> None:
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    page.set_viewport_size({"width": width, "height": height})
    places = {}
    for one in _PAGES:
        page.goto(f"/{one}")
        expect(page.locator(".st-key-page h1")).to_be_visible()
        at_rest(page)
        until(lambda: page.evaluate(_STYLED))
        places[one] = tuple(page.evaluate(_PLACE))
        assert page.evaluate(_BEYOND) == 0, one
    assert len(set(places.values())) == 1, places


@pytest.mark.parametrize("width", [1366, 390])
def test_what_is_not_saved_is_told_in_two_even_lines(page: Page, console, business, width: int) -> None:
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/bot")
    name = page.get_by_role("textbox", name="Name")
    name.fill("Luna")
    name.press("Enter")
    bar = page.locator(".st-key-unsaved")
    expect(bar).to_be_visible()
    at_rest(page)
    until(lambda: page.evaluate(_STYLED))
    boxes = [bar.get_by_role("button", name=one, exact=True).bounding_box() for one in ("Discard", "Save")]
    note = bar.get_by_role("textbox").bounding_box()
    assert all(boxes) and note
    assert boxes[0]["y"] == boxes[1]["y"] < note["y"]
    assert note["width"] >= 220
