"""Approved answers as a CSV file, as spreadsheets write and read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from core.bots.settings import QaPair
from core.platform import spreadsheets

LARGEST_FILE = 5_000_000  # bytes: the maximum number of pairs at maximum length, with a margin
_COLUMNS = {
    "question": ("question", "pregunta", "pergunta"),
    "answer": ("answer", "respuesta", "resposta"),
    "approved": ("approved", "aprobada", "aprobado", "aprovada", "aprovado"),
}
_YES = frozenset({"1", "true", "yes", "y", "x", "si", "sí", "sim", "verdadero", "verdadeiro"})


class UnreadableFile(ValueError):
    """`reason` is "too_large", "not_csv" or "no_columns"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be used. `line` is where it ends in the file; `reason` is "empty", "too_long" or "twice"."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """The usable pairs of a file and the rows that are not."""

    pairs: Sequence[QaPair]
    faults: Sequence[Fault]


def read(content: bytes) -> Read:
    """Parse the pairs of a file with the columns question, answer and perhaps approved, in any of our three languages.

    Without that column nothing is approved. Raises `UnreadableFile`.
    """
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("too_large")
    rows = spreadsheets.csv_rows(content)
    try:
        _, heading = next(rows, (1, []))
        return _read(heading, rows)
    except spreadsheets.UnreadableSheet:
        raise UnreadableFile("not_csv") from None


def _read(heading: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> Read:
    named = [cell.strip().casefold() for cell in heading]
    places = {
        column: next((named.index(name) for name in names if name in named), None) for column, names in _COLUMNS.items()
    }
    if places["question"] is None or places["answer"] is None:
        raise UnreadableFile("no_columns")
    pairs: dict[str, QaPair] = {}
    faults = []
    for line, row in rows:
        cells = {column: row[at] if at is not None and at < len(row) else "" for column, at in places.items()}
        if not any(row):
            continue
        if not cells["question"] or not cells["answer"]:
            faults.append(Fault(line, "empty"))
        elif cells["question"] in pairs:
            faults.append(Fault(line, "twice"))
        else:
            try:
                pairs[cells["question"]] = QaPair(
                    question=cells["question"], answer=cells["answer"], approved=cells["approved"].casefold() in _YES
                )
            except ValidationError:
                faults.append(Fault(line, "too_long"))
    return Read(list(pairs.values()), faults)


def write(pairs: Iterable[QaPair]) -> bytes:
    """Return the file that `read` parses. Cells that a spreadsheet would run as formulas begin with an apostrophe."""
    lines = ([pair.question, pair.answer, "yes" if pair.approved else "no"] for pair in pairs)
    return spreadsheets.csv_of(_COLUMNS, lines)
