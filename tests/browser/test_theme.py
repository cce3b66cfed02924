"""That the choice of light or dark is understood by Streamlit's own page, on every page of the console."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.models import Role
from tests.browser.steps import at_rest
from tests.console.people import person

pytestmark = pytest.mark.browser

_DARK = "rgb(14, 20, 19)"  # backgroundColor of theme.dark in .streamlit/config.toml


def test_dark_is_chosen_on_the_account_page_and_holds_everywhere(page: Page, console, business) -> None:
    ana = person(business.business_id, role=Role.ADMINISTRATOR)
    page.context.add_cookies([{"name": "bothub_session", "value": ana.token, "url": console.url, "httpOnly": True}])
    page.goto("/account")
    app = page.get_by_test_id("stApp")
    choices = page.get_by_role("radiogroup", name="Appearance on this device")
    expect(choices.get_by_role("radio", name="As the system")).to_be_checked()
    expect(app).not_to_have_css("background-color", _DARK)
    at_rest(page)
    with page.expect_navigation():
        choices.get_by_text("Dark").click()
    expect(app).to_have_css("background-color", _DARK)
    expect(choices.get_by_role("radio", name="Dark")).to_be_checked()
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=str(Path(shots) / "account.png"))
    page.goto("/teams")
    expect(page.get_by_role("heading", name="Teams")).to_be_visible()
    expect(app).to_have_css("background-color", _DARK)
    if shots:
        page.screenshot(path=str(Path(shots) / "teams.png"))
