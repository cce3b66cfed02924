"""What stays: the words somebody is writing, the conversation of the address, and the page when the server is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from core.accounts import sessions
from core.models import Conversation
from core.platform import events
from core.platform.db import transaction
from tests.browser.steps import at_address, at_rest, open_thread, until
from tests.factories import NOW, PASSWORD, conversation, person, says

BOX = ".composer textarea"


def shown(page: Page, talk: int) -> None:
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    expect(page).to_have_url(f"{page.url.split('?')[0]}?c={talk}")


def kept(page: Page) -> list[str]:
    return page.evaluate("() => Object.keys(localStorage).filter((name) => name.startsWith('bothub.draft.'))")


def test_what_is_written_outlives_reload_another_tab_and_the_session(page, console, business, ana, talk) -> None:
    at_address(page, talk)
    page.locator(BOX).fill("Half a sen")
    until(lambda: bool(kept(page)), serving=page)
    page.reload()
    shown(page, talk)
    expect(page.locator(BOX)).to_have_value("Half a sen")
    other = page.context.new_page()
    at_address(other, talk)
    expect(other.locator(BOX)).to_have_value("Half a sen")
    other.locator(BOX).fill("Half a sentence")
    until(lambda: "Half a sentence" in str(other.evaluate("() => JSON.stringify({...localStorage})")), serving=other)
    other.close()
    with transaction(business.business_id) as session:
        sessions.end_session(session, ana.token)
        events.publish_change(session, talk)
    page.wait_for_url("**/auth/login?ended*")
    expect(page.get_by_role("alert")).to_have_text("Your session ended. Sign in again to go on where you were.")
    page.locator("input[name=email]").fill(ana.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form:visible button").click()
    shown(page, talk)
    expect(page.locator(BOX)).to_have_value("Half a sentence")
    page.locator(BOX).press("Enter")
    expect(page.locator(".lines")).to_contain_text("Half a sentence")
    assert kept(page) == []
    page.get_by_role("button", name="Private note").click()
    page.locator(BOX).fill("He is angry")
    until(lambda: bool(kept(page)), serving=page)
    page.reload()
    shown(page, talk)
    expect(page.locator(BOX)).to_have_value("He is angry")
    expect(page.get_by_role("button", name="Private note")).to_have_attribute("aria-pressed", "true")
    at_rest(page)
    page.locator(".st-key-account_menu button").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/auth/login")
    assert kept(page) == []


def test_back_and_forward_open_the_conversation_of_the_address(page, business, ana, talk) -> None:
    second = conversation(business.business_id, business.whatsapp_channel_id, name="Bea")
    says(business.business_id, second, "Hello")
    open_thread(page, talk)
    shown(page, talk)
    page.locator(f".row[data-id='{second}']").click()
    shown(page, second)
    at_rest(page)
    page.go_back()
    shown(page, talk)
    at_rest(page)
    shown(page, talk)
    page.go_forward()
    shown(page, second)
    at_rest(page)
    page.get_by_role("link", name="Saved replies").click()
    page.wait_for_url("**/saved_replies")
    at_rest(page)
    page.get_by_role("link", name="Inbox").click()
    shown(page, second)
    page.goto("/monitor")  # which an agent may not see
    expect(page.locator("#bothub-connection")).to_have_text(
        "This page does not exist, or you have no access to it. This is the inbox."
    )
    expect(page.get_by_test_id("stDialog")).to_have_count(0)


def test_without_a_connection_one_can_go_on_writing(page, ana, talk) -> None:
    sockets: list[WebSocketRoute] = []
    away = False

    def serve(socket: WebSocketRoute) -> None:
        if away:
            socket.close()
        else:
            sockets.append(socket)
            socket.connect_to_server()

    def answer(route: Route) -> None:
        if away:
            route.abort()
        else:
            route.continue_()

    page.route_web_socket("**/_stcore/stream", serve)
    page.route("**/_stcore/*", answer)
    at_address(page, talk)
    box = page.locator(BOX)
    box.press_sequentially("One")
    away = True
    sockets[-1].close()
    line = page.locator("#bothub-connection")
    expect(line).to_have_text("No connection. Reconnecting… What you write is saved.")
    page.evaluate(
        """() => new Promise((done) => new MutationObserver(() => {
            if (document.querySelector('[data-testid=stDialog]')) setTimeout(done, 200);
        }).observe(document.body, {subtree: true, childList: true}))"""
    )
    expect(page.get_by_test_id("stDialog")).to_have_count(0)
    page.wait_for_function("() => document.activeElement.shadowRoot?.activeElement?.matches('.composer textarea')")
    page.keyboard.type(" two")
    expect(box).to_have_value("One two")
    away = False
    expect(line).to_be_hidden()
    box.press("Enter")
    expect(page.locator(".lines")).to_contain_text("One two")


def test_what_happens_while_somebody_writes_is_said_and_the_words_stay(page, business, ana, talk) -> None:
    at_address(page, talk)
    box, note = page.locator(BOX), page.locator(".composer p.note")
    box.press_sequentially("Hello Dan")
    bea = person(business.business_id, name="Bea Paz")
    says(business.business_id, talk, "I have it", direction="outbound", sender="agent", author_id=bea.id, status="sent")
    expect(note).to_have_text("Bea Paz answered while you were writing.")
    with transaction(business.business_id) as session:
        session.get_one(Conversation, talk).window_expires_at = datetime.now(UTC) + timedelta(seconds=2)
        events.publish_change(session, talk)
    expect(note).to_contain_text("More than 24 hours")
    expect(box).to_have_value("Hello Dan")
    expect(box).to_be_visible()
    expect(box).to_have_attribute("readonly", "")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Choose a day and time…").click()
    moment = page.get_by_role("dialog").get_by_label("Snooze until (the business's time)")
    moment.fill(f"{NOW.year + 1}-01-15T10:30")
    page.get_by_role("button", name="Snooze", exact=True).click()
    expect(page.locator(".lines")).to_contain_text("snoozed the conversation (until Jan 15, 10:30)")


def test_a_message_on_its_way_bears_its_writers_name(page, ana, talk) -> None:
    at_address(page, talk)
    page.route("**/inbox/*/send", lambda _: None)  # no answer comes
    page.locator(BOX).fill("Coming today")
    page.locator(BOX).press("Enter")
    expect(page.locator(".m.agent .who")).to_have_text("Ana Torres")
