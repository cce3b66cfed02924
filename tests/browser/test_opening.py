"""Conversations are opened, and kept up, by the browser: what comes when, and what must not come instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import APIResponse, Page, Route, WebSocketRoute, expect
from sqlalchemy import update

from core.models import Conversation
from core.platform import events
from core.platform.db import system_transaction, transaction
from tests.browser.steps import at_address, at_rest, until
from tests.factories import Person, conversation, person, says
from tests.support.database import replies, state_of

pytestmark = pytest.mark.browser


@pytest.fixture
def other(business) -> int:
    """A second conversation."""
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    says(business.business_id, other, "Do you open on Sundays?")
    return other


class Held:
    """Streamlit's socket, of which what the server says can be kept back for a while."""

    def __init__(self, page: Page) -> None:
        self._browser: WebSocketRoute | None = None
        self._kept: list[str | bytes] = []
        self.closed = False
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        self._browser = browser
        browser.connect_to_server().on_message(self._pass)

    def _pass(self, message: str | bytes) -> None:
        assert self._browser is not None
        if self.closed:
            self._kept.append(message)
        else:
            self._browser.send(message)

    def open(self) -> None:
        self.closed = False
        while self._kept:
            self._pass(self._kept.pop(0))


def test_a_conversation_is_read_and_answered_without_the_page(page: Page, ana: Person, talk: int, other: int) -> None:
    stream = Held(page)
    at_address(page, talk)
    stream.closed = True
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".lines").get_by_text("Do you open on Sundays?")).to_be_visible()
    expect(page.locator(".lines").get_by_text("Where is my order?")).to_have_count(0)
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Bruno Lima")
    box = page.get_by_role("textbox", name="Reply")
    box.fill("Until noon.")
    box.press("Enter")
    page.get_by_role("radio", name="!!!").click()
    until(lambda: replies(other) == ["Until noon."], serving=page)
    until(lambda: state_of(other).priority == 3, serving=page)
    assert replies(talk) == []
    assert state_of(talk).priority == 0
    stream.open()
    # The page's own drawing takes the place of the browser's: for a moment both are there.
    urgent = page.get_by_role("radio", name="!!!")
    until(lambda: urgent.evaluate_all("all => all.map(radio => radio.ariaChecked)") == ["true"], serving=page)
    expect(page).to_have_url(re.compile(f"c={other}$"))


def test_a_run_from_before_a_click_does_not_bring_the_conversation_before_it_back(
    page: Page, ana: Person, talk: int, other: int
) -> None:
    stream = Held(page)
    at_address(page, talk)
    stream.closed = True
    page.get_by_role("button", name="Take over").click()
    until(lambda: state_of(talk).mode == "human", serving=page)
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".lines").get_by_text("Do you open on Sundays?")).to_be_visible()
    stream.open()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.locator(".lines").get_by_text("Where is my order?")).to_have_count(0)


def test_while_a_conversation_is_on_its_way_nothing_is_done_to_the_one_before(
    page: Page, ana: Person, talk: int, other: int
) -> None:
    stream = Held(page)
    at_address(page, talk)
    held: list[Route] = []
    page.route("**/inbox/**", lambda route: held.append(route))
    stream.closed = True
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".st-key-thread_head")).to_have_css("pointer-events", "none")
    until(lambda: bool(held), serving=page)
    held[0].continue_()
    stream.open()
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.locator(".st-key-thread_head")).to_have_css("pointer-events", "auto")


def test_what_is_new_while_a_conversation_is_on_its_way_is_shown_with_it(
    business, page: Page, ana: Person, talk: int, other: int
) -> None:
    """In that one, after it was read; and in the one before, which must not come instead."""
    at_address(page, talk)
    page.wait_for_selector("html[data-live=true]", state="attached")
    held: list[tuple[Route, APIResponse]] = []

    def read_and_hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route(f"**/inbox/{other}?*", read_and_hold)
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator("html")).to_have_attribute("data-opening", str(other))
    for one, words in ((talk, "Anybody there?"), (other, "Or on Mondays?")):
        says(business.business_id, one, words)
        announce(business.business_id, one)
    expect(page.locator(".row", has_text="Anybody there?")).to_be_visible()
    expect(page.locator(".row", has_text="Or on Mondays?")).to_be_visible()
    if page.locator("html[data-opening]").count():
        route, read = held[0]
        route.fulfill(response=read)
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.locator(".lines").get_by_text("Or on Mondays?")).to_be_visible()


def test_a_conversation_opens_though_it_does_not_come_at_once(page: Page, ana: Person, talk: int, other: int) -> None:
    at_address(page, talk)
    refused: list[Route] = []

    def refuse_twice(route: Route) -> None:
        if len(refused) == 2:
            route.continue_()
        else:
            refused.append(route)
            route.abort()

    page.route(f"**/inbox/{other}?*", refuse_twice)
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".lines").get_by_text("Do you open on Sundays?")).to_be_visible()
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")


def test_a_list_keeps_up_by_itself(business, page: Page, ana: Person, talk: int) -> None:
    """What comes over the live socket alone: the page's own stream is silent meanwhile."""
    stream = Held(page)
    at_address(page, talk)
    page.get_by_role("radio", name=re.compile("^Mine")).click()
    at_rest(page)
    expect(page.locator(".row")).to_have_count(0)
    stream.closed = True
    now = datetime.now(UTC)
    older, newer = (
        conversation(
            business.business_id, business.whatsapp_channel_id, name=name, mode="human", assignee_id=ana.id,
            last_message_at=now - timedelta(minutes=minutes), last_message_text="Hi",
        )
        for name, minutes in (("Bruno Lima", 5), ("Carla Paz", 1))
    )  # fmt: skip
    for one in (newer, older, talk):
        announce(business.business_id, one)
    expect(page.locator(".row .name")).to_have_text(["Carla Paz", "Bruno Lima"])
    with system_transaction() as session:
        changed = {"last_message_at": now, "last_message_text": "Anybody there?", "unread_count": 1}
        session.execute(update(Conversation).where(Conversation.id == older).values(changed))
        session.execute(update(Conversation).where(Conversation.id == newer).values(assignee_id=None))
    for one in (newer, older):
        announce(business.business_id, one)
    expect(page.locator(".row .name")).to_have_text(["Bruno Lima"])
    expect(page.locator(".row .text")).to_have_text(["Anybody there?"])
    stream.open()
    expect(page.get_by_role("radio", name="Mine 1")).to_be_visible()
    expect(page.locator(".row .name")).to_have_text(["Bruno Lima"])


def test_what_comes_right_after_opening_is_shown(business, page: Page, ana: Person, talk: int, other: int) -> None:
    """Before the server has heard which conversation is open here."""
    page.route_web_socket(re.compile("/live$"), unheard)
    at_address(page, talk)
    page.locator(f".row[data-id='{other}']").click()
    page.wait_for_selector(f".wrap[data-ready='{other}']")
    at_rest(page)
    says(business.business_id, other, "One more thing")
    announce(business.business_id, other)
    expect(page.locator(".lines").get_by_text("One more thing")).to_be_visible(timeout=9_000)


def unheard(browser: WebSocketRoute) -> None:
    """A live socket that brings the server's words and keeps the browser's."""
    browser.connect_to_server()
    browser.on_message(lambda _: None)


def announce(business_id: int, talk: int) -> None:
    with transaction(business_id) as session:
        events.publish_change(session, talk)


def test_after_a_lost_connection_the_page_knows_new_colleagues(business, page: Page, ana: Person, talk: int) -> None:
    lines: list[WebSocketRoute] = []

    def connect(line: WebSocketRoute) -> None:
        lines.append(line)
        line.connect_to_server()

    page.route_web_socket(re.compile("/live$"), connect)
    at_address(page, talk)
    person(business.business_id, name="Bea Soto")
    lines[-1].close()
    expect(page.get_by_label("Assignee").locator("option", has_text="Bea Soto")).to_have_count(1)
