"""How the inbox and the menu look: nothing cut off, nothing covered, nothing too faint, in each size and scheme."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from core.models import Role
from tests.browser.steps import at_address, at_rest, signed_in
from tests.browser.test_theme import TOO_FAINT
from tests.browser.test_thread import picture
from tests.factories import Person, conversation, failed_message, person, says

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(window: Callable[..., Page], console, business) -> Page:
    """An agent's telephone."""
    page = window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    signed_in(page, console, person(business.business_id))
    return page


_LONG = "preferred_delivery_date_and_time_window"
_MAIL = "greta.brandt@" + "long" * 9 + ".example"
_SPRAY = {"product_name": "Waterproof leather spray, large", "quantity": 12, "item_price": 1429.9, "currency": "EUR"}
_RECEIVED: list[tuple[str, dict[str, Any]]] = [
    ("text", {"referral": {"headline": "Spring sale", "source_url": "https://ads.example/" + "9" * 60}}),
    ("interactive", {"list_reply": {"title": "Porto", "description": "Rua das Flores 7, opposite the station"}}),
    ("interactive", {"nfm_reply": {"response_json": f'{{"{_LONG}": "Friday afternoon between three and five"}}'}}),
    ("order", {"order": {"product_items": [_SPRAY]}}),
    ("contacts", {"contacts": [{"name": {"formatted_name": "Greta"}, "emails": [{"email": _MAIL}]}]}),
    ("location", {"location": {"latitude": 41.1, "longitude": -8.6, "name": "Mercado do Bolhão"}}),
    ("call", {"call": {"answered": False}}),
    ("text", {"reactions": {"1": "👍"}, "forwarded": True}),
]
_TILES = [{"body": f"Boot number {number}, waterproof", "buttons": ["See it", "Buy it"]} for number in range(5)]
_SHOPS = {"title": "North", "rows": [{"title": "Hamburg", "description": "Opposite the station, second floor"}]}
_FILE = {"link": "https://files.example/a.pdf", "filename": "price_list_of_november_2026_final.pdf"}
_SENT: list[tuple[str, dict[str, Any]]] = [
    ("template", {"shown": {"header": "Boots", "body": "For you", "buttons": ["Open"], "cards": _TILES}}),
    ("interactive", {"type": "list", "body": {"text": "Where?"}, "action": {"button": "Shops", "sections": [_SHOPS]}}),
    ("document", {"media": _FILE}),
]


def everything(business_id: int, channel_id: int) -> int:
    """A conversation with one message of each kind."""
    talk = conversation(business_id, channel_id, name="Guadalupe Montserrat de la Fuente", mode="human")
    for number, (kind, payload) in enumerate(_RECEIVED):
        says(business_id, talk, "Their words", type=kind, payload=payload, provider_id=f"in{number}")
    ours = {"direction": "outbound", "sender": "bot", "status": "read"}
    for number, (kind, payload) in enumerate(_SENT):
        says(business_id, talk, "Our words", type=kind, payload=payload, provider_id=f"out{number}", **ours)
    says(business_id, talk, "Do *not* call", type="note", direction="outbound", sender="agent", status="sent")
    failed_message(business_id, talk, "Your parcel is here")
    return talk


# What sticks out of its bubble, or has words that are cut. What scrolls may hold more than it shows.
_OUT_OF_PLACE = """() => {
  const found = [];
  const look = root => { for (const node of root.querySelectorAll('*')) {
    if (node.shadowRoot) look(node.shadowRoot);
    const around = node.parentElement?.closest('.tile, .tiles, .pair, .trouble, .lines');
    const box = node.getBoundingClientRect();
    if (!around || !box.width || node.closest('svg') || node.matches('.reactions')) continue;
    const edge = around.getBoundingClientRect(), free = around.matches('.tiles');
    const name = `${node.tagName}.${node.className} ${node.textContent.slice(0, 30)}`, room = node.clientWidth;
    if (!free && (box.left < edge.left - 1 || box.right > edge.right + 1)) found.push(`outside: ${name}`);
    if (room && node.scrollWidth > room + 1 && !node.matches('.tiles, .menu')) found.push(`cut: ${name}`);
  } };
  look(document);
  return found;
}"""


def test_nothing_sticks_out_of_a_bubble(page: Page, phone: Page, business, ana: Person) -> None:
    talk = everything(business.business_id, business.whatsapp_channel_id)
    for window in (page, phone):
        at_address(window, talk)
        for menu in window.locator("details.menu").all():
            menu.locator("summary").click()
        assert window.evaluate(_OUT_OF_PLACE) == []
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_can_be_done_about_an_uncertain_message_fits(phone: Page, console, business, talk: int) -> None:
    signed_in(phone, console, person(business.business_id, language="pt"))
    error = {"code": "timeout", "title": "No answer in time", "cause": "network", "advice": "…"}
    says(business.business_id, talk, "Olá", direction="outbound", sender="agent", status="uncertain", error=error)
    at_address(phone, talk)
    expect(phone.locator(".trouble button")).to_have_count(2)
    assert phone.evaluate(_OUT_OF_PLACE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_that_a_conversation_can_hold_is_readable(
    page: Page, business, ana: Person, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    talk = everything(business.business_id, business.whatsapp_channel_id)
    at_address(page, talk)
    page.locator("details.menu summary").click()
    faint = page.evaluate(TOO_FAINT)
    assert not faint, "\n".join(faint)


def test_what_can_be_done_with_a_message_stands_beside_it(page: Page, phone: Page, business, ana: Person, talk) -> None:
    ours = {"direction": "outbound", "sender": "bot", "status": "read", "provider_id": "w"}
    says(business.business_id, talk, "It left today.", **ours)
    for window in (page, phone):
        at_address(window, talk)
        bubble = window.locator(".m.bot .bubble")
        bubble.hover()
        for name in ("Why did it say that?", "Reply to this message"):
            expect(window.locator(".m.bot").get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
        words, marks = bubble.bounding_box(), window.locator(".m.bot .tools").bounding_box()
        assert words and marks
        assert 0 <= words["x"] - marks["x"] - marks["width"] <= 16
        assert abs(words["y"] + words["height"] / 2 - marks["y"] - marks["height"] / 2) <= 1


def test_a_picture_is_seen_before_it_is_sent(page: Page, ana: Person, talk: int) -> None:
    at_address(page, talk)
    broken = FilePayload(name="broken.png", mimeType="image/png", buffer=b"no picture")
    paper = FilePayload(name="terms.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7")
    page.locator("input.picker").set_input_files(
        [FilePayload(name="shoe.png", mimeType="image/png", buffer=picture()), paper, broken]
    )
    chips = page.locator(".chips .file")
    expect(chips).to_have_count(3)
    expect(chips.locator("img")).to_have_count(1)
    until_drawn = "node => node.complete && node.naturalWidth === 1"
    assert chips.filter(has_text="shoe.png").locator("img").evaluate(until_drawn)
    chips.filter(has_text="shoe.png").get_by_role("button", name="Remove").click()
    expect(chips.locator("img")).to_have_count(0)


def test_how_long_a_customer_can_be_answered_is_said_on_a_telephone_too(phone: Page, business) -> None:
    def left(**time: float) -> Locator:
        over = datetime.now(UTC) + timedelta(**time)
        at_address(phone, conversation(business.business_id, business.whatsapp_channel_id, window_expires_at=over))
        return phone.locator(".modes .left")

    expect(left(hours=5.5)).to_have_text("5 h left to answer")
    soon = left(minutes=45)
    expect(soon).to_have_text(re.compile("^4[0-5] min left to answer$"))
    expect(soon).to_be_in_viewport(ratio=1)
    expect(soon).to_have_class(re.compile("soon"))
    phone.get_by_role("button", name="Private note").click()
    expect(soon).to_be_hidden()


# Buttons and fields of the inbox that something else covers.
_COVERED = """() => {
  const found = [], scrolls = '.list, .lines, .customer';
  const over = '[data-testid=stToastContainer], #bothub-undo, #bothub-toast';
  const deepest = (x, y, root = document) => {
    const node = root.elementFromPoint(x, y);
    return node?.shadowRoot && root !== node.shadowRoot ? deepest(x, y, node.shadowRoot) : node;
  };
  const look = root => { for (const node of root.querySelectorAll('*')) {
    if (node.shadowRoot) look(node.shadowRoot);
    if (!node.matches('button, input, select, textarea') || node.closest(over) || node.closest(scrolls)) continue;
    const {x, y, width, height} = node.getBoundingClientRect();
    if (width && deepest(x + width / 2, y + height / 2)?.closest(over)) found.push(node.textContent || node.className);
  } };
  look(document);
  return found;
}"""


def test_taking_back_and_what_is_said_of_it_cover_no_button(page: Page, phone: Page, ana: Person, talk: int) -> None:
    for window in (page, phone):
        at_address(window, talk)
        window.get_by_role("button", name=re.compile("^Close")).click()
        undo = window.get_by_role("button", name="Undo", exact=True)
        expect(undo).to_be_in_viewport(ratio=1)
        assert window.evaluate(_COVERED) == []
        at_rest(window)
        undo.click()
        expect(window.locator("#bothub-toast")).to_be_in_viewport(ratio=1)
        assert window.evaluate(_COVERED) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_chosen_of_several_is_plain_to_see(
    page: Page, ana: Person, talk: int, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    at_address(page, talk)
    for name, chosen in (("View", "All"), ("Priority", "Usual")):
        group = page.get_by_role("radiogroup", name=name)
        expect(group.get_by_role("radio", name=chosen)).to_have_css("background-color", "rgb(15, 118, 110)")


def test_the_menu_tells_where_one_is(page: Page, console, business) -> None:
    signed_in(page, console, person(business.business_id, role=Role.MANAGER, language="es"))
    page.goto("/catalogue")
    marked = page.locator("[data-testid=stTopNavSection][aria-current]")
    expect(marked).to_have_text("Ventas")
    page.goto("/teams")
    expect(marked).to_have_text("Ajustes")
    page.set_viewport_size({"width": 780, "height": 700})  # no room for all
    expect(page.locator(".rc-overflow-item-rest [aria-current]")).to_be_visible()
    page.set_viewport_size({"width": 1366, "height": 768})
    expect(marked).to_have_text("Ajustes")
    page.get_by_role("link", name="Bandeja").click()
    expect(page.get_by_role("link", name="Bandeja")).to_have_attribute("aria-current", "page")
    expect(marked).to_have_count(0)
