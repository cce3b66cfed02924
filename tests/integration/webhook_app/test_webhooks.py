"""The webhook routes: how each request is answered, and that a 200 means a committed row."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from core.platform.embedded import Embedded
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows, start_postgres
from tests.support.payloads import load_all
from tests.support.provider_bodies import (
    meta_body,
    meta_json,
    meta_signature,
    post_meta,
    post_twilio,
    text_value,
    twilio_form,
)

META = "/api/webhooks/whatsapp"
META_PATHS = [META, "/api/v1/webhook", "/webhook", "/api/webhooks/whatsapp/", "/webhook/"]
TWILIO_PATHS = ["/api/webhooks/twilio", "/webhook/whatsapp", "/api/webhooks/sms", "/api/webhooks/twilio/"]
SMS = [
    ("MessageSid", "SM" + "1" * 32),
    ("From", "+5491155550001"),
    ("To", "+15005550006"),
    ("Body", "Hola"),
    ("NumMedia", "0"),
]


def post(client: Any, body: bytes, signature: Any, *, content_type: str = "application/json", path: str = META) -> Any:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    return client.post(path, data=body, headers=headers, content_type=content_type)


def events() -> int:
    return int(one("SELECT count(*) FROM webhook_events"))


class TestMeta:
    @pytest.mark.parametrize("path", META_PATHS)
    def test_a_signed_body_is_stored_and_answered(self, client: Any, path: str) -> None:
        response = post_meta(client, meta_body(text_value("Hola")), path=path)
        assert (response.status_code, response.json) == (200, {"status": "received"})
        assert events() == 1

    def test_the_body_is_stored_byte_for_byte(self, client: Any) -> None:
        body = meta_json(meta_body(text_value("¿Qué tal? 👋 a/b")))
        assert post(client, body, meta_signature(body)).status_code == 200
        assert bytes(one("SELECT body FROM webhook_events")) == body

    def test_the_same_body_again_is_200_and_one_row(self, client: Any) -> None:
        document = meta_body(text_value("Hola"))
        assert [post_meta(client, document).status_code for _ in range(3)] == [200] * 3
        assert events() == 1

    @pytest.mark.parametrize(
        "signature",
        [
            None,
            "",
            "sha256=",
            "sha256=" + "0" * 64,
            "sha1=" + "0" * 40,
            "sha256=zz",
            "sha256=ñandú",
            "sha256=" + "0" * 5000,
        ],
        ids=["none", "empty", "no digest", "wrong", "sha1", "not hex", "not ASCII", "endless"],
    )
    def test_a_body_without_its_signature_is_refused(self, client: Any, signature: str | None) -> None:
        body = meta_json(meta_body(text_value("Hola")))
        assert post(client, body, signature).status_code == 403
        assert events() == 0

    @pytest.mark.parametrize(
        "change",
        [
            lambda body: body[:-1],
            lambda body: body + b" ",
            lambda body: body.replace(b"Hola", b"Adios"),
            lambda _: b"",
        ],
    )
    def test_a_body_that_was_changed_is_refused(self, client: Any, change: Any) -> None:
        body = meta_json(meta_body(text_value("Hola")))
        assert post(client, change(body), meta_signature(body)).status_code == 403

    def test_a_signature_by_the_verify_token_is_refused(self, client: Any) -> None:
        body = meta_json(meta_body(text_value("Hola")))
        assert post(client, body, meta_signature(body, "test-verify-token")).status_code == 403

    @pytest.mark.parametrize("body", [b"", b"{", b"hello", b"\xff\xfe\xfd", b"[" * 100_000])
    def test_a_signed_body_that_is_no_json_is_a_bad_request(self, client: Any, body: bytes) -> None:
        assert post(client, body, meta_signature(body)).status_code == 400
        assert events() == 0

    @pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"{}", b'{"entry":7}', b'{"entry":[]}', b"9" * 5000])
    def test_signed_json_of_any_shape_is_kept(self, client: Any, body: bytes) -> None:
        assert post(client, body, meta_signature(body)).status_code == 200
        assert events() == 1

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data; boundary=x"]
    )
    def test_the_content_type_does_not_matter(self, client: Any, content_type: str) -> None:
        body = meta_json(meta_body(text_value("Hola")))
        assert post(client, body, meta_signature(body), content_type=content_type).status_code == 200
        assert bytes(one("SELECT body FROM webhook_events")) == body

    def test_three_megabytes_are_the_most(self, client: Any) -> None:
        body = b'{"pad":"' + b"x" * (3 * 1024 * 1024) + b'"}'
        assert post(client, body, meta_signature(body)).status_code == 413
        assert events() == 0

    def test_a_large_body_within_the_limit_is_taken(self, client: Any) -> None:
        body = b'{"pad":"' + b"x" * (3 * 1024 * 1024 - 20) + b'"}'
        assert post(client, body, meta_signature(body)).status_code == 200

    def test_a_secret_of_a_channel_fits_too(self, client: Any, business: TestBusiness) -> None:
        from sqlalchemy import update

        from core.models import Channel
        from core.platform.db import system_transaction

        with system_transaction() as session:
            session.execute(
                update(Channel)
                .where(Channel.id == business.whatsapp_channel_id)
                .values(credentials={"access_token": "t", "app_secret": "rotated, older"})
            )
        body = meta_json(meta_body(text_value("Hola")))
        assert post(client, body, meta_signature(body, "older")).status_code == 200

    def test_every_shape_is_taken(self, client: Any) -> None:
        payloads = load_all("whatsapp_cloud")
        for payload in payloads:
            assert post(client, payload.body, meta_signature(payload.body)).status_code == 200, payload.name
        assert events() == len({payload.body for payload in payloads})

    @pytest.mark.parametrize("path", META_PATHS)
    def test_the_challenge_is_echoed(self, client: Any, path: str) -> None:
        query = {"hub.mode": "subscribe", "hub.verify_token": "test-verify-token", "hub.challenge": "0012<b>"}
        response = client.get(path, query_string=query)
        assert (response.status_code, response.text, response.mimetype) == (200, "0012<b>", "text/plain")

    @pytest.mark.parametrize(
        "changes",
        [
            {"hub.mode": "unsubscribe"},
            {"hub.verify_token": "guess"},
            {"hub.verify_token": "ñ"},
            {"hub.verify_token": ""},
            {"hub.mode": ""},
        ],
    )
    def test_a_wrong_challenge_is_refused(self, client: Any, changes: dict[str, str]) -> None:
        query = {"hub.mode": "subscribe", "hub.verify_token": "test-verify-token", "hub.challenge": "x"} | changes
        assert client.get(META, query_string=query).status_code == 403
        assert client.get(META).status_code == 403

    @pytest.mark.parametrize("method", ["put", "delete", "patch"])
    def test_other_methods_are_not_allowed(self, client: Any, method: str) -> None:
        assert getattr(client, method)(META).status_code == 405


class TestTwilio:
    @pytest.mark.parametrize("path", [*TWILIO_PATHS, *META_PATHS])
    def test_a_message_gets_empty_twiml_on_every_path(self, client: Any, path: str) -> None:
        response = post_twilio(client, SMS, path=path)
        assert response.status_code == 200
        assert response.mimetype == "text/xml"
        assert response.data == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
        assert column("SELECT source FROM webhook_events") == ["twilio_inbound"]

    @pytest.mark.parametrize(
        "path", ["/api/webhooks/twilio/status", "/api/webhooks/message-status", "/api/webhooks/twilio/status/"]
    )
    def test_a_status_gets_no_content(self, client: Any, path: str) -> None:
        pairs = [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("From", "+15005550006"), ("To", "+1")]
        response = post_twilio(client, pairs, path=path, query="m=7")
        assert (response.status_code, response.data) == (204, b"")
        assert rows("SELECT source, query FROM webhook_events") == [("twilio_status", "m=7")]

    @pytest.mark.parametrize("signature", [None, "", "AAAA", "ñandú", "=" * 5000])
    def test_a_wrong_signature_is_refused(self, client: Any, signature: str | None) -> None:
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        response = client.post(
            TWILIO_PATHS[0], data=twilio_form(SMS), headers=headers, content_type="application/x-www-form-urlencoded"
        )
        assert response.status_code == 403
        assert events() == 0

    def test_repeated_and_blank_parameters_are_signed_too(self, client: Any) -> None:
        pairs = [*SMS, ("Extra", ""), ("Extra", "b"), ("Ñ", "ü +&=")]
        assert post_twilio(client, pairs).status_code == 200

    def test_a_quarter_of_a_megabyte_is_the_most(self, client: Any) -> None:
        assert post_twilio(client, [*SMS, ("Pad", "x" * 300_000)]).status_code == 413

    def test_the_same_message_again_is_one_row(self, client: Any) -> None:
        assert [post_twilio(client, SMS).status_code for _ in range(2)] == [200, 200]
        assert events() == 1

    def test_a_status_of_another_message_with_the_same_body_is_another_event(self, client: Any) -> None:
        pairs = [("MessageSid", "SM1"), ("MessageStatus", "delivered")]
        for query in ("m=7", "m=8"):
            post_twilio(client, pairs, path="/api/webhooks/twilio/status", query=query)
        assert events() == 2


class TestServersAway:
    def test_postgres(self, client: Any, servers: Embedded) -> None:
        document = meta_body(text_value("Hola"))
        assert post_meta(client, meta_body(text_value("antes"))).status_code == 200
        servers.postgres.stop()
        try:
            began = time.monotonic()
            response = post_meta(client, document)
            took = time.monotonic() - began
            forged = post(client, b"{}", "sha256=" + "0" * 64)
        finally:
            start_postgres(servers)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert took < 5
        assert forged.status_code == 403
        assert post_meta(client, document).status_code == 200
        assert events() == 2

    def test_postgres_for_a_moment_is_waited_for(self, client: Any, servers: Embedded) -> None:
        servers.postgres.stop()
        back = threading.Timer(0.3, start_postgres, [servers])
        back.start()
        response = post_meta(client, meta_body(text_value("Hola")))
        back.join()
        assert response.status_code == 200
        assert events() == 1

    def test_redis(self, client: Any, servers: Embedded) -> None:
        servers.redis.stop()
        try:
            response = post_meta(client, meta_body(text_value("Hola")))
        finally:
            servers.redis.start()
        assert response.status_code == 200
        assert events() == 1
