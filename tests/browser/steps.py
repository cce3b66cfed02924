"""Steps that the browser tests share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.factories import Person

PATIENCE = 45.0  # seconds: what is right costs no waiting, and a busy machine draws the first page of charts in twenty


def signed_in(page: Page, console: Any, one: Person) -> Person:
    """Give a window somebody's session."""
    page.context.add_cookies([{"name": "bothub_session", "value": one.token, "url": console.url, "httpOnly": True}])
    return one


def at_rest(page: Page) -> None:
    """Wait until the page shows the result of what was done last: a widget that is just being drawn anew loses clicks.

    Streamlit's page says so from the moment it asks for a run until the run's last element has come. It asks in a task
    of its own, after the click: ours comes later.
    """
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


def open_thread(page: Page, talk: int) -> None:
    page.goto("/")
    page.locator(f".row[data-id='{talk}']").click()
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    at_rest(page)


def at_address(page: Page, talk: int) -> None:
    """A conversation by its address, when its live socket is open."""
    page.goto(f"/?c={talk}")
    page.wait_for_selector(f".wrap[data-ready='{talk}']")
    page.wait_for_selector("html[data-live]", state="attached")
    at_rest(page)


def until(holds: Callable[[], bool], *, serving: Page | None = None) -> None:
    """Wait for something that happens in the database.

    `serving`: the page whose routes this test answers, which it does only while Playwright waits.
    """
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        if serving is None:
            time.sleep(0.05)
        else:
            serving.wait_for_timeout(50)
