"""Readable subject and details of an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from console.decimals import written
from console.formatting import number
from console.i18n import catalogue, current, t
from core.accounts.audit_log import Entry
from core.accounts.audit_references import references
from core.channels.registry import PROVIDERS

_AMOUNTS = ("price", "cost_usd")
_COUNTED = ("ids", "refused")  # messages, which have no name: the export has their ids
_WORDS = {
    "cause": "queue.cause_", "fields": "bot.", "kind": "channels.kind_", "role": "role.", "scopes": "scope.",
    "agent.set_role": "role.", "business.visibility": "teams.sees_",
}  # fmt: skip
_WHOLE = {"answers": "bot.qa_pairs", "bots": "audit.every_bot", "products": "nav.catalogue"}
_SHOWN = 10


def who(entry: Entry) -> str:
    """Return who acted: a person's name, "An API key · Shop", "The system"."""
    kind = entry.actor.partition(":")[0]
    name = entry.names.get(entry.actor, "")
    if kind == "agent":
        return name or _referred(entry.actor, entry.names)
    return " · ".join(filter(None, (t(f"audit.by_{kind}"), name)))


def subject(entry: Entry) -> str:
    """Return what the entry is about: a name, "Conversation 12 · Ana", "Product 9" if it was deleted."""
    return _referred(entry.subject, entry.names)


def details(entry: Entry) -> str:
    """Return an entry's data: before and after first, then each named part. Empty parts are omitted."""
    told = {key: _part(entry, key, value) for key, value in entry.data.items()}
    parts = []
    if {"before", "after"} <= told.keys():
        parts.append(f"{told.pop('before') or '—'} → {told.pop('after') or '—'}")
    parts += [f"{_name(key)}: {words}" for key, words in told.items() if words]
    return " · ".join(parts)


def _referred(reference: str, names: Mapping[str, str]) -> str:
    kind, colon, rest = reference.partition(":")
    words = catalogue(current())
    if not colon:
        return words.get(_WHOLE.get(kind, f"nav.{kind}"), kind)
    if kind == "analytics":
        return f"{t('nav.analytics')} · {words.get(f'analytics.chart_{rest}', rest)}"
    name = names.get(reference, "")
    if name and kind != "conversation":
        return name
    return " · ".join(filter(None, (words.get(f"audit.one_{kind}", "{id}").format(id=rest), name)))


def _name(key: str) -> str:
    return catalogue(current()).get(f"audit.key_{key}", key.replace("_", " "))


def _part(entry: Entry, key: str, value: Any) -> str:
    if referred := references(entry.action, {key: value}):
        return _listed([_referred(one, entry.names) for one in referred[key]])
    if key == "credentials":
        return _listed([_credential(name) for name in value])
    if key in _COUNTED and isinstance(value, list):
        return number(len(value)) if value else ""
    start = _WORDS.get(entry.action if key in ("before", "after") else key, "")
    return _value(value, start, amount=key in _AMOUNTS)


def _credential(name: str) -> str:
    """Return what the provider that has such a credential calls it; the entry does not say which that is."""
    words = catalogue(current())
    labels = (words.get(f"provider.{provider}.{name}") for provider in PROVIDERS)
    return next((label for label in labels if label), name)


def _value(value: Any, start: str, *, amount: bool) -> str:
    match value:
        case None:
            return ""
        case bool():
            return t("bot.yes" if value else "bot.no")
        case int() | float():
            return number(value) if isinstance(value, int) else number(value, 5, least=0)
        case list():
            return _listed([_value(one, start, amount=amount) for one in value])
    try:
        words = written(Decimal(str(value))) if amount else str(value)
    except InvalidOperation:
        return str(value)
    return catalogue(current()).get(f"{start}{value}", words) if start else words


def _listed(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + ("…" if len(words) > _SHOWN else "")
