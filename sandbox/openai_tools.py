"""The stand-in model's function calls: it calls a tool that takes lines of an order when the customer orders."""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Iterable
from typing import Any

from sandbox.openai_facts import Fact
from sandbox.words import fold, tokens

_NUMBERS = {
    word: number
    for number, said in enumerate(
        (
            "un una um uma a an one", "dos dois duas two", "tres three", "cuatro quatro four", "cinco five", "seis six",
            "siete sete seven", "ocho oito eight", "nueve nove nine", "diez dez ten",
        ),
        1,
    )
    for word in said.split()
}  # fmt: skip
_HALVES = r"half(?: an?)?|medi[oa]|mei[oa]"  # of a unit: half a shoe is not sold
_ARTICLES = frozenset(["un", "una", "um", "uma", "a", "an"])
# Who returns or exchanges something orders nothing new.
_GIVES_BACK = re.compile(
    r"\b(?:devol(?:ver|ucion|ver\w+)|cambi(?:ar|o|arlo|arla)|reembols\w+|return\w*|exchange\w*|refund\w*|troca\w*|devolucao)\b"
)
_WISH = re.compile(
    r"\b(?:quiero|quisiera|necesito|dame|ponme|mandame|pedir|comprar|cotiza\w*|cotizacion|presupuesto|agrega|mejor"
    r"|want|need|order|buy|quote|i ll take|i'd like|add|quero|gostaria|preciso|orcamento|adiciona|melhor)\b"
)
_UNITS = (
    r"kg|kilos?|quilos?|g|gram[ao]?s?|l|litros?|lit(?:er|re)s?|m|metros?|met(?:er|re)s?|docenas?|dozens?|duzias?"
    r"|par(?:es)?|pairs?"
)
# A size is part of what is wanted, and no quantity of it.
_SIZES = tuple(f"{word} " for word in ("size", "talle", "talla", "tamano", "tamanho", "numero"))
_NO_SIZE = "".join(f"(?<!{word})" for word in _SIZES)
_SIZE = "|".join(rf"(?<={word})\d+" for word in _SIZES)
_LINE = re.compile(
    rf"\b{_NO_SIZE}(?:(?P<half>{_HALVES})(?=\s+(?:de\s+)?(?:{_UNITS})\b)"
    rf"|(?P<quantity>\d+(?:[.,]\d+)?|{'|'.join(_NUMBERS)}))\s+(?:(?P<unit>{_UNITS})\s+)?(?:(?:de|of)\s+)?"
    rf"(?P<product>[a-z](?:[a-z \-]|{_SIZE})*?(?: \d+)?)"
    r"(?=\s+(?:y|e|and|mas|plus|por favor|please)\b|\s*(?:[,;.!?\n+]|$))"
)


def called(tools: Any, choice: Any, asked: list[str], facts: Iterable[Fact] = ()) -> tuple[str, str] | None:
    """(a tool's name, its arguments in JSON) when the customer orders something and a tool takes orders.

    "Una factura" and "a minute" are no orders: what is not counted has to be among the products that `facts` tell of.
    """
    said = unicodedata.normalize("NFC", "\n".join(asked))
    text = fold(said)
    if choice == "none" or not isinstance(tools, list) or not _WISH.search(text) or _GIVES_BACK.search(text):
        return None
    sold = {token for fact in facts if fact.id.startswith("product") for token in tokens(fact.question)}
    as_written = said if len(said) == len(text) else text
    found = [
        match.groupdict() | {"product": as_written[slice(*match.span("product"))]} for match in _LINE.finditer(text)
    ]
    if all(line["quantity"] in _ARTICLES and not sold & set(tokens(line["product"] or "")) for line in found):
        return None
    for tool in tools if found else ():
        function = tool.get("function", tool) if isinstance(tool, dict) else {}
        taken = _list_of_lines(function.get("parameters"))
        if taken is not None and isinstance(function.get("name"), str):
            name, fields = taken
            lines = [{field: _value(field, line) for field in fields} for line in found]
            return function["name"], json.dumps({name: lines}, ensure_ascii=False)
    return None


def _list_of_lines(schema: Any) -> tuple[str, list[str]] | None:
    """The property that lists objects with a quantity, and what each of them holds."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    for name, listed in properties.items():
        item = listed.get("items", {})
        if "$ref" in item:
            item = schema.get("$defs", {}).get(item["$ref"].rsplit("/", 1)[-1], {})
        if "quantity" in item.get("properties", {}):
            return name, list(item["properties"])
    return None


def _value(field: str, line: dict[str, str | None]) -> Any:
    if field == "quantity":
        if line["half"]:
            return 0.5
        said = line["quantity"] or "1"
        return _NUMBERS[said] if said in _NUMBERS else float(said.replace(",", "."))
    if field in ("product", "name", "item", "description"):
        return (line["product"] or "").strip()
    return line["unit"] if field == "unit" else None


def as_item(call: tuple[str, str]) -> dict[str, Any]:
    """A function call as the Responses API puts it out."""
    name, arguments = call
    ids = {"id": "fc_" + secrets.token_hex(24), "call_id": "call_" + secrets.token_hex(12)}
    return {"type": "function_call", "status": "completed", "name": name, "arguments": arguments} | ids


def as_message(call: tuple[str, str]) -> dict[str, Any]:
    """A function call as Chat Completions put it out."""
    name, arguments = call
    made = {
        "id": "call_" + secrets.token_hex(12),
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {"content": None, "tool_calls": [made]}
