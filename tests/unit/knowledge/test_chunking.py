"""Chunking of sections."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.knowledge.chunking import split, tokens
from core.knowledge.parsers import Section

SENTENCE = "Los pedidos salen del almacén en veinticuatro horas. "


def test_a_long_section_is_cut_between_sentences_and_keeps_its_heading() -> None:
    chunks = list(split([Section("Envíos", SENTENCE * 60, 7)]))
    assert len(chunks) > 2
    assert all(chunk.tokens <= 300 and chunk.text.endswith("horas.") for chunk in chunks)
    assert {(chunk.heading, chunk.piece) for chunk in chunks} == {("Envíos", 7)}
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))


def test_a_row_stays_whole() -> None:
    row = "\n".join(f"Columna {n}: un valor bastante largo" for n in range(60))
    assert len(list(split([Section("", row, 1, whole=True)]))) == 1


def test_sections_are_not_mixed() -> None:
    chunks = list(split([Section("A", "uno", 1), Section("A", "dos", 2), Section("B", "uno", 3)]))
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [("A", "uno"), ("A", "dos"), ("B", "uno")]
    assert len({chunk.content_hash for chunk in chunks}) == 3


def test_nothing_but_separators_is_no_passage() -> None:
    assert list(split([Section("", "\x1f", 1), Section("", "\x1c\n\x1f ", 2)])) == []


@settings(max_examples=40)
@given(texts=st.lists(st.text(min_size=1, max_size=2_000), max_size=3))
def test_the_same_document_gives_the_same_passages_within_the_limit(texts: list[str]) -> None:
    sections = [Section("", text, n) for n, text in enumerate(texts)]
    chunks = list(split(sections))
    assert chunks == list(split(sections))
    assert all(tokens(chunk.text) <= 300 and chunk.text.strip() for chunk in chunks)
