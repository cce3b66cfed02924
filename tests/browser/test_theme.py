"""That the choice of light or dark is understood by Streamlit's own page, on every page of the console."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from core.models import Role
from tests.browser.steps import at_rest, signed_in
from tests.factories import conversation, person, says

pytestmark = pytest.mark.browser

_DARK = "rgb(14, 20, 19)"  # backgroundColor of theme.dark in .streamlit/config.toml


def test_dark_is_chosen_on_the_account_page_and_holds_everywhere(page: Page, console, business) -> None:
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    page.goto("/account")
    app = page.get_by_test_id("stApp")
    choices = page.get_by_role("radiogroup", name="Appearance on this device")
    expect(choices.get_by_role("radio", name="System default")).to_be_checked()
    expect(app).not_to_have_css("background-color", _DARK)
    at_rest(page)
    with page.expect_navigation():
        choices.get_by_text("Dark").click()
    expect(app).to_have_css("background-color", _DARK)
    expect(choices.get_by_role("radio", name="Dark")).to_be_checked()
    page.goto("/teams")
    expect(page.get_by_role("heading", name="Teams")).to_be_visible()
    expect(app).to_have_css("background-color", _DARK)


# WCAG 2.2, 1.4.3: each text against what lies behind it, with all that is half transparent mixed in.
TOO_FAINT = """() => {
  const parts = words => {
    const numbers = words.match(/[0-9.]+/g).map(Number), unit = words.startsWith('color') ? 255 : 1;
    return [...numbers.slice(0, 3).map(one => one * unit), numbers[3] ?? 1];
  };
  const over = (top, share, ground) => ground.map((one, at) => top[at] * share + one * (1 - share));
  const light = colour => colour.map(one => one / 255)
    .map(one => one <= .03928 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [.2126, .7152, .0722][at], 0);
  const faint = [];
  const look = root => { for (const node of root.querySelectorAll('*')) {
    if (node.shadowRoot) look(node.shadowRoot);
    const words = [...node.childNodes].filter(one => one.nodeType === 3).map(one => one.textContent.trim()).join('');
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    if (!words || !box.width || !box.height || style.visibility !== 'visible' || /Material/.test(style.fontFamily)
      || node.closest('svg, style, script, :disabled, [aria-disabled=true]')) continue;
    const around = [];
    for (let one = node; one; one = one.parentElement ?? one.getRootNode().host) around.unshift(getComputedStyle(one));
    let ground = [255, 255, 255], opacity = 1;
    for (const one of around) {
      const colour = parts(one.backgroundColor);
      ground = over(colour, colour[3] * opacity, ground);
      opacity *= one.opacity;
    }
    const ink = parts(style.color), pair = [light(over(ink, ink[3] * opacity, ground)), light(ground)];
    const ratio = (Math.max(...pair) + .05) / (Math.min(...pair) + .05), large = parseFloat(style.fontSize) >= 24;
    if (opacity && ratio < (large ? 3 : 4.5)) faint.push(`${words.slice(0, 40)}: ${ratio.toFixed(2)}`);
  } };
  look(document);
  return faint;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(
    page: Page, console, business, scheme: Literal["light", "dark"]
) -> None:
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    page.emulate_media(color_scheme=scheme)
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "Where is my order?")
    for path, words in ((f"?c={talk}", "Where is my order?"), ("bot", "Who it is"), ("channels", "Add a channel")):
        page.goto(f"/{path}")
        expect(page.get_by_text(words).first).to_be_visible()
        at_rest(page)
        assert page.evaluate(TOO_FAINT) == [], path
    page.context.clear_cookies()
    page.goto("/auth/login")
    assert page.evaluate(TOO_FAINT) == []
