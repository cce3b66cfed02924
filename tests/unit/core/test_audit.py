"""The audit of known vulnerabilities: findings fail, an unreachable database does not."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def says(report: object) -> list[str]:
    return [sys.executable, "-c", f"print({json.dumps(report)!r}); raise SystemExit(1)"]


def test_what_it_says(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good = {"name": "flask", "version": "3.1", "vulns": []}
    bad = {"name": "old", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
    assert audit.main(says({"dependencies": [good, {"name": "odd", "skip_reason": "not found"}]})) == 0
    assert audit.main(says({"dependencies": [good, bad]})) == 1
    assert "old 1.0: CVE-1, mended in 1.1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "does", ["raise SystemExit('ConnectionError: away')", "import time; time.sleep(60)", "print('{}')"]
)
def test_without_the_database_it_says_so(audit: Any, capsys: pytest.CaptureFixture[str], does: str) -> None:
    assert audit.main([sys.executable, "-c", does], seconds=0.5 if "sleep" in does else 30) == 0
    assert "NOT audited" in capsys.readouterr().out


def test_lint_asks_and_the_tool_is_pinned() -> None:
    assert ".ci/audit.py" in (ROOT / "Makefile").read_text()
    assert "pip-audit==" in (ROOT / "requirements-dev.txt").read_text()
