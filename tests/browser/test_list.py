"""The list of conversations: views, search and filters, which the browser asks the server for by itself."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import insert
from streamlit.proto.BackMsg_pb2 import BackMsg

from core.models import Team
from core.platform.db import transaction
from tests.browser.steps import at_rest, signed_in
from tests.factories import Person, conversation, person, says

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)


@pytest.fixture
def names(business, ana: Person) -> list[str]:
    """Three conversations, newest first: of the bot, of Ana and closed."""
    people: dict[str, dict[str, Any]] = {
        "Bruno Lima": {"tags": ["vip"]},
        "Carla Paz": {"mode": "human", "assignee_id": ana.id, "waiting_since": NOW},
        "Dora Ruiz": {"status": "closed"},
    }
    for number, (name, values) in enumerate(people.items()):
        at = NOW - timedelta(minutes=number)
        conversation(business.business_id, business.whatsapp_channel_id, name=name, last_message_at=at, **values)
    return list(people)


def shows(page: Page, *names: str) -> None:
    expect(page.locator(".row .name")).to_have_text(list(names))


def test_a_list_is_chosen_by_its_address_and_back_leads_to_the_one_before(page: Page, names: list[str]) -> None:
    page.goto("/")
    shows(page, *names)
    page.get_by_role("radio", name="Mine 1").click()
    shows(page, "Carla Paz")
    page.locator(".row").click()
    expect(page).to_have_url(re.compile(r"view=mine.*c=\d+"))
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Status").select_option("Closed")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.go_back()
    shows(page, "Carla Paz")
    page.go_back()
    page.go_back()
    shows(page, *names)
    expect(page.get_by_role("radio", name="All")).to_be_checked()
    page.go_forward()
    shows(page, "Carla Paz")
    page.reload()
    expect(page.get_by_role("radio", name="Mine 1")).to_be_checked()
    shows(page, "Carla Paz")


def test_whoever_comes_back_finds_the_list_as_it_was(page: Page, names: list[str]) -> None:
    page.goto("/?view=bot&tag=vip")
    shows(page, "Bruno Lima")
    at_rest(page)
    page.get_by_role("link", name="Saved replies").click()
    expect(page).to_have_url(re.compile("/saved_replies$"))
    page.get_by_role("link", name="Inbox").click()
    expect(page).to_have_url(re.compile(r"/\?view=bot&tag=vip$"))
    shows(page, "Bruno Lima")


def test_an_old_address_shows_what_there_is_to_choose(page: Page, names: list[str]) -> None:
    page.goto("/?view=none&team=77&unassigned=maybe")
    shows(page, *names)
    expect(page).to_have_url(re.compile("/$"))


def test_a_filter_is_one_request_and_no_run_of_the_script(page: Page, names: list[str]) -> None:
    said: list[BackMsg] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: said.append(BackMsg.FromString(frame))))
    page.goto("/")
    shows(page, *names)
    at_rest(page)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    before = len(said)
    page.get_by_role("radio", name="Bot 1").click()
    shows(page, "Bruno Lima")
    assert [one.url.partition("/inbox/")[2] for one in asked if "view=bot" in one.url] == ["rows?view=bot&most=60"]
    page.get_by_role("searchbox", name="Search").fill("ruiz")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("radio", name="All").press("ArrowLeft")
    page.get_by_role("radio", name="All").click()
    shows(page, "Dora Ruiz")
    expect(page).to_have_url(re.compile(r"/\?q=ruiz$"))
    assert [one for one in said[before:] if not one.rerun_script.is_auto_rerun] == []


def test_a_list_that_does_not_come_says_so_and_comes_when_it_can(page: Page, names: list[str]) -> None:
    page.goto("/")
    shows(page, *names)
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        route.abort()

    page.route("**/inbox/rows*", refuse)
    page.get_by_role("radio", name="Mine").click()
    failed = page.get_by_role("alert").filter(has_text="could not be loaded")
    expect(failed).to_be_visible()
    shows(page)
    page.unroute("**/inbox/rows*")
    failed.get_by_role("button", name="Try again").click()
    shows(page, "Carla Paz")
    expect(failed).to_be_hidden()


def test_a_filtered_list_is_read_again_when_something_changes(page: Page, business, names: list[str]) -> None:
    page.goto("/?q=lima")
    shows(page, "Bruno Lima")
    page.wait_for_selector("html[data-live]", state="attached")
    talk = conversation(business.business_id, business.whatsapp_channel_id, name="Eva Lima")
    says(business.business_id, talk, "Hello?")
    shows(page, "Eva Lima", "Bruno Lima")


def test_more_conversations_follow_on_demand(page: Page, business, ana: Person) -> None:
    for number in range(65):
        at = NOW - timedelta(minutes=number)
        conversation(business.business_id, business.whatsapp_channel_id, name=f"Customer {number}", last_message_at=at)
    page.goto("/")
    expect(page.locator(".row")).to_have_count(60)
    page.get_by_role("button", name="Show more").click()
    shows(page, *(f"Customer {number}" for number in range(65)))
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_filters_have_room(
    page: Page, console, business, names: list[str], size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    with transaction(business.business_id) as session:
        session.execute(insert(Team).values(business_id=business.business_id, name="Depósito y entregas"))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for language, filters in (("es", "Filtros"), ("pt", "Filtros"), ("en", "Filters")):
        signed_in(page, console, person(business.business_id, language=language))
        page.goto("/?tag=vip")
        shows(page, "Bruno Lima")
        views = page.get_by_role("radiogroup").first
        assert views.evaluate("all => all.scrollWidth - all.clientWidth") == 0, language
        page.get_by_role("button", name=filters).click()
        box = page.get_by_role("dialog", name=filters)
        expect(box).to_be_in_viewport(ratio=1)
        if shots := os.environ.get("SHOTS"):
            page.screenshot(path=str(Path(shots) / f"filters-{size[0]}-{scheme}-{language}.png"))
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()
        if shots:
            page.screenshot(path=str(Path(shots) / f"list-{size[0]}-{scheme}-{language}.png"))
