"""`make screenshots`: every page of the console with a desk at work, in all sizes, light and dark, in three languages.

They are for looking at. `--readme` also brings the two pictures of the README up to date.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from benchmarks import demo, desk_data
from benchmarks.servers import ROOT
from core.accounts import api_keys, teams, users
from core.conversations import canned_responses, team_assignment
from core.knowledge import sources
from core.models import Conversation, Role
from core.platform.config import get_settings
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from tests.support.stack import Stack, running_stack

SIZES = {"desktop": (1366, 768), "large": (1920, 1080), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LANGUAGES = {"es": "es-AR", "en": "en-US", "pt": "pt-BR"}
PAGES = (
    "inbox", "queue", "saved_replies", "analytics?period=month", "bot", "knowledge", "improve", "quotes", "catalogue",
    "people", "teams", "channels", "audit", "keys", "monitor", "health", "dead_letters", "webhooks", "account",
)  # fmt: skip
README = {"console.png": ("inbox", "desktop", "light", "es"), "analytics.png": ("analytics", "desktop", "dark", "en")}
_EMAIL, _PASSWORD = "ana@desk.example", "correct horse battery"
_CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_HISTORY = 3_000  # conversations
_SETTLE_MS = 1_500
_BUSINESS = 1
_FAULTS = (
    {"kind": "error", "code": 131026, "message": "Message undeliverable", "probability": 0.05, "count": 3},
    {"kind": "error", "code": 131047, "message": "Re-engagement message", "probability": 0.05, "count": 2},
)
_REPLIES = {
    "hola": "¡Hola, {{contact.first_name}}! Soy {{agent.name}}.",
    "envio": "Tu pedido sale hoy.",
    "gracias": "¡Gracias!",
}
_GUIDE = """# Envíos

Enviamos a todo el país. En Buenos Aires llega en 24 horas; al interior, en tres a cinco días hábiles.

# Cambios

Tienes 30 días para cambiar un producto sin uso, con su etiqueta.
"""


def main() -> int:
    """Exits 2 without a Chromium."""
    chosen = _arguments()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("There is no Chromium here: install it (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    chosen.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="bothub-shots-") as name,
        running_stack(Path(name) / "data", without=(), ADMIN_EMAIL=_EMAIL, ADMIN_PASSWORD=_PASSWORD) as stack,
        sync_playwright() as playwright,
    ):
        _fill(stack)
        browser = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM))
        count = 0
        for page, size, scheme, language in _windows(browser, stack, chosen):
            for path in PAGES:
                count += 1
                _shoot(page, stack, path, chosen.to / f"{path.partition('?')[0]}-{size}-{scheme}-{language}.png")
        browser.close()
    if chosen.readme:
        for picture, parts in README.items():
            shutil.copy(chosen.to / f"{'-'.join(parts)}.png", ROOT / "docs" / picture)
    print(f"{count} pictures in {chosen.to}.")
    return 0


def _fill(stack: Stack) -> None:
    """Half a year of history, a team, what the bot knows, and a day of customers, of whom some cannot be reached."""
    desk_data.fill(stack.environment["DATABASE_URL"], _HISTORY)
    _staff(stack)
    for fault in _FAULTS:
        stack.control("POST", "/faults/whatsapp", json=fault)
    sys.argv = [sys.argv[0], "--speed", "1500", "--customers", "40", "--url", stack.web, "--sandbox", stack.sandbox]
    demo.main()


def _staff(stack: Stack) -> None:
    os.environ.update(stack.environment)
    get_settings.cache_clear()
    guide = sources.store_content(_BUSINESS, io.BytesIO(_GUIDE.encode()), "envios.md")
    empty = sources.store_content(_BUSINESS, io.BytesIO(b"%PDF-1.7 cut off"), "catalogo-2024.pdf")
    with transaction(Scope(_BUSINESS, Actor.agent(1))) as session:
        people = [
            users.create_agent(session, name=name, email=f"{name[:3].lower()}@desk.example", role=role)
            for name, role in (("Beatriz Ruiz", Role.AGENT), ("Carlos Méndez", Role.MANAGER))
        ]
        team = teams.create(session, "Ventas")
        teams.set_members(session, team, people)
        for kept, title in ((guide, "Envíos y cambios"), (empty, "Catálogo 2024")):
            sources.add(session, kept, bot_id=None, title=title, origin=kept.name)
        for shortcut, words in _REPLIES.items():
            canned_responses.save(session, shortcut, words)
        scopes = [api_keys.Scope.MESSAGES_WRITE, api_keys.Scope.CONVERSATIONS_READ]
        api_keys.create(session, "Tienda en línea", scopes)
        waiting = session.scalars(select(Conversation.id).where(Conversation.waiting_since.is_not(None)).limit(3)).all()
        for talk in waiting:
            team_assignment.assign_team(session, talk, team)


def _windows(browser: Browser, stack: Stack, chosen: argparse.Namespace) -> Iterator[tuple[Page, str, str, str]]:
    """A signed-in window for each size, scheme and language."""
    for size, scheme, language in product(chosen.sizes, SCHEMES, chosen.languages):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale=LANGUAGES[language]
        )
        page = context.new_page()
        page.goto(f"{_console(stack)}/auth/login")
        page.fill("input[name=email]", _EMAIL)
        page.fill("input[name=password]", _PASSWORD)
        page.click("form:not([hidden]) button")
        page.wait_for_url(f"{_console(stack)}/**")
        yield page, size, scheme, language
        context.close()


def _shoot(page: Page, stack: Stack, path: str, picture: Path) -> None:
    if path == "inbox":
        path = f"?c={_fullest_talk(stack)}"
    page.goto(f"{_console(stack)}/{path}")
    page.wait_for_selector("html[data-live=true]", state="attached", timeout=30_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=30_000)
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=picture)


def _fullest_talk(stack: Stack) -> int:
    """The fullest conversation of the day, an order in Spanish if there was one."""
    ((talk,),) = stack.query(
        "SELECT conversation_id FROM messages WHERE provider_id NOT LIKE 'bench.%' GROUP BY conversation_id "
        "ORDER BY bool_or(text = 'SÍ') DESC, count(*) DESC, conversation_id LIMIT 1"
    )
    return int(talk)


def _console(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.environment['CONSOLE_PORT']}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "screenshots", help="folder (screenshots/, not in git)")
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--languages", nargs="+", choices=list(LANGUAGES), default=list(LANGUAGES))
    parser.add_argument("--readme", action="store_true", help="also renew the pictures of the README")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
