"""Rules of the house that reading the imports can check."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from enum import Enum
from functools import cache
from pathlib import Path

import pytest

from core.channels.registry import PROVIDERS

ROOT = Path(__file__).parent.parent
OURS = ("core", "webhook_app", "workers", "console", "sandbox")


@cache
def imports_of(path: Path) -> list[str]:
    """Every module a file imports, wherever in it, with the names of `from` imports."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += (str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names))
    return found


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
def test_programs_import_core_and_never_each_other(folder: str, forbidden: tuple[str, ...]) -> None:
    assert offenders(folder, forbidden) == []


def test_only_the_tests_of_the_benchmarks_import_them() -> None:
    found = offenders("tests", ("benchmarks",))
    assert [one for one in found if one.split("/")[2] not in ("benchmarks", "evaluation")] == []


def test_core_knows_no_user_interface() -> None:
    assert offenders("core", ("flask", "streamlit", "pandas", "plotly")) == []


def test_only_the_job_queue_knows_rq() -> None:
    for folder in ("core", "webhook_app", "workers", "console"):
        assert offenders(folder, ("rq",), except_for=("core/platform/job_queue.py",)) == []


def test_channels_and_model_clients_know_no_tables() -> None:
    forbidden = ("sqlalchemy", "core.models", "core.platform.db")
    assert offenders("core/channels", forbidden) == []
    assert offenders("core/text", forbidden) == []
    assert offenders("core/bots/llm", forbidden) == []


# Modules outside core/channels that may name a provider, and why.
_MAY_NAME_PROVIDERS = {
    "core/cli/__main__.py": "the arguments of `whatsapp`",
    "core/cli/whatsapp.py": "registers numbers, which only one provider asks for",
    "core/platform/config.py": "names of settings, which are read before anything else is loaded",
    "core/platform/config_names.py": "names of settings",
    "core/platform/config_rules.py": "names of settings",
    "core/platform/config_values.py": "names of settings",
    "core/platform/logging.py": "structlog has a processor named so",
    "core/platform/supervisor.py": "names of settings, for the sandbox",
}
_NAME_OF_PROVIDER = re.compile(r"(?<![a-z])(twilio|whatsapp_?cloud|meta)(?![a-z])", re.I)
_TEXT_OF_PROVIDER = re.compile(r"(?i:twilio|whatsapp_?cloud)|\bMeta\b")  # "meta" is also a word of languages


def _names_provider(path: Path) -> bool:
    """Whether an identifier or a text of a module, but no docstring or comment, names a provider."""
    tree = ast.parse(path.read_text())
    docstrings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if node not in docstrings and _TEXT_OF_PROVIDER.search(text):
                return True
            case (
                ast.Name(id=str(name)) | ast.arg(arg=str(name)) | ast.Attribute(attr=str(name))
                | ast.alias(name=str(name)) | ast.FunctionDef(name=str(name)) | ast.ClassDef(name=str(name))
                | ast.keyword(arg=str(name)) | ast.ImportFrom(module=str(name))
            ) if _NAME_OF_PROVIDER.search(name):  # fmt: skip
                return True
    return False


def test_only_its_folder_and_the_registry_know_a_provider() -> None:
    named = {
        str(path.relative_to(ROOT))
        for folder in ("core", "webhook_app", "workers", "console")
        for path in modules(folder)
        if not {"migrations", "channels"} & {path.relative_to(ROOT / folder).parts[0]} and _names_provider(path)
    }
    assert named == set(_MAY_NAME_PROVIDERS)


def test_providers_do_not_know_each_other() -> None:
    folders = [provider.locales.parent.name for provider in PROVIDERS.values()]
    for folder in folders:
        others = tuple(f"core.channels.{other}" for other in folders if other != folder)
        assert offenders(f"core/channels/{folder}", others) == []


def _is_table(imported: str) -> bool:
    module, _, name = imported.rpartition(".")
    found = getattr(importlib.import_module(module), name, None) if module.startswith("core.models") else None
    return isinstance(found, type) and not issubclass(found, Enum)


def test_console_pages_see_no_session_table_or_sql() -> None:
    """What reads stands in `queries.py`, what writes in `commands.py`, or in modules named after them."""
    pages = [path for path in modules("console/app_pages") if not path.stem.endswith(("queries", "commands"))]
    assert [
        f"{path.relative_to(ROOT)} imports {imported}"
        for path in [*pages, *modules("console/components")]
        for imported in imports_of(path)
        if imported.startswith(("sqlalchemy", "psycopg", "core.platform.db.")) or _is_table(imported)
    ] == []


def test_only_the_model_client_knows_openai() -> None:
    for folder in ("core", "webhook_app", "workers", "console"):
        assert offenders(folder, ("openai",), except_for=("core/bots/llm/client.py",)) == []


def test_the_console_reaches_the_database_by_its_own_store() -> None:
    """Only there is a database that does not answer an error with words for people."""
    transactions = ("core.platform.db.transaction", "core.platform.db.system_transaction")
    assert offenders("console", transactions, except_for=("console/db.py",)) == []


# Functions that work across businesses on behalf of one, and why.
_MAY_NAME_A_BUSINESS = {
    "core/messaging/inbound/dead_letters.py": "those of unknown origin have no business, which hides them from any",
    "core/messaging/inbound/webhook_events.py": "an item that cannot be processed may have no business",
}


def _names_business_beside_session(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = {one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
            if given >= {"session", "business_id"}:
                return True
    return False


def test_no_function_takes_a_business_beside_a_session() -> None:
    """The scope of the session says it (`core.platform.db.business_of`)."""
    found = {
        str(path.relative_to(ROOT))
        for folder in ("core", "webhook_app", "workers", "console")
        for path in modules(folder)
        if _names_business_beside_session(path)
    }
    assert found == set(_MAY_NAME_A_BUSINESS)


def test_modules_stay_readable() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for folder in OURS
        for path in modules(folder)
        if "migrations/versions" not in str(path) and (lines := len(path.read_text().splitlines())) > 330
    ]
    assert long == []


def test_only_the_shell_makes_toasts() -> None:
    """Streamlit puts what a fragment's callback draws where something else stands (`console.layout.toast`)."""
    made = {path.name for path in modules("console") if "st.toast(" in path.read_text()}
    assert made == {"layout.py", "asgi.py"}  # the latter's are of callbacks that broke


def test_every_page_but_the_inbox_is_drawn_as_wide_as_the_others() -> None:
    pages = {path.parent.name: path.read_text("utf-8") for path in (ROOT / "console/app_pages").glob("*/page.py")}
    assert [name for name, source in pages.items() if "with layout.page():" not in source] == ["inbox"]


LAYERS = (
    "platform", "text", "types", "channels", "models", "migrations", "tasks", "accounts", "conversations", "bots",
    "messaging", "knowledge", "catalog", "replies", "evaluation", "reporting", "monitoring", "cli",
)  # fmt: skip


def _layer(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_package_of_core_imports_only_what_stands_before_it(layer: str) -> None:
    """Wherever the import stands in the file: also in a function, and for types only."""
    above = LAYERS[LAYERS.index(layer) + 1 :]
    package = ROOT / "core" / layer
    paths = sorted(package.rglob("*.py")) if package.is_dir() else [package.with_suffix(".py")]
    assert paths
    found = [
        f"{path.relative_to(ROOT)} imports {imported}"
        for path in paths
        for imported in imports_of(path)
        if imported.startswith("core.") and _layer(imported) in above
    ]
    assert found == []


def test_every_package_of_core_has_a_layer() -> None:
    there = {path.stem for path in (ROOT / "core").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize("package", ["core.text", "core.channels"])
def test_text_and_channels_load_no_tables(package: str) -> None:
    """Not even through what they import."""
    loads_all = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module('{package}')\n"
        f"for found in pkgutil.walk_packages(package.__path__, '{package}.'): importlib.import_module(found.name)\n"
        "print(sorted(name for name in sys.modules if name.startswith(('core.models', 'sqlalchemy'))))"
    )
    printed = subprocess.run([sys.executable, "-c", loads_all], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_the_web_app_loads_no_library_for_documents() -> None:
    """Its restart would take longer, while providers wait."""
    code = "import sys, webhook_app; print({'openpyxl', 'numpy', 'pypdf', 'docx'} & sys.modules.keys())"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "set()"


_OLD_WORDS = re.compile(r"\b(nursery|clerk|crew|manners|errand|beget|sweep|in hand)\b", re.I)


def test_old_words_do_not_come_back() -> None:
    """The glossary has the words that are used instead."""
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for folder in (*OURS, "benchmarks"):
        texts += [path for ending in ("py", "js") for path in (ROOT / folder).rglob(f"*.{ending}")]
    found = [
        f"{path.relative_to(ROOT)}: {old.group()}"
        for path in texts
        if "migrations/versions" not in str(path)
        for old in _OLD_WORDS.finditer(path.read_text("utf-8"))
    ]
    assert found == []


STATUS_WRITER = ROOT / "core/messaging/outbound/status.py"


def _sql_sets_status(statement: str) -> bool:
    """Whether an UPDATE of messages in the text names `status` among the columns it sets."""
    for update in re.finditer(r"\bUPDATE\s+(?:ONLY\s+)?(?:public\.)?\"?messages\b", statement, re.I):
        depth, outside = 0, ""
        for letter in statement[update.end() :]:
            depth += (letter == "(") - (letter == ")")
            if depth < 0:
                break
            outside += letter if depth == 0 else " "
        columns = re.split(r"\b(?:FROM|WHERE|RETURNING)\b|;", outside, flags=re.I)[0]
        if re.search(r"\bstatus\"?\s*=", re.sub(r"\bCASE\b.*?\bEND\b", "", columns, flags=re.I | re.S)):
            return True
        if re.search(r"SET\s+\(", statement[update.end() :], re.I):
            return True  # a list of columns, which hides them
    return False


def _text_of(node: ast.AST) -> str:
    """The text of a string, with gaps where an f-string inserts something."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) or " _ " for part in node.values)
    return ""


def _orm_sets_status(node: ast.AST) -> bool:
    """Whether it is `update(Message)….values(…)` of a status, or of columns that only a run knows."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values"):
        return False
    return "update(Message)" in ast.unparse(node.func) and (
        bool(node.args) or any(keyword.arg in (None, "status") for keyword in node.keywords)
    )


def _attribute_is_status(node: ast.AST) -> bool:
    """Whether it assigns `.status` of anything that may be a message. Conversations and HTTP errors have one too."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(
        isinstance(target, ast.Attribute)
        and target.attr == "status"
        and ast.unparse(target.value) not in ("conversation", "self")
        for target in targets
    )


def status_changes(source: str) -> list[str]:
    return [
        f"line {getattr(node, 'lineno', 0)}"
        for node in ast.walk(ast.parse(source))
        if _sql_sets_status(_text_of(node)) or _orm_sets_status(node) or _attribute_is_status(node)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "SQL = 'UPDATE messages SET status = 1'",
        "SQL = 'WITH a AS (UPDATE messages m SET error = (SELECT 1 FROM b WHERE c), status=%(s)s FROM a) SELECT 1'",
        "SQL = f'update {x}; UPDATE messages m SET text = {y}, status = {z} WHERE id = 1'",
        "SQL = 'UPDATE messages SET (text, status) = (1, 2)'",
        "session.execute(update(Message).where(Message.id == 1).values(text='', status=to).returning(Message.id))",
        "session.execute(update(Message).values({'status': to}))",
        "message.status = to",
    ],
)
def test_every_way_to_change_a_status_is_seen(source: str) -> None:
    assert status_changes(source) != []


@pytest.mark.parametrize(
    "source",
    [
        'SQL = "UPDATE messages m SET error = CASE WHEN m.status = 1 THEN m.error END WHERE m.status = 2"',
        "SQL = 'UPDATE messages SET text = 1 FROM other WHERE other.status = 2'",
        "SQL = 'UPDATE conversations SET status = 1'",
        "session.execute(update(Conversation).values(status=to))",
        "conversation.status = to",
    ],
)
def test_what_changes_no_status_is_allowed(source: str) -> None:
    assert status_changes(source) == []


def test_one_module_changes_the_status_of_messages() -> None:
    assert status_changes(STATUS_WRITER.read_text()) != []
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for folder in ("core", "webhook_app", "workers", "console")
        for path in modules(folder)
        if path != STATUS_WRITER and "migrations/versions" not in str(path)
        for line in status_changes(path.read_text())
    ]
    assert found == []
