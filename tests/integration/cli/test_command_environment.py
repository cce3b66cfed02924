"""Commands find the instance of DATA_DIR, stopped, running or killed, or the one of the settings."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from core.cli.__main__ import main
from core.cli.command_environment import reset_caches
from core.platform import config
from core.platform.config import Settings
from core.platform.embedded import Embedded
from core.platform.supervisor import Supervisor


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="bothub-desk-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def bare(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment with DATA_DIR only."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.chdir(tmp_path)
    reset_caches()
    yield folder
    monkeypatch.undo()
    reset_caches()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*words: str, code: int = 0) -> str:
        assert main(list(words)) == code, capsys.readouterr()
        output = capsys.readouterr()
        return output.out if code == 0 else output.err

    return run


def test_an_instance_is_created_used_and_found_again_by_commands(bare: Path, command: Callable[..., str]) -> None:
    assert "make run" in command("users", "list", code=2)
    assert not (bare / "postgres").exists()
    command("migrate")
    assert "http://localhost:8501/auth/link?token=" in command("setup")
    assert command("keys", "list") == "None.\n"
    assert command("keys", "create", "shop").strip()
    assert "shop" in command("keys", "list")
    assert not Embedded(bare).postgres.answers()
    orphans = Embedded(bare)  # left behind by a killed instance
    orphans.start()
    (bare / "desk.json").write_text(json.dumps({"owner": [1, 0.0], "settings": {"CONSOLE_PORT": "1"}}))
    assert "administrator" in command("users", "list")
    assert not orphans.postgres.answers()
    (bare / ".env").write_text("")


def test_commands_use_the_settings_of_a_running_instance(
    bare: Path, command: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = Supervisor(config.load(web_port=22001, console_port=22002, sandbox_port=22003))
    with supervisor.sole_owner():
        supervisor.start_servers()
        environment = supervisor.environment()
        supervisor.save_settings(environment)
        try:
            command("migrate")
            command("setup")
            assert command("link").startswith("http://localhost:22002/auth/link?token=")
            assert "is running on" in command("restore", "none.tar", "--force", code=2)
            assert (bare / "desk.json").stat().st_mode & 0o777 == 0o600
            Path(".env").write_text("CONSOLE_PORT=8501\nPUBLIC_URL=https://desk.example/\n")
            assert command("link").startswith("https://desk.example/auth/link?token=")
            monkeypatch.setenv("CONSOLE_URL", "https://console.example")
            assert command("users", "add", "eva@shop.example").startswith("https://console.example/auth/link?token=")
            keys = (bare / "keys.json").rename(bare / "keys.away")  # as if they had been set in the environment
            assert "was given it: give this command the same" in command("link", code=2)
            keys.rename(bare / "keys.json")
            with psycopg.connect(environment["DATABASE_URL"]) as connection:
                connection.execute("ALTER TABLE agents RENAME COLUMN language TO tongue")
            assert "run `migrate`" in command("users", "list", code=2)
            with psycopg.connect(environment["DATABASE_URL"]) as connection:
                connection.execute("ALTER TABLE agents RENAME COLUMN tongue TO language")
        finally:
            reset_caches()
            supervisor.stop()
    assert not (bare / "desk.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["whatsapp", "profile", "--picture", "photo.jpg"],
        ["whatsapp"],
        ["rollups", "--since", "yesterday"],
        ["keys", "revoke", "x"],
        ["nothing"],
        [],
    ],
)
def test_wrong_arguments_are_reported_in_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
