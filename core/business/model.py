"""The language model of this installation."""

from __future__ import annotations

from functools import lru_cache

from core.ai.client import ModelClient
from core.ai.envelope import ApiStyle
from core.config import get_settings


@lru_cache(maxsize=1)
def model() -> ModelClient | None:
    """None without a key, and then approved answers and people do."""
    settings = get_settings()
    if not settings.openai_api_key:
        return None
    return ModelClient(
        settings.openai_api_key,
        settings.openai_model,
        base_url=settings.openai_base_url,
        style=ApiStyle(settings.openai_api_style),
        max_connections=settings.worker_slots,
    )
