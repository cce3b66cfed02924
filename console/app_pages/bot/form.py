"""Bot settings form. Input stays in the session until it is saved or discarded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import streamlit as st
from pydantic import ValidationError

from console import decimals
from console.app_pages.bot import approved_answers, hours, tables
from console.i18n import LANGUAGES, t
from core.bots.settings import BotSettings
from core.types import Autonomy

state = st.session_state
_MESSAGES = ("fallback_message", "handoff_message", "apology_message", "rating_message")
_LOCALISED = (*_MESSAGES, "out_of_hours_message")
_TABLES = ("qa_pairs", "topics")
_OPTIONAL = (
    "model", "temperature", "quiet_seconds", "requests_per_minute", "tokens_per_minute", "usd_per_day", "usd_per_month",
)  # fmt: skip
_DECIMALS = {  # minimum and maximum
    "quiet_seconds": (0.0, 60.0), "temperature": (0.0, 2.0), "timeout_seconds": (1.0, 120.0),
    "usd_per_day": (0.01, 1_000_000.0), "usd_per_month": (0.01, 1_000_000.0),
}  # fmt: skip
_CHOSEN = ("bot_id", "bot_part", "bot_note")  # other session keys that must survive
_DRAWN_ANEW = (".editor", ".words")  # from the saved values; numbers may be formatted for another language
_LANGUAGE_CHOICES = {"auto": "", **LANGUAGES}


def load(settings: BotSettings) -> None:
    """Fill the form from settings."""
    for field, value in settings.model_dump(mode="json").items():
        if field in _LOCALISED:
            for language, words in value.items():
                state[f"bot.{field}.{language}"] = words
        elif field == "handoff_keywords":
            for language, phrases in value.items():
                state[f"bot.{field}.{language}"] = "\n".join(phrases)
        elif field == "opening_hours":
            hours.load(value)
        elif field in _TABLES:
            tables.load(field, value)
        else:
            state[f"bot.{field}"] = value
            state.pop(f"bot.{field}.words", None)


def document() -> dict[str, Any]:
    """Return the input as the settings' JSON."""
    typed: dict[str, Any] = {}
    for field in BotSettings.model_fields:
        if field in _LOCALISED:
            typed[field] = {language: state[f"bot.{field}.{language}"] for language in LANGUAGES}
        elif field == "handoff_keywords":
            typed[field] = {language: _lines(state[f"bot.{field}.{language}"]) for language in LANGUAGES}
        elif field == "opening_hours":
            typed[field] = hours.document()
        elif field in _TABLES:
            typed[field] = tables.rows(field)
        else:
            value = state[f"bot.{field}"]
            typed[field] = None if field in _OPTIONAL and value in ("", None) else value
    return typed


def read() -> BotSettings | list[str]:
    """Return the settings, or readable errors."""
    unread = hours.faults() + _unread_numbers()
    try:
        return unread or BotSettings.model_validate(document())
    except ValidationError as error:
        return [_fault(fault) for fault in error.errors(include_url=False)]


def _unread_numbers() -> list[str]:
    found = {field: _typed(field, state.get(f"bot.{field}.words")) for field in _DECIMALS}
    return [f"{t(f'bot.{field}')}: {typed.fault}" for field, typed in found.items() if typed.fault]


def _typed(field: str, words: str | None) -> decimals.Typed:
    """Return the value of a decimal field; if it is not drawn, its last value."""
    return (
        decimals.Typed(None)
        if words is None
        else decimals.read(words, *_DECIMALS[field], needed=field not in _OPTIONAL)
    )


def is_loaded() -> bool:
    """Return whether every field has a value."""
    try:
        document()
    except KeyError:
        return False
    return True


def keep() -> None:
    """Keep input in the session: Streamlit drops the state of widgets that are not drawn, also on other pages."""
    for key in list(state):
        if isinstance(key, str) and (key in _CHOSEN or (key.startswith("bot.") and not key.endswith(_DRAWN_ANEW))):
            state[key] = state[key]


class _Group(Protocol):
    def __call__(self, *, locked: bool) -> None: ...


def draw(*, locked: bool, time_zone: str) -> None:
    """Draw the setting groups with their limits. `time_zone` is the business's."""
    groups: dict[str, _Group] = {
        "identity": _identity, "judgement": _judgement, "answers": approved_answers.draw, "messages": _messages,
        "hours": partial(_hours, time_zone=time_zone), "keywords": _keywords, "limits": _limits,
    }  # fmt: skip
    for tab, drawn in zip(st.tabs([t(f"bot.group_{name}") for name in groups]), groups.values(), strict=True):
        with tab:
            drawn(locked=locked)


def _identity(*, locked: bool) -> None:
    st.toggle(t("bot.enabled"), key="bot.enabled", disabled=locked, help=t("bot.enabled_help"))
    st.text_input(t("bot.name"), key="bot.name", max_chars=60, disabled=locked)
    st.selectbox(
        t("bot.language"), list(_LANGUAGE_CHOICES), key="bot.language", disabled=locked,
        format_func=lambda one: _LANGUAGE_CHOICES[one] or t("bot.language_auto"),
    )  # fmt: skip
    st.text_area(
        t("bot.personality"), key="bot.personality", max_chars=8000, height=180, disabled=locked,
        help=t("bot.personality_help"),
    )  # fmt: skip
    _number("preferred_length", 40, 4000, 10, locked=locked)


def _judgement(*, locked: bool) -> None:
    st.segmented_control(
        t("bot.autonomy"), [one.value for one in Autonomy], key="bot.autonomy", required=True, disabled=locked,
        format_func=lambda one: t(f"bot.autonomy_{one}"), help=t("bot.autonomy_help"),
    )  # fmt: skip
    st.slider(
        t("bot.confidence_threshold"), 0.0, 1.0, step=0.05, key="bot.confidence_threshold", disabled=locked,
        help=t("bot.confidence_threshold_help"), format="percent",
    )  # fmt: skip
    _number("turn_cap", 1, 200, 1, locked=locked)
    st.toggle(
        t("bot.handoff_on_anger"), key="bot.handoff_on_anger", disabled=locked, help=t("bot.handoff_on_anger_help")
    )
    _decimal("quiet_seconds", locked=locked)
    _number("quote_hours", 1, 24 * 90, 1, locked=locked)
    _number("frequent_minutes", 0, 24 * 60, 5, locked=locked)
    st.toggle(t("bot.quote_handoff"), key="bot.quote_handoff", disabled=locked, help=t("bot.quote_handoff_help"))
    st.markdown(f"**{t('bot.topics')}**", help=t("bot.topics_help"))
    tables.draw(
        "topics",
        {
            "topic": st.column_config.TextColumn(t("bot.topic"), max_chars=100, required=True),
            "autonomy": st.column_config.SelectboxColumn(
                t("bot.autonomy"), options=[one.value for one in Autonomy], required=True, default="draft",
                format_func=lambda one: t(f"bot.autonomy_{one}"),
            ),
        },
        locked=locked,
    )  # fmt: skip


def _messages(*, locked: bool) -> None:
    st.toggle(t("bot.ask_rating"), key="bot.ask_rating", disabled=locked, help=t("bot.ask_rating_help"))
    for field in _MESSAGES:
        _spoken(field, locked=locked)


def _hours(*, locked: bool, time_zone: str) -> None:
    hours.draw(locked=locked, time_zone=time_zone)
    _spoken("out_of_hours_message", locked=locked)


def _spoken(field: str, *, locked: bool) -> None:
    st.markdown(f"**{t(f'bot.{field}')}**", help=t(f"bot.{field}_help"))
    for language, name in LANGUAGES.items():
        st.text_area(name, key=f"bot.{field}.{language}", max_chars=1000, height=68, disabled=locked)


def _keywords(*, locked: bool) -> None:
    st.caption(t("bot.keywords_help"))
    for column, (language, name) in zip(st.columns(len(LANGUAGES)), LANGUAGES.items(), strict=True):
        column.text_area(name, key=f"bot.handoff_keywords.{language}", height=320, disabled=locked)


def _limits(*, locked: bool) -> None:
    st.text_input(
        t("bot.model"), key="bot.model", max_chars=100, disabled=locked, help=t("bot.model_help"), placeholder="—"
    )
    _decimal("temperature", locked=locked)
    _number("max_output_tokens", 64, 16_000, 50, locked=locked)
    _number("context_messages", 1, 50, 1, locked=locked)
    _number("context_tokens", 500, 200_000, 500, locked=locked)
    _decimal("timeout_seconds", locked=locked)
    _number("requests_per_minute", 1, None, 1, locked=locked)
    _number("tokens_per_minute", 1, None, 1000, locked=locked)
    _decimal("usd_per_day", locked=locked)
    _decimal("usd_per_month", locked=locked)


def _number(field: str, low: int, high: int | None, step: int, *, locked: bool) -> None:
    st.number_input(
        t(f"bot.{field}"), low, high, step=step, key=f"bot.{field}", disabled=locked, help=t(f"bot.{field}_help"),
        placeholder=t("bot.not_set") if field in _OPTIONAL else None,
    )  # fmt: skip


def _decimal(field: str, *, locked: bool) -> None:
    optional = field in _OPTIONAL
    typed = decimals.field(
        t(f"bot.{field}"), *_DECIMALS[field], state[f"bot.{field}"], key=f"bot.{field}.words", needed=not optional,
        disabled=locked, help=t(f"bot.{field}_help"), placeholder=t("bot.not_set") if optional else None,
    )  # fmt: skip
    if not typed.fault:
        state[f"bot.{field}"] = typed.number


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]


def _fault(fault: Any) -> str:
    where: Sequence[Any] = fault["loc"]
    label = t(f"bot.{where[0]}")
    row = next((f" {part + 1}" for part in where[1:] if isinstance(part, int)), "")
    limits = fault.get("ctx", {})
    reason = next((t(f"bot.fault_{kind}", limit=limits[kind]) for kind in _LIMITS if kind in limits), t("bot.fault"))
    return f"{label}{row}: {reason}"


_LIMITS = ("ge", "le", "min_length", "max_length")
