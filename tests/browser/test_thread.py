"""What only a browser shows of a conversation: colleagues in it, and what messages hold."""

from __future__ import annotations

import io
import re
import struct
import wave
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, WebSocketRoute, expect
from sqlalchemy import insert, update

from core import live
from core.db import system_transaction
from core.media import storage
from core.models import Attachment, Conversation
from tests.browser.steps import PATIENCE, at_rest, until
from tests.console.people import Person, conversation, person, says, state_of
from tests.inbox.steps import column

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
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    sign_in(page, console, person(business.business_id, name="Bea Ruiz"))
    yield page
    context.close()


def open_thread(page: Page, talk: int) -> None:
    page.goto(f"/?c={talk}")
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    page.wait_for_selector("html[data-live]", state="attached")
    at_rest(page)


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
    at_rest(page)
    page.keyboard.press("Escape")
    rings(business.business_id, other)
    says(business.business_id, other, "the last")
    expect(page.locator(".row").first).to_contain_text("the last")
    expect(page.locator("html")).not_to_have_attribute("data-rang", str(other))


def attach(business_id: int, message_id: int, folder: Path, mime_type: str, content: bytes) -> None:
    key = f"test/{message_id}"
    (folder / "file").write_bytes(content)
    storage.put(key, folder / "file")
    with system_transaction() as session:
        session.execute(
            insert(Attachment).values(
                business_id=business_id,
                message_id=message_id,
                state="stored",
                mime_type=mime_type,
                size=len(content),
                storage_key=key,
            )
        )


def picture() -> bytes:
    """A picture of one grey dot."""
    rows = zlib.compress(b"\x00\x80")
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def silence(seconds: int) -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000 * seconds))
    return sound.getvalue()


def test_pictures_enlarge_in_place_and_give_the_focus_back(page: Page, business, ana, talk, tmp_path: Path) -> None:
    for words in ("the first <b>", "the second"):
        message_id = says(business.business_id, talk, words, type="image")
        attach(business.business_id, message_id, tmp_path, "image/png", picture())
    open_thread(page, talk)
    page.get_by_role("button", name="Enlarge: the second").click()
    box = page.get_by_role("dialog")
    expect(box.get_by_role("button", name="Next picture")).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    expect(box.get_by_role("paragraph")).to_have_text("the first <b>")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(page.get_by_role("button", name="Enlarge: the first <b>")).to_be_focused()


def test_a_voice_note_plays_as_fast_as_it_was_set_before(page: Page, business, ana, talk, tmp_path: Path) -> None:
    message_id = says(business.business_id, talk, "", type="audio")
    attach(business.business_id, message_id, tmp_path, "audio/wav", silence(65))
    open_thread(page, talk)
    expect(page.locator(".voice .time")).to_have_text("1:05")
    page.get_by_role("button", name="Speed").click()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("slider", name="Position").fill("500")
    expect(page.locator(".voice .time")).to_contain_text("0:3")
    page.reload()
    expect(page.get_by_role("button", name="Speed")).to_have_text("1.5×")


EVIL = "<img src=x onerror=window.stolen=1>\"'><script>window.stolen=1</script>"


def test_nothing_that_customers_send_becomes_part_of_the_page(page: Page, business, ana, talk: int) -> None:
    card = {
        "name": {"formatted_name": EVIL}, "org": {"company": EVIL}, "phones": [{"phone": EVIL}],
        "emails": [{"email": EVIL}], "urls": [{"url": "javascript:window.stolen=1"}], "birthday": EVIL,
    }  # fmt: skip
    item = {"product_retailer_id": EVIL, "quantity": 2, "item_price": 1.5, "currency": "ARS"}
    choice = {"list_reply": {"title": EVIL, "description": EVIL}}
    edited = {"edited": {"text": EVIL + " new"}}
    for kind, payload in {
        "contacts": {"contacts": [card]},
        "order": {"product_items": [item]},
        "interactive": choice,
        "text": {"referral": {"headline": EVIL, "body": EVIL, "source_url": EVIL}, **edited},
        "form": {},
    }.items():
        payload = {"response": {EVIL: EVIL}} if kind == "form" else payload
        says(business.business_id, talk, EVIL, type="interactive" if kind == "form" else kind, payload=payload)
    open_thread(page, talk)
    expect(page.locator(".card b")).to_have_text(EVIL)
    expect(page.locator(".order td:nth-child(2)").first).to_contain_text(EVIL)
    expect(page.locator(".choice b")).to_have_text(EVIL)
    expect(page.locator(".referral b")).to_have_text(EVIL)
    expect(page.locator(".answers dd")).to_have_text(EVIL)
    page.get_by_role("button", name="edited").click()
    expect(page.locator(".before")).to_have_text(EVIL)
    assert page.locator(".lines :is(script, img, [onerror], a[href^='javascript'])").count() == 0
    assert page.evaluate("window.stolen") is None


def test_a_quote_leads_to_what_it_quotes_however_far_back(page: Page, business, ana, talk: int) -> None:
    says(business.business_id, talk, "The very first", provider_id="w1")
    for number in range(70):
        says(business.business_id, talk, f"m{number}")
    says(business.business_id, talk, "As I said", reply_to="w1")
    open_thread(page, talk)
    expect(page.locator(".m", has_text="As I said")).to_be_in_viewport()
    page.get_by_role("button", name="The very first").click()
    expect(page.locator(".m", has=page.locator(".text", has_text="The very first"))).to_be_in_viewport()


def test_faces_and_places_go_into_a_reply(page: Page, ana, talk: int) -> None:
    open_thread(page, talk)
    box = page.get_by_role("textbox", name="Reply")
    box.fill("Thanks!")
    page.get_by_role("button", name="Emoji").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Thanks!😃")
    expect(box).to_be_focused()
    page.get_by_role("button", name="Send a location").click()
    page.get_by_label("Coordinates, or a map link").fill("https://maps.example/@-34.6037,-58.3816,17z")
    page.get_by_label("Name of the place (optional)").fill("Obelisco")
    page.keyboard.press("Enter")
    expect(page.locator(".m.agent .place")).to_have_attribute("href", re.compile(r"mlat=-34\.6037&mlon=-58\.3816"))
    expect(page.locator(".m.agent .place")).to_contain_text("Obelisco")


def test_what_was_closed_by_mistake_is_open_again(page: Page, ana, talk: int) -> None:
    open_thread(page, talk)
    page.get_by_role("button", name=re.compile("^Close")).click()
    until(lambda: state_of(talk).status == "closed")
    at_rest(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()


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


def test_a_conversation_is_read_and_answered_without_the_page(business, page: Page, ana: Person, talk: int) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    says(business.business_id, other, "Do you open on Sundays?")
    stream = Held(page)
    open_thread(page, talk)
    at_rest(page)
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
    until(lambda: says_agent(other) == ["Until noon."])
    until(lambda: state_of(other).priority == 3)
    assert says_agent(talk) == []
    assert state_of(talk).priority == 0
    stream.open()
    expect(page.get_by_role("radio", name="!!!")).to_be_checked()
    expect(page).to_have_url(re.compile(f"c={other}$"))


def test_a_run_from_before_a_click_does_not_bring_the_conversation_before_it_back(
    business, page: Page, ana: Person, talk: int
) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    says(business.business_id, other, "Do you open on Sundays?")
    stream = Held(page)
    open_thread(page, talk)
    at_rest(page)
    stream.closed = True
    page.get_by_role("button", name="Take over").click()
    until(lambda: state_of(talk).mode == "human")
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".lines").get_by_text("Do you open on Sundays?")).to_be_visible()
    stream.open()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.locator(".lines").get_by_text("Where is my order?")).to_have_count(0)


def test_while_a_conversation_is_on_its_way_nothing_is_done_to_the_one_before(
    business, page: Page, ana: Person, talk: int
) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    stream = Held(page)
    open_thread(page, talk)
    at_rest(page)
    held: list[Route] = []
    page.route("**/ahead/**", lambda route: held.append(route))
    stream.closed = True
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".st-key-thread_head")).to_have_css("pointer-events", "none")
    until(lambda: bool(held))
    held[0].continue_()
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.locator(".st-key-thread_head")).to_have_css("pointer-events", "auto")
    stream.open()


def test_what_is_new_while_a_conversation_is_on_its_way_is_shown_with_it(
    business, page: Page, ana: Person, talk: int
) -> None:
    """In that one, after it was read; and in the one before, which must not come instead."""
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    says(business.business_id, other, "Do you open on Sundays?")
    open_thread(page, talk)
    at_rest(page)
    page.wait_for_selector("html[data-live=true]", state="attached")
    held: list[tuple[Route, APIResponse]] = []

    def read_and_hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route(f"**/ahead/{other}*", read_and_hold)
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


def test_a_conversation_opens_though_its_messages_do_not_come_ahead(
    business, page: Page, ana: Person, talk: int
) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    says(business.business_id, other, "Do you open on Sundays?")
    page.route("**/ahead/**", lambda route: route.abort())
    open_thread(page, talk)
    page.locator(f".row[data-id='{other}']").click()
    expect(page.locator(".lines").get_by_text("Do you open on Sundays?")).to_be_visible()
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")


def test_a_list_keeps_up_by_itself(business, page: Page, ana: Person, talk: int) -> None:
    """What comes over the live socket alone: the page's own stream is silent meanwhile."""
    stream = Held(page)
    open_thread(page, talk)
    at_rest(page)
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


def test_what_comes_right_after_opening_is_shown(business, page: Page, ana: Person, talk: int) -> None:
    """Before the server has heard which conversation is open here."""
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    page.route_web_socket(re.compile("/live$"), unheard)
    open_thread(page, talk)
    at_rest(page)
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
    with system_transaction() as session:
        live.notify(session, business_id, talk)


def says_agent(talk: int) -> list[str]:
    return column("SELECT text FROM messages WHERE conversation_id = :talk AND sender = 'agent' ORDER BY id", talk=talk)
