"""What the page on knowledge reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import streamlit as st

from console import auth
from core.db import transaction
from core.knowledge import embedding, queries, retrieval
from core.knowledge.queries import PassageView, SourceView
from core.knowledge.search import Found

LATELY_DAYS = 30
PASSAGES_A_PAGE = 20
_FRESH_SECONDS = 60
_MOST_FOUND = 8


def sources() -> Sequence[SourceView]:
    """All sources, newest first. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return queries.sources(session)


def source(source_id: int) -> SourceView:
    """Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return queries.source(session, source_id)


def passages(source_id: int, page: int) -> Sequence[PassageView]:
    """A page of a source's passages; pages count from 1. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return queries.passages(session, source_id, skip=(page - 1) * PASSAGES_A_PAGE, limit=PASSAGES_A_PAGE)


def uses() -> Mapping[int, int]:
    """How many answers rested on each source lately, as of a minute ago. Raises `NotAllowed`."""
    return _uses(auth.require(*auth.MANAGERS).business_id)


@st.cache_data(ttl=_FRESH_SECONDS, max_entries=50, show_spinner=False)
def _uses(business_id: int) -> Mapping[int, int]:
    with transaction(business_id) as session:
        return queries.uses(session, business_id, timedelta(days=LATELY_DAYS))


def search(bot_id: int, question: str) -> Sequence[Found]:
    """What a bot would find for a question, best first. Asks the embedding model. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    retrieval.forget()  # what has just been read is to be found
    return retrieval.found_for(agent.business_id, bot_id, question, limit=_MOST_FOUND)


def is_offline() -> bool:
    """Whether no embedding model is there, and the fallback stands in for it."""
    return embedding.current() is embedding.OFFLINE


def model() -> str:
    """The name of the embedding model in use."""
    return embedding.current().name
