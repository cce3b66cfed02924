"""The model client against a real HTTP server on the loopback: requests, and the kind of each failure."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core.bots.llm.client import ModelClient
from core.bots.llm.types import Completion, FailureKind, ModelFailed, Prompt, Usage
from core.bots.llm.wire_format import ApiStyle
from core.bots.settings import BotSettings

KEY = "sk-test-0123456789"
PROMPT = Prompt(
    instructions="Be kind.", input=({"role": "user", "content": "hola \u2028 ¿abren?"},), version="v", tokens=10
)
SETTINGS = BotSettings(timeout_seconds=10)
HASTY = BotSettings(timeout_seconds=1)
ANSWER = {
    "reply": "Sí, abrimos.",
    "confidence": 0.9,
    "topics": ["horario"],
    "sentiment": "neutral",
    "language": "es",
    "handoff_reason": None,
    "summary": None,
    "states_facts": True,
    "sources": ["kb-1"],
}
NOW = {"retry-after": "0"}  # lets the second attempt follow at once


def responses(text: str | None = None, **changes: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": json.dumps(ANSWER) if text is None else text, "annotations": []}]
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "gpt-6-luna-2026-09-01",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content},
        ],
        "incomplete_details": None,
        "error": None,
        "usage": {
            "input_tokens": 900,
            "input_tokens_details": {"cached_tokens": 512},
            "output_tokens": 80,
            "total_tokens": 980,
        },
        **changes,
    }


def chat(content: str | None, finish_reason: str = "stop", **changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **changes}
    return {
        "id": "c1",
        "model": "llama",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }


@pytest.fixture
def make_client() -> Iterator[Callable[..., ModelClient]]:
    made: list[ModelClient] = []

    def make(base_url: str, style: ApiStyle = ApiStyle.RESPONSES) -> ModelClient:
        made.append(ModelClient(KEY, "gpt-6-luna", base_url=base_url, style=style))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., ModelClient], httpserver: HTTPServer) -> ModelClient:
    return make_client(httpserver.url_for("/v1"))


@pytest.fixture
def chat_client(make_client: Callable[..., ModelClient], httpserver: HTTPServer) -> ModelClient:
    return make_client(httpserver.url_for("/v1"), ApiStyle.CHAT)


def ask(client: ModelClient, settings: BotSettings = SETTINGS) -> Completion:
    return client.answer(PROMPT, settings, cache_key="7:3", contact="contact-42")


def failure(client: ModelClient, settings: BotSettings = SETTINGS) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        ask(client, settings)
    return caught.value


def sent(httpserver: HTTPServer) -> list[Request]:
    return [request for request, _ in httpserver.log]


def test_an_answer_with_what_it_took(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/responses", method="POST").respond_with_json(
        responses(), headers={"x-request-id": "req_1"}
    )
    completion = ask(client)
    assert completion.answer.model_dump() == ANSWER
    assert completion.usage == Usage(input=900, cached=512, output=80)
    assert completion.model == "gpt-6-luna-2026-09-01"
    assert completion.request_id == "req_1"
    assert completion.latency_ms >= 0
    assert json.loads(completion.raw) == ANSWER


def test_what_is_sent(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(responses())
    ask(client)
    (request,) = sent(httpserver)
    body = request.get_json()
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert body["model"] == "gpt-6-luna"
    assert body["instructions"] == PROMPT.instructions
    assert body["input"] == list(PROMPT.input)
    assert body["store"] is False
    assert body["max_output_tokens"] == SETTINGS.max_output_tokens
    assert body["prompt_cache_key"] == "7:3"
    assert "temperature" not in body
    assert "contact-42" not in request.get_data(as_text=True)
    assert len(body["safety_identifier"]) == 64
    form = body["text"]["format"]
    assert (form["type"], form["strict"]) == ("json_schema", True)
    assert form["schema"]["additionalProperties"] is False
    assert set(form["schema"]["required"]) == set(form["schema"]["properties"]) == set(ANSWER)


def test_the_bots_own_model_and_temperature_are_used(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(responses())
    ask(client, BotSettings(model="gpt-6-sol", temperature=0.0))
    body = sent(httpserver)[0].get_json()
    assert (body["model"], body["temperature"]) == ("gpt-6-sol", 0.0)


def test_unknown_usage_of_minus_one_spoils_no_answer(chat_client: ModelClient, httpserver: HTTPServer) -> None:
    body = chat(json.dumps(ANSWER)) | {"usage": {"prompt_tokens": -1, "completion_tokens": -1}}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(body)
    assert ask(chat_client).usage == Usage(0, 0, 0)


def test_a_server_that_only_has_chat_completions(chat_client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(chat(json.dumps(ANSWER)))
    completion = ask(chat_client)
    assert completion.answer.reply == ANSWER["reply"]
    assert completion.usage == Usage(input=20, cached=0, output=5)
    body = sent(httpserver)[0].get_json()
    assert body["messages"] == [{"role": "system", "content": PROMPT.instructions}, *PROMPT.input]
    assert body["response_format"]["json_schema"]["strict"] is True
    assert not {"store", "safety_identifier", "prompt_cache_key", "instructions"} & set(body)


def test_an_answer_may_be_a_hand_over_without_words(client: ModelClient, httpserver: HTTPServer) -> None:
    text = json.dumps({**ANSWER, "reply": "", "handoff_reason": "wants a refund"})
    httpserver.expect_request("/v1/responses").respond_with_json(responses(text))
    assert ask(client).answer.handoff_reason == "wants a refund"


REFUSAL = [{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot help with that."}]}]


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        (responses(output=REFUSAL), FailureKind.REFUSAL, "cannot help"),
        (
            responses(status="incomplete", incomplete_details={"reason": "content_filter"}),
            FailureKind.REFUSAL,
            "content_filter",
        ),
        (
            responses('{"reply": "Sí, ab', status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            FailureKind.INCOMPLETE,
            "max_output_tokens",
        ),
        (responses(""), FailureKind.EMPTY, "nothing"),
        (responses(output=[]), FailureKind.EMPTY, "nothing"),
        (responses(json.dumps({**ANSWER, "reply": " \n"})), FailureKind.EMPTY, "empty reply"),
        (responses("Claro, abrimos."), FailureKind.INVALID, "not the answer asked for"),
        (responses(json.dumps({**ANSWER, "confidence": 95})), FailureKind.INVALID, "confidence"),
        (responses(json.dumps({**ANSWER, "confidence": float("nan")})), FailureKind.INVALID, "confidence"),
        (responses(json.dumps({**ANSWER, "sentiment": "furious"})), FailureKind.INVALID, "sentiment"),
        (responses(json.dumps({"reply": "Sí"})), FailureKind.INVALID, "confidence"),
    ],
)
def test_an_unusable_answer_is_named_and_its_tokens_are_counted(
    client: ModelClient, httpserver: HTTPServer, body: dict[str, Any], kind: FailureKind, detail: str
) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(body, headers={"x-request-id": "req_2"})
    failed = failure(client)
    assert failed.kind is kind
    assert detail in failed.detail
    assert not failed.retryable
    assert failed.usage == Usage(input=900, cached=512, output=80)
    assert failed.request_id == "req_2"
    assert len(sent(httpserver)) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (chat("{", "length"), FailureKind.INCOMPLETE),
        (chat(None, "content_filter"), FailureKind.REFUSAL),
        (chat(None, refusal="No."), FailureKind.REFUSAL),
        (chat(None), FailureKind.EMPTY),
        (chat("Hola"), FailureKind.INVALID),
        ({"choices": []}, FailureKind.INVALID),
    ],
)
def test_unusable_chat_answers(
    chat_client: ModelClient, httpserver: HTTPServer, body: dict[str, Any], kind: FailureKind
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(body)
    assert failure(chat_client).kind is kind


@pytest.mark.parametrize("body", ["<html>gateway</html>", "", "[]", '{"status": 1}', '{"status": "completed", "out'])
def test_a_body_that_is_no_response_at_all(client: ModelClient, httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request("/v1/responses").respond_with_data(body, content_type="application/json")
    assert failure(client).kind is FailureKind.INVALID


def error(code: str | None, message: str = "no") -> dict[str, Any]:
    return {"error": {"message": message, "type": code or "server_error", "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (400, "invalid_value", FailureKind.REJECTED, False),
        (401, "invalid_api_key", FailureKind.AUTHENTICATION, False),
        (403, None, FailureKind.AUTHENTICATION, False),
        (404, "model_not_found", FailureKind.REJECTED, False),
        (409, None, FailureKind.SERVER, True),
        (422, None, FailureKind.REJECTED, False),
        (429, "rate_limit_exceeded", FailureKind.RATE_LIMITED, True),
        (429, "insufficient_quota", FailureKind.QUOTA, False),
        (500, None, FailureKind.SERVER, True),
        (503, None, FailureKind.SERVER, True),
    ],
)
def test_http_errors_are_sorted_and_only_those_that_may_pass_are_tried_again(
    client: ModelClient, httpserver: HTTPServer, status: int, code: str | None, kind: FailureKind, retryable: bool
) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(
        error(code), status=status, headers={**NOW, "x-request-id": "req_3"}
    )
    failed = failure(client)
    assert (failed.kind, failed.retryable) == (kind, retryable)
    assert f"HTTP {status}" in failed.detail
    assert failed.request_id == "req_3"
    assert failed.model == "gpt-6-luna"
    assert failed.latency_ms is not None
    assert len(sent(httpserver)) == (2 if retryable else 1)


def test_an_error_that_is_not_json_is_sorted_by_its_status(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/responses").respond_with_data("<html>Bad gateway", status=502, headers=NOW)
    assert failure(client).kind is FailureKind.SERVER


def test_a_passing_error_is_overcome_by_the_second_attempt(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/v1/responses").respond_with_json(error(None), status=503, headers=NOW)
    httpserver.expect_ordered_request("/v1/responses").respond_with_json(responses())
    assert ask(client).answer.reply == ANSWER["reply"]


def test_a_long_retry_after_is_not_slept_through(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/responses").respond_with_json(
        error("rate_limit_exceeded"), status=429, headers={"retry-after": "60"}
    )
    started = time.monotonic()
    failed = failure(client)
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 60)
    assert time.monotonic() - started < SETTINGS.timeout_seconds
    assert len(sent(httpserver)) == 1


def test_our_key_is_not_repeated_in_a_detail(client: ModelClient, httpserver: HTTPServer) -> None:
    message = f"Incorrect API key provided: {KEY}. " + "x" * 1000
    httpserver.expect_request("/v1/responses").respond_with_json(error("invalid_api_key", message), status=401)
    detail = failure(client).detail
    assert KEY not in detail
    assert len(detail) <= 300


def test_a_redirect_is_not_followed_with_our_key(client: ModelClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/responses").respond_with_data("", status=307, headers={"location": "/elsewhere"})
    assert failure(client).kind is FailureKind.REJECTED
    assert [request.path for request in sent(httpserver)] == ["/v1/responses"]


def test_a_server_that_never_answers(client: ModelClient, httpserver: HTTPServer) -> None:
    over = threading.Event()

    def wait(request: Request) -> Response:
        over.wait(30)
        return Response("")

    httpserver.expect_request("/v1/responses").respond_with_handler(wait)
    started = time.monotonic()
    try:
        failed = failure(client, HASTY)
    finally:
        over.set()
    assert (failed.kind, failed.retryable) == (FailureKind.TIMEOUT, True)
    assert time.monotonic() - started < 5


def test_an_answer_that_trickles_in_does_not_outlast_the_time_allowed(
    client: ModelClient, httpserver: HTTPServer
) -> None:
    over = threading.Event()

    def trickle() -> Iterator[bytes]:
        while not over.wait(0.05):
            yield b" "

    httpserver.expect_request("/v1/responses").respond_with_handler(
        lambda request: Response(trickle(), content_type="application/json")
    )
    started = time.monotonic()
    try:
        failed = failure(client, HASTY)
    finally:
        over.set()
    assert failed.kind is FailureKind.TIMEOUT
    assert time.monotonic() - started < 5


def test_nobody_listens(make_client: Callable[..., ModelClient]) -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        failed = failure(make_client(f"http://127.0.0.1:{taken.getsockname()[1]}/v1"))
    assert (failed.kind, failed.retryable) == (FailureKind.CONNECTION, True)


def test_a_connection_dropped_without_an_answer_is_tried_once_more(make_client: Callable[..., ModelClient]) -> None:
    accepted: list[socket.socket] = []

    def drop_two() -> None:
        for _ in range(2):
            connection, _ = server.accept()
            accepted.append(connection)
            connection.recv(1)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drop_two)
        thread.start()
        failed = failure(make_client(f"http://127.0.0.1:{server.getsockname()[1]}/v1"))
        thread.join(10)
    assert failed.kind is FailureKind.CONNECTION
    assert len(accepted) == 2
