"""The language model of this installation."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from core.bots.llm.wire_format import ApiStyle
from core.platform.config import get_settings

if TYPE_CHECKING:
    from core.bots.llm.client import ModelClient


def is_configured() -> bool:
    """Return whether a model is configured, without creating the client."""
    return bool(get_settings().openai_api_key)


@lru_cache(maxsize=1)
def model() -> ModelClient | None:
    """Return the configured model client, or None when no API key is set."""
    if not is_configured():
        return None
    from core.bots.llm.client import ModelClient  # the SDK is a seventh of a console's memory, and few consoles need it

    settings = get_settings()
    return ModelClient(
        settings.openai_api_key,
        settings.openai_model,
        base_url=settings.openai_base_url,
        style=ApiStyle(settings.openai_api_style),
        max_connections=settings.worker_slots,
    )
