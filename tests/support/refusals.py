"""Expect an error by its code."""

from __future__ import annotations

import pytest

from core.platform.errors import BotHubError


def refused(code: str) -> pytest.RaisesExc[BotHubError]:
    """Expect an error with this code, as `pytest.raises` does."""
    return pytest.raises(BotHubError, check=lambda error: error.code == code)
