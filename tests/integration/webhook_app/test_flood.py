"""A flood of unauthenticated requests: little work, few log lines, and verified requests pass."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.database import one
from tests.support.provider_bodies import meta_body, meta_json, meta_signature, post_meta, text_value
from webhook_app import request_body
from webhook_app.api import auth
from webhook_app.flood_limits import LogLimiter, TokenBuckets

META = "/api/webhooks/whatsapp"
WRONG = "sha256=" + "0" * 64


class Unreadable:
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = readinto = __iter__ = read


@pytest.mark.parametrize("path", [META, "/api/webhooks/twilio", "/api/webhooks/twilio/status"])
@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=" + "0" * 63, "sha1=" + "0" * 40, "AAAA", "=" * 28])
def test_what_cannot_be_signed_is_refused_unread(client: Any, path: str, signature: str | None) -> None:
    header = "X-Hub-Signature-256" if path == META else "X-Twilio-Signature"
    headers = {} if signature is None else {header: signature}
    environ = {"wsgi.input": Unreadable(), "CONTENT_LENGTH": "3000000"}
    response = client.post(path, environ_overrides=environ, headers=headers)
    assert response.status_code == 403


def test_a_flood_writes_few_lines_and_the_genuine_still_pass(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(300):
        assert client.post(META, data=b"{}", headers={"X-Hub-Signature-256": WRONG}).status_code == 403
    assert post_meta(client, meta_body(text_value("Hola"))).status_code == 200
    assert 1 <= sum("webhook_refused" in record.getMessage() for record in caplog.records) <= 20
    assert one("SELECT count(*) FROM webhook_events") == 1


def test_lines_say_how_many_were_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("webhook_app.flood_limits.time.monotonic", lambda: now[0])
    lines = LogLimiter(per_address=2, total=3)
    assert [lines.take("a") for _ in range(5)] == [0, 0, None, None, None]
    assert [lines.take("b"), lines.take("c")] == [3, None]
    now[0] = 60
    assert lines.take("a") == 1


def test_addresses_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook_app.flood_limits._MAX_ADDRESSES", 100)
    buckets = TokenBuckets(1, 1)
    for number in range(1000):
        assert buckets.take(str(number))
    assert len(buckets._left) == 100
    assert not buckets.take("999")


def test_large_bodies_wait_for_a_slot_and_small_ones_do_not(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "_SECONDS", 0.05)
    monkeypatch.setattr(request_body, "_large_slots", threading.BoundedSemaphore(1))
    large = meta_json({**meta_body(text_value("grande")), "pad": "x" * 100_000})
    headers = {"X-Hub-Signature-256": meta_signature(large)}
    with request_body._large_slot():
        refused = client.post(META, data=large, headers=headers)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert post_meta(client, meta_body(text_value("chico"))).status_code == 200
    assert client.post(META, data=large, headers=headers).status_code == 200


def test_unknown_keys_are_looked_up_a_bounded_number_of_times(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    really = auth._from_row
    monkeypatch.setattr(auth, "_from_row", lambda digest: (asked.append(digest), really(digest))[1])
    answers = [
        client.get("/api/v1/messages/1", headers={"Authorization": f"Bearer guess-{n}"}).status_code for n in range(200)
    ]
    assert set(answers) == {401, 429}
    assert answers[0] == 401
    assert len(asked) <= 130
    genuine = client.get("/api/v1/messages/1", headers={"Authorization": "Bearer test-api-key"})
    assert genuine.status_code == 404


_HURRIED = """
exec(open("webhook_app/gunicorn_conf.py").read())
really = post_worker_init

def post_worker_init(worker):
    really(worker)
    from webhook_app import request_body
    request_body._SECONDS = 0.5
"""


class TestOfTheServerItself:
    """What gunicorn does before it calls the application."""

    @pytest.fixture(scope="class")
    @staticmethod
    def port(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = tmp_path_factory.mktemp("flood")
        (folder / "conf.py").write_text(_HURRIED)
        more = {"WEB_PORT": str(port), "WEB_HOST": "127.0.0.1", "WEB_PROCESSES": "1", "DATA_DIR": str(folder)}
        command = [sys.executable, "-m", "gunicorn", "-c", str(folder / "conf.py")]
        root = Path(__file__).parents[3]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, env=os.environ | more, cwd=root, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert server.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
                    time.sleep(0.05)
            yield port
        finally:
            server.terminate()
            server.wait(30)

    def ask(self, port: int, raw: bytes, seconds: float = 30) -> tuple[int, dict[str, str], bytes]:
        with socket.create_connection(("127.0.0.1", port), seconds) as connection:
            connection.sendall(raw)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
                head, _, body = answer.partition(b"\r\n\r\n")
                if b"\r\n\r\n" in answer and len(body) >= int(_headers(head).get("content-length", "0")):
                    break
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), _headers(head), body

    @pytest.mark.parametrize(
        ("raw", "status"),
        [
            (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            (b"nonsense\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        ],
    )
    def test_its_refusals_are_problems_too(self, port: int, raw: bytes, status: int) -> None:
        code, headers, body = self.ask(port, raw)
        assert (code, headers["content-type"]) == (status, "application/problem+json")
        assert json.loads(body)["status"] == status

    def test_a_search_of_five_hundred_wide_characters_fits(self, port: int) -> None:
        code, _, _ = self.ask(
            port, b"GET /api/v1/conversations?q=" + b"%F0%9F%98%80" * 500 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        assert code == 401

    def test_a_body_that_does_not_come_is_given_up(self, port: int) -> None:
        """Verified requests are answered meanwhile, and the connection is closed."""
        head = f"POST {META} HTTP/1.1\r\nHost: a\r\nX-Hub-Signature-256: {WRONG}\r\nContent-Length: 3000000\r\n\r\n{{"
        slow = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(30)]
        try:
            for connection in slow:
                connection.sendall(head.encode())
            assert self.ask(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 5)[0] == 200
            assert slow[0].recv(65536).split()[1] in (b"408", b"503")
        finally:
            for connection in slow:
                connection.close()


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


class TestOperatorsPages:
    @pytest.mark.parametrize(
        ("environ", "headers", "ours"),
        [
            ({"REMOTE_ADDR": "127.0.0.1"}, {}, True),
            ({"REMOTE_ADDR": "10.1.2.3"}, {}, True),
            ({"REMOTE_ADDR": "::1"}, {}, True),
            ({"REMOTE_ADDR": "::ffff:10.1.2.3"}, {}, True),
            ({"REMOTE_ADDR": "8.8.8.8"}, {}, False),
            ({"REMOTE_ADDR": "2002:808:808::1"}, {}, False),
            ({"REMOTE_ADDR": ""}, {}, False),
            ({"REMOTE_ADDR": "127.0.0.1"}, {"X-Forwarded-For": "8.8.8.8"}, False),
            ({"REMOTE_ADDR": "127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"}, False),
            ({"REMOTE_ADDR": "8.8.8.8"}, {"Authorization": "Bearer test-api-key"}, True),
            ({"REMOTE_ADDR": "8.8.8.8"}, {"Authorization": "Bearer other"}, False),
        ],
    )
    def test_strangers_see_whether_and_not_why(
        self, client: Any, environ: dict[str, str], headers: dict[str, str], ours: bool
    ) -> None:
        ready = client.get("/readyz", environ_base=environ, headers=headers)
        assert ready.status_code == 503 and ready.json["status"] == "unavailable"
        assert ("parts" in ready.json) is ours
        metrics = client.get("/metrics", environ_base=environ, headers=headers)
        assert metrics.status_code == (200 if ours else 403)
        assert client.get("/healthz", environ_base=environ, headers=headers).status_code == 200
