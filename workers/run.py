"""The workers, `python -m workers.run`: WORKER_PROCESSES of them, forked from this process and looked after by it.

Each looks for work by itself once, then answers the bell, and looks for itself again while Redis is away.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from core.startup import settings_or_exit

if __name__ == "__main__":  # before the rest is loaded: a wrong setting is told at once
    settings_or_exit()

import redis
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

import core.ai.client  # noqa: F401  # before the fork, for all: the first answer would wait a second for it
from core import bell, machines
from core.config import get_settings
from core.connections import Process, serve_as
from core.observability import configure_logging
from core.runtime import settle_memory
from workers.drain import desk, drain
from workers.nursery import Nursery

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0


def main() -> int:
    """Keep the workers alive until asked to stop."""
    settings = get_settings()
    configure_logging(settings.log_level)
    serve_as(Process.WORKER)
    settle_memory()
    return Nursery(settings.worker_processes, work).watch()


def work() -> int:
    """Work until asked to stop. RQ's loop ends whenever Redis does, so it is begun again here."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask_to_stop)
    desk().keep_telling()
    machines.keep_telling()
    _work_unasked()  # whoever was here before may have left something, and its ring with it
    while not bell.stop_requested():
        try:
            bell.worker().work(logging_level="WARNING")
        except (redis.RedisError, OSError) as error:
            log.warning("redis_away", error=type(error).__name__)
        except bell.StopRequested:
            break
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ask_to_stop)  # RQ's own handlers end its loop, which is over
        if not bell.stop_requested():
            _work_unasked()
            bell.pause(_PAUSE_SECONDS)
    return 0


def _ask_to_stop(_: int, __: FrameType | None) -> None:
    bell.request_stop()


def _work_unasked() -> None:
    """The rows are there to be seen, whether or not somebody rang."""
    try:
        drain()
    except (OperationalError, InterfaceError) as error:
        log.warning("postgres_away", error=type(error.orig).__name__)


if __name__ == "__main__":
    sys.exit(main())
