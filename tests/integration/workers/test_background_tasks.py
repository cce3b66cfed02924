"""Background tasks: claimed once, resumed after a kill, stopped when cancelled, never stuck."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core.platform import job_queue
from core.platform.db import system_transaction, transaction
from core.tasks import background_tasks
from core.tasks.background_tasks import ClaimedTask, PermanentTaskError, TaskInterrupted, TaskView
from tests.conftest import TestBusiness
from tests.support.database import force_rescans, one, rows
from workers import due_work, work_loop
from workers.jobs import background_task as work
from workers.jobs.background_task import Handler

pytestmark = pytest.mark.usefixtures("short_runs")


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Register a handler for tasks of the kind "test"."""
    return lambda handler: monkeypatch.setattr(work, "HANDLERS", {"test": handler})


def enqueue(business: TestBusiness, subject_id: int = 7) -> int:
    with transaction(business.business_id) as session:
        return background_tasks.enqueue(session, "test", subject_id)


def view(business: TestBusiness, task_id: int) -> TaskView:
    with transaction(business.business_id) as session:
        found = background_tasks.find(session, task_id)
    assert found is not None
    return found


def claim(lease_for: float = 30, limit: int = 1) -> list[ClaimedTask]:
    with system_transaction() as session:
        return background_tasks.claim(session, limit, timedelta(seconds=lease_for))


def test_the_work_loop_runs_a_task_and_its_progress_is_visible(
    business: TestBusiness, handle: Callable[[Handler], None]
) -> None:
    seen: list[TaskView] = []

    def run(task: ClaimedTask) -> None:
        for done in range(3):
            task.report_progress(done, 3)
        seen.append(view(business, task.task_id))

    handle(Handler(run))
    task_id = enqueue(business)
    work_loop.run()
    assert [(one.state, one.done, one.total) for one in seen] == [("running", 2, 3)]
    assert view(business, task_id).state == "done"
    assert due_work.check().tasks_in is None


def test_no_more_is_claimed_than_the_limit_however_the_rows_are_joined(business: TestBusiness) -> None:
    for subject_id in range(5):
        enqueue(business, subject_id)
    with system_transaction() as session:
        force_rescans(session)
        assert len(background_tasks.claim(session, 2, timedelta(seconds=30))) == 2


def test_an_open_task_is_not_enqueued_twice(business: TestBusiness) -> None:
    assert enqueue(business) == enqueue(business)
    [running] = claim()
    assert enqueue(business, 8) != enqueue(business)
    assert enqueue(business) == running.task_id
    with transaction(business.business_id) as session:
        background_tasks.finish(session, running)
    assert enqueue(business) != running.task_id


def test_a_cancelled_task_stops_at_its_next_progress_report_and_writes_nothing_more(business: TestBusiness) -> None:
    task_id = enqueue(business)
    [running] = claim()
    with transaction(business.business_id) as session:
        assert background_tasks.cancel(session, task_id)
        assert not background_tasks.cancel(session, task_id)
    with pytest.raises(TaskInterrupted):
        running.report_progress(1, 2)
    with pytest.raises(TaskInterrupted), transaction(business.business_id) as session:
        running.assert_lease(session)
    with transaction(business.business_id) as session:
        assert not background_tasks.finish(session, running)
    assert view(business, task_id).state == "cancelled"


def test_a_task_of_a_dead_worker_is_claimed_by_exactly_one_other(business: TestBusiness) -> None:
    enqueue(business)
    [first] = claim(lease_for=0)
    [second] = claim()
    assert (second.task_id, second.attempt) == (first.task_id, 2)
    assert claim() == []
    with pytest.raises(TaskInterrupted):
        first.report_progress(1, 2)
    second.report_progress(1, 2)


def test_a_task_that_hangs_loses_its_lease(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue(business)
    [running] = claim(lease_for=0)
    work.renew([running])
    assert claim() == []
    monkeypatch.setattr(background_tasks, "_SILENT_SECONDS", 0)
    one("UPDATE background_tasks SET due_at = now() RETURNING id")
    work.renew([running])
    assert len(claim()) == 1


def test_a_task_that_kills_its_workers_fails(business: TestBusiness, handle: Callable[[Handler], None]) -> None:
    failures: list[str] = []

    def failed(_: Session, task: ClaimedTask, error: str) -> None:
        failures.append(f"{task.subject_id} {error}")

    handle(Handler(lambda _: None, failed))
    task_id = enqueue(business)
    for _ in range(background_tasks.MOST_ATTEMPTS):
        claim(lease_for=0)
    [running] = claim()
    work.run_task(running)
    assert (view(business, task_id).state, view(business, task_id).error) == ("failed", "crashed")
    assert failures == ["7 crashed"]


def test_a_task_that_raises_is_retried_and_then_fails(
    business: TestBusiness, handle: Callable[[Handler], None]
) -> None:
    def run(_: ClaimedTask) -> None:
        raise ValueError("broken")

    handle(Handler(run))
    task_id = enqueue(business)
    for attempt in range(background_tasks.MOST_ATTEMPTS):
        assert view(business, task_id).state == "waiting", attempt
        [running] = claim()
        with pytest.raises(ValueError, match="broken"):
            work.run_task(running)
        rows("UPDATE background_tasks SET due_at = now() WHERE due_at IS NOT NULL RETURNING id")
    assert view(business, task_id).state == "failed"


def test_a_permanent_error_is_recorded(business: TestBusiness, handle: Callable[[Handler], None]) -> None:
    def run(_: ClaimedTask) -> None:
        raise PermanentTaskError("encrypted")

    handle(Handler(run))
    task_id = enqueue(business)
    work_loop.run()
    assert (view(business, task_id).state, view(business, task_id).error) == ("failed", "encrypted")


def test_a_stopping_process_releases_its_tasks_at_once(
    business: TestBusiness, handle: Callable[[Handler], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(Handler(lambda task: task.report_progress(1, 2)))
    enqueue(business)
    [running] = claim()
    monkeypatch.setattr(job_queue, "stop_requested", lambda: True)
    work.run_task(running)
    [again] = claim()
    assert again.attempt == 1


def test_a_business_with_many_tasks_does_not_block_others(business: TestBusiness) -> None:
    for subject_id in range(3):
        enqueue(business, subject_id)
    claim()
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    with transaction(other) as session:
        background_tasks.enqueue(session, "test", 1)
    [running] = claim()
    assert running.business_id == other


def test_only_tasks_that_ended_long_ago_are_deleted(business: TestBusiness) -> None:
    kept, old, running = enqueue(business, 1), enqueue(business, 2), enqueue(business, 3)
    with transaction(business.business_id) as session:
        background_tasks.cancel(session, kept)
        background_tasks.cancel(session, old)
    one(f"UPDATE background_tasks SET ended_at = now() - interval '31 days' WHERE id = {old} RETURNING id")
    with system_transaction() as session:
        background_tasks.delete_old(session)
    assert rows("SELECT id FROM background_tasks ORDER BY id") == [(kept,), (running,)]
