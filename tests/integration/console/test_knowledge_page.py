"""The page on knowledge: who sees it, adding sources, watching them being read, and looking into them."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from console import auth, i18n
from console.app_pages.knowledge import commands, queries
from core.knowledge import ingest
from core.knowledge.parsers import Fault
from core.knowledge.sources import record_failure
from core.models import Role
from core.platform import object_storage
from core.platform.db import transaction
from core.platform.errors import BotHubError
from tests.conftest import TestBusiness
from tests.factories import conversation, person, says
from tests.support.database import column, one, rows
from tests.support.desk import Desk
from tests.support.knowledge import add, claim, markdown, read_at_once, read_next

GUIDE = markdown("Shipping to Córdoba takes three days.", "The warranty lasts a year.")


@pytest.fixture(autouse=True)
def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "parse_file", read_at_once)
    queries._uses.clear()


@pytest.fixture
def desk(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)


def at_knowledge(desk: Desk) -> AppTest:
    desk.open().switch_page("app_pages/knowledge/page.py")
    return desk.run()


def said(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.text, page.info, page.error, page.warning)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def press(desk: Desk, key: str) -> AppTest:
    desk.page.button(key=key).click()
    return desk.run()


def test_agents_have_no_such_page_and_managers_only_look(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_id = add(business, GUIDE)
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    page = at_knowledge(desk)
    assert "only administrators" in said(page)
    assert [button.key for button in page.button if button.key in ("knowledge_add", f"cancel_{source_id}")] == []
    for act in (lambda: commands.remove(source_id), lambda: commands.add_text("Title", "Words", None)):
        with pytest.raises(auth.NotAllowed):
            act()
    agent = person(business.business_id)
    monkeypatch.setattr(auth, "token", lambda: agent.token)
    auth.forget()
    with pytest.raises(auth.NotAllowed):
        queries.sources()


def test_an_empty_page_says_what_to_do_and_that_no_model_is_there(desk: Desk) -> None:
    page = at_knowledge(desk)
    assert "There are no sources yet" in said(page)
    page.segmented_control(key="knowledge_part").set_value("search")
    assert "No embedding model is configured" in said(desk.run())


def test_files_are_added_read_and_looked_into(desk: Desk, business: TestBusiness) -> None:
    at_knowledge(desk)
    press(desk, "knowledge_add")
    desk.page.file_uploader(key="knowledge_files_0").upload("Shipping_guide.md", GUIDE, "text/markdown")
    desk.run()
    page = press(desk, "knowledge_add_files")
    source_id = one("SELECT id FROM knowledge_sources")
    assert rows("SELECT title, origin, bot_id FROM knowledge_sources") == [
        ("Shipping guide", "Shipping_guide.md", business.bot_id)
    ]
    assert "Shipping guide" in said(page)
    read_next()
    page = desk.run()
    assert "Passages: 2" in said(page)
    page = press(desk, f"see_{source_id}")
    assert "The warranty lasts a year." in said(page)


def test_what_is_refused_is_named_and_the_rest_is_taken(desk: Desk, business: TestBusiness) -> None:
    add(business, GUIDE, title="Our guide")
    at_knowledge(desk)
    press(desk, "knowledge_add")
    uploader = desk.page.file_uploader(key="knowledge_files_0")
    uploader.upload("copy.md", GUIDE, "text/markdown")
    desk.run()
    page = press(desk, "knowledge_add_files")
    assert "it is the source “Our guide”" in said(page)
    assert one("SELECT count(*) FROM knowledge_sources") == 1


def test_a_text_and_a_page_are_added(desk: Desk) -> None:
    at_knowledge(desk)
    press(desk, "knowledge_add")
    desk.page.segmented_control(key="knowledge_how").set_value("page")
    page = desk.run()
    page.text_input(key="knowledge_address").set_value("http://shop.example")
    page = press_submit(desk, "knowledge_page")
    assert "begins with https://" in said(page)
    page.text_input(key="knowledge_address").set_value("https://shop.example/help")
    press_submit(desk, "knowledge_page")
    press(desk, "knowledge_add")
    desk.page.segmented_control(key="knowledge_how").set_value("text")
    page = desk.run()
    page.text_input(key="knowledge_title").set_value("Parking")
    page.text_area(key="knowledge_words").set_value("There is parking behind the shop.")
    press_submit(desk, "knowledge_text")
    assert column("SELECT title FROM knowledge_sources ORDER BY id") == ["shop.example/help", "Parking"]
    assert "text written here" in said(desk.run())


def press_submit(desk: Desk, form: str) -> AppTest:
    (button,) = [button for button in desk.page.button if button.proto.form_id == form]
    button.click()
    return desk.run()


def test_progress_is_seen_and_stopped(desk: Desk, business: TestBusiness) -> None:
    source_id = add(business, GUIDE)
    running = claim()
    ingest._start(running, None)
    running.report_progress(1, 2)
    page = at_knowledge(desk)
    assert [bar.proto.text for bar in page.get("progress")] == ["Reading: 1 of 2"]
    page = press(desk, f"cancel_{source_id}")
    assert column("SELECT state FROM knowledge_sources") == ["cancelled"]
    press(desk, f"again_{source_id}")
    read_next()
    assert column("SELECT state FROM knowledge_sources") == ["ready"]


def test_a_fault_is_said_plainly_with_what_stays_in_use(desk: Desk, business: TestBusiness) -> None:
    source_id = add(business, GUIDE)
    read_next()
    with transaction(business.business_id) as session:
        record_failure(session, source_id, Fault.ENCRYPTED)
    page = at_knowledge(desk)
    assert "protected by a password" in said(page)
    assert "The previous content stays in use." in said(page)


def test_every_fault_has_words() -> None:
    known = set(i18n.catalogue("es"))
    assert {f"knowledge.fault_{fault}" for fault in (*Fault, "crashed", "address", "title")} <= known


def test_renaming_replacing_and_removing(desk: Desk, business: TestBusiness) -> None:
    source_id = add(business, GUIDE)
    read_next()
    page = at_knowledge(desk)
    page.text_input(key=f"title_{source_id}_Guide").set_value("Shipping *and* more")
    desk.run()
    assert one("SELECT title FROM knowledge_sources") == "Shipping *and* more"
    desk.page.file_uploader(key=f"replace_{source_id}_0").upload("new.md", markdown("Only cash."), "text/markdown")
    desk.run()
    press(desk, f"replace_now_{source_id}")
    assert rows("SELECT origin, state FROM knowledge_sources") == [("new.md", "waiting")]
    press(desk, f"remove_{source_id}")
    assert rows("SELECT FROM knowledge_sources") == []


def test_answers_that_rested_on_a_source_are_counted(desk: Desk, business: TestBusiness) -> None:
    add(business, GUIDE)
    read_next()
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    passage = one("SELECT min(id) FROM knowledge_chunks")
    for sources in (f'["kb-{passage}", "kb-{passage + 1}"]', '["qa-1"]', '["kb-999999"]'):
        message_id = says(business.business_id, talk, "Three days.", direction="outbound", sender="bot", status="sent")
        rows(
            "INSERT INTO ai_runs (business_id, conversation_id, message_id, settings_version, prompt_version, outcome,"
            " decided_by, trace) VALUES (:business, :talk, :message, 1, 'x', 'reply', 'model',"
            " jsonb_build_object('sources', CAST(:sources AS jsonb))) RETURNING id",
            business=business.business_id, talk=talk, message=message_id, sources=sources,
        )  # fmt: skip
    assert "answers that used it in 30 days: 1" in said(at_knowledge(desk))


def test_a_search_shows_scores_and_what_found_it(desk: Desk, business: TestBusiness) -> None:
    add(business, GUIDE)
    read_next()
    page = at_knowledge(desk)
    page.segmented_control(key="knowledge_part").set_value("search")
    page = desk.run()
    page.text_input(key="knowledge_question").set_value("how long is shipping to cordoba")
    page = press_submit(desk, "knowledge_search")
    assert "Shipping to Córdoba takes three days." in said(page)
    assert "words " in said(page) and "likeness, without a model" in said(page)
    page.text_input(key="knowledge_question").set_value("quantum chromodynamics")
    page = press_submit(desk, "knowledge_search")
    assert "No passage answers this well enough" in said(page)


def test_another_business_sees_nothing_of_it(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    source_id = add(business, GUIDE)
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    stranger = person(other, role=Role.ADMINISTRATOR)
    monkeypatch.setattr(auth, "token", lambda: stranger.token)
    auth.forget()
    assert queries.sources() == []
    with pytest.raises(BotHubError):
        commands.rename(source_id, "Mine")


def test_a_price_list_among_the_sources_fills_the_catalogue(desk: Desk, business: TestBusiness) -> None:
    prices = add(business, "Producto;Precio;Unidad\nLámpara Aurora;50,00;\nCafé;9,50;kg\n".encode(), "precios.csv")
    titled = add(business, b"Tienda Sol,,\nC\xc3\xb3digo,Nombre,Precio\nG-1,Gorra,12\n", "gorras.csv")
    branches = add(business, "Sucursal;Teléfono\nCentro;555 0142\n".encode(), "sucursales.csv")
    for _ in (prices, titled, branches):
        read_next()
    page = at_knowledge(desk)
    offered = {button.key for button in page.button if button.key and button.key.startswith("as_catalogue_")}
    assert offered == {f"as_catalogue_{prices}", f"as_catalogue_{titled}"}
    page = press(desk, f"as_catalogue_{prices}")
    assert [one.value for one in page.metric] == ["2", "0", "0", "0"]
    page = press(desk, "take_list")
    assert rows("SELECT name, price::float, unit FROM products ORDER BY id") == [
        ("Lámpara Aurora", 50.0, ""),
        ("Café", 9.5, "kg"),
    ]
    assert [one.value for one in page.metric] == ["0", "0", "2", "0"]
    assert page.button(key="take_list").disabled


def test_a_price_list_whose_file_is_gone_is_said(desk: Desk, business: TestBusiness) -> None:
    prices = add(business, b"Producto,Precio\nGorra,12\n", "precios.csv")
    read_next()
    object_storage.delete(one("SELECT file_key FROM knowledge_sources"))
    queries._content.clear()
    at_knowledge(desk)
    page = press(desk, f"as_catalogue_{prices}")
    assert [error.value for error in page.error] == [i18n.catalogue("en")["error.not_found"]]
