"""The supervisor, `make run`: one process that runs everything else.

It owns the embedded servers and the product's processes, restarts what dies, and stops them all on request. Leftovers
of a killed owner are ended before anything is started.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil
from cryptography.fernet import Fernet

from core.platform.config import Settings
from core.platform.embedded import Embedded, prepare_folder
from core.platform.errors import ConfigurationError
from core.platform.log_files import bound

_ROOT = Path(__file__).parents[2]
_GRACE_SECONDS = 20.0
_TICK_SECONDS = 0.1
_MAX_PAUSE = 5.0
_SHARED_SETTINGS = ("web_host", "web_port", "console_port", "sandbox_port", "public_url", "console_url")


class AlreadyRunning(ConfigurationError):
    """Another process holds the data folder."""


@dataclass
class Child:
    """A process of the product, restarted with exponential back-off when it exits."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started_at: float = 0.0
    pause: float = 0.0
    restart_at: float = 0.0

    def start(self) -> None:
        bound(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, cwd=_ROOT,
            )  # fmt: skip
        self.started_at = time.monotonic()

    def supervise(self) -> None:
        """Restart the process when it has exited and its pause is over."""
        bound(self.log)
        if self.process is not None and self.process.poll() is None:
            return
        now = time.monotonic()
        if self.process is not None:
            lived = now - self.started_at
            self.pause = 0.0 if lived > _MAX_PAUSE else min(_MAX_PAUSE, self.pause * 2 + 0.2)
            self.restart_at = now + self.pause
            _end_group(self.process.pid, signal.SIGKILL)  # its own children would hold the port
            self.process = None
        if now >= self.restart_at:
            self.start()


class Supervisor:
    """Everything that `make run` starts on one data folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data_dir = prepare_folder(settings.data_dir)
        (self.data_dir / "logs").mkdir(exist_ok=True)
        self.embedded: Embedded | None = None
        self.children: list[Child] = []
        self._stopping = False

    @contextlib.contextmanager
    def sole_owner(self) -> Iterator[None]:
        """Lock the data folder. The lock ends with the process, however it ends.

        Raises:
            AlreadyRunning: another process holds it.
        """
        with (self.data_dir / "owner.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(
                    f"BotHub is already running on {self.data_dir} (or a command is at work there): "
                    "stop it with Ctrl-C, or set another DATA_DIR."
                ) from None
            self._end_leftovers()
            yield

    def save_settings(self, environment: Mapping[str, str]) -> None:
        """Save the addresses for other commands (`running_settings`), without secrets of the operator."""
        saved = {name: environment[name] for name in sandbox_environment(self.settings) if name in environment}
        saved = saved if self.settings.sandbox_active else {}
        saved |= {
            name.upper(): str(getattr(self.settings, name)) for name in _SHARED_SETTINGS if getattr(self.settings, name)
        }
        saved["SANDBOX"] = str(int(self.settings.sandbox_active))
        if self.embedded:
            for name, server in (("DATABASE_URL", self.embedded.postgres), ("REDIS_URL", self.embedded.redis)):
                if not getattr(self.settings, name.lower()):
                    saved[name] = server.url
        own = psutil.Process()
        record = {"owner": [own.pid, own.create_time()], "settings": saved}
        with os.fdopen(os.open(self.data_dir / "desk.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(record, file)

    def environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the environment of the children: the caller's plus servers, keys and sandbox."""
        made = {**base, **own_keys(self.settings, make=True), "DATA_DIR": str(self.data_dir), "PYTHONUNBUFFERED": "1"}
        if self.embedded:
            made["DATABASE_URL"] = self.settings.database_url or self.embedded.postgres.url
            made["REDIS_URL"] = self.settings.redis_url or self.embedded.redis.url
        if self.settings.sandbox_active:
            made |= {"SANDBOX": "1", **sandbox_environment(self.settings)}
        return made

    def start_servers(self) -> None:
        """Start the embedded servers that the settings do not name."""
        if self.settings.database_url and self.settings.redis_url:
            return
        self.embedded = Embedded(self.data_dir)
        self.embedded.start(postgres=not self.settings.database_url, redis=not self.settings.redis_url)

    def start_children(self, environment: dict[str, str], *, without: Collection[str] = ()) -> None:
        """Start the product's processes, except those named."""
        commands = {"web": ["-m", "gunicorn", "-c", str(_ROOT / "webhook_app" / "gunicorn_conf.py")]}
        commands |= {"workers": ["-m", "workers.run"], "scheduler": ["-m", "workers.scheduler"]}
        commands["console"] = ["-m", "console"]
        if self.settings.sandbox_active:
            commands["sandbox"] = ["-m", "sandbox"]
        for name, arguments in commands.items():
            if name in without:
                continue
            child = Child(name, arguments, environment, self.data_dir / "logs" / f"{name}.log")
            child.start()
            self.children.append(child)
        self._save_children()

    def watch(self) -> None:
        """Keep everything running until SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._request_stop)
        while not self._stopping:
            self.supervise()
            time.sleep(_TICK_SECONDS)

    def supervise(self) -> None:
        """Restart once what has died."""
        before = [child.process for child in self.children]
        if self.embedded:
            self.embedded.supervise()
        for child in self.children:
            child.supervise()
        if before != [child.process for child in self.children]:
            self._save_children()

    def stop(self) -> None:
        """End every child, then the servers."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            _end_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _end_group(process.pid, signal.SIGKILL)
            process.wait()
        self.children.clear()
        if self.embedded:
            self.embedded.stop()
        for name in ("children.json", "desk.json"):
            (self.data_dir / name).unlink(missing_ok=True)

    def _request_stop(self, _: int, __: FrameType | None) -> None:
        self._stopping = True

    def _save_children(self) -> None:
        """Save the pids, so that a later owner can end the children if this one is killed."""
        alive = [child.process.pid for child in self.children if child.process is not None]
        saved = []
        for pid in alive:
            with contextlib.suppress(psutil.Error):
                saved.append([pid, psutil.Process(pid).create_time()])
        target = self.data_dir / "children.json"
        target.with_suffix(".new").write_text(json.dumps(saved))
        target.with_suffix(".new").replace(target)

    def _end_leftovers(self) -> None:
        (self.data_dir / "desk.json").unlink(missing_ok=True)
        path = self.data_dir / "children.json"
        if not path.exists():
            return
        ending: list[psutil.Process] = []
        for pid, created in json.loads(path.read_text()):
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan = psutil.Process(pid)
                if abs(orphan.create_time() - created) < 1:
                    ending += [orphan, *orphan.children(recursive=True)]
                    _end_group(pid, signal.SIGKILL)
        psutil.wait_procs(ending, timeout=_GRACE_SECONDS)  # their ports are free only then
        path.unlink()


def running_settings(data_dir: Path) -> dict[str, str] | None:
    """Return the settings of the instance running on a data folder; None when none of its processes is alive."""
    try:
        saved = json.loads((data_dir / "desk.json").read_text())
        children = data_dir / "children.json"
        processes = [saved["owner"], *(json.loads(children.read_text()) if children.exists() else [])]
        return dict(saved["settings"]) if any(_is_alive(pid, created) for pid, created in processes) else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{data_dir / 'desk.json'} cannot be read ({type(error).__name__}).") from None


def _is_alive(pid: int, created: float) -> bool:
    """Whether a saved process is alive, and its pid not reused."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    return False


def own_keys(settings: Settings, *, make: bool) -> dict[str, str]:
    """Return the encryption keys: those set, else those in DATA_DIR, which the first start creates."""
    if settings.encryption_keys:
        return {"ENCRYPTION_KEYS": ",".join(settings.encryption_keys)}
    path = settings.data_dir.expanduser().absolute() / "keys.json"
    if not path.exists():
        if not make:
            return {}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump({"ENCRYPTION_KEYS": Fernet.generate_key().decode()}, file)
    try:
        return {"ENCRYPTION_KEYS": str(json.loads(path.read_text())["ENCRYPTION_KEYS"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({type(error).__name__}): put it back from a copy.") from None


def sandbox_environment(settings: Settings) -> dict[str, str]:
    """Return the settings that replace the providers by the sandbox. Values set by the operator are kept.

    These secrets are published in the documentation: they only make the sandbox behave like the real providers.
    """
    base = f"http://{settings.own_host}:{settings.sandbox_port}"
    defaults = {
        "WHATSAPP_API_URL": base,
        "WHATSAPP_ACCESS_TOKEN": "sandbox-access-token",
        "WHATSAPP_PHONE_NUMBER_ID": "100000000000001",
        "WHATSAPP_BUSINESS_ACCOUNT_ID": "200000000000001",
        "WHATSAPP_APP_SECRET": "sandbox-app-secret",
        "WHATSAPP_WEBHOOK_VERIFY_TOKEN": "sandbox-verify-token",
        "TWILIO_API_URL": base,
        "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
        "TWILIO_AUTH_TOKEN": "sandbox-auth-token",
        "TWILIO_PHONE_NUMBER": "+15005550006",
        "TWILIO_WHATSAPP_NUMBER": "whatsapp:+14155238886",
        "SANDBOX_HOST": settings.web_host,
        "SANDBOX_PORT": str(settings.sandbox_port),
        "WEBHOOK_BASE_URL": f"http://{settings.own_host}:{settings.web_port}",
    }
    if ports := settings.sandbox_mail_ports:
        defaults |= _sandbox_mail(settings.own_host.strip("[]"), ports)
    if not settings.openai_api_key and "openai_base_url" not in settings.model_fields_set:
        defaults |= {"OPENAI_BASE_URL": f"{base}/v1", "OPENAI_API_KEY": "sk-sandbox"}
    return {name: value for name, value in defaults.items() if name.lower() not in settings.model_fields_set}


def _sandbox_mail(host: str, ports: Mapping[str, int]) -> dict[str, str]:
    address = "tienda@sandbox.example"
    return {
        "MAIL_HOST": host,
        "MAIL_USERNAME": address,
        "MAIL_PASSWORD": "sandbox-mail-password",
        "MAIL_ENCRYPTION": "none",
        "MAIL_FROM_ADDRESS": address,
        "MAIL_FROM_NAME": "Tienda Sol",
        "IMAP_HOST": host,
        "IMAP_ENCRYPTION": "none",
        **{name: str(port) for name, port in ports.items()},
    }


def _end_group(pid: int, number: signal.Signals) -> None:
    """Signal a child and everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
