"""Summary of a conversation for the agent who takes it over."""

from __future__ import annotations

from collections.abc import Sequence

from core.text.labels import with_signs
from core.types import Role, Summary, Turn

_MAX_SUMMARY_LENGTH = 600  # characters of the model's own summary
_MAX_QUESTIONS_LENGTH = 300
_MAX_ANSWER_LENGTH = 200
_MAX_QUESTIONS = 3  # messages of the customer: "a person, please" says little without the one before


def summarise(turns: Sequence[Turn], model_summary: str | None) -> Summary:
    """Summarise the conversation at the hand-off. `model_summary` is the model's own, if any."""
    questions = [_line(turn.whole) for turn in turns if turn.role is Role.CUSTOMER][-_MAX_QUESTIONS:]
    answer = next((_line(turn.text) for turn in reversed(turns) if turn.role is Role.BOT), "")
    return Summary(
        words=_short(_line(model_summary or ""), _MAX_SUMMARY_LENGTH),
        asked=_latest(" / ".join(filter(None, questions)), _MAX_QUESTIONS_LENGTH),
        tried=_short(answer, _MAX_ANSWER_LENGTH),
    )


def _line(text: str) -> str:
    return " ".join(with_signs(text.replace("\0", "")).split())


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _latest(text: str, length: int) -> str:
    return text if len(text) <= length else "…" + text[1 - length :]
