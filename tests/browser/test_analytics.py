"""Analytics in a browser: charts are drawn under the console's policy, and a figure leads to a conversation."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.models import Role
from tests.browser.steps import at_rest, signed_in
from tests.factories import conversation, person, says

pytestmark = pytest.mark.browser


def test_charts_are_drawn_and_what_is_behind_a_figure_opens(business, page: Page, console) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "Where is my order?")
    signed_in(page, console, person(business.business_id, role=Role.MANAGER))
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto("/analytics?period=month")
    expect(page.locator(".js-plotly-plot .bars path")).not_to_have_count(0)
    at_rest(page)
    page.locator(".st-key-behind_new button").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.goto(f"/?c={talk}")
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert refused == []
