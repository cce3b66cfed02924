from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from core.channels.twilio import signature as twilio
from core.channels.whatsapp_cloud import signature as meta
from tests.support.payloads import load

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
URL = "https://desk.example.com/api/webhooks/twilio?a=1&b="


def meta_signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_meta_signature_over_the_bytes_as_meta_writes_them() -> None:
    body = load("whatsapp_cloud", "text").body
    assert b"\\u00bf" in body
    header = meta_signature(body, "new")
    assert meta.verify_signature(body, header, ["new"])
    assert meta.verify_signature(body, header, ["old", "new"])
    assert meta.verify_signature(body, header.upper().replace("SHA256", "sha256"), ["new"])
    assert not meta.verify_signature(body + b" ", header, ["new"])
    assert not meta.verify_signature(body, header, ["old"])
    assert not meta.verify_signature(body, header, [])


def test_an_empty_secret_signs_nothing() -> None:
    assert not meta.verify_signature(b"{}", meta_signature(b"{}", ""), [""])


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=abc", "sha256=é", "sha256=\udcff", "sha256=" + "0" * 63])
def test_meta_header_garbage_is_refused(header: str | None) -> None:
    assert not meta.verify_signature(b"{}", header, ["secret"])


@given(body=st.binary(max_size=50), header=st.none() | st.text(max_size=80).map("sha256={}".format) | st.text())
def test_meta_never_raises(body: bytes, header: str | None) -> None:
    assert not meta.verify_signature(body, header, ["secret"])


def test_challenge() -> None:
    args = {"hub.mode": "subscribe", "hub.verify_token": "tokén", "hub.challenge": "00123"}
    assert meta.verify_challenge(args, "tokén") == "00123"
    assert meta.verify_challenge(args, "other") is None
    assert meta.verify_challenge(args, "") is None
    assert meta.verify_challenge({**args, "hub.verify_token": ""}, "") is None
    assert meta.verify_challenge({**args, "hub.mode": "unsubscribe"}, "tokén") is None
    assert meta.verify_challenge({**args, "hub.verify_token": "\udcff"}, "tokén") is None
    assert meta.verify_challenge({}, "tokén") is None


def sdk_signature(url: str, body: bytes, token: str) -> str:
    """Return the signature of Twilio's own library, over a MultiDict as its documentation has it for Flask."""
    form = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    return str(RequestValidator(token).compute_signature(url, form))


def test_twilio_form_signature_agrees_with_twilios_library() -> None:
    body = load("twilio_inbound", "whatsapp_text").body
    header = sdk_signature(URL, body, "token")
    assert twilio.verify_signature(URL, body, FORM, header, ["token"])
    assert twilio.verify_signature(URL, body, FORM, header, ["older", "token"])
    assert not twilio.verify_signature(URL, body, FORM, header, ["older"])
    assert not twilio.verify_signature(URL, body + b"&Extra=", FORM, header, ["token"])
    assert not twilio.verify_signature(URL.replace("b=", "b"), body, FORM, header, ["token"])


@pytest.mark.parametrize(
    ("signed", "asked"),
    [
        ("https://desk.example.com:443/t", "https://desk.example.com/t"),
        ("https://desk.example.com/t", "https://desk.example.com:443/t"),
        ("https://desk.example.com/t", "https://desk.example.com:8443/t"),
        ("https://desk.example.com:8443/t", "https://desk.example.com:8443/t#rc=5"),
        ("http://[::1]:80/t", "http://[::1]/t"),
        ("https://user:pass@desk.example.com/t", "https://user:pass@desk.example.com:443/t"),
    ],
)
def test_twilio_signature_with_and_without_port(signed: str, asked: str) -> None:
    header = sdk_signature(signed, b"Body=x", "token")
    assert twilio.verify_signature(asked, b"Body=x", FORM, header, ["token"])


def test_twilio_keeps_blank_and_repeated_parameters() -> None:
    for body in (b"A=&Body=&Z=1", b"A=2&A=1&B=%20x%20", b"A=1&A=1", b"A=ma%C3%B1ana+%F0%9F%9A%B2"):
        header = sdk_signature(URL, body, "token")
        assert twilio.verify_signature(URL, body, FORM, header, ["token"])
    every = URL + "A1A1"
    header = base64.b64encode(hmac.new(b"token", every.encode(), hashlib.sha1).digest()).decode()
    assert twilio.verify_signature(URL, b"A=1&A=1", FORM, header, ["token"])


def test_twilio_json_is_signed_by_its_hash_in_the_url() -> None:
    body = b'{"a": 1}'
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    header = RequestValidator("token").compute_signature(url, {})
    assert twilio.verify_signature(url, body, "application/json", header, ["token"])
    assert not twilio.verify_signature(url, body + b" ", "application/json", header, ["token"])
    bare = RequestValidator("token").compute_signature(URL, {})
    assert not twilio.verify_signature(URL, body, "application/json", bare, ["token"])


@pytest.mark.parametrize("header", [None, "", "é", "\udcff", "not base64", "A" * 28])
def test_twilio_header_garbage_is_refused(header: str | None) -> None:
    assert not twilio.verify_signature(URL, b"Body=x", FORM, header, ["token"])


@settings(max_examples=200)
@given(url=st.text(max_size=40), body=st.binary(max_size=60), content_type=st.sampled_from([None, FORM, "text/x"]))
def test_twilio_never_raises(url: str, body: bytes, content_type: str | None) -> None:
    assert not twilio.verify_signature(url, body, content_type, "x", ["token"])
    assert not twilio.verify_signature("https://h:99999/" + url, body, content_type, "x", ["token"])


@settings(max_examples=100)
@given(pairs=st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=8))
def test_any_form_agrees_with_twilios_library(pairs: list[tuple[str, str]]) -> None:
    clean = [(k.encode("utf-8", "ignore").decode(), v.encode("utf-8", "ignore").decode()) for k, v in pairs]
    body = urlencode(clean).encode()
    assert twilio.verify_signature(URL, body, FORM, sdk_signature(URL, body, "token"), ["token"])
