"""Filling whatever JSON schema is asked: known names get their meaning, the rest the least that is valid."""

from __future__ import annotations

from typing import Any

from sandbox.openai_model import Thought

MAX_DEPTH = 12
ANSWERS = frozenset(
    {"reply", "answer", "text", "message", "response", "draft", "content", "output", "translation", "respuesta"}
)
_NOTHING = object()


def fill(schema: dict[str, Any], thought: Thought) -> Any:
    """A value of `schema` that says `thought`."""
    return _Filler(schema, thought).value(schema, "", 0)


class _Filler:
    def __init__(self, root: dict[str, Any], thought: Thought) -> None:
        self._root = root
        self._thought = thought

    def value(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        schema = self._resolved(schema)
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            schema = self._chosen(options, name)
        if "const" in schema:
            return schema["const"]
        meant = self._meaning(name)
        kind = _type_of(schema, meant)
        if kind == "null" or depth > MAX_DEPTH:
            return None
        if "enum" in schema:
            return _member(schema["enum"], meant)
        if kind == "object":
            properties = schema.get("properties", {})
            return {key: self.value(part, key, depth + 1) for key, part in properties.items()}
        if kind == "array":
            return self._list(schema, meant, name, depth)
        return _scalar(schema, kind, meant)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for _ in range(MAX_DEPTH):
            reference = schema.get("$ref")
            if reference is None:
                break
            target: Any = self._root
            for part in str(reference).removeprefix("#").strip("/").split("/"):
                target = target.get(part, {}) if part else target
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        for part in schema.get("allOf", []):
            schema = {**schema, **self._resolved(part)}
        return schema

    def _chosen(self, options: list[dict[str, Any]], name: str) -> dict[str, Any]:
        """Null when there is nothing to say under this name, otherwise the first real option."""
        resolved = [self._resolved(option) for option in options]
        nothing = next((option for option in resolved if option.get("type") == "null"), None)
        if nothing is not None and self._meaning(name) in (None, _NOTHING):
            return nothing
        return next((option for option in resolved if option.get("type") != "null"), resolved[0])

    def _meaning(self, name: str) -> Any:
        """What is to be said under a property's name; `_NOTHING` for a name that says nothing to us."""
        thought = self._thought
        name = name.lower()
        if name in ANSWERS:
            return thought.reply
        known: dict[str, Any] = {
            "confidence": thought.confidence,
            "confianza": thought.confidence,
            "topics": thought.topics,
            "tags": thought.topics,
            "topic": thought.topics[0] if thought.topics else _NOTHING,
            "sentiment": thought.sentiment,
            "language": thought.language,
            "handoff_reason": thought.handoff_reason,
            "handoff": thought.handoff_reason is not None,
            "needs_human": thought.handoff_reason is not None,
            "summary": thought.summary or thought.reply,
            "states_facts": thought.states_facts,
            "sources": thought.sources,
            "used_sources": thought.sources,
            "source_ids": thought.sources,
        }
        return known.get(name, _NOTHING)

    def _list(self, schema: dict[str, Any], meant: Any, name: str, depth: int) -> list[Any]:
        item = self._resolved(schema.get("items") or {"type": "string"})
        if isinstance(meant, list):
            return _items(item, meant)[: schema.get("maxItems")]
        return [self.value(item, name.removesuffix("s"), depth + 1) for _ in range(schema.get("minItems", 0))]


def _items(item: dict[str, Any], meant: list[Any]) -> list[Any]:
    if "enum" in item:
        return [value for value in meant if value in item["enum"]]
    if _type_of(item, _NOTHING) in ("integer", "number"):
        return [int(value) for value in meant if str(value).isdigit()]
    if _type_of(item, _NOTHING) == "object":
        return [dict.fromkeys(item.get("properties", {}), value) for value in meant]
    return [str(value) for value in meant]


def _type_of(schema: dict[str, Any], meant: Any) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        empty = meant is None or meant is _NOTHING
        return "null" if "null" in kind and empty else next(name for name in kind if name != "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "string"


def _member(choices: list[Any], meant: Any) -> Any:
    """The choice that means the same, or the first one that is not null."""
    real = [choice for choice in choices if choice is not None]
    if meant is None and None in choices:
        return None
    if isinstance(meant, str):
        same = [choice for choice in real if str(choice).lower()[:3] == meant.lower()[:3]]
        asks = [
            choice for choice in real if any(word in str(choice).lower() for word in ("human", "person", "request"))
        ]
        real = same or asks or real
    return real[0] if real else None


def _scalar(schema: dict[str, Any], kind: str, meant: Any) -> Any:
    if kind == "boolean":
        return meant if isinstance(meant, bool) else False
    if kind in ("integer", "number"):
        return _number(schema, kind, meant)
    if isinstance(meant, str):
        return meant[: schema.get("maxLength")]
    samples = {
        "date-time": "2026-01-01T00:00:00Z",
        "date": "2026-01-01",
        "time": "00:00:00Z",
        "email": "sandbox@example.com",
        "uuid": "00000000-0000-4000-8000-000000000000",
        "uri": "https://example.com/",
    }
    return samples.get(str(schema.get("format")), "").ljust(schema.get("minLength", 0), "-")


def _number(schema: dict[str, Any], kind: str, meant: Any) -> float | int:
    value = meant if isinstance(meant, int | float) and not isinstance(meant, bool) else 0
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        value = schema["exclusiveMinimum"] + 1
    if least is not None:
        value = max(value, least)
    if most is not None:
        value = min(value, most)
    return int(value) if kind == "integer" else value
