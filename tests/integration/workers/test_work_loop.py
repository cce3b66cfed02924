"""The work loop, from the raw event to the sent reply, also while Postgres or Redis is away."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rq
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from core.bots import versions
from core.bots.settings import BotSettings, QaPair
from core.channels.types import Cause, Diagnosis, MediaError, ProviderError, SendError, Verdict
from core.messaging.outbound import claim as claims
from core.platform import job_queue
from core.platform.db import transaction
from core.platform.db_retry import retry_until_available, tolerate_outage
from core.platform.embedded import Embedded
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows, start_postgres
from tests.support.fake_channel import FakeChannel
from tests.support.inbound import customer_writes, store
from tests.support.outbox import claim, say, stored_message, wake_ups
from tests.support.payloads import load
from tests.support.provider_bodies import meta_body, meta_json, text_value
from workers import due_work, run, work_loop
from workers.jobs import download_media, ingest, reply, send_messages
from workers.recovery import recover
from workers.task_pool import TaskPool

pytestmark = pytest.mark.usefixtures("short_runs")


@pytest.fixture
def answers(business: TestBusiness) -> None:
    """A bot with one approved answer."""
    pair = QaPair(question="¿A qué hora abren?", answer="Abrimos a las 9.", approved=True)
    with transaction(business.business_id) as session:
        versions.save(session, business.bot_id, BotSettings(qa_pairs=(pair,)))


def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def arrives(words: str = "¿A qué hora abren?", sender: str = "5491155550001") -> None:
    store(meta_json(meta_body(text_value(words, sender))))


def error(verdict: Verdict) -> SendError:
    return SendError(ProviderError("131000", "Something went wrong"), Diagnosis(verdict, Cause.REQUEST, "Wait."))


def test_an_event_becomes_a_sent_answer(provider: FakeChannel, answers: None) -> None:
    arrives()
    work_loop.run()
    assert [outgoing.content["text"] for outgoing in provider.sent] == ["Abrimos a las 9."]
    assert provider.sent[0].to == "5491155550001"
    assert column("SELECT status FROM messages ORDER BY id") == ["received", "sent"]
    assert one("SELECT provider_id FROM messages WHERE sender = 'bot'") == f"wamid.out.{provider.sent[0].message_id}"


def test_an_answer_that_ends_during_a_check_is_still_sent(
    provider: FakeChannel, answers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = due_work.check

    def check_slowly() -> due_work.DueWork:
        due = check()
        until(lambda: not work_loop.current().running())
        return due

    monkeypatch.setattr(due_work, "check", check_slowly)
    arrives()
    work_loop.run()
    assert [outgoing.content["text"] for outgoing in provider.sent] == ["Abrimos a las 9."]


def test_each_of_many_customers_gets_one_answer(provider: FakeChannel, answers: None) -> None:
    rows("UPDATE channels SET settings = '{\"messages_per_second\": 1000}'")
    for n in range(30):
        arrives(sender=f"54911{n:08}")
    work_loop.run()
    assert sorted(outgoing.to for outgoing in provider.sent) == sorted(f"54911{n:08}" for n in range(30))


def test_a_burst_gets_one_answer(provider: FakeChannel, answers: None) -> None:
    for words in ("Hola", "una pregunta", "¿A qué hora abren?"):
        arrives(words)
    work_loop.run()
    assert one("SELECT count(*) FROM ai_runs WHERE outcome <> 'stale'") == 1
    assert len(provider.sent) == 1


def test_a_question_without_an_answer_ends_with_a_person(provider: FakeChannel, answers: None) -> None:
    arrives("¿Venden submarinos?")
    work_loop.run()
    assert one("SELECT mode FROM conversations") == "human"
    assert one("SELECT next_attempt_at IS NOT NULL FROM notifications"), "and the scheduler tells someone"


def test_a_send_that_raises_a_bug_does_not_stop_the_others(provider: FakeChannel, business: TestBusiness) -> None:
    for n in range(3):
        say(business.business_id, customer_writes(sender=f"5491155550{n:03}"))
    rows("DELETE FROM pending_replies")
    provider.trouble = [ZeroDivisionError("a bug")]
    work_loop.run()
    assert sorted(column("SELECT status FROM messages WHERE direction = 'outbound'")) == ["sending", "sent", "sent"]
    assert not work_loop.current().sending.running()


def test_a_message_that_cannot_be_sent_goes_to_a_person(provider: FakeChannel, answers: None) -> None:
    provider.trouble = [error(Verdict.PERMANENT)]
    arrives()
    work_loop.run()
    assert one("SELECT status FROM messages WHERE sender = 'bot'") == "failed"
    assert one("SELECT handoff_reason FROM conversations") == "send_failed"


def test_a_file_is_fetched_and_kept(provider: FakeChannel, business: TestBusiness) -> None:
    from core.platform import object_storage

    store(load("whatsapp_cloud", "image").body)
    work_loop.run()
    ((state, key, size),) = rows("SELECT state, storage_key, size FROM attachments")
    assert (state, size) == ("stored", 7)
    assert b"".join(object_storage.read(key)) == b"picture"


@pytest.mark.parametrize(("permanent", "state"), [(True, "failed"), (False, "pending")])
def test_a_file_that_cannot_be_had(provider: FakeChannel, business: TestBusiness, permanent: bool, state: str) -> None:
    store(load("whatsapp_cloud", "image").body)
    provider.trouble = [MediaError("gone", permanent=permanent)]
    work_loop.run()
    assert rows("SELECT state, failure, next_attempt_at IS NULL FROM attachments") == [(state, "gone", permanent)]


def test_a_pool_runs_only_as_many_tasks_as_it_has_slots() -> None:
    slot_freed, release = threading.Event(), threading.Event()
    waiting = list(range(10))

    def take(free: int) -> list[int]:
        taken, waiting[:] = waiting[:free], waiting[free:]
        return taken

    def work(_: int) -> None:
        release.wait(10)

    pool: TaskPool[int] = TaskPool("test", 3, take, work, slot_freed=slot_freed)
    assert pool.claim_and_submit() == 3
    assert pool.claim_and_submit() == 0
    assert sorted(pool.running()) == [0, 1, 2]
    release.set()
    until(lambda: not pool.running())
    assert slot_freed.is_set()
    assert pool.claim_and_submit() == 3


def test_a_task_that_raises_frees_its_slot() -> None:
    slot_freed = threading.Event()
    once = [[1], []]

    def fail(_: int) -> None:
        raise ZeroDivisionError("a bug")

    pool: TaskPool[int] = TaskPool("test", 1, lambda _: once.pop(0), fail, slot_freed=slot_freed)
    pool.claim_and_submit()
    assert slot_freed.wait(10)
    until(lambda: not pool.running())


class TestPostgresAway:
    def test_the_work_loop_continues_when_it_is_back(
        self, provider: FakeChannel, answers: None, servers: Embedded
    ) -> None:
        arrives()
        servers.postgres.stop()
        working = threading.Thread(target=work_loop.run)
        working.start()
        working.join(0.6)
        assert working.is_alive(), "it waits for Postgres"
        start_postgres(servers)
        working.join(30)
        assert not working.is_alive()
        assert len(provider.sent) == 1
        assert one("SELECT status FROM messages WHERE sender = 'bot'") == "sent"

    def test_what_was_sent_is_recorded_later(
        self, provider: FakeChannel, business: TestBusiness, servers: Embedded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (message_id,) = say(business.business_id, customer_writes())
        (claimed,) = claim()
        really = provider.send

        def send_and_lose_postgres(outgoing: Any) -> Any:
            servers.postgres.stop()
            return really(outgoing)

        monkeypatch.setattr(provider, "send", send_and_lose_postgres)
        writing = threading.Thread(target=send_messages.send, args=(claimed,))
        writing.start()
        until(lambda: provider.sent)
        start_postgres(servers)
        writing.join(30)
        assert stored_message(message_id).status == "sent"

    def test_nothing_is_uncertain_before_the_provider_is_called(
        self, provider: FakeChannel, business: TestBusiness, servers: Embedded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (message_id,) = say(business.business_id, customer_writes())
        (claimed,) = claim()
        trouble = [OperationalError("SELECT", {}, Exception("gone"))] * 2

        def channel(_: int) -> FakeChannel:
            if trouble:
                raise trouble.pop()
            return provider

        monkeypatch.setattr(send_messages, "channel", channel)
        send_messages.send(claimed)
        assert stored_message(message_id).status == "sent"
        assert len(provider.sent) == 1

    def test_a_claim_whose_confirmation_was_lost_is_released(
        self, provider: FakeChannel, business: TestBusiness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The commit happened but its confirmation was lost: no later check would find the rows due."""
        (message_id,) = say(business.business_id, customer_writes())
        rows("DELETE FROM pending_replies")
        really = claims.claim
        lost: list[int] = []

        def claim_and_lose(session: Any, *rest: Any) -> Any:
            taken = really(session, *rest)
            if not lost:
                lost.extend(one.message_id for one in taken)
                session.commit()
                raise OperationalError("COMMIT", {}, Exception("the connection broke"))
            return taken

        monkeypatch.setattr(claims, "claim", claim_and_lose)
        work_loop.run()
        assert lost == [message_id]
        assert len(provider.sent) == 1
        assert (stored_message(message_id).status, stored_message(message_id).attempts) == ("sent", 1)

    def test_retries_end(self) -> None:
        calls: list[int] = []

        def write() -> None:
            calls.append(1)
            raise OperationalError("SELECT", {}, Exception("gone"))

        with pytest.raises(OperationalError):
            retry_until_available(write, for_seconds=0.1)
        assert len(calls) >= 2

    def test_a_bug_is_not_repeated(self) -> None:
        calls: list[int] = []

        def write() -> None:
            calls.append(1)
            raise KeyError

        with pytest.raises(KeyError):
            retry_until_available(write)
        assert len(calls) == 1


class TestRedisAway:
    @pytest.fixture(autouse=True)
    def away(self, servers: Embedded, business: TestBusiness) -> Any:
        servers.redis.stop()
        yield
        servers.redis.start()

    def test_waking_a_worker_reports_failure(self) -> None:
        assert job_queue.wake_worker() is False
        job_queue.clear_wake_flag()

    def test_workers_still_process_the_rows(self, provider: FakeChannel, answers: None) -> None:
        arrives()
        run._process_due()
        assert len(provider.sent) == 1

    def test_recovery_still_expires_leases(self, business: TestBusiness) -> None:
        say(business.business_id, customer_writes())
        claim()
        rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
        recover()
        assert one("SELECT status FROM messages WHERE direction = 'outbound'") == "uncertain"


class TestWakeUps:
    def test_wake_ups_are_merged_until_a_work_loop_checks(self, business: TestBusiness) -> None:
        for _ in range(5):
            assert job_queue.wake_worker()
        assert wake_ups() == 1
        job_queue.clear_wake_flag()
        job_queue.wake_worker()
        assert wake_ups() == 2
        job_queue.clear_wake_flag()
        job_queue.wake_worker()
        assert wake_ups() == 2, "as many as there are workers are enough"

    @pytest.fixture
    def worker(self, monkeypatch: pytest.MonkeyPatch) -> job_queue.InProcessWorker:
        monkeypatch.setattr(
            job_queue.InProcessWorker, "_install_signal_handlers", lambda _: None
        )  # they are pytest's here
        return job_queue.worker()

    @pytest.mark.parametrize("serializer", ["json", "pickle"])
    @pytest.mark.parametrize("way", ["function", "arguments", "callbacks"])
    def test_a_worker_runs_nothing_that_others_put_into_redis(
        self, business: TestBusiness, worker: job_queue.InProcessWorker, tmp_path: Path, way: str, serializer: str
    ) -> None:
        trace = tmp_path / "ran"
        if way == "function":
            call: dict[str, Any] = {"f": "os.mkdir", "args": (str(trace),)}
        elif way == "arguments":
            call = {"f": job_queue.WORK_LOOP, "args": (str(trace),)}
        else:
            (tmp_path / "trap.py").write_text(f"def spring(*_):\n    open({str(trace)!r}, 'w').close()\n")
            sys.path.insert(0, str(tmp_path))
            spring = rq.Callback("trap.spring")
            call = {"f": "os.getcwd", "on_failure": spring, "on_success": spring, "on_stopped": spring}
        job = rq.Queue(job_queue.QUEUE, connection=job_queue.connection(), serializer=serializer).enqueue(**call)
        try:
            worker.work(burst=True, logging_level="CRITICAL")
        finally:
            sys.path[:] = [one for one in sys.path if one != str(tmp_path)]
        assert not trace.exists()
        assert [one.id for one in job_queue.failed_jobs()] == [job.id]

    def test_a_worker_runs_the_work_loop_when_woken(
        self, worker: job_queue.InProcessWorker, provider: FakeChannel, answers: None
    ) -> None:
        arrives()
        job_queue.wake_worker()
        worker.work(burst=True, logging_level="CRITICAL")
        assert (len(provider.sent), job_queue.failed_jobs()) == (1, [])

    def test_recovery_wakes_a_worker_after_a_lost_wake_up(self, business: TestBusiness) -> None:
        recover()
        assert wake_ups() == 0
        arrives()
        recover()
        assert wake_ups() == 1

    def test_the_work_loop_clears_the_wake_flag_before_it_checks(
        self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_queue.wake_worker()
        order: list[str] = []
        check, clear = due_work.check, job_queue.clear_wake_flag
        monkeypatch.setattr(job_queue, "clear_wake_flag", lambda: (order.append("clear"), clear())[1])
        monkeypatch.setattr(due_work, "check", lambda: (order.append("check"), check())[1])
        work_loop.run()
        assert order[:2] == ["clear", "check"]

    def test_a_run_that_ends_with_work_left_wakes_a_worker_again(
        self, business: TestBusiness, provider: FakeChannel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(work_loop, "MAX_RUN_SECONDS", 0.0)
        arrives()
        work_loop.run()
        assert wake_ups() == 1


def test_recovery_hands_unanswered_customers_to_a_person(business: TestBusiness, provider: FakeChannel) -> None:
    customer_writes()
    rows("DELETE FROM pending_replies")
    rows("UPDATE conversations SET waiting_since = now() - interval '5 minutes'")
    rows("UPDATE messages SET stored_at = now() - interval '5 minutes'")
    recover()
    recover()
    assert one("SELECT handoff_reason FROM conversations") == "unanswered"
    assert one("SELECT count(*) FROM notifications") == 1


def test_without_work_nothing_is_claimed(business: TestBusiness) -> None:
    assert ingest.receive() == 0
    assert reply.claim(5) == []
    assert send_messages.claim(5) == []
    assert download_media.claim(5) == []

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("SELECT", {}, Exception("gone")),
            InterfaceError("SELECT", {}, Exception("gone")),
            NoConnection(),
        ],
    )
    def test_a_worker_goes_on_after_an_outage(
        self, business: TestBusiness, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        """Also after a stall, in which no connection became free."""
        really, trouble = due_work.check, [error]

        def check() -> Any:
            if trouble:
                raise trouble.pop()
            return really()

        monkeypatch.setattr(due_work, "check", check)
        work_loop.run()
        assert not trouble
        with tolerate_outage():
            raise error
