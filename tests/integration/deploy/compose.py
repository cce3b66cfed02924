"""What docker compose makes of `.env` and docker-compose.yml: the part of its rules that these files can meet.

Source: compose-spec/compose-go, dotenv/parser.go, dotenv/godotenv.go and template/template.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_NAME = re.compile(r"(?:export[^\S\n]+)?([A-Za-z0-9_.\-\[\]]*)[^\S\n]*(=|:|\n|$)")
_BLANK = " \t\v\f\r\x85\xa0"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def dotenv(text: str, outer: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a .env file. Those of `outer`, the caller's environment, win over it. Raises ValueError."""
    outer = outer or {}
    found: dict[str, str] = {}
    rest = text.removeprefix("\ufeff")
    while rest := rest.lstrip():
        if rest.startswith("#"):
            rest = rest.partition("\n")[2]
            continue
        match = _NAME.match(rest)
        if match is None:
            raise ValueError(f"unexpected character in variable name near {rest.splitlines()[0]!r}")
        name, sign = match[1], match[2]
        rest = rest[match.end() :].lstrip(_BLANK)
        if sign in ("\n", ""):  # a bare name is handed on
            if name in outer:
                found[name] = outer[name]
            continue
        value, rest = _value(rest, {**found, **outer})
        found[name] = outer.get(name, value)
    return found


def _value(rest: str, known: Mapping[str, str]) -> tuple[str, str]:
    """The value that begins here, and what follows it. An empty one ends at its own line."""
    quote = rest[:1]
    if quote not in ("'", '"'):
        line, _, rest = rest.partition("\n")
        return interpolate(line.partition(" #")[0].rstrip(), known), rest
    made, position = [], 1
    while position < len(rest):
        char = rest[position]
        if char == "\\" and rest[position + 1 : position + 2] == quote:
            made.append(quote)
            position += 2
        elif char == quote:
            value = "".join(made)
            if quote == '"':
                value = re.sub(r"\\([nrtabfv])", lambda match: _ESCAPES[match[1]], value)
                value = interpolate(re.sub(r"\\([^$])", r"\1", value), known)
            return value, rest[position + 1 :]
        else:
            made.append(char)
            position += 1
    raise ValueError(f"unterminated quoted value {rest.splitlines()[0]}")


def interpolate(text: str, known: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?why it is needed}` and `$$`, one in another."""
    made, position = "", 0
    while position < len(text):
        if text[position] != "$":
            made, position = made + text[position], position + 1
        elif text.startswith("$$", position):
            made, position = made + "$", position + 2
        elif text.startswith("${", position):
            end = _closing(text, position + 2)
            made, position = made + _braced(text[position + 2 : end], known), end + 1
        elif match := re.compile(r"[A-Za-z_]\w*").match(text, position + 1):
            made, position = made + known.get(match[0], ""), match.end()
        else:
            raise ValueError(f"invalid interpolation format: {text!r}")
    return made


def _closing(text: str, position: int) -> int:
    depth = 1
    while position < len(text):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
        position += 1
    raise ValueError(f"invalid interpolation format: {text!r}")


def _braced(inner: str, known: Mapping[str, str]) -> str:
    match = re.fullmatch(r"([A-Za-z_]\w*)(?:(:?[-?+])(.*))?", inner, re.DOTALL)
    if match is None:
        raise ValueError(f"invalid interpolation format: {inner!r}")
    name, sign, more = match[1], match[2] or "", match[3] or ""
    there = name in known and (known[name] != "" or ":" not in sign)
    if "?" in sign and not there:
        raise ValueError(f"required variable {name} is missing a value: {more}")
    if "+" in sign:
        return interpolate(more, known) if there else ""
    return known.get(name, "") if there or "-" not in sign else interpolate(more, known)


def services(file: Path, variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services of a compose file, with variables put in and `environment` completed by `env_file`'s values."""
    read = _filled(yaml.safe_load(file.read_text()), variables)
    for service in read["services"].values():
        if "env_file" in service:
            service["environment"] = {**variables, **service.get("environment", {})}
    made: dict[str, dict[str, Any]] = read["services"]
    return made


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolate(value, variables)
    if isinstance(value, dict):
        return {name: _filled(inner, variables) for name, inner in value.items()}
    return [_filled(inner, variables) for inner in value] if isinstance(value, list) else value
