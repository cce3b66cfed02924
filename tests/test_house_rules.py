"""Rules of the house that reading the imports can check."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("core", "webhook_app", "workers", "console", "sandbox")


def imports_of(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it, with the names of `from` imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def offenders(folder: str, forbidden: tuple[str, ...], *, except_for: tuple[str, ...] = ()) -> list[str]:
    found = []
    for path in modules(folder):
        name = str(path.relative_to(ROOT))
        if name in except_for:
            continue
        for imported in imports_of(path):
            if any(imported == module or imported.startswith(module + ".") for module in forbidden):
                found.append(f"{name} imports {imported}")
    return found


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("core", ("webhook_app", "workers", "console", "sandbox")),
        ("webhook_app", ("workers", "console", "sandbox")),
        ("workers", ("webhook_app", "console", "sandbox")),
        ("console", ("webhook_app", "workers", "sandbox")),
        ("sandbox", ("core", "webhook_app", "workers", "console")),
    ],
)
def test_rooms_import_core_and_never_each_other(folder: str, forbidden: tuple[str, ...]) -> None:
    assert offenders(folder, forbidden) == []


def test_core_knows_no_user_interface() -> None:
    assert offenders("core", ("flask", "streamlit", "pandas", "plotly")) == []


def test_only_the_bell_knows_rq() -> None:
    for folder in ("core", "webhook_app", "workers", "console"):
        assert offenders(folder, ("rq",), except_for=("core/bell.py",)) == []


def test_channels_and_the_model_client_know_no_tables() -> None:
    forbidden = ("sqlalchemy", "core.models", "core.db")
    assert offenders("core/channels", forbidden) == []
    assert offenders("core/ai", forbidden) == []


def test_services_know_channels_only_by_their_protocol() -> None:
    providers = ("core.channels.whatsapp_cloud", "core.channels.twilio")
    for room in ("inbox", "outbox", "conversations", "people", "media"):
        assert offenders(f"core/{room}", providers) == []


def test_console_pages_see_no_session_model_or_sql() -> None:
    forbidden = ("sqlalchemy", "psycopg", "core.models", "core.db")
    assert offenders("console/app_pages", forbidden) == []
    assert offenders("console/components", forbidden) == []
    assert offenders("console/desk", forbidden) == []


def test_only_the_model_client_knows_openai() -> None:
    for folder in ("core", "webhook_app", "workers", "console"):
        assert offenders(folder, ("openai",), except_for=("core/ai/client.py",)) == []


def test_the_console_reaches_the_database_by_its_own_store() -> None:
    """Only there is a database that does not answer an error with words for people."""
    transactions = ("core.db.transaction", "core.db.system_transaction")
    assert offenders("console", transactions, except_for=("console/store.py",)) == []


def test_modules_stay_readable() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for folder in OURS
        for path in modules(folder)
        if "migrations/versions" not in str(path) and (lines := len(path.read_text().splitlines())) > 330
    ]
    assert long == []


def test_only_the_shell_makes_toasts() -> None:
    """Streamlit puts what a fragment's callback draws where something else stands (`console.shell.toast`)."""
    made = {path.name for path in modules("console") if "st.toast(" in path.read_text()}
    assert made == {"shell.py", "asgi.py"}  # the latter's are of callbacks that broke


def test_every_page_but_the_inbox_is_drawn_as_wide_as_the_others() -> None:
    pages = {path.name: path.read_text("utf-8") for path in (ROOT / "console/app_pages").glob("*.py")}
    assert [name for name, source in pages.items() if "with shell.page():" not in source] == ["inbox.py"]
