"""Structured output of any shape: the same limits and failures as an answer, in both dialects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from pytest_httpserver import HTTPServer

from core.bots.llm.client import ModelClient
from core.bots.llm.types import FailureKind, InputItem, ModelFailed, Usage, Written
from core.bots.llm.wire_format import ApiStyle
from core.bots.settings import BotSettings
from tests.unit.ai.test_client import chat, responses


class Title(BaseModel):
    """A shape that no other request has."""

    model_config = ConfigDict(extra="forbid")

    title: str


@pytest.fixture
def made(httpserver: HTTPServer) -> Iterator[Callable[[ApiStyle], ModelClient]]:
    clients: list[ModelClient] = []

    def make(style: ApiStyle) -> ModelClient:
        clients.append(ModelClient("sk-test", "gpt-6-luna", base_url=httpserver.url_for("/v1"), style=style))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def write(client: ModelClient, contact: str | None = None, **settings: Any) -> Written[Title]:
    said: tuple[InputItem, ...] = ({"role": "user", "content": "| una caja"},)
    limits = BotSettings(**settings)
    return client.write(Title, "Name it.", said, name="a_title", settings=limits, cache_key="7", contact=contact)


def test_the_shape_travels_strictly_and_comes_back_parsed(
    made: Callable[[ApiStyle], ModelClient], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(responses('{"title": "Caja"}'))
    written = write(made(ApiStyle.RESPONSES), model="gpt-6.1-terra", contact="contact-42", max_output_tokens=2000)
    assert written.text.title == "Caja"
    assert written.usage == Usage(input=900, cached=512, output=80)
    assert written.model == "gpt-6-luna-2026-09-01"
    body = json.loads(httpserver.log[0][0].data)
    asked = body["text"]["format"]
    assert (asked["name"], asked["strict"]) == ("a_title", True)
    assert asked["schema"]["required"] == ["title"]
    assert asked["schema"]["additionalProperties"] is False
    assert (body["model"], body["max_output_tokens"], body["store"]) == ("gpt-6.1-terra", 2000, False)
    assert "contact-42" not in json.dumps(body)
    assert len(body["safety_identifier"]) == 64


def test_words_of_nobody_in_particular_name_no_customer(
    made: Callable[[ApiStyle], ModelClient], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(responses('{"title": "Caja"}'))
    write(made(ApiStyle.RESPONSES), max_output_tokens=100)
    body = json.loads(httpserver.log[0][0].data)
    assert "safety_identifier" not in body
    assert body["max_output_tokens"] == 1200  # a short answer's limit is too little for a list or a draft


def test_the_older_dialect(made: Callable[[ApiStyle], ModelClient], httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(chat('{"title": "Caja"}'))
    assert write(made(ApiStyle.CHAT)).text.title == "Caja"
    body = json.loads(httpserver.log[0][0].data)
    assert body["messages"][0] == {"role": "system", "content": "Name it."}
    assert body["response_format"]["json_schema"]["name"] == "a_title"


@pytest.mark.parametrize(
    ("said", "kind"),
    [('{"reply": "hola"}', FailureKind.INVALID), ("  ", FailureKind.EMPTY), ("{", FailureKind.INVALID)],
)
def test_another_shape_is_a_failure_that_still_counts_its_tokens(
    made: Callable[[ApiStyle], ModelClient], httpserver: HTTPServer, said: str, kind: FailureKind
) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(responses(said))
    with pytest.raises(ModelFailed) as caught:
        write(made(ApiStyle.RESPONSES))
    assert (caught.value.kind, caught.value.model) == (kind, "gpt-6-luna")
    assert caught.value.usage == Usage(input=900, cached=512, output=80)
