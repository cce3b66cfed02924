"""The OpenAPI document, its page, the older paths; and whatever the document allows, tried against the application."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories import conversation, message
from tests.support.api import BOOTSTRAP, Api

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

# What a message may be depends on its channel, its number and its conversation, of which a schema knows nothing.
JUDGED_BY_STATE = {("POST", "/api/v1/messages")}


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


def test_the_document_is_openapi_3_1_and_names_every_call_of_the_contract(client: Any) -> None:
    document = client.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    calls = {(method, path) for path, operations in document["paths"].items() for method in operations}
    talk = "/api/v1/conversations/{conversation_id}"
    goods, one = "/api/v1/products", "/api/v1/products/{product_id}"
    assert calls >= {
        ("post", "/api/v1/messages"), ("get", "/api/v1/conversations"), ("get", talk), ("get", f"{talk}/messages"),
        ("post", f"{talk}/close"), ("post", f"{talk}/reopen"), ("post", f"{talk}/assign"), ("post", f"{talk}/handoff"),
        ("get", goods), ("post", goods), ("get", one), ("put", one), ("delete", one), ("get", "/api/v1/quotes"),
        ("get", "/api/v1/quotes/{quote_id}"),
        ("get", "/api/v1/stats"), ("get", "/api/v1/queue"), ("post", "/api/v1/queue/retry"),
        ("post", "/api/v1/queue/preview"), ("post", "/api/v1/queue/give-up"),
        ("post", "/api/v1/messages/{message_id}/cancel"),
    }  # fmt: skip
    body = document["components"]["schemas"]["SendMessage"]["properties"]
    assert {"name", "language", "components"} <= body["template"]["anyOf"][0]["properties"].keys()
    assert "ButtonInteractive" in str(body["interactive"])


def test_every_reference_of_the_document_leads_somewhere(client: Any) -> None:
    answer = client.get("/api/openapi.json")
    schemas = answer.json["components"]["schemas"]
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert names and names <= schemas.keys()
    assert set(re.findall(r'"\$ref": ?"(#/[^"]+)"', answer.text)) == {f"#/components/schemas/{name}" for name in names}


def test_the_documentation_page_brings_its_own_scripts(client: Any) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) >= 3
    for source in sources:
        assert "//" not in source
        assert client.get(f"/api/{source}").status_code == 200


def test_errors_of_routing_are_problems_too(client: Any) -> None:
    for path, method, status in (("/api/v1/nothing", "get", 404), ("/api/v1/stats", "post", 405)):
        answer = client.open(path, method=method, headers=BOOTSTRAP)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_the_older_paths_answer_as_the_new_ones_do(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, "5491155550001")
    message(talk, "Hola")
    pairs = {
        "/api/messaging/conversations": "/api/v1/conversations",
        "/api/whatsapp/stats": "/api/v1/stats",
        f"/api/whatsapp/conversations/{talk}/history": f"/api/v1/conversations/{talk}/messages",
        "/api/v1/webhook/queue-status": "/api/v1/queue",
    }
    for older, newer in pairs.items():
        assert api.get(older).json == api.get(newer).json
        assert api.client.get(older).status_code == 401
    sent = api.post("/api/messaging/send", {"channel": "whatsapp", "to": "5491155550001", "text": "Hola"})
    assert (sent.status_code, sent.json["conversation_id"]) == (202, talk)
    assert api.post(f"/api/whatsapp/conversations/{talk}/close").json["status"] == "closed"


@pytest.fixture
def described(client: Any, business: Any) -> Any:
    """The application as its document describes it, with a conversation for the generated ids to hit."""
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    message(talk, "Hola")
    return schemathesis.openapi.from_wsgi("/api/openapi.json", client.application)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_breaks_it_and_every_answer_is_as_described(described: Any, mode: GenerationMode) -> None:
    """Requests that fit the document and requests that do not, for every call of it."""
    operations = [found.ok() for found in described.get_all_operations()]
    tried = [operation for operation in operations if not operation.definition.raw.get("deprecated")]
    assert len(tried) >= 21
    for operation in tried:
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
            continue  # there is nothing to get wrong

        judged = (operation.method.upper(), operation.path) in JUDGED_BY_STATE
        _hold(operation, mode, CHECKS if judged else [*CHECKS, positive_data_acceptance])


def _hold(operation: Any, mode: GenerationMode, checks: list[Any]) -> None:
    allowed = _allowed(operation)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def hold(case: Any) -> None:
        answer = case.call_and_validate(headers=BOOTSTRAP, checks=checks)
        if allowed is not None and isinstance(case.body, dict) and not allowed.is_valid(case.body):
            assert answer.status_code >= 400, case.body

    hold()


def _allowed(operation: Any) -> Draft202012Validator | None:
    """What the document allows as a JSON body; None where the operation takes none."""
    document = operation.schema.raw_schema
    described = operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json")
    return described and Draft202012Validator(described["schema"] | {"components": document["components"]})
