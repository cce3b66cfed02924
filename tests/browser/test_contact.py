"""Merging contacts, closing with a way back, and the customer's pane on a narrow screen, in a browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from core.models import Conversation
from core.platform.db import system_transaction
from tests.browser.steps import at_rest, open_thread, until
from tests.factories import Person, conversation, says
from tests.support.database import one, state_of

pytestmark = pytest.mark.browser


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
    dialog.get_by_role("button", name="Merge", exact=True).click()
    until(lambda: state_of(other).contact_id == state_of(talk).contact_id)
    at_rest(page)
    page.get_by_role("button", name="Undo").click()
    until(lambda: state_of(other).contact_id == merged)
    expect(dialog).to_have_count(0)


def test_a_closed_conversation_is_opened_again_from_the_bar(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.get_by_role("button", name="Close", exact=True).click()
    until(lambda: state_of(talk).status == "closed")
    at_rest(page)
    page.get_by_role("button", name="Undo").click()
    until(lambda: state_of(talk).status == "open")


def test_a_narrow_screen_opens_the_pane_over_the_conversation(page: Page, ana: Person, talk: int) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_thread(page, talk)
    page.get_by_role("button", name="Show the customer").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    expect(name).to_have_value("Daniela Cruz")
    name.fill("Daniela Ruiz")
    name.press("Enter")
    expect(page.locator(".head .about b")).to_have_text("Daniela Ruiz")
    expect(page.get_by_role("dialog", name="Daniela Ruiz")).to_be_visible()
    expect(name).to_have_value("Daniela Ruiz")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(page.get_by_role("button", name="Show the customer")).to_be_focused()


def test_the_customers_pane_keeps_what_is_said_of_them(page: Page, ana: Person, business, talk: int) -> None:
    open_thread(page, talk)
    pane = page.get_by_role("region", name="Daniela Cruz")
    pane.get_by_label("Assignee").select_option("Ana Torres")
    until(lambda: state_of(talk).assignee_id == ana.id)
    tags = pane.get_by_label("Tags")
    for tag in ("vip", "late"):
        tags.fill(tag)
        tags.press("Enter")
        expect(pane.get_by_role("button", name=f"Remove {tag}")).to_be_visible()
    pane.get_by_role("button", name="Remove vip").click()
    until(lambda: state_of(talk).tags == ["late"])
    pane.get_by_role("radio", name="!!", exact=True).click()
    until(lambda: state_of(talk).priority == 2)
    expect(pane.get_by_role("radio", name="!!", exact=True)).to_be_checked()
    pane.get_by_text("Add a fact").click()
    pane.get_by_label("What it is").fill("Order")
    pane.get_by_label("Value").fill("A-17")
    pane.get_by_label("Value").press("Enter")
    expect(pane.get_by_label("Order")).to_have_value("A-17")
    about = pane.get_by_label("About this customer")
    about.fill("Prefers mornings")
    page.get_by_role("textbox", name="Reply").click()
    until(lambda: one("SELECT custom ->> 'about' FROM contacts") == "Prefers mornings")


def test_what_is_done_while_the_server_hears_nothing_is_done_once_it_does(page: Page, ana: Person, talk: int) -> None:
    deaf = False

    def connect(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        browser.on_message(lambda said: None if deaf else server.send(said))

    page.route_web_socket(re.compile("/_stcore/stream"), connect)
    open_thread(page, talk)
    deaf = True
    page.get_by_role("radio", name="!!", exact=True).click()
    page.get_by_label("Tags").fill("vip")
    page.get_by_label("Tags").press("Enter")
    deaf = False
    expect(page.get_by_role("button", name="Remove vip")).to_be_visible()
    assert (state_of(talk).priority, state_of(talk).tags) == (2, ["vip"])


def test_what_is_being_written_stays_while_others_write(page: Page, ana: Person, business, talk: int) -> None:
    open_thread(page, talk)
    about = page.get_by_label("About this customer")
    about.fill("Half a sen")
    says(business.business_id, talk, "Anybody there?")
    expect(page.locator(".lines").get_by_text("Anybody there?")).to_be_visible()
    expect(about).to_have_value("Half a sen")
    expect(about).to_be_focused()


def test_alt_n_opens_whoever_waits_when_nothing_is_open(page: Page, ana: Person, talk: int) -> None:
    with system_transaction() as session:
        session.get_one(Conversation, talk).waiting_since = datetime.now(UTC)
    page.goto("/")
    expect(page.locator(".row")).to_have_count(1)
    at_rest(page)
    page.keyboard.press("Alt+n")
    expect(page.locator(".lines").get_by_text("Where is my order?")).to_be_visible()


def test_keys_and_menus_do_what_buttons_do(page: Page, ana: Person, business, talk: int) -> None:
    open_thread(page, talk)
    page.keyboard.press("Alt+b")
    until(lambda: state_of(talk).mode == "bot")
    expect(page.get_by_role("button", name="Take over")).to_be_visible()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Snooze for an hour").click()
    until(lambda: state_of(talk).status == "snoozed")
    at_rest(page)
    expect(page.locator(".menu button", has_text="Unsnooze now")).to_have_count(1)  # drawn anew, it loses its place
    page.get_by_role("button", name="More actions").press("Enter")
    expect(page.get_by_role("menuitem", name="Mark as unread")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(lambda: state_of(talk).status == "open")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Mark as unread").click()
    expect(page.get_by_text("Choose a conversation")).to_be_visible()
    until(lambda: state_of(talk).unread_count == 1)


def test_ticked_conversations_are_tagged(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.locator(".row .tick").first.check()
    at_rest(page)
    page.get_by_role("button", name="Tag", exact=True).click()
    dialog = page.get_by_role("dialog")
    tags = dialog.get_by_role("combobox")
    tags.fill("vip")
    tags.press("Enter")
    dialog.get_by_role("button", name="Add tags").click()
    until(lambda: state_of(talk).tags == ["vip"])
