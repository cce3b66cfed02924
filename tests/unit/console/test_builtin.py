"""Streamlit's own words, as `console/locales` has them, are still those of the installed Streamlit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit

from console import i18n
from console.components import builtin

# What Streamlit puts together from parts, or leaves to another library: what stands in its scripts instead.
_PARTS = {
    "apply_line": ["Press Enter to $", "`apply`"],
    "apply_lines": ["+Enter to $", "`apply`"],
    "submit_line": ["Press Enter to $", "`submit form`"],
    "submit_lines": ["+Enter to $", "`submit form`"],
    "most": ["You can only select up to $", "`options`"],
    "most_one": ["You can only select up to $", "`option`", ". Remove an option first."],
}


@pytest.fixture(scope="module")
def scripts() -> str:
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    return "\n".join(path.read_text("utf-8") for path in folder.glob("*.js"))


def test_streamlit_still_says_what_is_translated(scripts: str) -> None:
    for key, words in i18n.catalogue("en").items():
        name = key.removeprefix("builtin.")
        if name == key:
            continue
        # A template is `…${x}…`, a plain text `…`: each whole, or it would never be met.
        literal = "".join(r"\$\{.{1,60}?\}" if part[:1] == "{" else re.escape(part) for part in _split(words))
        parts = [re.escape(part) for part in _PARTS[name]] if name in _PARTS else [rf"[`\"']{literal}[`\"']"]
        for part in parts:
            assert re.search(part, scripts), f"{words!r} is not in this Streamlit: look at what it says now"


def _split(words: str) -> list[str]:
    return re.split(r"(\{\w+\})", words)


@pytest.mark.parametrize("language", ["es", "pt"])
def test_what_is_translated_is_told_apart(language: str) -> None:
    said = [theirs for theirs, _ in builtin.translations(language)]
    assert len(said) == len(set(said)) > 80
    assert builtin.translations("en") == []
