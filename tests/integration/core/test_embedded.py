"""The embedded servers restart after crashes, and report why when they cannot."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from core.platform.config import load
from core.platform.embedded import Embedded, prepare_folder
from core.platform.errors import ConfigurationError
from core.platform.startup import try_ports
from core.platform.supervisor import Supervisor


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="bothub embedded "))
    yield made / "data dir"
    shutil.rmtree(made, ignore_errors=True)


def remember(embedded: Embedded, words: str) -> None:
    with psycopg.connect(embedded.postgres.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (words text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [words])


def kept(embedded: Embedded) -> list[str]:
    with psycopg.connect(embedded.postgres.url) as connection:
        return [row[0] for row in connection.execute("SELECT words FROM kept").fetchall()]


def kill(embedded: Embedded) -> None:
    for server in (embedded.postgres, embedded.redis):
        assert server.process is not None
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()


def test_both_survive_being_killed_in_a_folder_with_spaces(folder: Path) -> None:
    embedded = Embedded(folder)
    embedded.start()
    try:
        remember(embedded, "before")
        busy = psycopg.connect(embedded.postgres.url)  # its backend is alive when the postmaster dies
        busy.execute("SELECT 1")
        kill(embedded)
        embedded.supervise()
        busy.close()
        assert kept(embedded) == ["before"]
        assert redis.Redis.from_url(embedded.redis.url).ping()
        embedded.supervise()
        assert embedded.postgres.answers()
    finally:
        embedded.stop()
    assert not embedded.postgres.answers()


def test_a_database_starts_again_though_what_was_killed_is_not_all_gone(folder: Path) -> None:
    embedded = Embedded(folder)
    embedded.start(redis=False)
    try:
        remember(embedded, "before")
        busy = psycopg.connect(embedded.postgres.url)
        slow = busy.info.backend_pid
        os.kill(slow, signal.SIGSTOP)  # it does not see that the postmaster is dead, and holds the shared memory
        assert embedded.postgres.process is not None
        embedded.postgres.process.kill()
        embedded.postgres.process.wait()
        waking = threading.Timer(0.6, os.kill, (slow, signal.SIGCONT))
        waking.start()
        embedded.supervise()
        waking.join()
        assert kept(embedded) == ["before"]
    finally:
        embedded.stop()


def test_a_new_owner_takes_over_from_one_that_was_killed(folder: Path) -> None:
    """The old owner's servers are stopped, and their data is kept."""
    script = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from core.platform.embedded import Embedded
        embedded = Embedded(Path({str(folder)!r}))
        embedded.start()
        print(embedded.postgres.process.pid, embedded.redis.process.pid, flush=True)
        time.sleep(600)
    """)
    owner = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert owner.stdout is not None
    orphans = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split()]
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert all(orphan.is_running() for orphan in orphans)
    embedded = Embedded(folder)
    embedded.start()
    try:
        assert embedded.postgres.answers()
        assert embedded.redis.answers()
        assert not any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans)
    finally:
        embedded.stop()


def test_a_pid_file_that_names_a_stranger_harms_nobody(folder: Path) -> None:
    embedded = Embedded(folder)
    embedded.start()
    embedded.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        socket = embedded.postgres.url.split("host=")[1]
        pid_file = f"{stranger.pid}\n{embedded.postgres.pid_file.parent}\n1700000000\n5432\n{socket}\n\n  12345  0\n"
        embedded.postgres.pid_file.write_text(pid_file)
        embedded.redis.pid_file.write_text(f"{stranger.pid}\n")
        embedded.start()
        assert stranger.poll() is None
        assert embedded.postgres.answers()
    finally:
        embedded.stop()
        stranger.kill()
        stranger.wait()


def test_a_path_longer_than_a_socket_may_have(folder: Path) -> None:
    embedded = Embedded(folder / ("long" * 20) / ("longer" * 20))
    embedded.start(postgres=False)
    try:
        assert embedded.redis.answers()
        assert str(folder) not in embedded.postgres.url
    finally:
        embedded.stop()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ConfigurationError, match=r"DATA_DIR .*file/data"):
        prepare_folder(tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="cannot be written to"):
        prepare_folder(tmp_path)


def test_a_server_that_does_not_start_names_its_log(folder: Path) -> None:
    embedded = Embedded(folder)
    embedded.redis.command.append("--no-such-option")
    with pytest.raises(ConfigurationError, match=r"Redis did not start.*redis\.log"):
        embedded.start(postgres=False)


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    with (
        Supervisor(settings).sole_owner(),
        pytest.raises(ConfigurationError, match="already running"),
        Supervisor(settings).sole_owner(),
    ):
        pytest.fail("two owners at once")
    with Supervisor(settings).sole_owner():
        pass


def test_a_new_owner_ends_the_children_of_one_that_was_killed(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        watched = psutil.Process(child.pid)
        born = watched.create_time()
        (tmp_path / "children.json").write_text(
            f"[[{child.pid}, {born}], [{stranger.pid}, {born - 5000}], [999999999, 1.0]]"
        )
        with Supervisor(settings).sole_owner():
            child.wait(10)
            assert not watched.is_running()
            assert stranger.poll() is None, "its number was given to somebody else meanwhile"
    finally:
        stranger.kill()
        stranger.wait()


def test_the_keys_of_an_installation_stay(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path, encryption_keys="", secret_key="")
    first, second = (Supervisor(settings).environment() for _ in range(2))
    assert first["ENCRYPTION_KEYS"] == second["ENCRYPTION_KEYS"] != ""
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    given = load(data_dir=tmp_path, encryption_keys="own")
    assert Supervisor(given).environment()["ENCRYPTION_KEYS"] == "own"


def test_a_child_that_refuses_its_settings_ends_the_start_with_its_line(tmp_path: Path) -> None:
    from core.cli.run import _raise_refusal
    from core.platform.supervisor import Child

    log = tmp_path / "log"
    log.write_text("an older line\n")
    child = Child("test", ["-c", "import sys; print('X is not set: set it.'); sys.exit(2)"], dict(os.environ), log)
    child.start()
    assert child.process is not None
    child.process.wait()
    with pytest.raises(ConfigurationError, match=r"^X is not set: set it\.$"):
        _raise_refusal(child)


def test_two_parts_want_the_same_port(tmp_path: Path) -> None:
    both = load(data_dir=tmp_path, web_port=21991, console_port=21991)
    with pytest.raises(ConfigurationError, match=r"^CONSOLE_PORT is wrong: WEB_PORT is 21991 too"):
        try_ports(both)


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    from core.platform.supervisor import Child

    child = Child("test", ["-c", "import time; time.sleep(600)"], dict(os.environ), tmp_path / "log")
    child.start()
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    child.process.wait()
    deadline = time.monotonic() + 10
    while child.process is None or child.process.pid == first:
        child.supervise()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert child.pause > 0, "the next start comes later"
    child.process.kill()
    child.process.wait()
