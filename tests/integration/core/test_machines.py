"""Two machines on one database without MEDIA_URL are detected; one machine that looks like two is not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.monitoring import alerts, probes
from core.platform import config, machines
from core.platform.config import Settings, get_settings
from core.platform.db import system_transaction
from tests.support.database import rows


def machine(folder: Path, media_url: str = "") -> Settings:
    folder.mkdir(exist_ok=True)
    return config.load(data_dir=folder, media_url=media_url)


def tells(settings: Settings, *, first: bool = False) -> None:
    with system_transaction() as session:
        machines.report(session, settings, first=first)


def noticed() -> tuple[bool, bool, list[tuple[str, str]]]:
    """Whether separate files are reported by `doctor` and /readyz, and the open alerts."""
    with system_transaction() as session:
        alerts.evaluate(session)
    (found,) = probes.files()
    return (
        not found.well,
        not machines.files_are_shared(),
        rows("SELECT kind, severity FROM alerts WHERE cleared_at IS NULL"),
    )


NOTHING: tuple[bool, bool, list[Any]] = (False, False, [])
APART = (True, True, [("files_apart", "high")])


def alone_for_minutes() -> None:
    rows("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")


def test_two_machines_are_noticed_until_both_have_a_store(business: Any, client: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    tells(machine(first), first=True)
    assert noticed() == NOTHING
    assert machines.startup_warning(machine(first)) is None
    line = machines.startup_warning(machine(second))
    assert line and socket.gethostname() in line and "MEDIA_URL" in line and "\n" not in line
    tells(machine(second, "s3://files"), first=True)
    assert noticed() == APART
    ready = client.get("/readyz").json
    assert ready["parts"]["files"] == "apart"
    (found,) = probes.files()
    assert found.detail.startswith("2 machines, without MEDIA_URL: ") and "MEDIA_URL" in found.mend
    (budget,) = probes.database_connections()
    assert not budget.well and "80 for each of 2 machines" in budget.detail
    tells(machine(first, "s3://files"))
    assert machines.startup_warning(machine(second, "s3://files")) is None
    alone_for_minutes()
    assert noticed() == NOTHING
    assert client.get("/readyz").json["parts"]["files"] == "ok"


def test_it_is_over_when_the_other_machine_is_gone(business: Any, tmp_path: Path) -> None:
    for name in ("first", "second"):
        tells(machine(tmp_path / name), first=True)
    assert noticed() == APART
    rows("UPDATE machines SET seen_at = now() - interval '2 minutes' WHERE id = (SELECT id FROM machines LIMIT 1)")
    alone_for_minutes()
    assert noticed() == NOTHING
    rows("UPDATE machines SET seen_at = now() - interval '2 days'")
    with system_transaction() as session:
        machines.delete_gone(session)
    assert rows("SELECT id FROM machines") == []


def test_containers_with_changing_names_on_one_folder_are_one_machine(
    business: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a1b2", "c3d4", "e5f6"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        tells(machine(tmp_path / "data"), first=True)
    assert rows("SELECT hostname FROM machines") == [("e5f6",)]
    assert noticed() == NOTHING


def test_a_copied_folder_takes_the_place_of_the_one_that_is_gone_but_not_of_one_that_lives(
    business: Any, tmp_path: Path
) -> None:
    old = machine(tmp_path / "old")
    tells(old, first=True)
    shutil.copytree(old.data_dir, tmp_path / "restored")
    moved = machine(tmp_path / "restored")
    assert machines.startup_warning(moved) is None
    tells(moved, first=True)
    assert machines.identity(moved.data_dir).id != machines.identity(old.data_dir).id
    assert noticed() == NOTHING
    tells(old)
    tells(moved)
    assert noticed() == APART


def test_processes_that_begin_together_agree_on_who_they_are(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: machines.identity(tmp_path).id, range(40)))
    assert len(found) == 1
    (tmp_path / "machine.json").write_text("{")
    assert machines.identity(tmp_path).id not in found
    assert machines.identity(tmp_path) == machines.identity(tmp_path)


def test_a_process_says_so_in_a_line_when_it_starts(business: Any, tmp_path: Path) -> None:
    tells(machine(tmp_path / "first"), first=True)
    settings = get_settings()
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "second"), "DATABASE_URL": settings.database_url}
    started = subprocess.run(
        [sys.executable, "-c", "from core.platform.startup import settings_or_exit; settings_or_exit()"],
        env=environment, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    assert sum("Files are kept apart" in line for line in started.stderr.splitlines()) == 1
