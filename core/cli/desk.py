"""Where a command finds the desk: the settings, a desk that runs on DATA_DIR, or the servers that lie there stopped."""

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
from core.platform.supervisor import AlreadyRunning, Supervisor, own_keys, told_settings

_PATIENCE_SECONDS = 60.0
_TICK_SECONDS = 0.2


class Need(Enum):
    """What a command needs of the desk."""

    NOTHING = "nothing"
    SERVERS = "servers"
    NEW = "servers, which are made if there are none"
    ALONE = "servers, which are made if there are none, with nothing else at work"


@contextmanager
def settings_of_desk(need: Need) -> Iterator[None]:
    """The settings of the desk, for the time of one command.

    What the environment says holds; then what the desk that runs on DATA_DIR was started with; then `.env`. Servers
    that neither names are the embedded ones of DATA_DIR: they are started, and stopped after the command.

    Raises:
        ConfigurationError: a setting is wrong, or the desk runs and may not (`Need.ALONE`).
    """
    if need is Need.NOTHING:
        yield
        return
    before = dict(os.environ)
    try:
        with ExitStack() as held:
            _find(need, held)
            yield
    finally:
        if os.environ != before:
            os.environ.clear()
            os.environ.update(before)
            forget()


def forget() -> None:
    """Let go of what this process made from settings that have changed."""
    db.forget()
    for cached in (config.get_settings, job_queue.connection, crypto._fernet):
        cached.cache_clear()


def _find(need: Need, held: ExitStack) -> None:
    """Complete the environment. What has to be undone after the command is put into `held`."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        settings = check(config.load())
        folder = settings.data_dir.expanduser().absolute()
        running = told_settings(folder)
        if running is not None:
            if need is Need.ALONE:
                raise ConfigurationError(f"BotHub is running on {folder}: stop it first.")
            _complete(running)
        given = settings.database_url and settings.redis_url
        makes = need in (Need.NEW, Need.ALONE)
        if running is not None or given or not (makes or (folder / "postgres" / "PG_VERSION").exists()):
            _complete(own_keys(settings, make=makes and not given))
            return _require_keys(folder) if running is not None else None
        try:
            return _start(Supervisor(settings), held)
        except AlreadyRunning:  # it has only begun to start, or another command holds the servers
            if time.monotonic() > deadline:
                raise
        time.sleep(_TICK_SECONDS)


def _require_keys(folder: Path) -> None:
    """The one thing that a desk does not tell: a new key, which the usual advice makes, would open nothing of its."""
    if not config.load().encryption_keys:
        raise ConfigurationError(
            f"ENCRYPTION_KEYS is not set, but the desk that runs on {folder} was given it: "
            "give this command the same, or put it into .env."
        )


def _start(supervisor: Supervisor, held: ExitStack) -> None:
    """Start the embedded servers for as long as the command runs."""
    held.enter_context(supervisor.sole_owner())
    held.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
    held.callback(supervisor.stop)
    held.callback(forget)
    supervisor.start_servers()
    _complete(supervisor.environment())


def _complete(found: Mapping[str, str]) -> None:
    """Set what the environment does not say."""
    missing = {name: value for name, value in found.items() if not os.environ.get(name, "").strip()}
    if missing:
        os.environ.update(missing)
        forget()
