"""What only a browser can show: the cookie, the components' scripts, live push, and sending exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, expect
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.browser.steps import at_rest, open_thread, until
from tests.factories import Person, conversation, person, says
from tests.support.database import replies, state_of

pytestmark = pytest.mark.browser


def test_a_one_time_link_signs_in_and_a_refresh_keeps_it(page: Page, link: str, talk: int) -> None:
    page.goto(link)
    page.get_by_role("button", name="Enter the console").click()
    expect(page.get_by_role("heading", name="Administrator")).to_be_visible()
    page.goto("/")
    expect(page.locator(".row")).to_have_count(1)
    page.reload()
    expect(page.locator(".row")).to_have_count(1)
    page.goto(link)
    expect(page.get_by_role("alert")).to_be_visible()


def test_signing_in_with_a_password_and_out_again(page: Page, business, talk: int) -> None:
    from tests.factories import PASSWORD

    ana = person(business.business_id)
    page.goto("/")
    page.get_by_label("Email").fill(ana.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Email").fill(ana.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".row")).to_have_count(1)
    at_rest(page)
    page.get_by_role("button", name="Ana Torres").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Email")).to_be_visible()
    page.goto("/")
    expect(page.get_by_label("Email")).to_be_visible()


def test_what_a_customer_writes_appears_without_a_reload(page: Page, business, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.wait_for_selector("html[data-live]", state="attached")
    page.evaluate("window.untouched = true")
    says(business.business_id, talk, "Any news? <img src=x onerror=document.body.remove()>")
    expect(page.locator(".m .text").last).to_have_text("Any news? <img src=x onerror=document.body.remove()>")
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bea")
    says(business.business_id, other, "Hello!")
    expect(page.locator(".row").first).to_contain_text("Hello!")
    assert page.evaluate("window.untouched")
    until(lambda: state_of(talk).unread_count == 0)


def test_a_reply_is_sent_once_by_a_double_enter(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    box = page.get_by_role("textbox", name="Reply")
    box.fill("On its way")
    box.press("Enter")
    box.press("Enter")
    expect(page.locator(".m.agent")).to_have_count(1)
    expect(page.locator(".m.agent[data-message]:not([data-message*='-'])")).to_have_count(1)
    assert replies(talk) == ["On its way"]
    assert state_of(talk).mode == "human"


def test_a_reply_is_sent_once_by_a_double_click(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    page.get_by_role("textbox", name="Reply").fill("On its way")
    page.locator(".bar .send").dblclick()
    expect(page.locator(".m.agent[data-message]:not([data-message*='-'])")).to_have_count(1)
    assert replies(talk) == ["On its way"]


def test_a_burst_is_sent_once_each_and_in_order(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    box = page.get_by_role("textbox", name="Reply")
    words = [f"line {number}" for number in range(12)]
    for line in words:
        box.press_sequentially(line)
        box.press("Enter")
    until(lambda: len(replies(talk)) >= len(words))
    page.reload()
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    expect(page.locator(".m.agent .text")).to_have_text(words)
    assert replies(talk) == words


def test_a_reply_written_just_before_a_reload_is_not_lost(page: Page, ana: Person, talk: int) -> None:
    open_thread(page, talk)
    box = page.get_by_role("textbox", name="Reply")
    box.fill("Do not lose me")
    box.press("Enter")
    page.reload()
    until(lambda: replies(talk) == ["Do not lose me"])
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    expect(page.locator(".m.agent .text")).to_have_text(["Do not lose me"])
    assert replies(talk) == ["Do not lose me"]


def test_a_revoked_session_is_sent_to_the_sign_in_page(page: Page, ana: Person, talk: int) -> None:
    from core.accounts import sessions
    from core.platform.db import system_transaction

    open_thread(page, talk)
    box = page.get_by_role("textbox", name="Reply")
    box.fill("Too late")
    with system_transaction() as session:
        sessions.end_session(session, ana.token)
    page.keyboard.press("Enter")  # the page may be leaving already
    expect(page.get_by_label("Email")).to_be_visible()
    assert replies(talk) == []


@contextmanager
def away(database: str) -> Iterator[None]:
    """Postgres lets nobody into the database, and throws out who is in it."""
    name = conninfo_to_dict(database)["dbname"]
    with psycopg.connect(make_conninfo(database, dbname="postgres"), autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_while_the_database_is_away_it_is_said_and_nothing_is_lost(
    page: Page, business, ana: Person, talk: int, database: str
) -> None:
    other = conversation(business.business_id, business.whatsapp_channel_id, name="Bruno Lima")
    says(business.business_id, other, "Do you open on Sundays?")
    open_thread(page, talk)
    toasts = page.locator("[data-testid=stToast], #bothub-toast")
    with away(database):
        box = page.get_by_role("textbox", name="Reply")
        box.fill("On its way")
        box.press("Enter")
        expect(toasts.filter(has_text="will be sent as soon as it is back").first).to_be_visible()
        page.locator(f".row[data-id='{other}']").click()
        expect(toasts.filter(has_text="is not responding").first).to_be_visible()
    expect(page.locator(".head .about b")).to_have_text("Bruno Lima")
    expect(page.locator(".lines").get_by_text("Do you open on Sundays?")).to_be_visible()
    until(lambda: replies(talk) == ["On its way"])
    assert page.locator(".st-key-account_menu").evaluate("box => getComputedStyle(box).position") == "fixed"
    expect(page.get_by_test_id("stAlert").locator("visible=true")).to_have_count(0)
