from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core.channels import media_types
from core.channels.ssrf import UnknownHost, guard, guarded_session, origin
from core.channels.twilio.channel import Twilio
from core.channels.types import Account, MediaError, MediaRef
from core.channels.whatsapp_cloud.channel import WhatsAppCloud

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\x00" * 100
OPUS = b"OggS\x00\x02" + b"\x00" * 22 + b"\x01\x13OpusHead\x01" + b"\x00" * 40
HASH = hashlib.sha256(JPEG).hexdigest()
Guard = Callable[[str], None]


@pytest.fixture
def cloud(cloud_account: Account, httpserver: HTTPServer) -> WhatsAppCloud:
    return WhatsAppCloud(replace(cloud_account, api_url=httpserver.url_for("").rstrip("/")), read_timeout=5)


@pytest.fixture
def allow(httpserver: HTTPServer) -> Guard:
    return partial(guard, allowed_origins={origin(httpserver.url_for("/"))})


def locate(httpserver: HTTPServer, sha256: str = HASH) -> None:
    answer = {"url": httpserver.url_for("/file"), "mime_type": "image/jpeg", "sha256": sha256, "id": "77"}
    httpserver.expect_request("/v26.0/77").respond_with_json(answer)


def test_a_file_is_fetched_whole_and_each_time_for_itself(
    cloud: WhatsAppCloud, httpserver: HTTPServer, allow: Guard, tmp_path: Path
) -> None:
    locate(httpserver)
    httpserver.expect_request("/file", headers={"Authorization": "Bearer EAAG-token"}).respond_with_data(JPEG)
    got, again = (cloud.fetch(MediaRef(provider_media_id="77"), tmp_path / "new", allow) for _ in range(2))
    assert (got.mime_type, got.size, got.sha256) == ("image/jpeg", len(JPEG), HASH)
    got.path.unlink()  # by the worker that finished first with the same file of two customers
    assert again.path.read_bytes() == JPEG and [p.suffix for p in again.path.parent.iterdir()] == [".jpg"]


def test_an_expired_address_is_asked_for_once_more(
    cloud: WhatsAppCloud, httpserver: HTTPServer, allow: Guard, tmp_path: Path
) -> None:
    locate(httpserver)
    answers = iter([Response(status=404), Response(JPEG)])
    httpserver.expect_request("/file").respond_with_handler(lambda _: next(answers))
    assert cloud.fetch(MediaRef(provider_media_id="77"), tmp_path, allow).sha256 == HASH
    assert [request.path for request, _ in httpserver.log] == ["/v26.0/77", "/file", "/v26.0/77", "/file"]


@pytest.mark.parametrize(
    ("body", "status", "permanent"),
    [
        (b"", 404, True),
        (b"", 500, False),
        (b"", 401, False),
        (b"", 400, True),
        (b"", 200, False),
        (b"other", 200, False),
    ],
)
def test_what_cannot_be_fetched_leaves_nothing_behind(
    cloud: WhatsAppCloud,
    httpserver: HTTPServer,
    allow: Guard,
    tmp_path: Path,
    body: bytes,
    status: int,
    permanent: bool,
) -> None:
    locate(httpserver)
    httpserver.expect_request("/file").respond_with_data(body, status=status)
    with pytest.raises(MediaError) as raised:
        cloud.fetch(MediaRef(provider_media_id="77"), tmp_path, allow)
    assert raised.value.permanent is permanent
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_id_is_permanent(cloud: WhatsAppCloud, httpserver: HTTPServer, allow: Guard, tmp_path: Path) -> None:
    error = {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request"}}
    httpserver.expect_request("/v26.0/77").respond_with_json(error, status=400)
    with pytest.raises(MediaError) as raised:
        cloud.fetch(MediaRef(provider_media_id="77"), tmp_path, allow)
    assert raised.value.permanent


def test_too_large_a_picture_is_not_kept(
    cloud: WhatsAppCloud, httpserver: HTTPServer, allow: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(media_types._LIMITS, "image", 50)
    locate(httpserver)
    httpserver.expect_request("/file").respond_with_data(JPEG)
    with pytest.raises(MediaError, match="larger than 50"):
        cloud.fetch(MediaRef(provider_media_id="77"), tmp_path, allow)
    assert list(tmp_path.iterdir()) == []
    as_document = MediaRef(provider_media_id="77", mime_type="image/jpeg", filename="foto.jpg")
    assert cloud.fetch(as_document, tmp_path, allow).size == len(JPEG)


def test_a_name_server_failure_is_temporary(cloud: WhatsAppCloud, httpserver: HTTPServer, tmp_path: Path) -> None:
    def away(url: str) -> None:
        raise UnknownHost("the host 'lookaside.fbsbx.com' could not be resolved")

    locate(httpserver)
    with pytest.raises(MediaError, match="could not be resolved") as raised:
        cloud.fetch(MediaRef(provider_media_id="77"), tmp_path, away)
    assert not raised.value.permanent


def test_an_address_inside_is_refused(cloud: WhatsAppCloud, httpserver: HTTPServer, tmp_path: Path) -> None:
    locate(httpserver)
    with pytest.raises(MediaError) as raised:
        cloud.fetch(MediaRef(provider_media_id="77"), tmp_path, guard)
    assert raised.value.permanent
    assert [request.path for request, _ in httpserver.log] == ["/v26.0/77"]


def test_twilio_credentials_are_sent_to_twilio_only(
    twilio_account: Account, httpserver: HTTPServer, tmp_path: Path
) -> None:
    seen: dict[str, str | None] = {}

    def storage(request: Request) -> Response:
        seen[request.host.partition(":")[0]] = request.headers.get("Authorization")
        return Response(JPEG)

    there = httpserver.url_for("/storage").replace("127.0.0.1", "localhost")
    here = httpserver.url_for("/media").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/media").respond_with_response(Response(status=307, headers={"Location": there}))
    httpserver.expect_request("/storage").respond_with_handler(storage)
    channel = Twilio(replace(twilio_account, api_url=here.removesuffix("/media")), read_timeout=5)
    channel._downloads = guarded_session([here, there])
    got = channel.fetch(MediaRef(url=here, mime_type="image/jpeg"), tmp_path, lambda url: None)
    assert got.sha256 == HASH
    first, _ = httpserver.log[0]
    assert (first.headers.get("Authorization") or "").startswith("Basic ")
    assert seen == {"localhost": None}


def test_redirects_are_guarded_and_bounded(
    twilio_account: Account, httpserver: HTTPServer, allow: Guard, tmp_path: Path
) -> None:
    url = httpserver.url_for("/loop")
    channel = Twilio(replace(twilio_account, api_url=httpserver.url_for("").rstrip("/")), read_timeout=5)
    httpserver.expect_request("/loop").respond_with_response(Response(status=302, headers={"Location": "/loop"}))
    with pytest.raises(MediaError, match="too many redirects"):
        channel.fetch(MediaRef(url=url), tmp_path, allow)
    inside = Response(status=302, headers={"Location": "http://169.254.169.254/latest"})
    httpserver.expect_request("/inside").respond_with_response(inside)
    with pytest.raises(MediaError, match="refused to ask"):
        channel.fetch(MediaRef(url=httpserver.url_for("/inside")), tmp_path, allow)


@pytest.mark.parametrize(
    ("head", "declared", "found"),
    [
        (JPEG, "image/jpeg", "image/jpeg"),
        (JPEG, "image/png", "image/jpeg"),
        (JPEG, None, "image/jpeg"),
        (OPUS, "audio/ogg; codecs=opus", "audio/ogg"),
        (b"#!AMR\n" + b"\0" * 40, "audio/amr", "audio/amr"),
        (b"\0\0\0\x18ftypM4A " + b"\0" * 40, "audio/mp4", "audio/mp4"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, "video/mp4", "video/mp4"),
        (b"%PDF-1.7\n", "image/jpeg", "application/pdf"),
        (b"<!DOCTYPE html><script>", "image/jpeg", "application/octet-stream"),
        (b"\xef\xbb\xbf \n<svg xmlns='x'>", "image/png", "application/octet-stream"),
        (b"<?xml version='1.0'?><svg>", "image/svg+xml", "application/octet-stream"),
        (b"<script>alert(1)</script>", "text/plain", "application/octet-stream"),
        (b"MZ\x90\x00" + b"\0" * 60, "image/jpeg", "application/octet-stream"),
        (b"\x7fELF" + b"\0" * 60, "application/pdf", "application/octet-stream"),
        (b"#!/bin/sh\n", "text/plain", "application/octet-stream"),
        (b"no image", "image/jpeg", "application/octet-stream"),
        ("nombre;año\n".encode(), "text/csv", "text/csv"),
        (b"a\0b", "text/plain", "application/octet-stream"),
        (b"BEGIN:VCARD\nVERSION:3.0", "text/x-vcard", "text/vcard"),
        (b"PK\x03\x04" + b"\0" * 40, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", None),
        (b"PK\x03\x04" + b"\0" * 40, "image/png", "application/octet-stream"),
        (b"\x00", None, "application/octet-stream"),
    ],
)
def test_sniffing_believes_the_content(head: bytes, declared: str | None, found: str | None) -> None:
    assert media_types.sniff(head, declared) == (found or declared)
