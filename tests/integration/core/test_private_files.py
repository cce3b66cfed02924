"""DATA_DIR is readable by its owner only, and logs stay bounded while their process writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.platform import config, config_names, log_files
from core.platform.embedded import Embedded
from core.platform.startup import try_folder


@pytest.fixture(autouse=True)
def _mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_an_open_data_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "media" / "1").mkdir(parents=True)
    try_folder(folder)
    assert folder.stat().st_mode & 0o066 == 0
    assert (folder / "media").stat().st_mode & 0o777 == 0o700
    (folder / "scratch").write_text("a customer's")
    assert (folder / "scratch").stat().st_mode & 0o777 == 0o600


def test_a_log_is_bounded_while_its_process_appends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "LARGEST", 100)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as written:
        for number in range(30):
            written.write(f"{number:020}\n".encode())
            log_files.bound(log)
    assert log.stat().st_size <= 121
    assert (tmp_path / "web.log.1").stat().st_size <= 121
    assert f"{29:020}\n" in log.read_text() + (tmp_path / "web.log.1").read_text()


def test_the_logs_of_the_embedded_servers_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = Embedded(tmp_path)
    for server in (embedded.postgres, embedded.redis):
        server.log.write_bytes(b"x" * 200)
    embedded.supervise()
    assert {path.name for path in tmp_path.glob("*.log.1")} == set()
    monkeypatch.setattr(log_files, "LARGEST", 100)
    embedded.supervise()
    assert {path.name for path in tmp_path.glob("*.log.1")} == {"postgres.log.1", "redis.log.1"}
    assert embedded.postgres.log.stat().st_size == embedded.redis.log.stat().st_size == 0
    assert not any("logging_collector=on" in word for word in embedded.postgres.command)  # its files are not bounded


def test_a_file_of_secrets_that_all_can_read_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LOG_LEVEL=INFO\n")
    assert any("chmod 600 .env" in line for line in config_names.warnings(config.load()))
    (tmp_path / ".env").chmod(0o600)
    assert not any("chmod" in line for line in config_names.warnings(config.load()))
