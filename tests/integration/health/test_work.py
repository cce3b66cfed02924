"""Worker reports and the statistics read from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from core.monitoring import worker_stats
from core.platform.db import system_transaction
from tests.conftest import TestBusiness
from tests.support.database import one, rows
from tests.support.inbound import store
from tests.support.provider_bodies import meta_body, meta_json, text_value
from workers.stats_reporter import StatsReporter


def minutes() -> list[worker_stats.TaskStats]:
    with system_transaction() as session:
        return worker_stats.minutes(session, datetime.now(UTC) - timedelta(hours=1))


def test_counts_add_up_over_reports_and_workers(business: TestBusiness) -> None:
    reporter, other = StatsReporter(), StatsReporter()
    for one_reporter in (reporter, other, reporter):
        one_reporter.count("sending", 0.0421)
        one_reporter.flush({"sending": 12}, {"sending": 1})
    reporter.count("replies", 3)
    reporter.flush({"sending": 12}, {"sending": 0})
    counted = {(row.kind, row.bucket): row.count for row in minutes()}
    assert sum(count for (kind, _), count in counted.items() if kind == "sending") == 3
    assert sum(row.seconds for row in minutes() if row.kind == "replies") == 3
    with system_transaction() as session:
        (worker, *_) = worker_stats.workers(session)
    assert (worker.lost, worker.slots) == (False, {"sending": 12})
    assert worker.memory > 1_000_000


def test_a_failed_task_stores_its_traceback(business: TestBusiness) -> None:
    reporter = StatsReporter()
    for _ in range(50):
        with pytest.raises(ZeroDivisionError), reporter.measure("replies"):
            raise ZeroDivisionError("a bug\0")
    reporter.flush({}, {})
    assert sum(row.failed for row in minutes()) == 50
    with system_transaction() as session:
        failures = worker_stats.failures(session)
    assert len(failures) == 20, "one bug does not fill the database"
    assert "ZeroDivisionError" in failures[0].trace


def test_a_report_that_failed_is_included_in_the_next_one(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = StatsReporter()
    reporter.count("media", 1)

    def away(*_: object) -> None:
        raise OperationalError("", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(worker_stats, "report", away)
        reporter.flush({}, {})
    reporter.count("media", 1)
    reporter.flush({}, {})
    assert sum(row.count for row in minutes() if row.kind == "media") == 2


def test_workers_are_numbered_by_host(business: TestBusiness) -> None:
    for worker, minutes_ago in (("vm:40:3", 1), ("vm:7:1", 9), ("pi:40:2", 5), ("fe80::1:40:2", 5)):
        rows(
            "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory) VALUES"
            f" ('{worker}', now() - interval '{minutes_ago} minutes', now(), '{{}}', '{{}}', 0, 0)"
        )
    with system_transaction() as session:
        found = [(one.host, one.number, one.pid) for one in worker_stats.workers(session)]
    assert found == [("fe80::1", 1, "40"), ("pi", 1, "40"), ("vm", 1, "7"), ("vm", 2, "40")]


def test_a_silent_worker_is_lost_and_old_rows_are_deleted(business: TestBusiness) -> None:
    reporter = StatsReporter()
    reporter.count("media", 1)
    reporter.flush({}, {})
    rows("UPDATE worker_reports SET seen_at = now() - interval '31 seconds'")
    with system_transaction() as session:
        assert [worker.lost for worker in worker_stats.workers(session)] == [True]
    rows("UPDATE worker_reports SET seen_at = now() - interval '3 days'")
    rows("UPDATE work_minutes SET minute = now() - interval '3 days'")
    with system_transaction() as session:
        worker_stats.forget_old_work(session)
    assert one("SELECT (SELECT count(*) FROM worker_reports) + (SELECT count(*) FROM work_minutes)") == 0


def test_due_work_and_its_age(business: TestBusiness) -> None:
    store(meta_json(meta_body(text_value("Hola"))))
    rows("UPDATE webhook_events SET received_at = now() - interval '90 seconds'")
    with system_transaction() as session:
        waits = {found.kind: found for found in worker_stats.waiting(session)}
    assert waits["inbound"].count == 1
    assert 89 <= waits["inbound"].oldest < 120
    assert {kind for kind, found in waits.items() if found.count == 0} == {"replies", "sending", "media", "tasks"}
