"""Safe display of external bytes: always as text, never as markup."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

_LONGEST = 100_000  # characters; the rest of a huge body is left out
_SECRET = ("token", "secret", "signature", "password", "authorization")


def show_body(content_type: str, query: str, body: bytes) -> None:
    """Draw an event's body."""
    if query:
        st.code(_masked_query(query), language=None, wrap_lines=True)
    st.code(readable(content_type, body)[:_LONGEST], language="json", wrap_lines=True, height=420)


def readable(content_type: str, body: bytes) -> str:
    """Return JSON and forms formatted, with secrets masked; other text unchanged; binary in hexadecimal."""
    try:
        words = body.decode()
    except UnicodeDecodeError:
        return body.hex(" ", 4)
    if content_type.startswith("application/x-www-form-urlencoded"):
        return _laid_out([[name, "•••" if _is_secret(name) else value] for name, value in parse_qsl(words, True)])
    try:
        return _laid_out(masked(json.loads(words)))
    except (ValueError, RecursionError):
        return words


def masked(value: Any) -> Any:
    """Return the document with the values of secret-named keys masked."""
    if isinstance(value, dict):
        return {key: "•••" if _is_secret(str(key)) else masked(one) for key, one in value.items()}
    return [masked(one) for one in value] if isinstance(value, list) else value


def _laid_out(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def _masked_query(query: str) -> str:
    return "\n".join(f"{name} = {'•••' if _is_secret(name) else value}" for name, value in parse_qsl(query, True))


def _is_secret(name: str) -> bool:
    return any(mark in name.lower() for mark in _SECRET)
