"""A worker process: `python -m workers.run`. It answers the bell, and looks for itself while Redis is away."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import redis
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from core import bell
from core.config import get_settings
from core.db import work_queues
from core.errors import ConfigurationError
from core.observability import configure_logging
from core.runtime import settle_memory
from workers.drain import drain

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0


def main() -> int:
    """Work until asked to stop. RQ's loop ends whenever Redis does, so it is begun again here."""
    try:
        configure_logging(get_settings().log_level)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    work_queues()
    settle_memory()
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
    """Without Redis nobody rings, but the rows are there to be seen."""
    try:
        drain()
    except (OperationalError, InterfaceError) as error:
        log.warning("postgres_away", error=type(error.orig).__name__)


if __name__ == "__main__":
    sys.exit(main())
