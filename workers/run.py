"""The workers, `python -m workers.run`: WORKER_PROCESSES processes, forked and supervised by this one.

Each first processes what is due, then waits for wake-ups, and polls while Redis is away.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from core.platform.startup import settings_or_exit

if __name__ == "__main__":  # before the rest is loaded: a wrong setting is reported at once
    settings_or_exit()

import redis
import structlog

import core.bots.llm.client  # noqa: F401  # imported before the fork: the first reply would wait a second for it
from core.platform import job_queue, machines, metrics
from core.platform.config import get_settings
from core.platform.connections import Process, set_process
from core.platform.db_retry import tolerate_outage
from core.platform.gc_tuning import freeze_gc
from core.platform.logging import configure_logging
from workers import work_loop
from workers.process_pool import ProcessPool

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0


def main() -> int:
    """Keep the workers alive until asked to stop."""
    settings = get_settings()
    configure_logging(settings.log_level)
    set_process(Process.WORKER)
    freeze_gc()
    return ProcessPool(settings.worker_processes, work).watch()


def work() -> int:
    """Work until asked to stop. RQ's loop ends when Redis goes away, so it is restarted here."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _request_stop)
    work_loop.current().start_reporting()
    machines.start_reporting()
    metrics.start_saving()
    _process_due()  # a crashed worker may have left rows, and its wake-up is gone
    while not job_queue.stop_requested():
        try:
            job_queue.worker().work(logging_level="WARNING")
        except (redis.RedisError, OSError) as error:
            log.warning("redis_away", error=type(error).__name__)
        except job_queue.StopRequested:
            break
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _request_stop)  # replace RQ's handlers, whose loop has ended
        if not job_queue.stop_requested():
            _process_due()
            job_queue.pause(_PAUSE_SECONDS)
    return 0


def _request_stop(_: int, __: FrameType | None) -> None:
    job_queue.request_stop()


def _process_due() -> None:
    """Process what is due without waiting for a wake-up."""
    with tolerate_outage():
        work_loop.run()


if __name__ == "__main__":
    sys.exit(main())
