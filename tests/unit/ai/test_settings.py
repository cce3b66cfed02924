"""Bot settings as stored JSON."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.bots.settings import BotSettings, Keywords, QaPair


def test_settings_survive_storage() -> None:
    settings = BotSettings(name="Sol", qa_pairs=(QaPair(question="¿Abren?", answer="Sí", approved=True),))
    assert BotSettings.model_validate_json(settings.model_dump_json()) == settings


def test_an_older_version_without_newer_fields_still_loads() -> None:
    assert BotSettings.model_validate({}) == BotSettings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence_treshold": 0.5},
        {"confidence_threshold": 1.5},
        {"language": "fr"},
        {"autonomy": "full"},
        {"fallback_message": {"es": "Hola", "en": "Hi"}},
        {"fallback_message": {"es": "Hola", "en": "Hi", "pt": "  "}},
        {"handoff_keywords": {"es": [""]}},
        {"preferred_length": 0},
        {"timeout_seconds": 600},
        {"requests_per_minute": 0},
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        BotSettings.model_validate(wrong)
    assert caught.value.errors()[0]["loc"][0] == next(iter(wrong))


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        BotSettings().name = "x"  # type: ignore[misc]


def test_every_field_explains_itself() -> None:
    assert all(field.description for field in BotSettings.model_fields.values())


def test_keywords_of_all_languages_are_listed_once() -> None:
    listed = Keywords(es=("cancelar",), en=("cancel",), pt=("cancelar",)).all()
    assert listed == ("cancelar", "cancel")
