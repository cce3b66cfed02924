"""Ingest into revisions that become searchable once complete, across interruptions."""

from __future__ import annotations

import io
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.knowledge import embedders, ingest, parser_process, reembed, sources, vector_store
from core.knowledge.parsers import BadFile, Fault
from core.knowledge.sources import UnacceptableSource
from core.knowledge.web_fetch import Page
from core.platform import object_storage
from core.platform.db import transaction
from core.platform.errors import NotFound
from core.platform.scope import Actor, Scope
from core.tasks import background_tasks
from core.tasks.background_tasks import MOST_ATTEMPTS, ClaimedTask, TaskInterrupted
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.knowledge import Model, add, claim, markdown, read_at_once, read_next, source
from tests.support.refusals import refused
from workers.jobs import background_task as work

ANSWERS = ("Abrimos a las nueve.", "Enviamos en tres días.", "La garantía dura un año.", "Aceptamos tarjetas.")


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """The embedding model of the installation."""
    made = Model()
    monkeypatch.setattr(embedders, "current", lambda: made)
    monkeypatch.setattr(ingest, "parse_file", read_at_once)
    return made


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ingest, "_BATCH", 1)
    monkeypatch.setattr(vector_store, "_BATCH", 1)
    yield


def passages(source_id: int) -> list[str]:
    """Searchable passages of a source."""
    return column(
        "SELECT text FROM knowledge_chunks c JOIN knowledge_sources s ON s.revision = c.revision WHERE s.id = :id "
        "ORDER BY position",
        id=source_id,
    )


def test_a_file_becomes_passages_with_vectors(business: TestBusiness, model: Model) -> None:
    source_id = add(business, markdown(*ANSWERS))
    assert source(business, source_id).state == "waiting"
    read_next()
    found = source(business, source_id)
    assert (found.state, found.kind, found.chunks, found.model) == ("ready", "markdown", 4, "model-a")
    assert passages(source_id) == list(ANSWERS)
    assert one("SELECT count(*) FROM knowledge_vectors WHERE dimensions = 256") == 4
    assert "Section 1\nEnviamos en tres días." in model.asked
    assert column("SELECT state FROM background_tasks") == ["done"]


def test_the_same_content_is_a_source_of_a_bot_once(business: TestBusiness) -> None:
    add(business, markdown(*ANSWERS), title="Opening hours")
    with refused("source_exists"):
        add(business, markdown(*ANSWERS), name="copy.md")
    add(business, markdown(*ANSWERS), bot_id=None)
    with refused("source_exists"):
        add(business, markdown(*ANSWERS), bot_id=None)


@pytest.mark.parametrize(
    ("name", "content"), [("song.mp3", b"x"), ("empty.txt", b""), ("none", b"x"), ("huge.txt", b"x" * 9)]
)
def test_what_cannot_be_read_is_refused_at_the_door(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE", 8)
    with pytest.raises(UnacceptableSource):
        add(business, content, name=name)
    assert rows("SELECT FROM knowledge_sources") == []


def test_a_source_of_another_business_s_bot_is_refused(business: TestBusiness) -> None:
    with pytest.raises(NotFound):
        add(business, b"words", bot_id=business.bot_id + 1)


def test_new_content_takes_the_old_one_s_place_and_what_stayed_the_same_is_not_embedded_again(
    business: TestBusiness, model: Model
) -> None:
    source_id = add(business, markdown(*ANSWERS))
    read_next()
    old_key = source(business, source_id).file_key
    model.asked.clear()
    kept = _keep(business, markdown("Abrimos a las diez.", *ANSWERS[1:]))
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        assert sources.replace(session, source_id, kept) == old_key
    assert passages(source_id) == list(ANSWERS)
    read_next()
    assert passages(source_id) == ["Abrimos a las diez.", *ANSWERS[1:]]
    assert model.asked == ["Section 0\nAbrimos a las diez."]
    assert one("SELECT count(*) FROM knowledge_revisions") == 1
    assert one("SELECT count(*) FROM knowledge_vectors") == 4
    with refused("source_exists"), transaction(Scope(business.business_id, Actor.agent(1))) as session:
        sources.replace(session, source_id, kept)


def _keep(business: TestBusiness, content: bytes) -> sources.StoredContent:
    return sources.store_content(business.business_id, io.BytesIO(content), "guide.md")


@pytest.mark.parametrize("statement", range(1, 12))
def test_a_kill_at_any_point_is_made_good_for_without_doing_it_twice(
    business: TestBusiness, model: Model, small_batches: None, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    """What an attempt committed stays, and the next one resumes from there."""

    class Killed(BaseException):
        pass

    source_id = add(business, markdown(*ANSWERS))
    doomed = claim(lease_for=0)
    calls = 0
    report = type(doomed).report_progress

    def report_or_die(self: ClaimedTask, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == statement:
            raise Killed
        report(self, done, total)

    with monkeypatch.context() as patch:
        patch.setattr(type(doomed), "report_progress", report_or_die)
        try:
            work.run_task(doomed)
        except Killed:
            assert passages(source_id) == []
            assert source(business, source_id).state in ("reading", "embedding")
            read_next()
    assert passages(source_id) == list(ANSWERS)
    assert sorted(model.asked) == sorted(f"Section {n}\n{answer}" for n, answer in enumerate(ANSWERS))
    assert source(business, source_id).state == "ready"


def test_cancelling_leaves_nothing_half_read_and_a_state_that_says_so(
    business: TestBusiness, small_batches: None
) -> None:
    source_id = add(business, markdown(*ANSWERS))
    running = claim()
    work_on = ingest._start(running, None)
    assert work_on is not None
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        sources.cancel(session, source_id)
    with pytest.raises(TaskInterrupted):
        ingest._read(running, work_on)
    assert source(business, source_id).state == "cancelled"
    assert rows("SELECT FROM knowledge_chunks") == rows("SELECT FROM knowledge_revisions") == []
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        sources.reread(session, source_id)
    read_next()
    assert passages(source_id) == list(ANSWERS)


def test_a_bad_file_says_why_and_what_was_found_before_stays(business: TestBusiness) -> None:
    source_id = add(business, markdown(*ANSWERS))
    read_next()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        sources.replace(session, source_id, _keep(business, b"%PDF-1.7 but not really"))
    read_next()
    found = source(business, source_id)
    assert (found.state, found.fault) == ("failed", "damaged")
    assert passages(source_id) == list(ANSWERS)
    assert column("SELECT state FROM background_tasks ORDER BY id") == ["done", "failed"]


def test_a_file_that_kills_its_workers_ends_failed(business: TestBusiness) -> None:
    source_id = add(business, markdown(*ANSWERS))
    for _ in range(MOST_ATTEMPTS):
        claim(lease_for=0)
    read_next()
    assert (source(business, source_id).state, source(business, source_id).fault) == ("failed", "crashed")


def test_without_the_embedding_service_words_find_it_until_the_service_is_back(
    business: TestBusiness, model: Model, small_batches: None
) -> None:
    model.answers_left = 2
    source_id = add(business, markdown(*ANSWERS))
    read_next()
    assert (source(business, source_id).state, source(business, source_id).model) == ("ready", None)
    model.answers_left = 100
    with transaction(business.business_id) as session:
        assert reembed.enqueue_due(session) == 1
    read_next()
    assert source(business, source_id).model == "model-a"
    assert len(model.asked) == 4


def test_a_text_that_the_model_refuses_keeps_no_other_source_waiting(business: TestBusiness, model: Model) -> None:
    model.answers_left = 0
    refused, taken = add(business, markdown("Unspeakable.")), add(business, markdown(*ANSWERS))
    read_next()
    read_next()
    model.answers_left, model.refuses = 100, "Unspeakable"
    with transaction(business.business_id) as session:
        reembed.enqueue_due(session)
    read_next()
    assert (source(business, refused).model, source(business, taken).model) == (None, "model-a")
    assert column("SELECT error FROM background_tasks WHERE kind = 'knowledge.reembed'") == ["model_rejected"]


def test_a_change_of_the_model_leaves_no_gap(
    business: TestBusiness, model: Model, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = add(business, markdown(*ANSWERS)), add(business, markdown("Solo efectivo."), name="b.md")
    read_next()
    read_next()
    newer = Model("model-b")
    newer.answers_left = 2
    monkeypatch.setattr(embedders, "current", lambda: newer)

    def due() -> int:
        with transaction(business.business_id) as session:
            return reembed.enqueue_due(session)

    assert due() == 1
    assert due() == 0  # it is running
    assert one("SELECT count(*) FROM background_tasks WHERE kind = 'knowledge.reembed'") == 1
    read_next()
    assert source(business, first).model == "model-a"
    assert one("SELECT count(*) FROM knowledge_vectors WHERE model = 'model-a'") == 5
    assert due() == 0  # it has just failed
    rows("UPDATE background_tasks SET ended_at = now() - interval '1 hour'")
    newer.answers_left = 100
    assert due() == 1
    read_next()
    assert {source(business, one_).model for one_ in (first, second)} == {"model-b"}
    assert rows("SELECT DISTINCT model FROM knowledge_vectors") == [("model-b",)]
    assert len(newer.asked) == 5


def add_page(business: TestBusiness, address: str = "https://shop.example/help/", title: str = "") -> int:
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        return sources.add_page(session, address, bot_id=business.bot_id, title=title)


def test_a_web_page_is_fetched_and_fetched_again(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    content = [markdown(*ANSWERS), markdown(*ANSWERS), markdown("Cerrado por vacaciones.")]
    monkeypatch.setattr(ingest, "fetch", lambda url: Page(content.pop(0), url, "page.md", "How we help"))
    source_id = add_page(business)
    assert source(business, source_id).title == "shop.example/help"
    read_next()
    first = source(business, source_id)
    assert (first.state, first.kind, first.title) == ("ready", "page", "How we help")

    def again() -> None:
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            sources.reread(session, source_id)
        read_next()

    again()
    same = source(business, source_id)
    assert (same.state, same.revision) == ("ready", first.revision)
    assert same.read_at is not None and first.read_at is not None and same.read_at > first.read_at
    again()
    assert passages(source_id) == ["Cerrado por vacaciones."]


@pytest.mark.parametrize("how", ["failed", "cancelled", "asked for again"])
def test_a_changed_page_that_was_not_read_to_its_end_is_read_when_it_is_asked_for_again(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch, small_batches: None, how: str
) -> None:
    shown = [markdown(*ANSWERS)]
    monkeypatch.setattr(ingest, "fetch", lambda url: Page(shown[-1], url, "page.md", ""))
    source_id = add_page(business)
    read_next()
    shown.append(markdown("Cerrado por vacaciones."))

    def again() -> None:
        with transaction(Scope(business.business_id, Actor.agent(1))) as session:
            sources.reread(session, source_id)

    again()
    running = claim()
    assert ingest._start(running, ingest._fetch_page(running)) is not None
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        if how == "failed":
            background_tasks.finish(session, running, "timed_out")
            ingest.failed(session, running, "timed_out")
        elif how == "cancelled":
            sources.cancel(session, source_id)
    assert passages(source_id) == list(ANSWERS)
    again()
    read_next()
    assert source(business, source_id).state == "ready"
    assert passages(source_id) == ["Cerrado por vacaciones."]


def test_a_page_that_cannot_be_fetched_says_why(business: TestBusiness) -> None:
    source_id = add_page(business, "https://127.0.0.1/admin")
    read_next()
    assert (source(business, source_id).state, source(business, source_id).fault) == ("failed", "forbidden_address")


def test_a_page_is_a_source_once_and_has_an_address(business: TestBusiness) -> None:
    add_page(business, title="Help")
    with refused("source_exists"):
        add_page(business)
    for address in ("http://shop.example", "shop.example", "https://", "ftp://shop.example", "https://[x"):
        with pytest.raises(UnacceptableSource):
            add_page(business, address)


def test_removing_a_source_removes_everything_of_it(business: TestBusiness) -> None:
    source_id = add(business, markdown(*ANSWERS))
    read_next()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        key = sources.remove(session, source_id)
    assert key is not None
    object_storage.delete(key)
    object_storage.delete(key)
    for table in ("sources", "revisions", "chunks", "vectors"):
        assert rows(f"SELECT FROM knowledge_{table}") == []
    assert column("SELECT action FROM audit_entries ORDER BY id") == ["knowledge.add", "knowledge.remove"]


def test_a_source_that_goes_while_it_is_read_ends_the_work(business: TestBusiness) -> None:
    source_id = add(business, markdown(*ANSWERS))
    running = claim()
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        sources.remove(session, source_id)
    work.run_task(running)
    assert rows("SELECT FROM knowledge_chunks") == []


def test_a_reader_in_its_own_process_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(markdown(*ANSWERS))
    with parser_process.parse_file(path, "guide.md") as found:
        assert [chunk.text for chunk in found.chunks] == list(ANSWERS)


@pytest.mark.parametrize(
    ("does", "fault"),
    [(f"kill -{signal.SIGSEGV.value} $$", Fault.DAMAGED), ("""echo '{"fault": "encrypted"}'""", Fault.ENCRYPTED)],
)
def test_a_reader_that_crashes_or_refuses_is_a_bad_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str, fault: Fault
) -> None:
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: popen(["/bin/sh", "-c", does], **more))
    with pytest.raises(BadFile) as refused, parser_process.parse_file(tmp_path / "source", "guide.md"):
        raise AssertionError("it was read")
    assert refused.value.fault is fault


def test_a_reader_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: popen(["/bin/sleep", "60"], **more))
    monkeypatch.setattr(parser_process, "_SECONDS", 0.05)
    with pytest.raises(BadFile) as refused, parser_process.parse_file(tmp_path / "source", "guide.md"):
        raise AssertionError("it was read")
    assert refused.value.fault is Fault.TIMED_OUT
