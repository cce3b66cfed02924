"""Base URL of the console: CONSOLE_URL, else PUBLIC_URL, else this machine; decided in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.cli.admin import sign_in_address
from core.platform import config

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("console", "public", "base"),
    [
        ("https://console.example/", "https://desk.example", "https://console.example"),
        ("https://desk.example/console", "", "https://desk.example/console"),
        ("", "https://desk.example/", "https://desk.example"),
        ("", "", "http://localhost:8501"),
    ],
)
def test_links_to_sign_in_and_in_notices_begin_alike(
    database: str, monkeypatch: pytest.MonkeyPatch, console: str, public: str, base: str
) -> None:
    settings = config.get_settings()
    monkeypatch.setattr(settings, "console_url", console)
    monkeypatch.setattr(settings, "public_url", public)
    assert settings.console_base == base
    assert sign_in_address("abc") == f"{base}/auth/link?token=abc"


def test_nothing_else_puts_the_address_together() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for room in ("core", "webhook_app", "workers", "console")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr == "console_url")
        or (isinstance(node, ast.FunctionDef) and "console" in node.name and "base" in node.name)
    }
    assert readers == {"core/platform/config.py"}
