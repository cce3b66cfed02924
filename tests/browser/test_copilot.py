"""The copilot in the composer: what it offers stands in the box, and nothing goes out by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from core.conversations import canned_responses
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from tests.browser.steps import at_rest, open_thread, until
from tests.factories import Person
from tests.support.database import rows, state_of

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


def test_a_request_that_takes_its_time_holds_nothing_up_and_can_be_left(page: Page, ana: Person, talk: int) -> None:
    held: list[Route] = []
    page.route("**/inbox/*/copilot", lambda route: held.append(route))
    open_thread(page, talk)

    def suggest() -> Route:
        page.get_by_role("button", name="Copilot", exact=True).click()
        page.get_by_role("button", name="Suggest tags").click()
        expect(page.get_by_text("The copilot is writing")).to_be_visible()
        until(lambda: bool(held), serving=page)
        return held.pop()

    suggest()
    page.get_by_role("radio", name="!!", exact=True).click()
    until(lambda: state_of(talk).priority == 2, serving=page)
    page.get_by_role("button", name="Close the copilot").click()
    expect(page.locator(".helped")).to_be_hidden()
    suggest().fulfill(json={"found": {"tags": ["vip"]}})
    page.get_by_role("button", name="+ vip").click()
    until(lambda: state_of(talk).tags == ["vip"], serving=page)
    expect(page.get_by_role("button", name="+ vip")).to_be_disabled()
    expect(page.get_by_role("button", name="Remove vip")).to_be_visible()
