"""The three catalogues say the same things, and everything that is asked of them is there."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import i18n
from core.channels.provider import Provider
from core.channels.registry import PROVIDERS
from core.channels.types import Cause
from core.conversations.inbox_list import View
from core.messaging.outbound.manual_retry import Refused
from core.models import MessageStatus, Role
from core.replies.handoff_rules import Reason

_CONSOLE = Path(i18n.__file__).parent
_ASKED = re.compile(r"""\bt\(\s*"([a-z_]+\.[A-Za-z_]+)\"""")
_JS = re.compile(r"\bwords\.(\w+)")


def test_the_catalogues_have_the_same_keys() -> None:
    keys = {language: set(i18n.catalogue(language)) for language in i18n.LANGUAGES}
    assert keys["es"] == keys["en"] == keys["pt"]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_catalogues_have_the_same_places_to_fill(language: str) -> None:
    def places(words: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name}

    for key, words in i18n.catalogue("es").items():
        assert places(words) == places(i18n.catalogue(language)[key]), key


def test_every_key_that_python_asks_for_is_there() -> None:
    asked = {key for path in _CONSOLE.rglob("*.py") for key in _ASKED.findall(path.read_text("utf-8"))}
    assert len(asked) > 30
    assert asked <= set(i18n.catalogue("es"))


_CODED = ("Conflict", "Invalid", "Unavailable")


def _raised() -> Iterator[tuple[str, set[str | None], str]]:
    """Every code of an error, with the values that come with it and the place."""
    for folder in ("core", "console", "webhook_app", "workers"):
        for path in (_CONSOLE.parent / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id=name), args=[code, *_]) if name in _CODED:
                        assert isinstance(code, ast.Constant), f"{path}:{node.lineno}: a code is literal"
                        yield str(code.value), {keyword.arg for keyword in node.keywords}, f"{path.name}:{node.lineno}"
                    case ast.ClassDef(bases=[ast.Name(id="BotHubError")], body=body):
                        for line in body:
                            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                                yield ast.literal_eval(line.value), set(), path.name


def test_every_error_has_a_text_and_every_text_an_error() -> None:
    python = "\n".join(path.read_text("utf-8") for path in _CONSOLE.rglob("*.py"))
    codes = {code for code, _, _ in _raised()}
    assert {"not_found", "not_allowed", "conflict", "window_closed"} <= codes
    for language in i18n.LANGUAGES:
        said = {key.removeprefix("error.") for key in i18n.catalogue(language) if key.startswith("error.")}
        assert codes - said == set()
        assert {code for code in said - codes if f'"error.{code}"' not in python} == set()


def test_every_error_brings_the_values_that_its_text_shows() -> None:
    texts = i18n.catalogue("es")
    missing = [
        place
        for code, values, place in _raised()
        if not set(re.findall(r"(?<!\{)\{(\w+)\}", texts[f"error.{code}"])) <= values
    ]
    assert missing == []


def _script(component: str) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted((_CONSOLE / "components" / component).glob("*.js")))


SECTIONS = {
    "inbox_list": {"list"}, "thread": {"thread"}, "head": {"act"}, "customer": {"contact"},
    "dialogs": {"contact", "list", "rehearsal", "thread"},
}  # fmt: skip


@pytest.mark.parametrize(("script", "sections"), SECTIONS.items())
def test_every_key_that_a_script_asks_for_is_there(script: str, sections: set[str]) -> None:
    asked = set(_JS.findall(_script(script)))
    assert asked
    assert asked <= {key.partition(".")[2] for key in i18n.catalogue("es") if key.partition(".")[0] in sections}


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_a_providers_folder_has_the_texts_of_its_form_and_no_others(provider: Provider) -> None:
    start = f"provider.{provider.name}."
    said = {key.removeprefix(start) for key in i18n.catalogue("es") if key.startswith(start)}
    fields = {provider.identity_field, *filter(None, [provider.account_field]), *provider.credential_fields}
    needed = {"title", "name_hint"} | ({"webhook"} if provider.webhooks else set()) | {field.name for field in fields}
    needed |= {f"{field.name}_wrong" for field in fields if field.check is not str}
    allowed = needed | {f"{field.name}_help" for field in fields}
    allowed |= {f"refused_{reason}" for reason in provider.refusals.values()}
    assert needed <= said <= allowed
    words = set(i18n.catalogue("es"))
    assert {f"source.{source}" for source in provider.sources} <= words
    shared = {reason for reason in provider.refusals.values() if f"channels.refused_{reason}" in words}
    assert set(provider.refusals.values()) - shared <= {name.removeprefix("refused_") for name in said}


def test_every_state_has_a_name() -> None:
    needed = {f"thread.status_{status}" for status in MessageStatus}
    needed |= {f"cause.{cause}" for cause in Cause}
    needed |= {f"reason.{reason}" for reason in Reason}
    needed |= {f"queue.refused_{reason.name.lower()}" for reason in Refused}
    needed |= {f"role.{role}" for role in Role}
    needed |= {f"inbox.{view}" for view in View}
    needed |= {f"trouble.{status}" for status in ("queued", "failed", "uncertain")}
    needed |= {f"network.{code}" for code in ("connect", "timeout", "address", "disconnected")}
    assert needed <= set(i18n.catalogue("es"))


_FORMAL = re.compile(
    r"\b(usted|((elij|escrib|añad|sub|pid)a|(guard|revis|pru[eé]b|vac[ií]|busqu|mir|agregu|c[oó]pi)e)(l[aoe]s?)?)\b",
    re.IGNORECASE,
)


def test_spanish_speaks_to_people_as_tu() -> None:
    assert [words for words in i18n.catalogue("es").values() if _FORMAL.search(words)] == []


@pytest.mark.parametrize(
    ("header", "language"),
    [("pt-BR,pt;q=0.9,en;q=0.8", "pt"), ("de-DE,en;q=0.5", "en"), ("ja", "es"), ("", "es")],
)
def test_the_browsers_language_is_followed(header: str, language: str) -> None:
    assert i18n.of_header(header) == language


def test_every_key_is_asked_for_by_something() -> None:
    python = "\n".join(path.read_text("utf-8") for path in _CONSOLE.rglob("*.py"))
    scripts = {
        section: "\n".join(_script(script) for script, known in SECTIONS.items() if section in known)
        for section in set().union(*SECTIONS.values())
    }
    literal = set(re.findall(r'"([a-z_]+\.[\w.]+)"', python))
    # An f-string asks for all keys of its shape, as does a name that a chart or a page puts before a label.
    shapes = [
        re.compile(re.sub(r"\\\{.*?\\\}", r"[\\w.:*]+", re.escape(shape)) + r"\Z")
        for shape in re.findall(r'f"([a-z_]*[a-z_{}.]*\{[^"]*)"', python)
        if "." in shape
    ]
    unused = [
        key
        for key in i18n.catalogue("es")
        if key not in literal
        and not any(shape.match(key) for shape in shapes)
        and not _in_script(scripts.get(key.partition(".")[0], ""), key.partition(".")[2])
    ]
    assert unused == []


def _in_script(script: str, name: str) -> bool:
    beginnings = re.findall(r"words\['(\w+)' \+", script)
    return f"words.{name}" in script or any(name.startswith(beginning) for beginning in beginnings)
