"""Fetching pages from a real server: accepted and refused responses, and public addresses only."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.datastructures import Headers

from core.channels.ssrf import origin
from core.knowledge import web_fetch as fetching
from core.knowledge.parsers import BadFile, Fault
from core.knowledge.web_fetch import Page, fetch

HTML = "<html><head><title>Env&iacute;os\n y pagos</title></head><body><p>Tres días.</p></body></html>"


def get(server: HTTPServer, path: str = "/") -> Page:
    url = server.url_for(path)
    return fetch(url, allowed_origins=(origin(url),))


def refusal(server: HTTPServer, path: str = "/") -> Fault:
    with pytest.raises(BadFile) as caught:
        get(server, path)
    return caught.value.fault


def test_a_page_with_its_title(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(HTML, content_type="text/html; charset=utf-8")
    page = get(httpserver)
    assert (page.name, page.title) == ("page.html", "Envíos y pagos")
    assert "Tres días" in page.content.decode()


def test_the_servers_word_on_the_encoding_counts(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(
        HTML.encode("latin-1"), content_type="text/html; charset=iso-8859-1"
    )
    assert "días" in get(httpserver).content.decode()


def test_a_title_is_text_that_can_be_kept(httpserver: HTTPServer) -> None:
    page = HTML.replace("y pagos", "y\0 pagos &#0;")
    httpserver.expect_request("/").respond_with_data(page, content_type="text/html; charset=utf-8")
    assert "\0" not in get(httpserver).title


def test_a_title_is_read_in_the_encoding_of_its_page(httpserver: HTTPServer) -> None:
    page = '<meta charset="iso-8859-1"><title>Envíos</title><p>Tres días.</p>'.encode("latin-1")
    httpserver.expect_request("/").respond_with_data(page, content_type="text/html")
    assert get(httpserver).title == "Envíos"


def test_what_is_packed_is_unpacked(httpserver: HTTPServer) -> None:
    packed = Response(gzip.compress(HTML.encode()), content_type="text/html", headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/").respond_with_response(packed)
    assert "Tres días" in get(httpserver).content.decode()


def test_redirects_are_followed_and_each_is_judged(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/old").respond_with_data("", 302, {"Location": "/new"})
    httpserver.expect_request("/new").respond_with_data(HTML, content_type="text/html")
    assert get(httpserver, "/old").url.endswith("/new")
    httpserver.expect_request("/in").respond_with_data("", 302, {"Location": "https://169.254.169.254/latest"})
    assert refusal(httpserver, "/in") == Fault.FORBIDDEN_ADDRESS
    httpserver.expect_request("/round").respond_with_data("", 301, {"Location": "/round"})
    assert refusal(httpserver, "/round") == Fault.UNREACHABLE


def test_a_redirect_to_no_address_at_all_leads_nowhere(httpserver: HTTPServer) -> None:
    class Unchecked(Response):
        def get_wsgi_headers(self, environ: object) -> Headers:
            return self.headers

    nowhere = Unchecked("", 302, {"Location": "https://[nowhere/", "Content-Length": "0"})
    httpserver.expect_request("/").respond_with_response(nowhere)
    assert refusal(httpserver) == Fault.UNREACHABLE


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "https://127.0.0.1/", "https://[::1]/", "file:///etc/passwd", "https://u:p@example.com/"],
)
def test_what_is_not_public_is_never_asked(url: str) -> None:
    with pytest.raises(BadFile) as caught:
        fetch(url)
    assert caught.value.fault == Fault.FORBIDDEN_ADDRESS


def test_a_host_that_does_not_exist_is_not_called_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(BadFile) as caught:
        fetch("https://shop.invalid/")
    assert caught.value.fault == Fault.UNREACHABLE


def test_answers_that_are_no_page(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/gone").respond_with_data("no", 404)
    httpserver.expect_request("/film").respond_with_data(b"\0", content_type="video/mp4")
    httpserver.expect_request("/empty").respond_with_data("  ", content_type="text/html")
    assert refusal(httpserver, "/gone") == Fault.REFUSED
    assert refusal(httpserver, "/film") == Fault.WRONG_TYPE
    assert refusal(httpserver, "/empty") == Fault.EMPTY


def test_nobody_there() -> None:
    with pytest.raises(BadFile) as caught:
        fetch("http://127.0.0.1:9/", allowed_origins=("http://127.0.0.1:9",))
    assert caught.value.fault == Fault.UNREACHABLE


def test_a_page_without_end_is_left(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LARGEST_PAGE", 100_000)
    bomb = Response(gzip.compress(b"a" * 5_000_000), content_type="text/html", headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/").respond_with_response(bomb)
    assert refusal(httpserver) == Fault.TOO_LARGE


def test_a_page_that_trickles_in_is_left(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SECONDS", 0.3)

    over = threading.Event()

    def slowly(request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            while not over.wait(0.05):
                yield b"a"

        return Response(pieces(), content_type="text/html")

    httpserver.expect_request("/").respond_with_handler(slowly)
    try:
        assert refusal(httpserver) == Fault.TIMED_OUT
    finally:
        over.set()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 2"])
def test_a_head_that_trickles_in_is_left(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_READ_SECONDS", 0.3)
    over = threading.Event()

    def slowly() -> None:
        peer, _ = server.accept()
        with peer, suppress(OSError):
            peer.sendall(head)
            while not over.wait(0.05):
                peer.sendall(b"0")

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = threading.Thread(target=slowly)
        serving.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        try:
            with pytest.raises(BadFile) as caught:
                fetch(f"{address}/", allowed_origins=(address,))
        finally:
            over.set()
            serving.join()
    assert caught.value.fault == Fault.TIMED_OUT
