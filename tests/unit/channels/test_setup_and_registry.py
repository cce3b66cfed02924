from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import responses
from responses import matchers

from core.channels import registry
from core.channels.twilio.channel import Twilio
from core.channels.types import Account, SendError
from core.channels.webhook import EventBody
from core.channels.whatsapp_cloud import account
from core.channels.whatsapp_cloud.channel import WhatsAppCloud
from core.channels.whatsapp_cloud.graph_api import Graph
from core.channels.whatsapp_cloud.templates import list_templates
from tests.support.payloads import SOURCES, load_all

BASE = "https://graph.facebook.com/v26.0"
PHONE = BASE + "/106540352242922"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@responses.activate
def test_phone_and_token_info(cloud_account: Account) -> None:
    responses.get(
        PHONE,
        json={
            "id": "106540352242922",
            "verified_name": "Bicis",
            "quality_rating": "GREEN",
            "throughput": {"level": "STANDARD"},
        },
    )
    info = account.phone_info(Graph(cloud_account))
    assert (info.verified_name, info.quality, info.throughput) == ("Bicis", "GREEN", "STANDARD")
    data = {
        "is_valid": True,
        "app_id": "1",
        "type": "SYSTEM_USER",
        "scopes": ["whatsapp_business_messaging"],
        "expires_at": 0,
    }
    responses.get(
        BASE + "/debug_token", json={"data": data}, match=[matchers.query_param_matcher({"input_token": "EAAG-token"})]
    )
    token = account.token_info(Graph(cloud_account))
    assert token.valid and token.expires_at is None and token.scopes == ("whatsapp_business_messaging",)


@responses.activate
def test_number_set_up(cloud_account: Account) -> None:
    graph = Graph(cloud_account)
    done = {"success": True}
    responses.post(
        PHONE + "/request_code",
        json=done,
        match=[matchers.urlencoded_params_matcher({"code_method": "SMS", "language": "es_AR"})],
    )
    responses.post(PHONE + "/verify_code", json=done, match=[matchers.urlencoded_params_matcher({"code": "123456"})])
    responses.post(
        PHONE + "/register",
        json=done,
        match=[matchers.json_params_matcher({"messaging_product": "whatsapp", "pin": "654321"})],
    )
    responses.post(BASE + "/102290129340398/subscribed_apps", json=done)
    responses.get(
        BASE + "/102290129340398/subscribed_apps", json={"data": [{"whatsapp_business_api_data": {"name": "Desk"}}]}
    )
    account.request_code(graph, "SMS", "es_AR")
    account.verify_code(graph, "123-456")
    account.register(graph, "654321")
    account.subscribe_app(graph)
    assert account.subscribed_apps(graph) == ["Desk"]


@responses.activate
def test_profile(cloud_account: Account) -> None:
    graph = Graph(cloud_account)
    responses.get(PHONE + "/whatsapp_business_profile", json={"data": [{"about": "Bicis"}]})
    responses.post(PHONE + "/whatsapp_business_profile", json={"success": True})
    assert account.profile(graph) == {"about": "Bicis"}
    account.update_profile(graph, {"about": "Bicicletas"})
    assert json.loads(responses.calls[1].request.body or b"")["about"] == "Bicicletas"
    with pytest.raises(ValueError, match="profile_picture_url"):
        account.update_profile(graph, {"profile_picture_url": "x"})


@responses.activate
def test_a_wrong_pin_comes_with_advice(cloud_account: Account) -> None:
    responses.post(
        PHONE + "/register",
        json={"error": {"code": 133005, "message": "Two step verification PIN Mismatch"}},
        status=400,
    )
    with pytest.raises(SendError) as raised:
        account.register(Graph(cloud_account), "000000")
    assert "PIN" in raised.value.advice


@responses.activate
def test_templates_over_pages(cloud_account: Account) -> None:
    url = BASE + "/102290129340398/message_templates"
    full = {
        "id": "1",
        "name": "pedido_listo",
        "language": "es_AR",
        "status": "APPROVED",
        "category": "UTILITY",
        "quality_score": {"score": "GREEN"},
        "rejected_reason": "NONE",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Hola {{1}}"},
            {"type": "BODY", "text": "Pedido {{2}} para {{1}} y {{10}}"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "URL", "url": "https://e.com/{{1}}"}]},
        ],
    }
    named = {"id": 2, "name": "aviso", "components": [{"type": "BODY", "text": "{{nombre}}, {{ dia }}"}]}
    follows = {"cursors": {"after": "C2"}, "next": "https://graph.facebook.com/elsewhere"}
    responses.get(url, json={"data": [full], "paging": follows})
    responses.get(url, json={"data": [named, "odd"], "paging": {"cursors": {"after": "C3"}}})
    first, second, odd = list_templates(Graph(cloud_account), "102290129340398")
    assert (first.header, first.header_variables, first.body_variables) == ("text", ("1",), ("1", "2", "10"))
    assert first.button_variables == {1: ("1",)} and first.rejected_reason == ""
    assert (second.id, second.body_variables, second.header, odd.name) == ("2", ("nombre", "dia"), "none", "")
    assert "after=C2" in str(responses.calls[1].request.url)


def test_channels_are_cached_until_the_account_changes(cloud_account: Account, twilio_account: Account) -> None:
    first = registry.open_channel(cloud_account)
    assert isinstance(first, WhatsAppCloud)
    assert registry.open_channel(replace(cloud_account)) is first
    renewed = registry.open_channel(replace(cloud_account, credentials={"access_token": "new"}))
    assert renewed is not first
    assert isinstance(registry.open_channel(twilio_account), Twilio)


def test_a_forked_child_opens_its_own(cloud_account: Account) -> None:
    kept = registry.open_channel(cloud_account)
    child = os.fork()
    if child == 0:
        os._exit(0 if registry.open_channel(cloud_account) is not kept else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_read(source: str) -> None:
    for payload in load_all(source):
        event = EventBody(payload.body, payload.content_type, payload.query, NOW)
        assert list(registry.parse_event(source, event)), payload.name


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(registry.UnknownSource, match="telegraph"):
        registry.parse_event("telegraph", EventBody(b"{}", "", "", NOW))
