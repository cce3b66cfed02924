"""What every process of ours does before it loads the rest: it reads the settings and tries what they name.

Trouble is one line on standard error and exit code 2, so that whoever starts it need not read a traceback. A server
that is only away for a moment ends the start as well: whatever looks after the process starts it again.
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
from core.platform.private_folder import tighten

WRONG = 2
_CONNECT_SECONDS = 1.0
_PORT_SECONDS = 1.0  # what held a port a moment ago may be on its way out
_PORT_TICK_SECONDS = 0.1


def settings_or_exit(*, port: str | None = None) -> Settings:
    """The settings of a serving process, once they have been tried; otherwise the process ends with one line.

    Args:
        port: the setting of the port that it is going to listen on, in lower case.
    """
    with _told_in_a_line():
        settings = get_settings()
        _warn(settings)
        try_folder(settings.data_dir)
        try_servers(settings)
        _warn_of_other_machines(settings)
        if port is not None:
            try_port(port.upper(), settings.web_host, getattr(settings, port))
        return settings


def settings_before_gevent(*, port: str) -> Settings:
    """The same for a process in which gevent is still to patch ssl and sockets: a child of it does the trying.

    What the Redis client and others import would otherwise be bound to what gevent replaces.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            settings_or_exit(port=port)
            code = 0
        except SystemExit:
            code = WRONG
        except BaseException:  # noqa: BLE001 - leaving by os._exit would hide it
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(code)
    return load()


def try_settings_of(arguments: Sequence[str]) -> None:
    """What the commands that begin something need. What is not set they make, or find in DATA_DIR."""
    command = next(iter(arguments), "")
    if command in ("run", "migrate", "setup"):
        with _told_in_a_line():
            settings = check(load())
            _warn(settings)
            try_servers(settings)
            if command == "run":
                _try_place(settings)
            _warn_of_other_machines(settings)


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(WRONG) from None


def _warn(settings: Settings) -> None:
    for line in config_names.warnings(settings):
        sys.stderr.write(f"{line}\n")


def _warn_of_other_machines(settings: Settings) -> None:
    from core.platform import machines  # not before the settings were tried

    if line := machines.told_at_start(settings):
        sys.stderr.write(f"{line}\n")


def try_servers(settings: Settings) -> None:
    """Ask those of Postgres and Redis that the settings name. Raises `ConfigurationError`."""
    for name, ask in (("REDIS_URL", _ask_redis), ("DATABASE_URL", _ask_postgres)):
        if url := getattr(settings, name.lower()):
            ask(url)


def _try_place(settings: Settings) -> None:
    """The folder and the ports of `run`, unless a desk is at work there or was killed: that is told or ended first."""
    try_folder(settings.data_dir)
    if not (settings.data_dir.expanduser() / "children.json").exists():
        try_ports(settings)


def _ask_redis(url: str) -> None:
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


def _ask_postgres(url: str) -> None:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise ConfigurationError(
            f"DATABASE_URL cannot be reached ({_reason(error)}): start the database, or correct the address."
        ) from None


def _reason(error: Exception) -> str:
    """What the server or the network said, in one line without any password."""
    said = str(error).strip().splitlines() or [type(error).__name__]
    return said[-1].strip().rstrip(".")


def try_folder(folder: Path) -> None:
    """Make the folder of DATA_DIR, and see that it can be written to. Raises `ConfigurationError`."""
    whole = folder.expanduser().absolute()
    try:
        whole.mkdir(parents=True, exist_ok=True)
        tighten(whole)
        writable = os.access(whole, os.W_OK | os.X_OK)
        reason = "no right to write there"
    except OSError as error:
        writable, reason = False, error.strerror or type(error).__name__
    if not writable:
        raise ConfigurationError(f"DATA_DIR is wrong: {whole} cannot be used ({reason}). Set it to a folder of yours.")


def try_ports(settings: Settings) -> None:
    """See whether every port of `run` is free, and another one for each. Raises `ConfigurationError`."""
    wanted = {"WEB_PORT": settings.web_port, "CONSOLE_PORT": settings.console_port}
    if settings.sandbox_active:
        wanted["SANDBOX_PORT"] = settings.sandbox_port
    by_port: dict[int, str] = {}
    for name, port in wanted.items():
        if port in by_port:
            raise ConfigurationError(f"{name} is wrong: {by_port[port]} is {port} too. Set it to another.")
        by_port[port] = name
        try_port(name, settings.web_host, port)


def try_port(name: str, host: str, port: int) -> None:
    """See whether the port can be listened on, waiting a moment for who is leaving it. Raises `ConfigurationError`."""
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
