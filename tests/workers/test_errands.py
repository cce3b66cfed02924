"""Long work: claimed once, resumed after a kill, stopped when it is no longer wanted, and never stuck."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core.platform import job_queue
from core.platform.db import system_transaction, transaction
from core.tasks import background_tasks
from core.tasks.background_tasks import ErrandView, PermanentTaskError, Running, Stopped
from tests.conftest import TestBusiness
from tests.inbox.steps import force_rescans, one, rows
from workers import due_work
from workers.jobs import background_task as work
from workers.jobs.background_task import Handler
from workers.work_loop import drain

pytestmark = pytest.mark.usefixtures("short_slices")


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Let a handler do the errands of the kind "test"."""
    return lambda handler: monkeypatch.setattr(work, "HANDLERS", {"test": handler})


def ask(business: TestBusiness, subject_id: int = 7) -> int:
    with transaction(business.business_id) as session:
        return background_tasks.begin(session, business.business_id, "test", subject_id, by="agent:1")


def view(business: TestBusiness, errand_id: int) -> ErrandView:
    with transaction(business.business_id) as session:
        found = background_tasks.find(session, errand_id)
    assert found is not None
    return found


def claim(lease_for: float = 30, limit: int = 1) -> list[Running]:
    with system_transaction() as session:
        return background_tasks.claim(session, limit, timedelta(seconds=lease_for))


def test_the_drain_does_an_errand_and_its_progress_is_seen(
    business: TestBusiness, handle: Callable[[Handler], None]
) -> None:
    seen: list[ErrandView] = []

    def run(errand: Running) -> None:
        for done in range(3):
            errand.step(done, 3)
        seen.append(view(business, errand.errand_id))

    handle(Handler(run))
    errand_id = ask(business)
    drain()
    assert [(one.state, one.done, one.total) for one in seen] == [("running", 2, 3)]
    assert view(business, errand_id).state == "done"
    assert due_work.look().errands_in is None


def test_no_more_is_claimed_than_was_asked_for_however_the_rows_are_joined(business: TestBusiness) -> None:
    for subject_id in range(5):
        ask(business, subject_id)
    with system_transaction() as session:
        force_rescans(session)
        assert len(background_tasks.claim(session, 2, timedelta(seconds=30))) == 2


def test_the_same_work_is_asked_for_once(business: TestBusiness) -> None:
    assert ask(business) == ask(business)
    [running] = claim()
    assert ask(business, 8) != ask(business)
    assert ask(business) == running.errand_id
    with transaction(business.business_id) as session:
        background_tasks.end(session, running)
    assert ask(business) != running.errand_id


def test_a_cancelled_errand_stops_at_its_next_step_and_writes_nothing_more(business: TestBusiness) -> None:
    errand_id = ask(business)
    [running] = claim()
    with transaction(business.business_id) as session:
        assert background_tasks.cancel(session, errand_id)
        assert not background_tasks.cancel(session, errand_id)
    with pytest.raises(Stopped):
        running.step(1, 2)
    with pytest.raises(Stopped), transaction(business.business_id) as session:
        running.hold(session)
    with transaction(business.business_id) as session:
        assert not background_tasks.end(session, running)
    assert view(business, errand_id).state == "cancelled"


def test_work_of_a_dead_worker_is_done_by_another_one_and_by_no_other(business: TestBusiness) -> None:
    ask(business)
    [first] = claim(lease_for=0)
    [second] = claim()
    assert (second.errand_id, second.attempt) == (first.errand_id, 2)
    assert claim() == []
    with pytest.raises(Stopped):
        first.step(1, 2)
    second.step(1, 2)


def test_work_that_hangs_loses_its_lease(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(business)
    [running] = claim(lease_for=0)
    work.renew([running])
    assert claim() == []
    monkeypatch.setattr(background_tasks, "_SILENT_SECONDS", 0)
    one("UPDATE errands SET due_at = now() RETURNING id")
    work.renew([running])
    assert len(claim()) == 1


def test_what_kills_its_workers_ends_failed(business: TestBusiness, handle: Callable[[Handler], None]) -> None:
    told: list[str] = []

    def tell(_: Session, errand: Running, error: str) -> None:
        told.append(f"{errand.subject_id} {error}")

    handle(Handler(lambda _: None, tell))
    errand_id = ask(business)
    for _ in range(background_tasks.MOST_ATTEMPTS):
        claim(lease_for=0)
    [running] = claim()
    work.run_task(running)
    assert (view(business, errand_id).state, view(business, errand_id).error) == ("failed", "crashed")
    assert told == ["7 crashed"]


def test_what_raises_is_tried_again_and_then_has_failed(
    business: TestBusiness, handle: Callable[[Handler], None]
) -> None:
    def run(_: Running) -> None:
        raise ValueError("broken")

    handle(Handler(run))
    errand_id = ask(business)
    for attempt in range(background_tasks.MOST_ATTEMPTS):
        assert view(business, errand_id).state == "waiting", attempt
        [running] = claim()
        with pytest.raises(ValueError, match="broken"):
            work.run_task(running)
        rows("UPDATE errands SET due_at = now() WHERE due_at IS NOT NULL RETURNING id")
    assert view(business, errand_id).state == "failed"


def test_what_cannot_be_done_says_why(business: TestBusiness, handle: Callable[[Handler], None]) -> None:
    def run(_: Running) -> None:
        raise PermanentTaskError("encrypted")

    handle(Handler(run))
    errand_id = ask(business)
    drain()
    assert (view(business, errand_id).state, view(business, errand_id).error) == ("failed", "encrypted")


def test_a_process_that_ends_hands_its_work_over_at_once(
    business: TestBusiness, handle: Callable[[Handler], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(Handler(lambda errand: errand.step(1, 2)))
    ask(business)
    [running] = claim()
    monkeypatch.setattr(job_queue, "stop_requested", lambda: True)
    work.run_task(running)
    [again] = claim()
    assert again.attempt == 1


def test_a_business_with_much_to_do_lets_the_others_have_their_turn(business: TestBusiness) -> None:
    for subject_id in range(3):
        ask(business, subject_id)
    claim()
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    with transaction(other) as session:
        background_tasks.begin(session, other, "test", 1, by="agent:2")
    [running] = claim()
    assert running.business_id == other


def test_only_what_ended_long_ago_is_forgotten(business: TestBusiness) -> None:
    kept, old, running = ask(business, 1), ask(business, 2), ask(business, 3)
    with transaction(business.business_id) as session:
        background_tasks.cancel(session, kept)
        background_tasks.cancel(session, old)
    one(f"UPDATE errands SET ended_at = now() - interval '31 days' WHERE id = {old} RETURNING id")
    with system_transaction() as session:
        background_tasks.forget_old(session)
    assert rows("SELECT id FROM errands ORDER BY id") == [(kept,), (running,)]
