"""Approved answers as CSV."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bots import approved_answers_csv
from core.bots.approved_answers_csv import Fault, UnreadableFile
from core.bots.settings import QaPair

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).map(str.strip).filter(bool)
PAIRS = st.lists(
    st.builds(QaPair, question=WORDS, answer=WORDS, approved=st.booleans()), unique_by=lambda p: p.question
)


@given(PAIRS)
def test_what_is_written_reads_the_same(kept: list[QaPair]) -> None:
    read = approved_answers_csv.read(approved_answers_csv.write(kept))
    assert (list(read.pairs), list(read.faults)) == (kept, [])


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_begins_as_a_formula(start: str) -> None:
    written = approved_answers_csv.write([QaPair(question=f"{start}1+1", answer=f"{start}cmd")]).decode("utf-8-sig")
    assert written.splitlines()[1] == f"'{start}1+1,'{start}cmd,no"


def test_a_spanish_spreadsheet_is_read() -> None:
    content = "Pregunta;Respuesta;Aprobada\r\n¿Abren mañana?;Sí, a las 9;sí\r\n;;\r\n¿Envían?;No;\r\n".encode("cp1252")
    assert list(approved_answers_csv.read(content).pairs) == [
        QaPair(question="¿Abren mañana?", answer="Sí, a las 9", approved=True),
        QaPair(question="¿Envían?", answer="No", approved=False),
    ]


def test_rows_that_cannot_be_used_are_named_by_their_lines() -> None:
    long = "x" * 501
    content = f'question,answer\na,"one\ntwo"\nb\na,again\n{long},c\nd,e\n'.encode()
    read = approved_answers_csv.read(content)
    assert [pair.question for pair in read.pairs] == ["a", "d"]
    assert list(read.faults) == [Fault(4, "empty"), Fault(5, "twice"), Fault(6, "too_long")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no_columns"),
        (b"name,phone\nx,y\n", "no_columns"),
        (b'question,answer\n"never closed,x\n', "not_csv"),
        (b"x" * (approved_answers_csv.LARGEST_FILE + 1), "too_large"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as raised:
        approved_answers_csv.read(content)
    assert raised.value.reason == reason
