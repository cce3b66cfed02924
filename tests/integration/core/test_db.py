"""The database engine."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from core.platform.db import system_transaction


def test_an_error_shows_no_values(database: str) -> None:
    with pytest.raises(DataError, match="division by zero") as failed, system_transaction() as session:
        session.execute(text("SELECT 1 / 0 WHERE :said = :said"), {"said": "my secret"})
    assert "my secret" not in str(failed.value)
