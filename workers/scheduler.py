"""The scheduler process, `python -m workers.scheduler`: the sweep, alerts and notices, and what is done now and
then.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from core.platform.startup import settings_or_exit

if __name__ == "__main__":  # before the rest is loaded: a wrong setting is told at once
    settings_or_exit()

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from core.accounts import notification_delivery
from core.catalog import quotes
from core.evaluation import hourly_run
from core.knowledge import reembed
from core.messaging.attachments import cleanup
from core.messaging.channels import pauses, templates
from core.messaging.inbound.retention import forget_old_events
from core.monitoring import alerts, probes, worker_stats
from core.platform import machines, object_storage
from core.platform.config import get_settings
from core.platform.connections import Process, serve_as
from core.platform.db import system_transaction
from core.platform.logging import configure_logging
from core.reporting import daily_rollups
from core.tasks import background_tasks
from workers.recovery import sweep

log = structlog.get_logger(__name__)

_HOUR = 3600.0
_MINUTE = 60.0
_CHORES_SECONDS = 5.0
_ALERTS_SECONDS = 15.0
_NOTICES_SECONDS = 2.0
_stop = threading.Event()


def main() -> int:
    """Sweep until asked to stop. Several may run: everything they do is safe to do twice."""
    settings = get_settings()
    serve_as(Process.SCHEDULER)
    configure_logging(settings.log_level)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask_to_stop)
    machines.start_reporting()
    threading.Thread(target=_chores, name="chores", daemon=True).start()
    for name, pause, task in (("alerts", _ALERTS_SECONDS, look), ("notices", _NOTICES_SECONDS, tell)):
        threading.Thread(target=_repeat, args=(pause, task), name=name, daemon=True).start()
    cleared_at = float("-inf")
    while not _stop.is_set():
        try:
            sweep()
            if time.monotonic() - cleared_at > _HOUR:
                forget_old_events()
                with system_transaction() as session:
                    worker_stats.forget_old_work(session)
                    alerts.forget_old_alerts(session)
                    background_tasks.forget_old(session)
                    machines.forget_gone(session)
                cleared_at = time.monotonic()
        except (OperationalError, InterfaceError) as error:
            log.warning("postgres_away", error=type(error.orig).__name__)
        _stop.wait(settings.sweep_seconds)
    return 0


def _chores() -> None:
    """In a thread of its own: a slow provider, or a month to be counted, must not hold up the sweep."""
    counted_at = cleared_at = float("-inf")
    while not _stop.wait(_CHORES_SECONDS):
        try:
            templates.sync_due()
            templates.sync_content_due()
            probes.probe_due()
            if time.monotonic() - counted_at > _MINUTE:
                with system_transaction() as session:
                    reembed.enqueue_due(session)
                with system_transaction() as session:
                    quotes.expire_due(session)
                daily_rollups.refresh_due()
                hourly_run.run_due()
                counted_at = time.monotonic()
            if time.monotonic() - cleared_at > _HOUR:
                cleanup.clear()
                object_storage.clear_scratch()
                cleared_at = time.monotonic()
        except (OperationalError, InterfaceError) as error:
            log.warning("postgres_away", error=type(error.orig).__name__)


def look() -> None:
    """Open and clear alerts, and resume the numbers whose restriction is over."""
    with system_transaction() as session:
        alerts.evaluate(session)
    with system_transaction() as session:
        pauses.resume_due(session)


def tell() -> None:
    """Send the notices that are due."""
    while notification_delivery.send_due() and not _stop.is_set():
        pass


def _repeat(pause: float, task: Callable[[], None]) -> None:
    """Do it again and again in a thread of its own, so that nothing slow beside it keeps people from hearing."""
    while not _stop.wait(pause):
        try:
            task()
        except (OperationalError, InterfaceError) as error:
            log.warning("postgres_away", error=type(error.orig).__name__)
        except Exception as error:  # the thread goes on: its next round may do better, and this one is in the log
            log.error("round_failed", task=task.__name__, exc_info=error)


def _ask_to_stop(_: int, __: FrameType | None) -> None:
    _stop.set()


if __name__ == "__main__":
    sys.exit(main())
