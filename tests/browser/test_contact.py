"""Merging contacts, closing with a way back, and the customer's pane on a narrow screen, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import at_rest, open_thread, signed_in, until
from tests.console.people import Person, conversation, person, says, state_of

pytestmark = pytest.mark.browser


@pytest.fixture
def ana(business, page: Page, console) -> Person:
    """An agent, signed in in this browser."""
    return signed_in(page, console, person(business.business_id))


@pytest.fixture
def talk(business) -> int:
    talk = conversation(business.business_id, business.whatsapp_channel_id, mode="human")
    says(business.business_id, talk, "Where is my order?")
    return talk


def test_two_contacts_are_merged_and_told_apart_again(page: Page, ana: Person, business, talk: int) -> None:
    other = conversation(business.business_id, business.sms_channel_id, name="Daniela Cruz")
    merged = state_of(other).contact_id
    open_thread(page, talk)
    page.get_by_role("button", name="Merge with another contact").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Daniela Cruz", exact=True).first.click()
    at_rest(page)
    dialog.get_by_role("button", name="Merge", exact=True).click()
    until(lambda: state_of(other).contact_id == state_of(talk).contact_id)
    at_rest(page)
    page.get_by_role("button", name="Undo").click()
    until(lambda: state_of(other).contact_id == merged)
    expect(dialog).to_have_count(0)


def test_a_closed_conversation_is_opened_again_from_the_bar(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.locator(".st-key-close button").click()
    until(lambda: state_of(talk).status == "closed")
    at_rest(page)
    page.get_by_role("button", name="Undo").click()
    until(lambda: state_of(talk).status == "open")


def test_a_narrow_screen_opens_the_pane_over_the_conversation(page: Page, ana: Person, talk: int) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_thread(page, talk)
    page.locator(".st-key-customer_drawer button").locator("visible=true").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    expect(name).to_have_value("Daniela Cruz")
    name.fill("Daniela Ruiz")
    name.press("Enter")
    expect(page.locator(".desk-name")).to_have_text("Daniela Ruiz")
    expect(page.get_by_role("dialog").get_by_role("heading")).to_contain_text("Daniela Ruiz")
    expect(name).to_have_value("Daniela Ruiz")
    at_rest(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_ticked_conversations_are_tagged(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.locator(".row .tick").first.check()
    at_rest(page)
    page.get_by_role("button", name="Tag", exact=True).click()
    dialog = page.get_by_role("dialog")
    tags = dialog.get_by_role("combobox")
    tags.fill("vip")
    tags.press("Enter")
    tags.press("Escape")
    at_rest(page)
    dialog.get_by_role("button", name="Add tags").click()
    until(lambda: state_of(talk).tags == ["vip"])
