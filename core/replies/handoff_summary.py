"""Summary of a conversation for the agent who takes it over."""

from __future__ import annotations

from collections.abc import Sequence

from core.types import Role, Summary, Turn

_LONGEST_WORDS = 600  # characters of the model's own summary
_LONGEST_ASKED = 300
_LONGEST_TRIED = 200
_LATEST = 3  # messages of the customer: "a person, please" says little without the one before


def summarise(turns: Sequence[Turn], told: str | None) -> Summary:
    """Summarise the conversation at the hand-off. `model_summary` is the model's own, if any."""
    asked = [_line(turn.whole) for turn in turns if turn.role is Role.CUSTOMER][-_LATEST:]
    tried = next((_line(turn.text) for turn in reversed(turns) if turn.role is Role.BOT), "")
    return Summary(
        words=_short(_line(told or ""), _LONGEST_WORDS),
        asked=_latest(" / ".join(filter(None, asked)), _LONGEST_ASKED),
        tried=_short(tried, _LONGEST_TRIED),
    )


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _latest(text: str, length: int) -> str:
    return text if len(text) <= length else "…" + text[1 - length :]
