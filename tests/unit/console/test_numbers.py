"""Numbers in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from console import formatting, i18n
from console.dates import TYPED, moment


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
            formatting.number(25_600.4), formatting.number(0), formatting.number(0.05, 2),
            formatting.number(1.5, 2, least=0),
            formatting.number(2, 2, least=0), formatting.percent(0.86), formatting.percent(-0.03),
            formatting.percent(0.9973, exact=True), formatting.usd(0.00015), formatting.seconds(640),
            formatting.seconds(1_400),
        ]  # fmt: skip
    assert [one.replace("\u00a0", " ") for one in said] == expected


@pytest.mark.parametrize(
    ("length", "about"),
    [
        (0.4, "≈ 0,4 s"),
        (9, "≈ 9 s"),
        (59, "≈ 59 s"),
        (90, "≈ 1,5 min"),
        (3720, "≈ 1 h"),
        (40_000, "≈ 11 h"),
        (2e5, "≈ 2,3 d"),
    ],
)
def test_what_is_read_off_ranges_is_told_as_about(length: float, about: str) -> None:
    with i18n.speaking("es"):
        assert formatting.roughly(length) == about


@pytest.mark.parametrize(
    ("language", "told"), [("en", "11/7/26, 15:20:05"), ("es", "7/11/26, 15:20:05"), ("pt", "07/11/2026, 15:20:05")]
)
def test_moments_have_one_clock_and_the_business_time(language: str, told: str) -> None:
    at = datetime(2026, 11, 7, 18, 20, 5, tzinfo=UTC)
    zone = ZoneInfo("America/Argentina/Buenos_Aires")
    with i18n.speaking(language):
        assert moment(at, zone, seconds=True) == told
        assert moment(at, zone) == told[:-3]


@pytest.mark.parametrize(("count", "told"), [(0, "0 B"), (1023, "1.023 B"), (1536, "1,5 KB"), (20 * 2**20, "20 MB")])
def test_sizes_of_files(count: int, told: str) -> None:
    with i18n.speaking("es"):
        assert formatting.size(count) == told


def test_every_language_has_its_marks_for_charts() -> None:
    assert (
        set(formatting.SEPARATORS)
        == set(formatting.DAY)
        == set(formatting.WHOLE_DAY)
        == set(TYPED)
        == set(i18n.LANGUAGES)
    )


@pytest.mark.parametrize(("language", "told"), [("es", "12.500"), ("en", "12,500"), ("pt", "12.500")])
def test_numbers_in_texts_are_in_the_language_of_the_text(language: str, told: str) -> None:
    assert told in i18n.text(language, "why.tokens_of", input=12_500, cached=0, output=1)
    assert i18n.text(language, "bot.fault_le", limit=2.0).endswith("2")
    assert i18n.text(language, "bot.fault_ge", limit=0.5).endswith("0.5" if language == "en" else "0,5")
