"""Unit tests start no servers."""

from __future__ import annotations

from typing import NoReturn

import pytest


@pytest.fixture(scope="session")
def servers() -> NoReturn:
    """Refuse what only integration tests have."""
    pytest.fail("a test that needs Postgres or Redis belongs in tests/integration")
