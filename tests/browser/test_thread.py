"""What only a browser shows of a conversation: colleagues in it, and what messages hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core import live
from core.db import system_transaction
from tests.console.people import Person, conversation, person, says

pytestmark = pytest.mark.browser


@pytest.fixture
def talk(business) -> int:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "Where is my order?")
    return talk


def sign_in(page: Page, console, who: Person) -> None:
    page.context.add_cookies([{"name": "bothub_session", "value": who.token, "url": console.url, "httpOnly": True}])


@pytest.fixture
def ana(business, page: Page, console) -> Person:
    """An agent, signed in in this browser."""
    ana = person(business.business_id)
    sign_in(page, console, ana)
    return ana


@pytest.fixture
def second(chromium: Browser, console, business) -> Iterator[Page]:
    """A colleague's window."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1366, "height": 768}, base_url=console.url)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, console, person(business.business_id, name="Bea Ruiz"))
    yield page
    context.close()


def open_thread(page: Page, talk: int) -> None:
    page.goto(f"/?c={talk}")
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    page.wait_for_selector("html[data-live]", state="attached")


def rings(business_id: int, talk: int) -> None:
    with system_transaction() as session:
        live.notify(session, business_id, talk, live.ANYBODY)


def test_colleagues_see_who_looks_and_types_and_who_left(page: Page, second: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    open_thread(second, talk)
    expect(page.locator(".others")).to_have_text("Bea Ruiz is looking")
    expect(second.locator(".others")).to_have_text("Ana Torres is looking")
    second.get_by_role("textbox", name="Reply").press_sequentially("Let me")
    expect(page.locator(".others")).to_have_text("Bea Ruiz is typing…")
    second.close()
    expect(page.locator(".others")).to_be_hidden()


def test_a_customer_who_is_not_being_read_rings_until_it_is_switched_off(page: Page, business, ana, talk: int) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bea", mode="human")
    open_thread(page, talk)
    rings(business.business_id, talk)  # in view: silence
    rings(business.business_id, other)
    expect(page.locator("html")).to_have_attribute("data-rang", str(other))
    page.evaluate("() => { delete document.documentElement.dataset.rang; localStorage.removeItem('bothub.rang'); }")
    page.get_by_role("button", name="Ana Torres").click()
    page.get_by_role("switch", name="Sound for new messages").uncheck()
    page.keyboard.press("Escape")
    rings(business.business_id, other)
    says(business.business_id, other, "the last")
    expect(page.locator(".row").first).to_contain_text("the last")
    expect(page.locator("html")).not_to_have_attribute("data-rang", str(other))
