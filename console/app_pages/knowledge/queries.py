"""Queries of the knowledge page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import streamlit as st

from console import auth
from console.db import transaction
from core.catalog import price_list_file
from core.knowledge import embedders, reads, retrieval
from core.knowledge.hybrid_search import Found
from core.knowledge.reads import PassageView, SourceView
from core.platform import object_storage
from core.platform.errors import NotFound

LATELY_DAYS = 30
PASSAGES_A_PAGE = 20
_FRESH_SECONDS = 60
_MOST_FOUND = 8
_ROWS_WITH_HEADING = 5


def sources() -> Sequence[SourceView]:
    """Return all sources, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return reads.sources(session)


def source(source_id: int) -> SourceView:
    """Return a source. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return reads.source(session, source_id)


def passages(source_id: int, page: int) -> Sequence[PassageView]:
    """Return a page of a source's passages; pages start at 1. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return reads.passages(session, source_id, skip=(page - 1) * PASSAGES_A_PAGE, limit=PASSAGES_A_PAGE)


def price_lists() -> frozenset[int]:
    """Return the sources that have product name and price columns. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        tables = reads.first_rows(session, _ROWS_WITH_HEADING)
    return frozenset(source_id for source_id, rows in tables.items() if price_list_file.lists_products(_cells(rows)))


def _cells(rows: Sequence[str]) -> Iterator[list[str]]:
    """Return heading candidates: the column names of a table's passage and, if a title precedes them, its cells."""
    for row in rows:
        parted = [line.partition(": ") for line in row.splitlines()]
        yield [name for name, _, _ in parted]
        yield [cell or name for name, _, cell in parted]


def content(source_id: int) -> bytes:
    """Return a source's file. Raises `NotAllowed`, `NotFound`, `UnreadableFile` if too large for a price list."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        key, size = reads.kept_content(session, source_id)
    if size > price_list_file.LARGEST_FILE:
        raise price_list_file.UnreadableFile("too_large")
    return _content(key)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=10, show_spinner=False)
def _content(key: str) -> bytes:
    try:
        return b"".join(object_storage.read(key))
    except FileNotFoundError:
        raise NotFound("The file is in storage no more.") from None


def uses() -> Mapping[int, int]:
    """Return how many recent answers used each source, at most a minute old. Raises `NotAllowed`."""
    return _uses(auth.require(*auth.MANAGERS).business_id)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=50, show_spinner=False)
def _uses(business_id: int) -> Mapping[int, int]:
    with transaction(business_id) as session:
        return reads.uses(session, timedelta(days=LATELY_DAYS))


def search(bot_id: int, question: str) -> Sequence[Found]:
    """Return the passages a bot would find, best first. Calls the embedding model. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    retrieval.clear_cache()  # include sources read a moment ago
    return retrieval.search_with_evidence(agent.business_id, bot_id, question, limit=_MOST_FOUND)


def is_offline() -> bool:
    """Return whether no embedding model is configured and the fallback is used."""
    return embedders.current() is embedders.OFFLINE


def model() -> str:
    """Return the name of the embedding model in use."""
    return embedders.current().name
