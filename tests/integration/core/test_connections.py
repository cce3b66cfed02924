"""A machine's processes never open more connections than DATABASE_CONNECTIONS."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from core.monitoring import probes
from core.platform import config, connections, db
from core.platform.config_rules import check
from core.platform.connections import Process, most, share
from core.platform.errors import ConfigurationError
from tests.conftest import TestBusiness

POSTGRES_ALLOWS = 100 - 3  # its default, without what it keeps for superusers
DOCUMENT = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()


def test_a_default_machine_fits_into_a_default_postgres(database: str) -> None:
    settings = config.load()
    counts = {**dict.fromkeys(Process, 1), Process.WEB: settings.web_processes}
    counts[Process.WORKER] = settings.worker_processes
    together = 0
    for process, count in counts.items():
        one = share(settings, process)
        together += one.total * count
        parts = (one.transactions, one.nested, one.unpooled, one.total, one.total * count)
        assert f"| {process} × {count} | {' | '.join(map(str, parts))} |" in DOCUMENT
    assert together == most(settings) <= settings.database_connections < POSTGRES_ALLOWS
    assert f"| together | | | | | {together} |" in DOCUMENT


@pytest.mark.parametrize(("web", "workers"), [(1, 1), (2, 2), (1, 64), (64, 1), (8, 5)])
def test_whatever_is_set_is_enough_or_refused(database: str, web: int, workers: int) -> None:
    made = {"web_processes": web, "worker_processes": workers}
    least = connections.least(config.load(**made))
    for wanted in (least, least + 1, 3 * least, 1000):
        settings = check(config.load(**made, database_connections=wanted))
        assert most(settings) <= wanted
        for process in Process:
            assert share(settings, process).transactions >= 2
    with pytest.raises(ConfigurationError, match=f"DATABASE_CONNECTIONS .* {least} or more"):
        check(config.load(**made, database_connections=least - 1))


@contextmanager
def served_as(process: Process, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    db.dispose_engine()
    monkeypatch.setattr(connections, "_this", process)
    yield
    db.dispose_engine()


@pytest.mark.parametrize("process", Process)
def test_a_burst_of_threads_waits_and_opens_no_more_than_its_share(
    business: TestBusiness, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that begin a second transaction inside another do not deadlock either."""
    seen: list[int] = []
    over = threading.Event()
    with psycopg.connect(config.get_settings().database_url) as connection:
        before = [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity")]  # of whoever else runs

    def watch() -> None:
        with psycopg.connect(config.get_settings().database_url, autocommit=True) as connection:
            while not over.is_set():
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND pid <> ALL(%s)",
                    [f"bothub {process}", before],
                ).fetchone()
                assert row
                seen.append(row[0])
                time.sleep(0.005)

    def work(number: int) -> int:
        with db.transaction(business.business_id) as outer:
            outer.execute(text("SELECT 1"))
            with db.system_transaction() as inner:
                inner.execute(text("SELECT pg_sleep(0.001)"))
        with db.single_statement() as session:
            return int(session.execute(text("SELECT :number"), {"number": number}).scalar_one())

    with served_as(process, monkeypatch):
        watching = threading.Thread(target=watch)
        watching.start()
        try:
            with ThreadPoolExecutor(60) as threads:
                assert list(threads.map(work, range(180))) == list(range(180))
        finally:
            over.set()
            watching.join()
        own = share(config.get_settings(), process)
        assert 1 < max(seen) <= own.total - own.unpooled


def test_a_transaction_takes_its_connection_with_its_first_statement(business: TestBusiness) -> None:
    taken: list[int] = []

    def note(*_: object) -> None:
        taken.append(threading.get_ident())

    event.listen(db.get_engine(), "checkout", note)
    try:
        with db.transaction(business.business_id) as session:
            assert threading.get_ident() not in taken
            with session.begin_nested():
                assert session.execute(_SCOPE).one() == ("bothub_app", str(business.business_id))
            assert session.execute(_SCOPE).one() == ("bothub_app", str(business.business_id))
    finally:
        event.remove(db.get_engine(), "checkout", note)
    assert taken.count(threading.get_ident()) == 1


_SCOPE = text("SELECT current_setting('role'), current_setting('bothub.business_id')")


def test_only_a_worker_spares_itself_the_trial_of_a_connection(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for process in (None, *Process):
        monkeypatch.setattr(connections, "_this", process)
        engine = db.make_engine(config.get_settings().sqlalchemy_url)
        assert engine.pool._pre_ping is (process is not Process.WORKER)


def test_a_third_transaction_inside_two_others_is_refused_at_once(business: TestBusiness) -> None:
    with (
        db.system_transaction(),
        db.transaction(business.business_id),
        pytest.raises(RuntimeError, match="in a transaction in a transaction"),
        db.system_transaction(),
    ):
        pass
    with db.system_transaction() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize(("wanted", "well"), [(80, True), (147, True), (148, False)])
def test_the_doctor_compares_with_what_postgres_allows(
    database: str, monkeypatch: pytest.MonkeyPatch, wanted: int, well: bool
) -> None:
    monkeypatch.setattr(config.get_settings(), "database_connections", wanted)
    (found,) = probes.database_connections()
    assert (found.well, found.detail) == (well, f"{wanted} for this machine, 147 allowed by Postgres")
