"""The load client against a server that answers as told."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.bodies import Signer, customers
from benchmarks.client import Client, NotAnswered
from core.channels.whatsapp_cloud.signature import verify_signature

SECRET = "test-app-secret"


@contextmanager
def serving(answer: Callable[[bytes, str], int], *, closing: bool = False) -> Iterator[int]:
    """A server whose status is what `answer` makes of body and signature. Gives its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer(body, self.headers["X-Hub-Signature-256"]))
            self.send_header("Content-Length", "8")
            self.end_headers()
            self.wfile.write(b"received")
            self.close_connection = closing

        def log_message(self, *_: object) -> None:
            """Nothing to the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def requests() -> list[bytes]:
    return Signer(SECRET).messages(customers(20), label="TEST")


def test_every_request_is_genuine_and_answered(requests: list[bytes]) -> None:
    seen: set[bytes] = set()

    def answer(body: bytes, signature: str) -> int:
        seen.add(body)
        return 200 if verify_signature(body, signature, (SECRET,)) else 403

    with serving(answer) as port, Client(port, 4) as client:
        run = client.saturate(requests).checked()
    assert len(run.acknowledged) == len(requests) == len(seen)


def test_a_refusal_is_counted_and_not_taken_for_an_answer(requests: list[bytes]) -> None:
    answers = iter([503, 200])
    with serving(lambda *_: next(answers)) as port, Client(port, 1) as client:
        run = client.saturate(requests[:2])
    assert math.isnan(run.latencies[0]) and len(run.acknowledged) == 1
    assert run.refused == {"503": 1}
    with pytest.raises(NotAnswered, match="1 × 503"):
        run.checked()


def test_a_server_that_closes_idle_connections_loses_nothing(requests: list[bytes]) -> None:
    seen: list[bytes] = []

    def answer(body: bytes, _: str) -> int:
        seen.append(body)
        return 200

    with serving(answer, closing=True) as port, Client(port, 2) as client:
        run = client.pace(requests, 50)
    assert len(seen) >= len(run.acknowledged)
    assert len(run.acknowledged) + sum(run.refused.values()) == len(requests)


def test_a_steady_rate_is_kept(requests: list[bytes]) -> None:
    with serving(lambda *_: 200) as port, Client(port, 2) as client:
        run = client.pace(requests, 200).checked()
    assert run.seconds >= (len(requests) - 1) / 200
