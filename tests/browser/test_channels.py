"""The banner beside the inbox's fixed panes, and the channel form in its side panel."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.models import Role
from tests.browser.steps import at_rest, signed_in
from tests.factories import conversation, person, says
from tests.support.database import rows

pytestmark = pytest.mark.browser


def test_a_grave_alert_is_seen_above_the_inbox_and_leads_to_health(page: Page, console, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "Where is my order?")
    rows(
        "INSERT INTO alerts (business_id, kind, severity, subject)"
        " SELECT id, 'paused', 'high', 'whatsapp 106540352242922' FROM businesses"
    )
    told = (
        '{"well": true, "detail": "", "advice": "", "latency": 143, "number": "+54 11 5555 0101", "limit": "TIER_2K",'
        ' "verified_name": "Tienda Sol", "quality": "GREEN", "expires_at": null}'
    )
    rows(
        "UPDATE channels SET last_probe_at = now(), last_probe = CAST(:told AS jsonb) WHERE provider <> 'twilio'",
        told=told,
    )
    rows("UPDATE channels SET state = 'paused', state_reason = 'Meta limits this number.' WHERE kind = 'sms'")
    signed_in(page, console, person(business.business_id, role=Role.ADMINISTRATOR))
    page.goto(f"/?c={talk}")
    banner = page.get_by_role("status").filter(has_text="A channel is paused: whatsapp 106540352242922")
    expect(banner).to_be_visible()
    composer = page.get_by_role("button", name="Send", exact=True)
    expect(composer).to_be_in_viewport(ratio=1)
    below = banner.bounding_box()
    panes = page.locator(".st-key-desk").bounding_box()
    assert below is not None
    assert panes is not None
    assert panes["y"] >= below["y"] + below["height"]
    page.get_by_role("link", name="See Health").click()
    expect(page.get_by_role("heading", name="Open alerts")).to_be_visible()

    page.goto("/channels")
    card = page.locator(f".st-key-channel_{business.whatsapp_channel_id}")
    expect(card).to_contain_text("2K customers a day")
    expect(card.get_by_role("button", name="Test")).to_be_visible()
    at_rest(page)
    card.get_by_role("button", name="Edit").click()
    panel = page.get_by_role("dialog").filter(has_text="Check and save")
    expect(panel.get_by_label("Name")).to_have_value("WhatsApp")
    panel.get_by_label("Name").fill("Sales")
    panel.get_by_label("Name").blur()
    at_rest(page)
    panel.get_by_role("button", name="Check and save").click()
    expect(panel).to_be_hidden()
    expect(card).to_contain_text("Sales")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/channels")
    expect(card).to_contain_text("2K customers a day")
    link = page.get_by_role("link", name="See Health")
    expect(link).to_be_in_viewport(ratio=1)
    page.goto("/health")
    expect(page.get_by_role("heading", name="Open alerts")).to_be_visible()
