"""Numbers in the reader's language."""

from __future__ import annotations

import pytest

from console import i18n, numbers


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["25,600", "0", "0.05", "1.5", "2", "86%", "-3%", "99.73%", "0.00015 USD", "640 ms", "1.4 s"]),
        ("es", ["25.600", "0", "0,05", "1,5", "2", "86 %", "-3 %", "99,73 %", "0,00015 USD", "640 ms", "1,4 s"]),
        ("pt", ["25.600", "0", "0,05", "1,5", "2", "86%", "-3%", "99,73%", "0,00015 USD", "640 ms", "1,4 s"]),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_reader_does(language: str, expected: list[str]) -> None:
    with i18n.speaking(language):
        said = [
            numbers.number(25_600.4), numbers.number(0), numbers.number(0.05, 2), numbers.number(1.5, 2, least=0),
            numbers.number(2, 2, least=0), numbers.percent(0.86), numbers.percent(-0.03),
            numbers.percent(0.9973, exact=True), numbers.usd(0.00015), numbers.seconds(640), numbers.seconds(1_400),
        ]  # fmt: skip
    assert [one.replace("\u00a0", " ") for one in said] == expected


def test_every_language_has_its_marks_for_charts() -> None:
    assert set(numbers.SEPARATORS) == set(numbers.DAY) == set(i18n.LANGUAGES)
