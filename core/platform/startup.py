"""Start of every process, before it loads the rest: read the settings and check the servers they name.

An error is one line on standard error and exit code 2, without a traceback. A short outage of a server ends the start
as well: the process manager restarts it.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from core.platform import config_names
from core.platform.config import Settings, get_settings, load
from core.platform.config_rules import check
from core.platform.errors import ConfigurationError
from core.platform.private_folder import make_private

WRONG = 2
_CONNECT_SECONDS = 1.0
_PORT_SECONDS = 1.0  # the previous holder of a port may be exiting
_PORT_TICK_SECONDS = 0.1


def settings_or_exit(*, port: str | None = None, notifies: bool = False) -> Settings:
    """Return the checked settings of a serving process, or exit with a one-line error.

    Args:
        port: the setting of the port to listen on, in lower case.
        notifies: the process sends notifications.
    """
    with _one_line_errors():
        settings = get_settings()
        if notifies:
            try_notify_urls(settings)
        _warn(settings)
        try_folder(settings.data_dir)
        try_servers(settings)
        _warn_of_other_machines(settings)
        if port is not None:
            try_port(port.upper(), settings.web_host, getattr(settings, port))
        return settings


def settings_before_gevent(*, port: str) -> Settings:
    """Like `settings_or_exit`, in a child process: gevent has not patched ssl and sockets yet.

    The modules that the checks import would otherwise be bound to what gevent replaces.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            settings_or_exit(port=port)
            code = 0
        except SystemExit:
            code = WRONG
        except BaseException:  # noqa: BLE001 - os._exit would hide it
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(code)
    return load()


def try_settings_of(arguments: Sequence[str]) -> None:
    """Check the settings for commands that start something. Missing ones are created or found in DATA_DIR."""
    command = next(iter(arguments), "")
    if command in ("run", "migrate", "setup"):
        with _one_line_errors():
            settings = check(load())
            try_notify_urls(settings)
            _warn(settings)
            try_servers(settings)
            if command == "run":
                _check_folder_and_ports(settings)
            _warn_of_other_machines(settings)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(WRONG) from None


def _warn(settings: Settings) -> None:
    for line in config_names.warnings(settings):
        sys.stderr.write(f"{line}\n")


def _warn_of_other_machines(settings: Settings) -> None:
    from core.platform import machines  # only after the settings were checked

    if line := machines.startup_warning(settings):
        sys.stderr.write(f"{line}\n")


def try_notify_urls(settings: Settings) -> None:
    """Have Apprise read NOTIFY_URLS, offline. Raises `ConfigurationError`.

    To know one service Apprise loads all of its 200 plugins, which takes as long as the rest of the check and, on a
    busy machine, seconds: only the processes that begin a start or send notifications do so.
    """
    if settings.notify_urls:
        from apprise import Apprise

        for place, url in enumerate(settings.notify_urls, 1):
            if not Apprise.instantiate(url):  # the URL holds secrets and is not shown
                raise ConfigurationError(
                    f"NOTIFY_URLS is wrong: number {place} of its addresses is none that Apprise knows, like "
                    "mailto://user:password@host or slack://…; see https://appriseit.com/services."
                )


def try_servers(settings: Settings) -> None:
    """Connect to the configured Postgres and Redis. Raises `ConfigurationError`."""
    for name, check_server in (("REDIS_URL", _check_redis), ("DATABASE_URL", _check_postgres)):
        if url := getattr(settings, name.lower()):
            check_server(url)


def _check_folder_and_ports(settings: Settings) -> None:
    """Check the folder and ports of `run`, unless an instance runs or was killed there: `run` handles that."""
    try_folder(settings.data_dir)
    if not (settings.data_dir.expanduser() / "children.json").exists():
        try_ports(settings)


def _check_redis(url: str) -> None:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_CONNECT_SECONDS, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.ping()
    except redis.AuthenticationError as error:
        if not urlsplit(url).password and "password=" not in url:
            raise ConfigurationError(
                "REDIS_URL is wrong: Redis wants a password; give it as in redis://:password@host:6379/0."
            ) from None
        raise ConfigurationError(f"REDIS_URL is wrong: Redis refuses the password ({_reason(error)}).") from None
    except (redis.RedisError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"REDIS_URL cannot be reached ({_reason(error)}): start Redis, or correct the address."
        ) from None


def _check_postgres(url: str) -> None:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise ConfigurationError(
            f"DATABASE_URL cannot be reached ({_reason(error)}): start the database, or correct the address."
        ) from None


def _reason(error: Exception) -> str:
    """Return the error of the server or network in one line, without any password."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].strip().rstrip(".")


def try_folder(folder: Path) -> None:
    """Create DATA_DIR and check that it can be written. Raises `ConfigurationError`."""
    path = folder.expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        make_private(path)
        writable = os.access(path, os.W_OK | os.X_OK)
        reason = "no right to write there"
    except OSError as error:
        writable, reason = False, error.strerror or type(error).__name__
    if not writable:
        raise ConfigurationError(f"DATA_DIR is wrong: {path} cannot be used ({reason}). Set it to a folder of yours.")


def try_ports(settings: Settings) -> None:
    """Check that the ports of `run` are free and distinct. Raises `ConfigurationError`."""
    ports = {"WEB_PORT": settings.web_port, "CONSOLE_PORT": settings.console_port}
    if settings.sandbox_active:
        ports |= {"SANDBOX_PORT": settings.sandbox_port, **settings.sandbox_mail_ports}
    by_port: dict[int, str] = {}
    for name, port in ports.items():
        if port in by_port:
            raise ConfigurationError(f"{name} is wrong: {by_port[port]} is {port} too. Set it to another.")
        by_port[port] = name
        try_port(name, settings.web_host, port)


def try_port(name: str, host: str, port: int) -> None:
    """Check that a port is free, waiting a moment for its last holder to exit. Raises `ConfigurationError`."""
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        try:
            return _bind(host, port)
        except socket.gaierror as error:
            raise ConfigurationError(f"WEB_HOST {host} is no address of this machine ({error.strerror}).") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise ConfigurationError(f"WEB_HOST {host} is no address of this machine.") from None
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{name} {port} cannot be used ({error.strerror}): stop what uses it, or set {name} to another."
                ) from None
        time.sleep(_PORT_TICK_SECONDS)


def _bind(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
