"""The language model of this installation."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from core.bots.llm.wire_format import ApiStyle
from core.platform.config import get_settings

if TYPE_CHECKING:
    from core.bots.llm.client import ModelClient


def is_configured() -> bool:
    """Whether there is one, which can be told without making it."""
    return bool(get_settings().openai_api_key)


@lru_cache(maxsize=1)
def model() -> ModelClient | None:
    """None without a key, and then approved answers and people do."""
    if not is_configured():
        return None
    from core.bots.llm.client import ModelClient  # the SDK is a seventh of a console's memory, which few of them need

    settings = get_settings()
    return ModelClient(
        settings.openai_api_key,
        settings.openai_model,
        base_url=settings.openai_base_url,
        style=ApiStyle(settings.openai_api_style),
        max_connections=settings.worker_slots,
    )
