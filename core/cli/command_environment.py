"""Settings of a command: from the environment, from the instance running on DATA_DIR, or from its stopped servers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path

from core.platform import config, crypto, db, job_queue
from core.platform.config_rules import check
from core.platform.errors import ConfigurationError
from core.platform.supervisor import AlreadyRunning, Supervisor, own_keys, running_settings

_WAIT_SECONDS = 60.0
_TICK_SECONDS = 0.2


class Need(Enum):
    """What a command needs to be running."""

    NOTHING = "nothing"
    SERVERS = "servers"
    NEW = "servers, which are made if there are none"
    ALONE = "servers, which are made if there are none, with nothing else running"


@contextmanager
def command_settings(need: Need) -> Iterator[None]:
    """Provide the settings for the duration of one command.

    The environment takes precedence, then the settings of the instance running on DATA_DIR, then `.env`. If no servers
    are configured the embedded ones of DATA_DIR are started, and stopped after the command.

    Raises:
        ConfigurationError: a setting is wrong, or an instance is running although the command excludes it.
    """
    if need is Need.NOTHING:
        yield
        return
    before = dict(os.environ)
    try:
        with ExitStack() as stack:
            _find(need, stack)
            yield
    finally:
        if os.environ != before:
            os.environ.clear()
            os.environ.update(before)
            reset_caches()


def reset_caches() -> None:
    """Discard what this process has cached from settings that have changed."""
    db.dispose_engine()
    for cached in (config.get_settings, job_queue.connection, crypto._fernet):
        cached.cache_clear()


def _find(need: Need, stack: ExitStack) -> None:
    """Complete the environment. Clean-up after the command is registered in `stack`."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        settings = check(config.load())
        folder = settings.data_dir.expanduser().absolute()
        running = running_settings(folder)
        if running is not None:
            if need is Need.ALONE:
                raise ConfigurationError(f"BotHub is running on {folder}: stop it first.")
            _complete(running)
        configured = settings.database_url and settings.redis_url
        creates = need in (Need.NEW, Need.ALONE)
        if running is not None or configured or not (creates or (folder / "postgres" / "PG_VERSION").exists()):
            _complete(own_keys(settings, make=creates and not configured))
            return _require_keys(folder) if running is not None else None
        try:
            return _start(Supervisor(settings), stack)
        except AlreadyRunning:  # it is still starting, or another command holds the servers
            if time.monotonic() > deadline:
                raise
        time.sleep(_TICK_SECONDS)


def _require_keys(folder: Path) -> None:
    """Require the running instance's keys, which it does not share: a new key could not decrypt its data."""
    if not config.load().encryption_keys:
        raise ConfigurationError(
            f"ENCRYPTION_KEYS is not set, but the desk that runs on {folder} was given it: "
            "give this command the same, or put it into .env."
        )


def _start(supervisor: Supervisor, stack: ExitStack) -> None:
    """Start the embedded servers for the duration of the command."""
    stack.enter_context(supervisor.sole_owner())
    stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
    stack.callback(supervisor.stop)
    stack.callback(reset_caches)
    supervisor.start_servers()
    _complete(supervisor.environment())


def _complete(found: Mapping[str, str]) -> None:
    """Set variables that the environment lacks."""
    missing = {name: value for name, value in found.items() if not os.environ.get(name, "").strip()}
    if missing:
        os.environ.update(missing)
        reset_caches()
