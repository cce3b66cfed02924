"""The console before Chromium: from click to painted thread, from stored to visible, many agents at once, memory."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple

import psutil
import psycopg
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.bench import Bench
from benchmarks.plain_windows import open_windows
from benchmarks.reading import BUSINESS, timed
from benchmarks.report import Figure, at_most, percentile, plain
from benchmarks.servers import Servers
from benchmarks.usage import Meter, resident_mb
from core.platform import events
from tests.support.stack import free_port

# One process draws all windows: fifty of them would not fit otherwise.
_CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--process-per-site", "--renderer-process-limit=1",
)  # fmt: skip
_LONG = 100  # messages of a thread that is clicked on
# From the press of the button to the frame after the one that first holds what was clicked for.
_WATCH = """
([pane, marker]) => {
  const there = () => document.querySelector(marker)
    || [...document.querySelectorAll(pane)].some(node => node.shadowRoot?.querySelector(marker));
  window.painted = new Promise(done => addEventListener('pointerdown', () => {
    const start = performance.now();
    const look = () => requestAnimationFrame(there()
      ? () => done(performance.now() - start)
      : look);
    look();
  }, {capture: true, once: true}));
}
"""
_AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
_REDRAW = """
async () => {
  const {pull} = await import(`${document.documentElement.dataset.version}triggers.js`);
  pull('desk', []);
}
"""
_PANE = ".st-key-pane_thread *"
_OPEN = """
SELECT id FROM conversations WHERE status = 'open' AND business_id = %s ORDER BY last_message_at DESC, id DESC LIMIT %s
"""
_LENGTHEN = """
INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload, status,
                      created_at)
SELECT business_id, id, channel_id, 'inbound', 'customer', 'text', 'Mensaje ' || n, '{}', 'received',
       created_at + make_interval(secs => n)
FROM conversations, generate_series(1, %s) n WHERE id = ANY(%s)
"""
_SAY = """
WITH said AS (
    INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload, status)
    SELECT business_id, id, channel_id, 'inbound', 'customer', 'text', %(words)s, '{}', 'received'
    FROM conversations WHERE id = %(talk)s
), listed AS (
    UPDATE conversations SET last_message_at = now(), last_message_text = %(words)s, unread_count = unread_count + 1,
                             window_expires_at = now() + interval '24 hours'
    WHERE id = %(talk)s
)
SELECT pg_notify(%(topic)s, %(change)s)
"""


class Windows:
    """Chromium, signed in at the console as one agent."""

    def __init__(self, browser: Browser, url: str, token: str) -> None:
        self.browser, self.url, self.token = browser, url, token

    def context(self) -> BrowserContext:
        context = self.browser.new_context(viewport={"width": 1366, "height": 768}, base_url=self.url)
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": "bothub_session", "value": self.token, "url": self.url, "httpOnly": True}])
        return context

    def inbox(self, talk: int) -> Page:
        """A window of its own, with a conversation open and the live socket connected."""
        page = self.context().new_page()
        page.goto(f"/?c={talk}")
        page.wait_for_selector(f".wrap[data-ready='{talk}']")
        page.wait_for_selector("html[data-live]", state="attached")
        return page


@contextmanager
def windows(url: str, token: str) -> Iterator[Windows]:
    """Raises `RuntimeError` where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("Chromium is needed: install it (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM))
        yield Windows(browser, url, token)
        browser.close()


def prepared(bench: Bench) -> list[int]:
    """Two long conversations that stand at the top of the list."""
    talks = [number for (number,) in bench.stack.query(_OPEN, BUSINESS, 2)]
    bench.stack.execute(f"UPDATE conversations SET last_message_at = now() WHERE id IN ({talks[0]}, {talks[1]})")
    bench.stack.query(f"{_LENGTHEN} RETURNING id", _LONG, talks)
    return talks


def click(bench: Bench, chromium: Windows, talks: list[int]) -> None:
    """Both designs in turns, so that each round sees the same machine."""
    clicks = 10 if bench.quick else 60
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": bench.stack.environment["DATABASE_URL"]}
    script = ["streamlit", "run", "benchmarks/contestants/native_chat.py", "--server.port", str(port),
              "--server.address", "127.0.0.1"]  # fmt: skip
    with Servers(bench.folder) as servers:
        console = _console(bench)
        native = servers.start("native", script, environment, port=port)
        ours = chromium.inbox(talks[0])
        theirs = chromium.browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        theirs.goto(f"http://127.0.0.1:{port}")
        theirs.wait_for_selector(f".st-key-open_{talks[0]} button")

        def open_ours(talk: int) -> float:
            return _painted_after(ours, f".row[data-id='{talk}']", f".wrap[data-ready='{talk}']")

        def open_theirs(talk: int) -> float:
            return _painted_after(theirs, f".st-key-open_{talk} button", f"#shown-{talk}")

        for talk in talks:
            open_ours(talk)
            open_theirs(talk)
        took: dict[str, list[float]] = {"ours": [], "theirs": []}
        spent = {"ours": 0.0, "theirs": 0.0}
        for number in range(clicks):
            for name, page, process, open_one in (
                ("ours", ours, console, open_ours),
                ("theirs", theirs, native, open_theirs),
            ):
                meter = Meter({name: process})
                took[name].append(open_one(talks[number % 2]))
                page.wait_for_selector(_AT_REST)  # what is drawn after the thread is the server's work, too
                spent[name] += meter.read()[name] * 1000
        ours.context.close()
        theirs.context.close()
    ratio = statistics.median(took["ours"]) / statistics.median(took["theirs"])
    against = timed("", took["theirs"]).measured
    bench.figures += [
        timed("click to painted thread, newest 60 messages", took["ours"]),
        Figure("  ÷ st.chat_message, in turns", against, f"{ratio:.2f}", "≤ 0.5", ratio <= 0.5),
        at_most("server CPU per click", spent["ours"] / clicks, "ms", 25),
        plain("  st.chat_message", spent["theirs"] / clicks, "ms"),
    ]


def _console(bench: Bench) -> psutil.Process:
    return bench.stack.processes()["console"]


def _painted_after(page: Page, row: str, marker: str) -> float:
    """Milliseconds, by the browser's own clock: driving it from here takes longer than what is measured."""
    page.evaluate(_WATCH, [_PANE, marker])
    page.locator(row).click()
    took: float = page.evaluate("() => window.painted")
    return took


def _say(bench: Bench, talk: int, words: str) -> None:
    """Store a customer's message and announce it, as the workers do."""
    change = json.dumps(astuple(events.Change(BUSINESS, talk, None)))
    with psycopg.connect(bench.stack.environment["DATABASE_URL"]) as connection:
        connection.execute(_SAY, {"words": words, "talk": talk, "topic": events.TOPIC, "change": change})


def _seen_after(bench: Bench, page: Page, talk: int, words: str) -> float:
    """Milliseconds from the commit until the words are in the open thread."""
    _say(bench, talk, words)
    start = time.perf_counter()
    page.locator(".lines").get_by_text(words, exact=True).wait_for()
    return (time.perf_counter() - start) * 1000


def visible(bench: Bench, chromium: Windows, talks: list[int]) -> None:
    """Time from storing a message to its appearance in an open thread, as Chromium shows it."""
    page = chromium.inbox(talks[0])
    taken = [_seen_after(bench, page, talks[0], f"Visible {number}") for number in range(10 if bench.quick else 50)]
    page.context.close()
    bench.figures.append(timed("stored to visible in an open thread", taken, 300))


def agents(bench: Bench, chromium: Windows) -> None:
    """Many agents on one console process, each with a conversation of their own.

    A message a second comes to one of them after the other. Whoever has it open sees it there, and all see it in their
    list. Two of them look through Chromium: one has every third message in the open thread, and the other has each in
    the list.
    """
    many, seconds = (8, 9) if bench.quick else (50, 90)
    first, second, *others = (number for (number,) in bench.stack.query(_OPEN, BUSINESS, many))
    console = _console(bench)
    with open_windows(chromium.url, chromium.token, others):
        here, elsewhere = chromium.inbox(first), chromium.inbox(second)
        meter, start = Meter({"console": console}), time.monotonic()
        opened, listed = [], []
        for number in range(seconds):
            time.sleep(max(0.0, start + number - time.monotonic()))
            talk, words = others[number % len(others)] if number % 3 else first, f"Crowd {number}"
            _say(bench, talk, words)
            stored = time.perf_counter()
            if talk == first:
                here.locator(".lines").get_by_text(words, exact=True).wait_for()
                opened.append((time.perf_counter() - stored) * 1000)
            elsewhere.locator(f".row[data-id='{talk}']").get_by_text(words, exact=True).wait_for()
            listed.append((time.perf_counter() - stored) * 1000)
        share = 100 * meter.read()["console"] / (time.monotonic() - start)
        for page in (here, elsewhere):
            page.context.close()
    bench.figures += [
        at_most(f"{many} agents, a message a second: in the open thread, p95", percentile(opened, 0.95), "ms", 1000),
        at_most("  in a colleague's list, p95", percentile(listed, 0.95), "ms", 1000),
        plain("  console process, share of a core", share, "%"),
    ]


def memory(bench: Bench, chromium: Windows, talks: list[int], reruns: int) -> None:
    """Runs of the script: after a click, which a run only hears of, and of the whole desk, in turns."""
    console, page = _console(bench), chromium.inbox(talks[0])
    before = 0.0
    for number in range(reruns):
        if number % 2:
            page.evaluate(_REDRAW)
        else:
            talk = talks[(number // 2 + 1) % 2]
            page.locator(f".row[data-id='{talk}']").click()
            page.wait_for_selector(f".wrap[data-ready='{talk}']")
        page.wait_for_selector(_AT_REST)
        if number == reruns // 6:  # by then caches are full
            before = sum(resident_mb(console))
    after = sum(resident_mb(console))
    page.context.close()
    bench.figures += [
        at_most("memory of the console process", after, "MB", 300),
        at_most(f"  growth over {reruns - reruns // 6:,} reruns", after - before, "MB", 20),
    ]
