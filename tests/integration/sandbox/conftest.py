"""A running sandbox and a product that only listens."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
import uvicorn

from sandbox.app import create_app
from sandbox.control import STATUSES
from sandbox.settings import Settings

PUBLIC_URL = "https://hub.example.com"
VERIFY_TOKEN = "verify-me"


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Product:
    """Answers the next webhooks with `answers`, then always 200."""

    url: str
    inbox: queue.Queue[Received] = field(default_factory=queue.Queue)
    answers: queue.Queue[int] = field(default_factory=queue.Queue)

    def next(self, timeout: float = 10) -> Received:
        return self.inbox.get(timeout=timeout)

    def quiet(self, seconds: float = 0.4) -> bool:
        try:
            self.inbox.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


@pytest.fixture
def product() -> Iterator[Product]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.inbox.put(Received(self.path, headers, body))
            try:
                status = seen.answers.get_nowait()
            except queue.Empty:
                status = 200
            self.answer(status, b"{}")

        def do_GET(self) -> None:
            if self.path.startswith("/api/files/"):
                self.answer(404 if "missing" in self.path else 200, b"a file")
                return
            query = parse_qs(urlsplit(self.path).query)
            good = query.get("hub.verify_token") == [VERIFY_TOKEN] and query.get("hub.mode") == ["subscribe"]
            self.answer(200 if good else 403, query["hub.challenge"][0].encode() if good else b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen = Product(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield seen
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(product: Product) -> Settings:
    return Settings(webhook_base_url=product.url, public_url=PUBLIC_URL, whatsapp_webhook_verify_token=VERIFY_TOKEN)


@pytest.fixture
def base_url(settings: Settings) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the sandbox did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


class Client(httpx2.Client):
    """Calls of each provider with the sandbox's credentials."""

    def __init__(self, base_url: str, settings: Settings) -> None:
        super().__init__(base_url=base_url, timeout=10)
        self.settings = settings

    def graph(self, body: dict[str, Any], *, token: str | None = None) -> httpx2.Response:
        path = f"/v26.0/{self.settings.whatsapp_phone_number_id}/messages"
        headers = {"Authorization": f"Bearer {token or self.settings.whatsapp_access_token}"}
        return self.post(path, json={"messaging_product": "whatsapp", **body}, headers=headers)

    def graph_text(self, text: str = "hola", to: str = "5215512345678", **more: Any) -> httpx2.Response:
        return self.graph({"to": to, "type": "text", "text": {"body": text}, **more})

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.whatsapp_access_token}"}

    @property
    def twilio_auth(self) -> tuple[str, str]:
        return self.settings.twilio_account_sid, self.settings.twilio_auth_token

    def twilio(self, **form: Any) -> httpx2.Response:
        path = f"/2010-04-01/Accounts/{self.settings.twilio_account_sid}/Messages.json"
        sent = {"To": "+525512345678", "From": self.settings.twilio_phone_number, **form}
        return self.post(path, data=sent, auth=self.twilio_auth)

    def say(self, text: str = "hola", **more: Any) -> dict[str, Any]:
        """Write as Ana; the answer is the message as the sandbox keeps it."""
        body = {"customer": {"phone": "+525512345678", "name": "Ana"}, "text": text, **more}
        answer = self.post("/sandbox/api/messages", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def knobs(self, **changes: Any) -> None:
        answer = self.patch("/sandbox/api/faults", json=changes)
        assert answer.status_code == 200, answer.text

    def fault(self, provider: str, **fault: Any) -> None:
        answer = self.post(f"/sandbox/api/faults/{provider}", json=fault)
        assert answer.status_code == 201, answer.text

    def reported(self) -> list[str]:
        """The statuses in the order they were reported. They travel side by side: one may overtake another."""
        abouts = [post["about"].partition(" · ")[0] for post in self.get("/sandbox/api/webhooks").json()["posts"]]
        return [about for about in reversed(abouts) if about in STATUSES]

    def until(self, path: str, wanted: Any) -> Any:
        """Read `path` until `wanted(answer)` is true."""
        deadline = time.monotonic() + 10
        while True:
            data = self.get(path).json()
            if wanted(data):
                return data
            assert time.monotonic() < deadline, data
            time.sleep(0.02)


@pytest.fixture
def client(base_url: str, settings: Settings) -> Iterator[Client]:
    with Client(base_url, settings) as connected:
        connected.knobs(delivery={"statuses": "none", "sent_ms": 0, "delivered_ms": 60, "read_ms": 120})
        yield connected
