"""Templates: fetched from Meta, synced, filled in, and readable in the thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from core.channels.templates.slots import slots
from core.channels.templates.template import read_template, render
from core.channels.types import SendError
from core.messaging.channels import accounts, templates
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform.config import get_settings
from core.platform.db import transaction
from tests.conftest import TestBusiness
from tests.factories import conversation
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, store
from tests.support.provider_bodies import meta_json
from workers.jobs.ingest import receive

ORDER = {
    "id": "1",
    "name": "pedido",
    "language": "es",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}"},
        {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está {{3}}."},
        {"type": "FOOTER", "text": "Gracias"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://shop.example/{{1}}"}]},
    ],
}
PAUSED = {"id": "2", "name": "oferta", "language": "es", "status": "PAUSED", "category": "MARKETING", "components": []}
FILLED = {
    "name": "pedido",
    "language": "es",
    "components": [
        {"type": "header", "parameters": [{"type": "text", "text": "A-1"}]},
        {"type": "body", "parameters": [{"type": "text", "text": words} for words in ("Ana", "A-1", "en camino")]},
        {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "A-1"}]},
    ],
}


@pytest.fixture
def meta(business: TestBusiness, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    for api in ("whatsapp_api_url", "twilio_api_url"):
        monkeypatch.setattr(get_settings(), api, httpserver.url_for("").rstrip("/"))
    rows("UPDATE channels SET account = 'waba-1' WHERE provider = 'whatsapp_cloud'")
    accounts.forget()
    yield httpserver
    accounts.forget()


def tells(meta: HTTPServer, *told: dict[str, Any]) -> None:
    meta.clear()
    meta.expect_request(f"/{get_settings().whatsapp_api_version}/waba-1/message_templates").respond_with_json(
        {"data": list(told)}
    )


def sync(business: TestBusiness) -> None:
    templates.sync(business.whatsapp_channel_id)


def usable(business: TestBusiness) -> list[str]:
    with transaction(business.business_id) as session:
        return [found.name for found in templates.usable(session, business.whatsapp_channel_id)]


def test_sync_stores_templates_and_deletes_missing_ones(business: TestBusiness, meta: HTTPServer) -> None:
    tells(meta, ORDER, PAUSED)
    sync(business)
    assert usable(business) == ["pedido"], "only approved ones can be sent"
    tells(meta, {**PAUSED, "status": "APPROVED"})
    sync(business)
    assert usable(business) == ["oferta"]


def test_they_are_synced_hourly_and_on_updates(business: TestBusiness, meta: HTTPServer) -> None:
    tells(meta, ORDER)
    assert templates.sync_due() == 2, "accounts: Meta's and Twilio's"
    assert templates.sync_due() == 0
    value = {"event": "PAUSED", "message_template_name": "pedido", "message_template_id": 1}
    change = {"field": "message_template_status_update", "value": value}
    store(meta_json({"object": "whatsapp_business_account", "entry": [{"id": "waba-1", "changes": [change]}]}))
    receive()
    assert templates.sync_due() == 1


def test_a_failed_sync_keeps_stored_templates(business: TestBusiness, meta: HTTPServer) -> None:
    tells(meta, ORDER)
    sync(business)
    meta.clear()
    with pytest.raises(SendError):
        sync(business)
    assert usable(business) == ["pedido"]
    rows("UPDATE channels SET templates_synced_at = NULL")
    assert templates.sync_due() == 2, "and the next account is asked all the same"


def test_a_template_is_readable_in_the_thread(business: TestBusiness, meta: HTTPServer) -> None:
    tells(meta, ORDER)
    sync(business)
    talk = customer_writes("Hola")
    rows("UPDATE conversations SET window_expires_at = now() - interval '1 hour'")
    with transaction(business.business_id) as session:
        enqueue_message(session, talk, NewMessage({"type": "template", "template": FILLED}, Sender.AGENT))
    assert one("SELECT last_message_text FROM conversations") == "Hola Ana, tu pedido A-1 está en camino."
    shown = one("SELECT payload -> 'shown' FROM messages WHERE direction = 'outbound'")
    assert (shown["header"], shown["footer"], shown["buttons"]) == ("Pedido A-1", "Gracias", ["Ver"])


def test_named_variables_and_missing_values() -> None:
    template = read_template(
        {**ORDER, "components": [{"type": "BODY", "text": "Hi {{name}}, {{ order }} is {{state}}"}]}
    )
    parameters = [
        {"type": "text", "parameter_name": "order", "text": "A-1"},
        {"type": "currency", "parameter_name": "name", "currency": {"fallback_value": "Ana", "code": "EUR"}},
    ]
    assert render(template, [{"type": "body", "parameters": parameters}]).body == "Hi Ana, A-1 is {{state}}"


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=12))
def test_every_value_fills_its_numbered_variable(values: list[str]) -> None:
    words = "|".join(f"{{{{{number}}}}}" for number in range(1, len(values) + 1))
    template = read_template({**ORDER, "components": [{"type": "BODY", "text": words}]})
    parameters = [{"type": "text", "text": value} for value in values]
    assert render(template, [{"type": "body", "parameters": parameters}]).body == "|".join(values)


def test_twilios_content_templates_are_listed_and_readable(business: TestBusiness, meta: HTTPServer) -> None:
    rows("UPDATE channels SET account = 'AC1' WHERE id = :id", id=business.twilio_whatsapp_channel_id)
    content = {
        "sid": "HX" + "a" * 32, "friendly_name": "turno", "language": "es", "variables": {"1": "Ana", "2": "A-1"},
        "types": {"twilio/text": {"body": "Hola {{1}}"},
                  "twilio/quick-reply": {"body": "Hola {{1}}, {{2}}", "actions": [{"title": "Sí", "id": "si"}]}},
        "approval_requests": {"name": "turno", "category": "UTILITY", "status": "approved"},
    }  # fmt: skip
    other = {**content, "sid": "HX" + "b" * 32, "approval_requests": {"status": "rejected"}}
    meta.expect_request("/v1/ContentAndApprovals").respond_with_json({"contents": [content, other], "meta": {}})
    assert templates.sync_due() == 2 and templates.sync_due() == 0, "that of Meta's number, which does not answer, too"
    with transaction(business.business_id) as session:
        (found,) = templates.usable(session, business.twilio_whatsapp_channel_id)
    assert [(slot.name, slot.example) for slot in slots(found.components)] == [("1", "Ana"), ("2", "A-1")]
    talk = conversation(business.business_id, business.twilio_whatsapp_channel_id, window=None)
    message = {"type": "template", "template": {"content_sid": content["sid"], "variables": {"1": "Eva", "2": "B-7"}}}
    with transaction(business.business_id) as session:
        enqueue_message(session, talk, NewMessage(message, Sender.AGENT))
    assert one("SELECT last_message_text FROM conversations") == "Hola Eva, B-7"
    assert one("SELECT payload -> 'shown' ->> 'body' FROM messages") == "Hola Eva, B-7"
