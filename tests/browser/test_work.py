"""A day at the desk in a browser: two at once, a network that fails, closed windows, handing over, mending, setting."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, WebSocketRoute, expect
from sqlalchemy import insert

from core.models import MessageTemplate, Role
from core.platform.db import system_transaction
from tests.browser.steps import at_rest, open_thread, signed_in, until
from tests.factories import Person, conversation, failed_message, person, says
from tests.support.database import column, one, replies, rows, state_of

pytestmark = pytest.mark.browser


def test_two_agents_at_once_lose_and_double_nothing(
    page: Page, window: Callable[..., Page], console, business, ana: Person, talk: int
) -> None:
    second = window()
    signed_in(second, console, person(business.business_id, name="Bea Soto"))
    for desk in (page, second):
        open_thread(desk, talk)
    for number in range(4):
        for desk, who in ((page, "ana"), (second, "bea")):
            box = desk.get_by_role("textbox", name="Reply")
            box.fill(f"{who} {number}")
            box.press("Enter")
    wanted = [f"{who} {number}" for number in range(4) for who in ("ana", "bea")]
    until(lambda: sorted(replies(talk)) == sorted(wanted))
    for who in ("ana", "bea"):
        assert [words for words in replies(talk) if words.startswith(who)] == [f"{who} {number}" for number in range(4)]
    for desk in (page, second):
        expect(desk.locator(".m.agent .text")).to_have_text(replies(talk))


def test_what_is_written_while_the_network_is_cut_goes_out_once_when_it_is_back(
    page: Page, ana: Person, talk: int
) -> None:
    cut = False
    lines: list[WebSocketRoute] = []

    def connect(line: WebSocketRoute) -> None:
        if cut:
            line.close()
            return
        line.connect_to_server()
        lines.append(line)

    page.route_web_socket(lambda url: url.startswith("ws"), connect)
    page.route("**/inbox/*/send", lambda route: route.abort() if cut else route.continue_())
    open_thread(page, talk)
    cut = True
    for line in lines:
        line.close()
    box = page.get_by_role("textbox", name="Reply")
    box.fill("Written in a tunnel")
    box.press("Enter")
    expect(page.locator(".m.agent .text")).to_have_text(["Written in a tunnel"])
    assert replies(talk) == []
    cut = False
    expect(page.locator(".m.agent[data-message]:not([data-message*='-'])")).to_have_count(1, timeout=60_000)
    assert replies(talk) == ["Written in a tunnel"]


def test_a_customers_words_are_seen_within_the_second(page: Page, business, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.wait_for_selector("html[data-live=true]", state="attached")
    taken = []
    for number in range(9):
        says(business.business_id, talk, f"words {number}")
        stored = time.monotonic()
        expect(page.locator(".m .text").last).to_have_text(f"words {number}")
        taken.append(time.monotonic() - stored)
    assert statistics.median(taken) < 1, taken


def test_a_closed_window_offers_templates(page: Page, business, ana: Person) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=None)
    says(business.business_id, talk, "Hola")
    rows("UPDATE channels SET account = 'waba-1'")
    with system_transaction() as session:
        body = {"type": "BODY", "text": "Hola {{1}}, tu pedido está {{2}}."}
        session.execute(
            insert(MessageTemplate).values(
                business_id=business.business_id, account="waba-1", name="pedido", language="es", category="UTILITY",
                status="APPROVED", quality="", rejected_reason="", components=[body],
            )
        )  # fmt: skip
    open_thread(page, talk)
    expect(page.get_by_text("More than 24 hours have passed")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).not_to_be_visible()
    page.locator(".templates .row").click()
    send = page.locator(".templates .send")
    expect(send).to_be_disabled()
    page.get_by_role("textbox", name="{{2}}").fill("en camino")
    send.click()
    until(lambda: replies(talk) == ["Hola Daniela, tu pedido está en camino."])
    expect(page.locator(".m.agent .text")).to_have_text(["Hola Daniela, tu pedido está en camino."])


def test_a_template_with_cards_a_place_and_a_code_is_filled(page: Page, business, ana: Person) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=None)
    rows("UPDATE channels SET account = 'waba-1'")
    card = [
        {"type": "BODY", "text": "Desde {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://shop.example/{{1}}"}]},
    ]
    components = [
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "BODY", "text": "Hola {{1}}", "example": {"body_text": [["Ana"]]}},
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ya", "has_expiration": True}},
        {"type": "CAROUSEL", "cards": [{"components": card}, {"components": card}]},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copiar"}, {"type": "FLOW", "text": "Abrir"}]},
    ]
    payment = [{"type": "BUTTONS", "buttons": [{"type": "ORDER_DETAILS", "text": "Pagar"}]}]
    with system_transaction() as session:
        for name, parts in (("oferta", components), ("pago", payment)):
            session.execute(
                insert(MessageTemplate).values(
                    business_id=business.business_id, account="waba-1", name=name, language="es", category="UTILITY",
                    status="APPROVED", quality="", rejected_reason="", components=parts,
                )
            )  # fmt: skip
    open_thread(page, talk)
    offered = page.locator(".templates .row")
    expect(offered.filter(has_text="pago")).to_be_disabled()
    expect(offered.filter(has_text="pago")).to_contain_text("ORDER_DETAILS")
    offered.filter(has_text="oferta").click()
    send = page.locator(".templates .send")
    inputs = page.locator(".templates .slot input")
    expect(inputs).to_have_count(10)
    expect(inputs.nth(3)).to_have_attribute("placeholder", "Ana")
    words = ["-34.6, -58.4", "Sucursal", "Av. 1", "Eva", "2035-01-01T10:00", "$ 10", "a-1", "$ 20", "a-2", "VERANO25"]
    for number, value in enumerate(words):
        expect(send).to_be_disabled()
        inputs.nth(number).fill(value)
    send.click()
    until(lambda: replies(talk) == ["Hola Eva"])
    sent = one("SELECT payload -> 'template' -> 'components' FROM messages WHERE type = 'template'")
    assert [part["type"] for part in sent] == ["header", "body", "limited_time_offer", "button", "button", "carousel"]
    assert sent[0]["parameters"][0]["location"]["latitude"] == -34.6
    assert [card["components"][1]["parameters"][0]["text"] for card in sent[5]["cards"]] == ["a-1", "a-2"]
    expect(page.locator(".m.agent .tile")).to_have_count(2)


def test_a_templates_file_is_the_one_that_is_chosen_now(page: Page, business, ana: Person) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=None)
    rows("UPDATE channels SET account = 'waba-1'")
    parts = [{"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "Tu factura"}]
    with system_transaction() as session:
        session.execute(
            insert(MessageTemplate).values(
                business_id=business.business_id, account="waba-1", name="factura", language="es", category="UTILITY",
                status="APPROVED", quality="", rejected_reason="", components=parts,
            )
        )  # fmt: skip
    open_thread(page, talk)
    page.locator(".templates .row").click()
    send, chosen = page.locator(".templates .send"), page.locator(".templates input[type=file]")
    bill = FilePayload(name="bill.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4 bill")
    chosen.set_input_files(FilePayload(name="a.exe", mimeType="application/pdf", buffer=b"MZ" + bytes(50)))
    expect(chosen).to_have_js_property("validationMessage", "This type of file cannot be sent on this channel")
    expect(send).to_be_disabled()
    chosen.set_input_files(bill)
    expect(send).to_be_enabled()
    chosen.set_input_files([])
    expect(send).to_be_disabled()
    chosen.set_input_files(bill)
    send.click()
    until(lambda: replies(talk) == ["Tu factura"])
    expect(page.locator(".m.agent .document")).to_contain_text("bill.pdf")


def test_a_twilio_number_offers_its_content_templates(page: Page, business, ana: Person) -> None:
    talk = conversation(business.business_id, business.twilio_whatsapp_channel_id, window_expires_at=None)
    rows("UPDATE channels SET account = 'AC1' WHERE id = :id", id=business.twilio_whatsapp_channel_id)
    sid = "HX" + "a" * 32
    parts = [{"type": "CONTENT", "sid": sid, "variables": {"1": "Ana"}}, {"type": "BODY", "text": "Hola {{1}}"}]
    with system_transaction() as session:
        session.execute(
            insert(MessageTemplate).values(
                business_id=business.business_id, account="AC1", name="turno", language="es", category="UTILITY",
                status="APPROVED", quality="", rejected_reason="", components=parts,
            )
        )  # fmt: skip
    open_thread(page, talk)
    page.locator(".templates .row").click()
    page.get_by_role("textbox", name="{{1}}").fill("Eva")
    page.locator(".templates .send").click()
    until(lambda: replies(talk) == ["Hola Eva"])
    sent = one("SELECT payload -> 'template' FROM messages WHERE type = 'template'")
    assert sent == {"content_sid": sid, "variables": {"1": "Eva"}, "components": []}


def settled(page: Page, *, there: str, gone: str) -> None:
    """Both stand side by side for a moment, and the first to come moves when the other goes."""
    expect(page.get_by_role("button", name=there)).to_be_visible()
    expect(page.get_by_role("button", name=gone)).to_have_count(0)
    at_rest(page)


def test_a_conversation_is_taken_over_and_handed_back(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.get_by_role("button", name="Take over").click()
    settled(page, there="Hand back", gone="Take over")
    assert (state_of(talk).mode, state_of(talk).assignee_id) == ("human", ana.id)
    page.get_by_role("button", name="Hand back").click()
    settled(page, there="Take over", gone="Hand back")
    assert state_of(talk).mode == "bot"
    for words in ("took the conversation over", "handed the conversation back"):
        expect(page.locator(".event").filter(has_text=words)).to_have_count(1)
    expect(page.locator(".event")).to_have_count(2)  # nothing was assigned by a browser that was behind


def _queued(number: int) -> Callable[[], bool]:
    return lambda: one("SELECT count(*) FROM messages WHERE status = 'queued'") == number


def test_failed_messages_are_sent_again_from_the_queue_one_after_another(
    page: Page, console, business, talk: int
) -> None:
    signed_in(page, console, person(business.business_id, role=Role.MANAGER))
    for words in ("Nobody got this", "Nor this"):
        failed_message(business.business_id, talk, words)
    page.goto("/queue")
    at_rest(page)
    page.get_by_text("Failed · the recipient cannot receive it").click()
    again = page.get_by_role("button", name="Send again")
    for sent in (1, 2):  # the group stays open while its number changes
        expect(again).to_have_count(3 - sent)
        at_rest(page)
        again.first.click()
        until(_queued(sent))
    expect(page.get_by_text("Queued · the recipient cannot receive it")).to_be_visible()
    expect(page.get_by_text("Failed ·")).not_to_be_visible()
    expect(page.get_by_test_id("stToast").first).to_contain_text("Back in the queue: 1")
    assert page.locator(".st-key-account_menu").evaluate("box => getComputedStyle(box).position") == "fixed"


def test_a_click_that_a_timer_tells_of_too_counts_once(page: Page, console, business, talk: int) -> None:
    signed_in(page, console, person(business.business_id, role=Role.MANAGER))
    failed_message(business.business_id, talk, "Nobody got this")
    page.add_init_script("""
        const every = window.setInterval;
        window.timers = [];
        window.setInterval = (tick, ms, ...more) => {
            if (ms === 15000) window.timers.push(tick);  // the fragments' run_every
            return every(tick, ms, ...more);
        };
    """)
    page.goto("/queue")
    at_rest(page)
    page.get_by_text("Failed · the recipient cannot receive it").click()
    again = page.get_by_role("button", name="Send again")
    expect(again).to_be_visible()
    at_rest(page)
    again.evaluate("button => { button.click(); for (const tick of window.timers) tick(); }")
    expect(page.get_by_test_id("stToast")).to_contain_text(["Back in the queue: 1"])
    expect(page.get_by_text("Queued · the recipient cannot receive it")).to_be_visible()
    at_rest(page)
    expect(page.get_by_test_id("stToast")).to_have_count(1)  # a second one would say that it is queued already


def test_the_bots_settings_are_changed_and_brought_back(page: Page, console, business) -> None:
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    before = one("SELECT name FROM bots")
    page.goto("/bot")
    name = page.get_by_label("Name", exact=True)
    name.fill("Luna")
    name.press("Enter")
    page.wait_for_selector("html[data-unsaved]", state="attached")
    at_rest(page)
    page.get_by_role("link", name="Inbox").click()  # what is not saved is kept meanwhile, and would be lost as well
    page.wait_for_url(lambda url: not url.endswith("/bot"))
    at_rest(page)
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.go_back()
    page.wait_for_url("**/bot")
    at_rest(page)
    page.get_by_role("button", name="Save", exact=True).click()
    until(lambda: column("SELECT data ->> 'name' FROM bot_versions ORDER BY version") == [before, "Luna"])
    at_rest(page)
    page.get_by_text("Versions", exact=True).click()
    at_rest(page)
    page.get_by_role("combobox", name="Version").click()
    page.get_by_role("option").last.click()
    at_rest(page)
    page.get_by_role("button", name="Restore version 1").click()
    until(lambda: one("SELECT data ->> 'name' FROM bot_versions ORDER BY version DESC LIMIT 1") == before)


@pytest.mark.parametrize("path", ["people", "keys"])  # which pages these are: tests/integration/console/test_pages.py
def test_an_agent_does_not_reach_a_page_by_its_address(page: Page, ana: Person, talk: int, path: str) -> None:
    page.goto(f"/{path}")
    expect(page.locator("#bothub-connection")).to_have_text(
        "This page does not exist, or you have no access to it. This is the inbox."
    )
    expect(page.locator(".row")).to_have_count(1)
    assert page.get_by_test_id("stHeading").count() == 0
