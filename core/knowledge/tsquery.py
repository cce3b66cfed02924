"""Full-text queries for a question: one term per meaningful word, in all the forms that stored text has."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from sqlalchemy.orm import Session

from core.models.knowledge import SEARCHABLE
from core.platform.db import run
from core.text.normalize import words
from core.text.stopwords import STOP_WORDS
from core.text.synonyms import related_to

_MAX_WORDS = 16
# A term found more often than this is common: it is not counted further, and alone yields no candidates.
COMMON = 500


def meaningful(question: str) -> list[str]:
    """Return the folded meaningful words of the question, each once, in order."""
    return [word for word in dict.fromkeys(words(question)) if word not in STOP_WORDS][:_MAX_WORDS]


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question and its synonyms. `query` is a tsquery. `weight` is greater the rarer it is."""

    query: str
    found: int
    weight: float


# From here on, a revision's chunks are too many to check each one's words.
_MANY = 2_000


def within(chunks: int) -> str:
    """Return SQL that filters by the `revisions`, which have so many chunks.

    The planner does not know what it costs to fetch and unpack a chunk's words. For many chunks the index of the
    revisions is hidden from it, so that it reads the full-text index.
    """
    return f"revision{' + 0' if chunks > _MANY else ''} = ANY(%(revisions)s::bigint[])"


# Under row-level security Postgres uses no index for full text (it is not leakproof): the caller has left the business.
# A generic plan, made without knowing the words, is wrong for half of them.
_TERMS = f"""
WITH {{own}}asked AS (
    SELECT n, (SELECT string_agg(quote_literal(lexeme), '|')::tsquery
               FROM unnest({SEARCHABLE.format("forms", "forms", "forms")})) AS query
    FROM unnest(%(forms)s::text[]) WITH ORDINALITY AS t (forms, n)
)
SELECT query::text, (SELECT count(*) FROM (
    SELECT FROM {{among}} search @@ query LIMIT {COMMON + 1}
) found)
FROM asked ORDER BY n
"""  # noqa: S608

# Few chunks are unpacked once for all terms: the full-text index covers all businesses.
_OWN = """
own AS MATERIALIZED (
    SELECT search || ''::tsvector AS search FROM knowledge_chunks WHERE revision = ANY(%(revisions)s::bigint[])
), """

# Terms of large libraries, by revisions and forms. A revision never changes, counting a common word's passages takes
# longer than all the rest, and common words are asked for all the time.
_cache: dict[tuple[tuple[int, ...], str], Term | None] = {}
_MAX_CACHED = 20_000
_lock = threading.Lock()


def terms(session: Session, revisions: Sequence[int], chunks: int, asked: Sequence[str]) -> list[Term]:
    """Return the terms for these words among the `chunks` of these revisions."""
    if not asked:
        return []
    editions_key, known = tuple(revisions), _cache if chunks > _MANY else {}
    forms = [" ".join(related_to(word)) for word in asked]
    with _lock:
        found = {form: known[editions_key, form] for form in forms if (editions_key, form) in known}
    new = [form for form in dict.fromkeys(forms) if form not in found]
    found |= zip(new, _counted(session, revisions, chunks, new), strict=True)
    with _lock:
        if len(known) > _MAX_CACHED:
            known.clear()
        known.update({(editions_key, form): found[form] for form in new})
    return [term for form in forms if (term := found[form]) is not None]


def _counted(session: Session, revisions: Sequence[int], chunks: int, forms: Sequence[str]) -> list[Term | None]:
    """Return the term of each word's forms; None where they are no term."""
    if not forms:
        return []
    own, among = ("", f"knowledge_chunks WHERE {within(chunks)} AND") if chunks > _MANY else (_OWN, "own WHERE")
    statement = _TERMS.replace("{own}", own).replace("{among}", among)
    rows = run(session, statement, {"forms": forms, "revisions": list(revisions)})
    return [None if query is None else Term(query, found, _weight(found, chunks)) for query, found in rows]


def _weight(found: int, chunks: int) -> float:
    """Inverse document frequency. A word that occurs nowhere weighs as much as one that occurs once."""
    return log(1 + chunks / max(found, 1))
