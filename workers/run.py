"""The workers, `python -m workers.run`: WORKER_PROCESSES of them, forked from this process and looked after by it.

Each looks for work by itself once, then answers the bell, and looks for itself again while Redis is away.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from core.platform.startup import settings_or_exit

if __name__ == "__main__":  # before the rest is loaded: a wrong setting is told at once
    settings_or_exit()

import redis
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

import core.bots.llm.client  # noqa: F401  # before the fork, for all: the first answer would wait a second for it
from core.platform import job_queue, machines
from core.platform.config import get_settings
from core.platform.connections import Process, serve_as
from core.platform.gc_tuning import freeze_gc
from core.platform.logging import configure_logging
from workers.process_pool import ProcessPool
from workers.work_loop import desk, drain

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0


def main() -> int:
    """Keep the workers alive until asked to stop."""
    settings = get_settings()
    configure_logging(settings.log_level)
    serve_as(Process.WORKER)
    freeze_gc()
    return ProcessPool(settings.worker_processes, work).watch()


def work() -> int:
    """Work until asked to stop. RQ's loop ends whenever Redis does, so it is begun again here."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask_to_stop)
    desk().start_reporting()
    machines.start_reporting()
    _work_through_leftovers()  # whoever was here before may have left something, and its ring with it
    while not job_queue.stop_requested():
        try:
            job_queue.worker().work(logging_level="WARNING")
        except (redis.RedisError, OSError) as error:
            log.warning("redis_away", error=type(error).__name__)
        except job_queue.StopRequested:
            break
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ask_to_stop)  # RQ's own handlers end its loop, which is over
        if not job_queue.stop_requested():
            _work_through_leftovers()
            job_queue.pause(_PAUSE_SECONDS)
    return 0


def _ask_to_stop(_: int, __: FrameType | None) -> None:
    job_queue.request_stop()


def _work_through_leftovers() -> None:
    """The rows are there to be seen, whether or not somebody rang."""
    try:
        drain()
    except (OperationalError, InterfaceError) as error:
        log.warning("postgres_away", error=type(error.orig).__name__)


if __name__ == "__main__":
    sys.exit(main())
