"""Steps that the browser tests share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.console.people import Person


def signed_in(page: Page, console: Any, one: Person) -> Person:
    """Give a window somebody's session."""
    page.context.add_cookies([{"name": "bothub_session", "value": one.token, "url": console.url, "httpOnly": True}])
    return one


def open_thread(page: Page, talk: int) -> None:
    page.goto("/")
    page.locator(f".row[data-id='{talk}']").click()
    page.wait_for_selector(f".wrap[data-ready='{talk}']")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens in the database."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
