"""What `make load` and `make demo` refuse, and the day that is played."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.day import CLOSES, OPENS, STORIES, script
from benchmarks.load import Written, answer_waits, desk_address
from core.platform import config
from core.platform.supervisor import Supervisor
from tests.support.stack import free_port


@pytest.mark.parametrize("module", ["benchmarks.load", "benchmarks.demo"])
@pytest.mark.parametrize(
    ("url", "said"),
    [("http://desk.example", "this machine only"), ("http://127.0.0.1:{port}", "Start the system with `make run`")],
)
def test_only_a_running_system_on_this_machine_is_loaded(module: str, url: str, said: str) -> None:
    command = [sys.executable, "-m", module, "--url", url.format(port=free_port())]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert said in result.stderr and len(result.stderr.splitlines()) == 1


def test_the_system_of_the_data_folder_is_the_one_that_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("WEB_PORT", raising=False)
    supervisor = Supervisor(config.load(web_port=22001))
    supervisor.save_settings(supervisor.environment())
    assert desk_address("WEB_PORT") == "http://127.0.0.1:22001"


def test_the_same_seed_plays_the_same_day_with_every_story() -> None:
    day = script(40, seed=7)
    assert day == script(40, seed=7) != script(40, seed=8)
    assert {visit.story for visit in day} == set(STORIES)
    assert all(OPENS <= visit.hour <= CLOSES for visit in day)
    assert len({visit.phone for visit in day}) == 40


def test_an_answer_counts_for_every_message_before_it() -> None:
    written = [Written("a", "1", 10.0, True), Written("a", "2", 11.0, True), Written("b", "3", 10.0, True)]
    assert answer_waits(written, [{"to": "a", "accepted_at": 12.0}]) == ([2.0, 1.0], 1)
