"""What only a browser shows of a conversation: colleagues in it, and what messages hold."""

from __future__ import annotations

import io
import re
import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import insert

from core.models import AIRun, Attachment
from core.platform import events, object_storage
from core.platform.db import system_transaction, transaction
from tests.browser.steps import at_address, at_rest, signed_in, until
from tests.factories import Person, conversation, person, says
from tests.support.database import state_of

pytestmark = pytest.mark.browser


@pytest.fixture
def second(window: Callable[..., Page], console, business) -> Page:
    """A colleague's window."""
    page = window()
    signed_in(page, console, person(business.business_id, name="Bea Ruiz"))
    return page


def rings(business_id: int, talk: int) -> None:
    with transaction(business_id) as session:
        events.publish_change(session, talk, events.ALL_AGENTS)


def test_colleagues_see_who_looks_and_types_and_who_left(page: Page, second: Page, ana: Person, talk: int) -> None:
    at_address(page, talk)
    at_address(second, talk)
    expect(page.locator(".others")).to_have_text("Bea Ruiz is looking")
    expect(second.locator(".others")).to_have_text("Ana Torres is looking")
    second.get_by_role("textbox", name="Reply").press_sequentially("Let me")
    expect(page.locator(".others")).to_have_text("Bea Ruiz is typing…")
    second.close()
    expect(page.locator(".others")).to_be_hidden()


def test_a_customer_who_is_not_being_read_rings_until_it_is_switched_off(page: Page, business, ana, talk: int) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bea", mode="human")
    at_address(page, talk)
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
    object_storage.put(key, folder / "file")
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
    at_address(page, talk)
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
    at_address(page, talk)
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
    at_address(page, talk)
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
    at_address(page, talk)
    expect(page.locator(".m", has_text="As I said")).to_be_in_viewport()
    page.get_by_role("button", name="The very first").click()
    expect(page.locator(".m", has=page.locator(".text", has_text="The very first"))).to_be_in_viewport()


def test_faces_and_places_go_into_a_reply(page: Page, ana, talk: int) -> None:
    at_address(page, talk)
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
    at_address(page, talk)
    page.get_by_role("button", name=re.compile("^Close")).click()
    until(lambda: state_of(talk).status == "closed")
    at_rest(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_visible()


def test_why_the_bot_said_it_is_told_in_a_dialog_of_its_own(page: Page, business, ana, talk: int) -> None:
    """Though the first request is lost; and while it is open, keys are not the page's."""
    answer = says(business.business_id, talk, "Tomorrow", sender="bot", direction="outbound", status="sent")
    with system_transaction() as session:
        session.add(
            AIRun(
                business_id=business.business_id, bot_id=business.bot_id, conversation_id=talk, message_id=answer,
                outcome="reply", decided_by="model", settings_version=1, prompt_version="x", trace={},
            )
        )  # fmt: skip
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route)
            route.abort()

    page.route("**/inbox/*/why", lose_the_first)
    at_address(page, talk)
    why = page.get_by_role("button", name="Why did it say that?")
    why.press("Enter")
    dialog = page.get_by_role("dialog", name="Why did it say that?")
    expect(dialog).to_contain_text("The model was sure enough to answer.")
    expect(dialog).not_to_contain_text("Save as a case")
    page.keyboard.press("Alt+t")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(why).to_be_focused()
    assert state_of(talk).mode == "bot"
    page.keyboard.press("Alt+t")
    until(lambda: state_of(talk).mode == "human")
