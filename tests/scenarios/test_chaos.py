"""Chaos, bounded: everything is killed in turn while customers write. `make chaos` runs longer."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from tests.scenarios.chaos import VICTIMS, run


@pytest.mark.chaos
@pytest.mark.timeout(420)
def test_nothing_is_lost_or_doubled_while_everything_is_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="bothub-chaos-") as folder:
        told, violations = run(Path(folder), customers=200, messages=600, seconds=30, kill_every=3, settle_seconds=240)
    print(json.dumps(told))
    assert violations == []
    assert told["messages"] == 600
    assert set(told["kills"]) == set(VICTIMS)
    assert told["bot_messages"].get("read", 0) + told["bot_messages"].get("delivered", 0) > 200
