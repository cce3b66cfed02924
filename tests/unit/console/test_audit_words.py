"""Entries of the audit log, in words: everything that the code records, in each language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import console
import core
import webhook_app
from console import i18n
from console.app_pages.audit.details import details, subject, who
from console.i18n import catalogue
from core.accounts.api_keys import EVERYTHING, Scope
from core.accounts.audit_log import Entry
from core.bots.settings import BotSettings
from core.channels.registry import PROVIDERS
from core.channels.types import Cause, Kind
from core.models import Role, Sees

_FOLDERS = [Path(one.__path__[0]) for one in (core, console, webhook_app)]
_SOURCES = [path.read_text("utf-8") for folder in _FOLDERS for path in folder.rglob("*.py")]


def _calls() -> Iterator[tuple[ast.Call, str]]:
    for source in _SOURCES:
        for node in ast.walk(ast.parse(source) if "audit_log.record" in source else ast.Module([], [])):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("audit_log"), attr="record" | "record_in" | "record_on" as name)
                ):
                    yield node, name


def _constants(node: ast.expr) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


CALLS = list(_calls())
ACTIONS = set().union(*(_constants(call.args[2 if name == "record_in" else 1]) for call, name in CALLS))
KEYS = {str(one.arg) for call, _ in CALLS for one in call.keywords} | {"address"}
KINDS = {
    one
    for call, name in CALLS
    if name != "record_on"
    for one in _constants(call.args[3 if name == "record_in" else 2])
    if one
}
DOWNLOADS = set(re.findall(r'\.note,\s*args=\(f?"([a-z:]+)', "\n".join(_SOURCES)))
REFERRED = {
    "after",
    "before",
    "bot",
    "channels",
    "copied_from",
    "members",
    "keys_revoked",
    "merged",
    "rehearsal",
    "since",
}
ENUMS: dict[str, list[str]] = {
    "cause": list(Cause), "kind": list(Kind), "role": list(Role), "scopes": [*Scope, EVERYTHING],
    "credentials": [field.name for one in PROVIDERS.values() for field in one.credential_fields],
    "fields": list(BotSettings.model_fields),
}  # fmt: skip
RAW = re.compile(r"\w_\w|\w:\w|[\[\]{}\"*]|\b(None|True|False)\b")


def entry(
    action: str = "queue.retry", subject: str = "queue", names: dict[str, str] | None = None, **data: Any
) -> Entry:
    return Entry(1, datetime.now(UTC), "agent:1", action, subject, data, names or {})


def test_the_calls_were_found() -> None:
    assert len(CALLS) > 50 and len(ACTIONS) > 60 and len(KEYS) > 30
    assert {"queue", "product:", "dead_letters"} <= KINDS
    assert {"analytics:", "answers", "audit", "catalogue", "quotes"} == DOWNLOADS
    assert "None" not in KEYS, "name the data of an entry in its call, so that this test sees it"


def test_every_action_and_part_has_words() -> None:
    words = catalogue("en")
    acts = {one for one in ACTIONS if re.fullmatch(r"[a-z_]+\.[a-z_]+", one)}
    assert {f"audit.{act}" for act in acts} <= words.keys()
    assert {f"audit.area_{act.partition('.')[0]}" for act in acts} <= words.keys()
    assert {f"audit.key_{key}" for key in KEYS - {"before", "after"}} <= words.keys()


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_no_subject_is_raw(language: str) -> None:
    with i18n.speaking(language):
        for one in KINDS - {"saved_reply:"} | DOWNLOADS | {"bots", "products", "analytics:volume"}:
            reference = f"{one}7" if one.endswith(":") and one != "analytics:" else one
            shown = subject(entry(subject=reference))
            assert shown not in (one, reference, "7") and not RAW.search(shown), reference


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("key", sorted(KEYS))
def test_no_part_is_raw(language: str, key: str) -> None:
    samples: list[Any] = [[one] for one in ENUMS.get(key, ())] or [7, [7], None]
    samples += [] if key in REFERRED or key in ENUMS else [True, "Shop"]
    with i18n.speaking(language):
        for sample in samples:
            shown = details(entry("channel.assign", **({"before": None, "after": None} | {key: sample})))
            assert not RAW.search(shown.replace(": ", " ")), shown
            if key in ENUMS:
                assert not shown.endswith(f": {sample[0]}"), shown
            if key in REFERRED and sample == 7:
                assert not re.search(r"(^|→ |: )7\b", shown), shown


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize(("action", "values"), [("agent.set_role", list(Role)), ("business.visibility", list(Sees))])
def test_no_change_is_raw(language: str, action: str, values: list[str]) -> None:
    with i18n.speaking(language):
        for value in values:
            shown = details(entry(action, before=value, after=value))
            assert f"{value} →" not in shown and shown != f"{value} → {value}", shown


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (entry(), ""),
        (entry("product.save", name="Medias", price="3200.0000"), "Nombre: Medias · Precio: 3200"),
        (entry("bot.try", cost_usd="0.00150", tokens=12_345), "Costo (USD): 0,0015 · Tokens: 12.345"),
        (entry("team.rename", before="Uno", after="Dos", name="admin"), "Uno → Dos · Nombre: admin"),
        (entry("x.y", before=None, after="x", odd_key=True), "— → x · odd key: sí"),
        (entry(ids=list(range(12)), cause="admin", refused=[4]),
         "Mensajes: 12 · Causa: credenciales o dirección incorrectas · Rechazados: 1"),
        (entry("team.set_members", names={"agent:2": "Ana"}, members=[2, 3]), "Integrantes: Ana, Persona 3"),
        (entry("channel.assign", names={"bot:4": "Lola"}, before=None, after=4), "— → Lola"),
        (entry("conversation.assign", names={"agent:2": "Ana"}, to=2), "Para: Ana"),
        (entry("conversation.team", to="Ventas"), "Para: Ventas"),
        (entry("contact.field", field="name"), "Dato: name"),
        (entry("bot.save", fields=["name"] * 12), "Cambió: " + ", ".join(["Nombre"] * 10) + "…"),
    ],
)  # fmt: skip
def test_details_are_words(given: Entry, told: str) -> None:
    with i18n.speaking("es"):
        assert details(given) == told


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("product:9", "Producto 9"), ("product:Media: larga", "Producto Media: larga"), ("queue", "Cola de envíos"),
        ("source:2", "Precios {x}"), ("conversation:5", "Conversación 5 · Ana"), ("saved_reply:gracias", "gracias"),
    ],
)  # fmt: skip
def test_subjects_are_words(reference: str, told: str) -> None:
    with i18n.speaking("es"):
        assert subject(entry(subject=reference, names={"source:2": "Precios {x}", "conversation:5": "Ana"})) == told


def test_who_acted_is_told_in_words() -> None:
    at = datetime.now(UTC)
    names = {"agent:1": "Ana", "key:3": "Shop"}
    with i18n.speaking("en"):
        told = [
            who(Entry(1, at, actor, "queue.retry", "queue", {}, names))
            for actor in ("agent:1", "agent:2", "key:3", "key:bootstrap", "system", "system:cli")
        ]
    assert told == ["Ana", "Person 2", "An API key · Shop", "An API key", "The system", "The system"]
