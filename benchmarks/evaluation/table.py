"""The figures as a table, for the screen and for the documentation, and the cases behind what was missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.evaluation.results import Measure, Result

BEGIN, END = "<!-- evaluation: written by make eval -->", "<!-- end of evaluation -->"
_PARTS = ("all", "dev", "test", "es", "en", "pt", "mixed")
_HEADINGS = ("figure", *_PARTS, "target", "met")


def rows(measures: Sequence[Measure], results: Sequence[Result]) -> list[tuple[str, ...]]:
    """A row for each figure: over the whole set, each half and each language, against its target."""
    return [_row(measure, results) for measure in measures]


def missed(measures: Sequence[Measure], results: Sequence[Result]) -> list[str]:
    """The names of the figures that miss their target over the whole set."""
    return [measure.name for measure in measures if _met(measure, measure.value(results)) is False]


def as_text(table: Sequence[tuple[str, ...]]) -> str:
    """Columns of equal width, for a terminal."""
    lines = [_HEADINGS, *table]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def as_markdown(table: Sequence[tuple[str, ...]]) -> str:
    """Return the table for the documentation."""
    ruler = ("---", *["---:"] * (len(_HEADINGS) - 2), "---")
    return "\n".join(f"| {' | '.join(line)} |" for line in (_HEADINGS, ruler, *table))


def described(results: Sequence[Result]) -> str:
    """How many cases of which kind and language there are."""
    cases = [result.case for result in results]
    return f"{len(cases)} cases ({_counts(one.kind for one in cases)}), in {_counts(one.language for one in cases)}."


def failures(measures: Sequence[Measure], results: Sequence[Result]) -> str:
    """The cases without which a figure would be better, with what became of them. The test half is only named."""
    lines: list[str] = []
    for measure in measures:
        failed = [result for result in results if measure.failed(result)]
        if failed:
            lines.append(f"\n{measure.name}")
            lines += [_told(result) for result in failed if result.case.half == "dev"]
            hidden = [result.case.id for result in failed if result.case.half == "test"]
            lines += [f"  of the test half, unread: {', '.join(hidden)}"] if hidden else []
    return "\n".join(lines)


def write(page: Path, sections: str) -> None:
    """Put `sections`, command and day between the two marks of the page. Raises ValueError where they are missing."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the figures between {BEGIN} and {END}")
    taken = f"Taken by `make eval ARGS=--write` on {datetime.now(UTC):%Y-%m-%d}."
    page.write_text(f"{before}{BEGIN}\n\n{sections}\n\n{taken}\n\n{END}{after}", "utf-8")


def _row(measure: Measure, results: Sequence[Result]) -> tuple[str, ...]:
    values = [measure.value(result for result in results if part in _parts(result)) for part in _PARTS]
    met = _met(measure, values[0])
    target = "" if measure.target is None else f"{'≤' if measure.at_most else '≥'} {measure.target:g}"
    return (
        measure.name,
        *(_shown(measure, value) for value in values),
        target,
        {None: "", True: "yes", False: "MISSED"}[met],
    )


def _parts(result: Result) -> tuple[str, ...]:
    return ("all", result.case.half, result.case.language)


def _met(measure: Measure, value: float | None) -> bool | None:
    if measure.target is None or value is None:
        return None
    return value <= measure.target if measure.at_most else value >= measure.target


def _shown(measure: Measure, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if measure.counted else f"{value:.3f}"


def _counts(names: Iterable[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())


def _told(result: Result) -> str:
    became = [result.decided_by, f"rank {result.rank}"]
    became += [f"person: {result.person}"] if result.person else []
    became += [f"lines {[(sku, str(quantity)) for sku, quantity in result.lines]}"] if result.lines else []
    became += [f"leaks {result.leaks}"] if result.leaks else []
    return f"  {result.case.id} {result.case.question!r}: {'; '.join(became)}; {result.reply[:80]!r}"
