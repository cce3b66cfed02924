"""The scheduler process, `python -m workers.scheduler`: recovery, alerts, notifications, polls and maintenance."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from core.platform.startup import settings_or_exit

if __name__ == "__main__":  # before the rest is loaded: a wrong setting is reported at once
    settings_or_exit(notifies=True)

import structlog

from core.accounts import notification_delivery
from core.catalog import quotes
from core.evaluation import hourly_run
from core.knowledge import reembed
from core.messaging.attachments import cleanup
from core.messaging.channels import pauses, templates
from core.messaging.inbound import polls
from core.messaging.inbound.retention import delete_old_events
from core.monitoring import alerts, probes, worker_stats
from core.platform import machines, metrics, object_storage
from core.platform.config import get_settings
from core.platform.connections import Process, set_process
from core.platform.db import system_transaction
from core.platform.db_retry import tolerate_outage
from core.platform.logging import configure_logging
from core.reporting import daily_rollups
from core.tasks import background_tasks
from workers.recovery import recover

log = structlog.get_logger(__name__)

_HOUR = 3600.0
_MINUTE = 60.0
_MAINTENANCE_SECONDS = 5.0
_ALERTS_SECONDS = 15.0
_NOTIFICATIONS_SECONDS = 2.0
_POLLS_SECONDS = 10.0
_stop = threading.Event()


def main() -> int:
    """Run until asked to stop. Several schedulers may run: every step is safe to run twice."""
    settings = get_settings()
    set_process(Process.SCHEDULER)
    configure_logging(settings.log_level)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _request_stop)
    poller = polls.Poller()
    machines.start_reporting()
    metrics.start_saving()
    threading.Thread(target=_maintain, name="maintenance", daemon=True).start()
    for name, pause, task in (
        ("alerts", _ALERTS_SECONDS, update_alerts),
        ("notifications", _NOTIFICATIONS_SECONDS, send_notifications),
        ("polls", _POLLS_SECONDS, poller.start_due),
    ):
        threading.Thread(target=_repeat, args=(pause, task), name=name, daemon=True).start()
    cleared_at = float("-inf")
    while not _stop.is_set():
        with tolerate_outage():
            recover()
            if time.monotonic() - cleared_at > _HOUR:
                delete_old_events()
                with system_transaction() as session:
                    worker_stats.forget_old_work(session)
                    alerts.forget_old_alerts(session)
                    background_tasks.delete_old(session)
                    machines.delete_gone(session)
                cleared_at = time.monotonic()
        _stop.wait(settings.sweep_seconds)
    poller.stop()
    return 0


def _maintain() -> None:
    """Periodic maintenance, in a thread of its own: a slow provider or a long count must not delay recovery."""
    counted_at = cleared_at = float("-inf")
    while not _stop.wait(_MAINTENANCE_SECONDS):
        with tolerate_outage():
            templates.sync_due()
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
                cleanup.delete_orphaned_uploads()
                object_storage.clear_scratch()
                cleared_at = time.monotonic()


def update_alerts() -> None:
    """Open and clear alerts, and resume channels whose restriction is over."""
    with system_transaction() as session:
        alerts.evaluate(session)
    with system_transaction() as session:
        pauses.resume_due(session)


def send_notifications() -> None:
    """Send the notifications that are due."""
    while notification_delivery.send_due() and not _stop.is_set():
        pass


def _repeat(pause: float, task: Callable[[], None]) -> None:
    """Run a task periodically in a thread of its own, so that slow maintenance does not delay it."""
    while not _stop.wait(pause):
        try:
            with tolerate_outage():
                task()
        except Exception as error:  # logged; the thread continues with its next round
            log.error("round_failed", task=task.__name__, exc_info=error)


def _request_stop(_: int, __: FrameType | None) -> None:
    _stop.set()


if __name__ == "__main__":
    sys.exit(main())
