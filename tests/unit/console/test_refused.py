"""Refusals of templates are said in the words of whoever wrote."""

from __future__ import annotations

import string

import pytest

from console import i18n
from console.components.lines import _template
from core.channels.templates.check import _REASONS
from core.channels.templates.template import read_template


@pytest.mark.parametrize("code", _REASONS)
def test_every_refusal_of_a_template_has_words(code: str) -> None:
    def places(words: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name}

    assert places(i18n.catalogue("es")[f"template.{code}"]) <= places(_REASONS[code]) | {"part"}


@pytest.mark.parametrize(
    ("component", "strange"),
    [
        ({"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "Ver"}]}, "MPM"),
        ({"type": "BUTTONS", "buttons": [{"type": "ORDER_DETAILS", "text": "Pagar"}]}, "ORDER_DETAILS"),
        ({"type": "HEADER", "format": "HOLOGRAM"}, "HOLOGRAM"),
        ({"type": "ORDER_STATUS"}, "ORDER_STATUS"),
        ({"type": "CAROUSEL", "cards": [{"components": [{"type": "BUTTONS", "buttons": [{"type": "X"}]}]}]}, "X"),
        ({"type": "HEADER", "format": "LOCATION"}, ""),
        ({"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Abrir"}, {"type": "COPY_CODE"}]}, ""),
    ],
)
def test_the_composer_says_which_part_it_cannot_fill(component: dict[str, object], strange: str) -> None:
    assert _template(read_template({"name": "a", "language": "es", "components": [component]}))["strange"] == strange


def test_the_composer_shows_what_meta_was_shown() -> None:
    components = [
        {"type": "BODY", "text": "{{1}} {{2}}", "example": {"body_text": [["Ana", "A-1"]]}},
        {"type": "HEADER", "format": "TEXT", "text": "{{what}}",
         "example": {"header_text_named_params": [{"param_name": "what", "example": "Turno"}]}},
        {"type": "BUTTONS", "buttons": [
            {"type": "URL", "text": "Ver", "url": "https://a.example/{{1}}", "example": ["https://a.example/77"]},
            {"type": "COPY_CODE", "text": "Copiar", "example": "VERANO"},
        ]},
    ]  # fmt: skip
    slots = _template(read_template({"name": "a", "language": "es", "components": components}))["slots"]
    assert [slot["example"] for slot in slots] == ["Ana", "A-1", "Turno", "77", "VERANO"]
