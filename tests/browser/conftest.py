"""The console as a process of its own, and Chromium before it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.accounts import sessions
from core.platform.config import get_settings
from core.platform.db import transaction
from tests.browser.steps import PATIENCE, signed_in
from tests.conftest import TestBusiness
from tests.factories import Person, conversation, person, says

_ROOT = Path(__file__).parents[2]
_CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


# The second: a route of ours raised. The last: `console.layout.toast` says why.
_NEVER = ("page_failed", "Exception in ASGI application", "callback that displays")


@dataclass
class Console:
    """A running console."""

    url: str


@pytest.fixture(scope="session")
def console(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """`python -m console` on a free port, on the tests' database. What it logs is looked at when it has ended."""
    log = tmp_path_factory.mktemp("console") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "CONSOLE_PORT": str(port), "WEB_HOST": "127.0.0.1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "console"], cwd=_ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_open(port, process)
        yield Console(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    logged = log.read_text("utf-8")
    assert not [words for words in _NEVER if words in logged], logged


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the console ended at its start"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the console did not open its port")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        assert os.environ.get("REQUIRE_BROWSER") != "1", "REQUIRE_BROWSER=1, and no Chromium was found"
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE * 1000)
        browser = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens fresh browsers. A test fails if one of its pages asks another machine for anything."""
    opened: list[BrowserContext] = []
    outside: list[str] = []
    ours = (console.url, console.url.replace("http", "ws"), "blob:", "data:")

    def open_window(**options: Any) -> Page:
        # What is looked at must not depend on how far an animation has come.
        usual = {"locale": "en-GB", "viewport": {"width": 1366, "height": 768}, "reduced_motion": "reduce"}
        context = chromium.new_context(base_url=console.url, **usual | options)
        opened.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("request", lambda request: None if request.url.startswith(ours) else outside.append(request.url))
        return context.new_page()

    yield open_window
    for context in opened:
        context.close()
    assert outside == []


@pytest.fixture
def page(window: Callable[..., Page], business: TestBusiness) -> Page:
    return window()


@pytest.fixture
def link(business: TestBusiness) -> str:
    """A fresh administrator's one-time link, as the first start prints it."""
    with transaction(business.business_id) as session:
        token = sessions.first_administrator(session, get_settings())
    assert token is not None
    return f"/auth/link?token={token}"


@pytest.fixture
def talk(business: TestBusiness) -> int:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    says(business.business_id, talk, "Where is my order?")
    return talk


@pytest.fixture
def ana(business: TestBusiness, page: Page, console: Console) -> Person:
    """An agent, signed in in this browser."""
    return signed_in(page, console, person(business.business_id))
