"""Whether a failed call may have been accepted, over real sockets on the loopback."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from core.channels import http
from core.channels.twilio.channel import Twilio
from core.channels.types import Account, Cause, Channel, Outgoing, SendError, Verdict
from core.channels.whatsapp_cloud.channel import WhatsAppCloud

TEXT = Outgoing(4711, "5491123456789", "text", {"type": "text", "text": "Hola"})
OK = b'{"sid": "SM1", "messages": [{"id": "wamid.1"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(OK), OK)

Make = Callable[[str], Channel]


@pytest.fixture(params=["cloud", "twilio"])
def make(request: pytest.FixtureRequest, cloud_account: Account, twilio_account: Account) -> Make:
    if request.param == "cloud":
        return lambda url: WhatsAppCloud(replace(cloud_account, api_url=url), read_timeout=0.3)
    return lambda url: Twilio(replace(twilio_account, api_url=url), read_timeout=0.3)


def receive(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + body


@contextmanager
def serve(behave: Callable[[socket.socket], object]) -> Iterator[tuple[str, list[socket.socket]]]:
    """Run a server that passes every connection to `behave`; yields its URL and the connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            with connection:
                behave(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def failure(channel: Channel) -> SendError:
    with pytest.raises(SendError) as raised:
        channel.send(TEXT)
    return raised.value


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_refused_connection_may_be_tried_again(make: Make) -> None:
    raised = failure(make(f"http://127.0.0.1:{unused_port()}"))
    assert (raised.verdict, raised.cause) == (Verdict.RETRYABLE, Cause.NETWORK)


def test_an_unknown_host_may_be_tried_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failure(make("https://graph.example.invalid")).verdict is Verdict.RETRYABLE


def test_a_failed_tls_handshake_may_be_tried_again(make: Make) -> None:
    def not_tls(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serve(not_tls) as (url, _):
        assert failure(make(url.replace("http:", "https:"))).verdict is Verdict.RETRYABLE


def test_a_reset_during_the_tls_handshake_may_be_tried_again(make: Make) -> None:
    with serve(reset) as (url, _):
        assert failure(make(url.replace("http:", "https:"))).verdict is Verdict.RETRYABLE


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_reset_after_the_request_proves_nothing(make: Make) -> None:
    def behave(connection: socket.socket) -> None:
        receive(connection)
        reset(connection)

    with serve(behave) as (url, connections):
        raised = failure(make(url))
    assert (raised.verdict, raised.cause) == (Verdict.UNKNOWN, Cause.NETWORK)
    assert len(connections) == 1


def test_a_close_after_the_request_proves_nothing(make: Make) -> None:
    with serve(receive) as (url, _):
        assert failure(make(url)).verdict is Verdict.UNKNOWN


def test_silence_after_the_request_proves_nothing(make: Make) -> None:
    released = threading.Event()

    def behave(connection: socket.socket) -> None:
        receive(connection)
        released.wait(10)

    with serve(behave) as (url, _):
        raised = failure(make(url))
        released.set()
    assert (raised.verdict, raised.error.code) == (Verdict.UNKNOWN, "timeout")


def test_an_answer_cut_short_proves_nothing(make: Make) -> None:
    def behave(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(ANSWER[:-10])

    with serve(behave) as (url, _):
        assert failure(make(url)).verdict is Verdict.UNKNOWN


def answer_forever(connection: socket.socket) -> None:
    while receive(connection):
        connection.sendall(ANSWER)


def test_connections_are_reused_while_fresh_and_not_after_a_pause(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(answer_forever) as (url, connections):
        channel = make(url)
        channel.send(TEXT)
        channel.send(TEXT)
        assert len(connections) == 1
        monkeypatch.setattr(http, "IDLE_SECONDS", 0.0)
        channel.send(TEXT)
        assert len(connections) == 2


def test_a_connection_that_the_server_closed_is_noticed_before_it_is_used(make: Make) -> None:
    closed = threading.Event()

    def once(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(ANSWER)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with serve(once) as (url, connections):
        channel = make(url)
        channel.send(TEXT)
        assert closed.wait(5)
        channel.send(TEXT)
        assert len(connections) == 2


@pytest.mark.parametrize("url", ["graph.facebook.com", "ftp://graph.facebook.com", "http://"])
def test_an_unusable_setting_is_for_the_administrator(cloud_account: Account, url: str) -> None:
    from core.channels.whatsapp_cloud.graph_api import Graph

    with pytest.raises(SendError) as raised:
        Graph(replace(cloud_account, api_url=url)).call("GET", "x")
    assert (raised.value.verdict, raised.value.cause) == (Verdict.PERMANENT, Cause.ADMIN)


def test_errors_do_not_carry_the_token(cloud_account: Account) -> None:
    from core.channels.whatsapp_cloud.account import token_info
    from core.channels.whatsapp_cloud.graph_api import Graph

    account = replace(cloud_account, api_url=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(SendError) as raised:
        token_info(Graph(account))
    error = raised.value
    assert "EAAG" not in repr((error, error.error, error.advice)) and error.__suppress_context__
