"""Embedding: requests and responses of the server, and the offline fallback."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core.bots.llm.client import ModelClient
from core.bots.llm.configured import model
from core.bots.llm.types import FailureKind, ModelFailed
from core.knowledge import embedders
from core.knowledge.embedders import OFFLINE, ServerEmbedder, current, named
from core.platform.config import get_settings

NOW = {"retry-after": "0"}


@pytest.fixture
def embedder(httpserver: HTTPServer) -> Iterator[ServerEmbedder]:
    client = ModelClient("sk-test", "gpt-6-luna", base_url=httpserver.url_for("/v1"))
    yield ServerEmbedder(client, "text-embedding-3-small")
    client.close()


def answering(asked: list[dict[str, Any]]) -> Callable[[Request], Response]:
    """Server whose vectors encode the length of the text, in the wrong order, and not of length 1."""

    def answer(request: Request) -> Response:
        body = json.loads(request.data)
        asked.append(body)
        data = [{"index": i, "embedding": [3.0, 4.0 * len(text)]} for i, text in enumerate(body["input"])]
        return Response(json.dumps({"data": data[::-1]}), content_type="application/json")

    return answer


def test_vectors_come_in_the_order_of_the_texts_and_of_length_1(
    embedder: ServerEmbedder, httpserver: HTTPServer
) -> None:
    asked: list[dict[str, Any]] = []
    httpserver.expect_request("/v1/embeddings").respond_with_handler(answering(asked))
    vectors = embedder.embed(["a", "bbb"], timeout_seconds=5)
    assert vectors == [(0.6, 0.8), (3 / math.hypot(3, 12), 12 / math.hypot(3, 12))]
    assert asked == [{"model": "text-embedding-3-small", "input": ["a", "bbb"], "encoding_format": "float"}]


def test_many_texts_go_in_several_requests_and_long_ones_are_cut(
    embedder: ServerEmbedder, httpserver: HTTPServer
) -> None:
    asked: list[dict[str, Any]] = []
    httpserver.expect_request("/v1/embeddings").respond_with_handler(answering(asked))
    assert len(embedder.embed(["a"] * 130, timeout_seconds=5)) == 130
    embedder.embed(["ñ" * 20_000] * 14, timeout_seconds=5)
    assert [len(body["input"]) for body in asked] == [128, 2, 12, 2]
    assert len(asked[2]["input"][0].encode()) == 16_000


def test_a_busy_server_is_asked_again(embedder: ServerEmbedder, httpserver: HTTPServer) -> None:
    asked: list[dict[str, Any]] = []
    for _ in range(3):
        httpserver.expect_ordered_request("/v1/embeddings").respond_with_data("{}", 429, NOW)
    httpserver.expect_ordered_request("/v1/embeddings").respond_with_handler(answering(asked))
    assert len(embedder.embed(["a"], timeout_seconds=5)) == 1


def failure(embedder: ServerEmbedder, timeout_seconds: float = 5) -> FailureKind:
    with pytest.raises(ModelFailed) as caught:
        embedder.embed(["a", "b"], timeout_seconds=timeout_seconds)
    return caught.value.kind


def test_what_no_waiting_mends_fails_at_once(embedder: ServerEmbedder, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/v1/embeddings").respond_with_json({"error": {"message": "no"}}, 401)
    assert failure(embedder) == FailureKind.AUTHENTICATION
    httpserver.expect_oneshot_request("/v1/embeddings").respond_with_json({"error": {"message": "no"}}, 404)
    assert failure(embedder) == FailureKind.REJECTED
    httpserver.expect_oneshot_request("/v1/embeddings").respond_with_json({}, 429, {"retry-after": "60"})
    assert failure(embedder) == FailureKind.RATE_LIMITED


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}],
        [{"index": 0, "embedding": ["x"]}, {"index": 1, "embedding": [1.0]}],
        "words",
    ],
)
def test_an_answer_without_a_vector_for_each_text_is_none(
    embedder: ServerEmbedder, httpserver: HTTPServer, data: object
) -> None:
    httpserver.expect_request("/v1/embeddings").respond_with_json({"data": data})
    assert failure(embedder) == FailureKind.INVALID


def test_a_server_that_hangs_is_left_in_time(embedder: ServerEmbedder, httpserver: HTTPServer) -> None:
    released = threading.Event()

    def hang(request: Request) -> Response:
        released.wait(5)
        return Response("")

    httpserver.expect_request("/v1/embeddings").respond_with_handler(hang)
    assert failure(embedder, timeout_seconds=0.3) == FailureKind.TIMEOUT
    released.set()


def cosine(first: str, second: str) -> float:
    one, other = OFFLINE.embed([first, second])
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_offline_shared_words_lie_close_whatever_their_form() -> None:
    assert cosine("¿Hacen envíos?", "envio") > 0.9
    assert cosine("How much does shipping cost?", "precio del envío") > 0.9
    assert cosine("garatnía del televisor", "garantía del televisor") > 0.5
    assert abs(cosine("garantía del televisor", "horario de los domingos")) < 0.2


def test_offline_vectors_never_change_under_their_name() -> None:
    (vector,) = OFFLINE.embed(["Envío gratis"])
    assert OFFLINE.name == "offline-2"
    assert math.isclose(math.hypot(*vector), 1.0)
    assert [(at, round(value, 3)) for at, value in enumerate(vector) if abs(value) > 0.5] == OFFLINE_2
    assert OFFLINE.embed(["hola"]) == [(0.0,) * 256]


OFFLINE_2 = [(177, 0.677), (253, -0.677)]


def test_which_embedder_is_in_use(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert current() is OFFLINE
    assert named("text-embedding-3-small") is None
    client = ModelClient("sk-test", "gpt-6-luna")
    monkeypatch.setattr(embedders, "model", lambda: client)
    assert current().name == get_settings().openai_embedding_model == "text-embedding-3-small"
    assert named("text-embedding-ada-002") == ServerEmbedder(client, "text-embedding-ada-002")
    assert named("offline-2") is OFFLINE
    monkeypatch.setattr(get_settings(), "openai_embedding_model", "offline")
    assert current() is OFFLINE
    assert model() is None
    client.close()


@pytest.mark.parametrize("name", ["text-embedding-3-large", "text-embedding-ada-002", "BGE-m3", "unheard-of"])
def test_likeness_is_a_share(name: str) -> None:
    client = ModelClient("sk-test", "gpt-6-luna")
    scale = [ServerEmbedder(client, name).similarity(cosine / 20) for cosine in range(-20, 21)]
    client.close()
    assert scale == sorted(scale)
    assert (scale[0], scale[-1]) == (0.0, 1.0)
