"""The copilot in the composer: what it offers stands in the box, and nothing goes out by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.conversations import canned_responses
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from tests.browser.steps import at_rest, open_thread
from tests.factories import Person
from tests.support.database import rows

pytestmark = pytest.mark.browser

ANSWER = "Your order leaves today and arrives in three days."


def test_a_saved_reply_that_fits_is_put_into_the_box_and_taken_back(
    page: Page, ana: Person, talk: int, business
) -> None:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        canned_responses.save(session, "order", ANSWER)
        canned_responses.save(session, "hours", "We open at nine.")
    open_thread(page, talk)
    box = page.get_by_role("textbox", name="Reply", exact=True)
    box.fill("Hello Ana,")
    page.get_by_role("button", name="Copilot", exact=True).click()
    expect(page.get_by_role("button", name="Draft a reply")).to_be_disabled()
    at_rest(page)
    page.get_by_role("button", name="Find saved replies").click()
    page.locator(".alike", has_text="/order").click()
    expect(box).to_have_value(ANSWER)
    page.locator(".swap").click()
    expect(box).to_have_value("Hello Ana,")
    assert rows("SELECT count(*) FROM messages WHERE direction = 'outbound'") == [(0,)]
