"""What workers measure, and what is read of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import system_transaction
from core.health import reports
from tests.inbox.steps import one, rows
from workers.meter import Meter

durations = st.lists(st.floats(0, 59), min_size=1, max_size=200)


@given(durations)
def test_the_percentile_is_in_the_bucket_of_the_true_one(taken: list[float]) -> None:
    buckets: dict[int, int] = {}
    for seconds in taken:
        bucket = reports.bucket_of(seconds)
        buckets[bucket] = buckets.get(bucket, 0) + 1
    true = sorted(taken)[-(-len(taken) * 95 // 100) - 1]
    found = reports.percentile(buckets, 0.95)
    assert found is not None
    bucket = reports.bucket_of(true)
    assert (reports.BOUNDS[bucket - 1] if bucket else 0) <= found <= reports.BOUNDS[bucket]


def test_nothing_measured_has_no_percentile_and_the_endless_bucket_its_bound() -> None:
    assert reports.percentile({}, 0.95) is None
    assert reports.percentile({len(reports.BOUNDS): 3}, 0.95) == reports.BOUNDS[-1]


def test_two_reports_add_up_and_a_failure_is_told(clean) -> None:
    meter = Meter()

    def work(number: int) -> None:
        if number == 2:
            raise RuntimeError("two is too many")

    measured = meter.timed("replies", work)
    measured(1)
    meter.report()
    with pytest.raises(RuntimeError):
        measured(2)
    meter.note("inbound", 0.2, number=5)
    meter.report()
    with system_transaction() as session:
        paces = reports.paces(session, 60)
        (worker,) = reports.workers(session)
    assert (paces["replies"].total.count, paces["replies"].total.failed) == (2, 1)
    assert paces["inbound"].total.count == 5
    assert paces["inbound"].mean_seconds == pytest.approx(0.04)
    assert (worker.state.done, worker.state.failed, worker.state.busy, worker.lost) == (7, 1, 0, False)
    assert "two is too many" in (worker.state.failure or "")


def test_a_worker_not_heard_of_is_lost_and_one_that_was_asked_to_end_is_forgotten(clean) -> None:
    meter = Meter()
    meter.report()
    with system_transaction() as session:
        session.connection().exec_driver_sql("UPDATE worker_reports SET seen_at = now() - interval '31 seconds'")
        assert [worker.lost for worker in reports.workers(session)] == [True]
    meter.end()
    assert rows("SELECT id FROM worker_reports") == []


def test_old_reports_are_forgotten(clean) -> None:
    meter = Meter()
    meter.note("media", 1.0)
    meter.report()
    with system_transaction() as session:
        session.connection().exec_driver_sql("UPDATE work_reports SET minute = now() - interval '3 days'")
    reports.forget_old_reports()
    assert one("SELECT count(*) FROM work_reports") == 0
    assert one("SELECT count(*) FROM worker_reports") == 1
