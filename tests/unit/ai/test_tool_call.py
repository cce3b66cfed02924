"""The model's request for a quote, in both dialects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from core.bots.llm.client import ModelClient
from core.bots.llm.types import FailureKind, MakeQuote, ModelFailed, Prompt
from core.bots.llm.wire_format import ApiStyle
from core.bots.settings import BotSettings

PROMPT = Prompt("You are Luz.", ({"role": "user", "content": "Quiero 2 zapatos"},), "v1", 20, quotes=True)
ARGUMENTS = json.dumps({"lines": [{"product": "zapatos", "quantity": 2, "unit": None}]})


def call(name: str = "make_quote", arguments: str = ARGUMENTS) -> dict[str, str]:
    return {"name": name, "arguments": arguments}


def responses(function: dict[str, str]) -> dict[str, Any]:
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "status": "completed", **function}
    usage = {"input_tokens": 900, "output_tokens": 30}
    return {"status": "completed", "model": "gpt-6-luna", "output": [{"type": "reasoning"}, item], "usage": usage}


def chat(function: dict[str, str]) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": function}],
    }
    usage = {"prompt_tokens": 900, "completion_tokens": 30}
    return {"model": "llama", "choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": usage}


STYLES = [(ApiStyle.RESPONSES, "/v1/responses", responses), (ApiStyle.CHAT, "/v1/chat/completions", chat)]


@pytest.fixture
def client(httpserver: HTTPServer, request: pytest.FixtureRequest) -> Iterator[ModelClient]:
    made = ModelClient("sk-test", "gpt-6-luna", base_url=httpserver.url_for("/v1"), style=request.param)
    yield made
    made.close()


def ask(client: ModelClient, prompt: Prompt = PROMPT) -> Any:
    return client.answer(prompt, BotSettings(timeout_seconds=5), cache_key="bot-1", contact="contact-1")


@pytest.mark.parametrize(("client", "path", "body"), STYLES, indirect=["client"])
def test_a_call_gives_the_lines(client: ModelClient, httpserver: HTTPServer, path: str, body: Any) -> None:
    httpserver.expect_request(path).respond_with_json(body(call()))
    completion = ask(client)
    assert isinstance(completion.answer, MakeQuote)
    assert [(line.product, line.quantity) for line in completion.answer.lines] == [("zapatos", 2)]
    assert completion.usage is not None
    assert completion.usage.output == 30


@pytest.mark.parametrize(("client", "path", "body"), STYLES, indirect=["client"])
def test_the_tool_is_strict_and_only_offered_where_something_is_sold(
    client: ModelClient, httpserver: HTTPServer, path: str, body: Any
) -> None:
    httpserver.expect_request(path).respond_with_json(body(call()))
    ask(client)
    with pytest.raises(ModelFailed):
        ask(client, replace(PROMPT, quotes=False))
    offered, bare = (request.get_json() for request, _ in httpserver.log)
    assert "tools" in offered
    assert "tools" not in bare
    (tool,) = offered["tools"]
    function = tool.get("function", tool)
    assert function["strict"] is True
    line = function["parameters"]["$defs"]["OrderedLine"]
    # Strict mode: every property required and no others. And there is no price for the model to fill in.
    assert sorted(line["required"]) == sorted(line["properties"]) == ["product", "quantity", "unit"]
    assert line["additionalProperties"] is False
    assert function["parameters"]["additionalProperties"] is False


@pytest.mark.parametrize("client", [ApiStyle.RESPONSES], indirect=True)
@pytest.mark.parametrize(
    "function",
    [
        call(name="delete_everything"),
        call(arguments="{}"),
        call(arguments='{"lines": []}'),
        call(arguments='{"lines": [{"product": "zapatos", "quantity": -2, "unit": null}]}'),
        call(arguments='{"lines": [{"product": "zapatos", "quantity": 2, "unit": null, "price": 0.01}]}'),
        call(arguments='{"lines": [{"product": "zap'),
    ],
)
def test_a_call_that_cannot_be_used_is_invalid(
    client: ModelClient, httpserver: HTTPServer, function: dict[str, str]
) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(responses(function))
    with pytest.raises(ModelFailed) as caught:
        ask(client)
    assert caught.value.kind == FailureKind.INVALID
    assert caught.value.usage is not None
