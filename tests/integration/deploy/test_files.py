"""`.env.example`, docker-compose.yml and the Dockerfile, read as docker reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from core.platform.config import Settings
from tests.integration.deploy.compose import dotenv, interpolate, services

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / ".env.example").read_text()
SECRETS = {"POSTGRES_PASSWORD": "0f" * 24, "ENCRYPTION_KEYS": "A" * 43 + "="}
APPS = ("setup", "web", "worker", "scheduler", "console")


@pytest.fixture(scope="module")
def desk() -> dict[str, dict[str, Any]]:
    return services(ROOT / "docker-compose.yml", {**dotenv(EXAMPLE), **SECRETS})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"), ("A= b  ", "b"), ("A=b # c", "b"), ("A=b#c", "b#c"), ("A=   # c", "# c"), ("A=#c", "#c"),
        ("export A=b", "b"), ("exporter=x\nA=b", "b"), ("A: b", "b"), ("A='b # c' # d", "b # c"), ("A=\nB=c", ""),
        ('A="b\\nc"', "b\nc"), ("A='b\\nc'", "b\\nc"), ('A="b \\"c\\""', 'b "c"'), ("A=b\r\n", "b"), ("#A=c\nA=b", "b"),
        ("B=1\nA=${B}-$B", "1-1"), ("A='$B'", "$B"), ("A=${B:-c}", "c"), ("A=b$$c", "b$c"), ("\ufeffA=b", "b"),
        ('A="b\nc"', "b\nc"), ("A", "outer"), ("A=b\nA=c", "c"),
    ],
)  # fmt: skip
def test_a_line_means_what_compose_takes_it_for(text: str, value: str) -> None:
    assert dotenv(text, {"A": "outer"} if text == "A" else None)["A"] == value


@pytest.mark.parametrize("text", ["A B=c", "A='b", "A+=b", "A=${B:?needed}", "A=${"])
def test_what_compose_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dotenv(text)


def test_defaults_may_hold_variables() -> None:
    assert interpolate("${A:-${B}}/${C-x}${D:+y}", {"B": "b", "D": "d"}) == "b/xy"


def test_the_example_means_the_same_to_compose_to_docker_and_to_us() -> None:
    """`docker run --env-file` and systemd's EnvironmentFile take a line as it stands."""
    plain = dict(line.split("=", 1) for line in EXAMPLE.splitlines() if line and not line.startswith("#"))
    assert dotenv(EXAMPLE) == plain == dict(dotenv_values(ROOT / ".env.example", interpolate=False))
    assert not any(set("#'\"$ ") & set(value) for value in plain.values())


def test_the_example_names_every_setting_and_no_other() -> None:
    named = re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(named) == sorted([*(name.upper() for name in Settings.model_fields), "POSTGRES_PASSWORD"])


def test_the_example_gives_nothing_but_the_defaults() -> None:
    for name, value in dotenv(EXAMPLE).items():
        if value:
            default = Settings.model_fields[name.lower()].default
            shown = ",".join(f"{one:g}" for one in default) if isinstance(default, list) else str(default)
            assert value == shown, name


def test_the_example_leaves_alone_what_the_image_sets(desk: dict[str, dict[str, Any]]) -> None:
    image = dict(re.findall(r"(\w+)=(\S+)", re.findall(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(), re.M)[0]))
    assert not image.keys() & dotenv(EXAMPLE).keys()
    for name in APPS:
        set_there = desk[name]["environment"]
        assert {key: set_there[key] for key in ("DATA_DIR", "WEB_HOST", "SANDBOX")} == {
            key: image[key] for key in ("DATA_DIR", "WEB_HOST", "SANDBOX")
        }


@pytest.mark.parametrize("missing", SECRETS)
def test_compose_asks_for_both_secrets(missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        services(ROOT / "docker-compose.yml", {**dotenv(EXAMPLE), **SECRETS, missing: ""})


def test_no_container_may_do_more_than_it_needs(desk: dict[str, dict[str, Any]]) -> None:
    for name, service in desk.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert name in ("postgres", "redis") or service["read_only"], name
    assert re.search(r"^USER (?!root|0)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_redis_wants_the_password_that_the_processes_bring(desk: dict[str, dict[str, Any]]) -> None:
    command = desk["redis"]["command"]
    password = command[command.index("--requirepass") + 1]
    assert password == SECRETS["POSTGRES_PASSWORD"] == desk["redis"]["environment"]["REDISCLI_AUTH"]
    assert desk["web"]["environment"]["REDIS_URL"] == f"redis://:{password}@redis:6379/0"
    own = services(ROOT / "docker-compose.yml", {**SECRETS, "REDIS_PASSWORD": "own" * 8})
    assert own["web"]["environment"]["REDIS_URL"] == f"redis://:{'own' * 8}@redis:6379/0"
    assert own["redis"]["environment"]["REDISCLI_AUTH"] == "own" * 8


DEPLOY = ROOT / "docs" / "deploy"


def test_the_units_run_what_compose_runs(desk: dict[str, dict[str, Any]]) -> None:
    for name in ("web", "worker", "scheduler", "console"):
        command = desk[name].get("command", ["gunicorn", "-c", "webhook_app/gunicorn_conf.py"])
        unit = (DEPLOY / f"bothub-{name}.service").read_text()
        assert f"ExecStart=/opt/bothub/.venv/bin/{' '.join(command)}\n" in unit
    setup = (DEPLOY / "bothub-setup.service").read_text()
    assert (
        " && ".join(re.findall(r"^ExecStart=/opt/bothub/.venv/bin/(.*)$", setup, re.M)) == desk["setup"]["command"][2]
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in DEPLOY.glob("bothub*"):
        text = unit.read_text().replace("/opt/bothub/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.iterdir()], capture_output=True, text=True, timeout=60
    )
    assert (checked.returncode, checked.stderr) == (0, "")
