"""Meta's stand-in: what it accepts, refuses and reports."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from sandbox.state import RateLimits, Store
from tests.integration.sandbox.conftest import VERIFY_TOKEN, Client, Product


def said(product: Product, settings: Any) -> dict[str, Any]:
    """The next webhook's value, with its signature checked by our own arithmetic."""
    post = product.next()
    assert post.path == "/api/webhooks/whatsapp"
    expected = hmac.new(settings.whatsapp_app_secret.encode(), post.body, hashlib.sha256).hexdigest()
    assert post.headers["x-hub-signature-256"] == f"sha256={expected}"
    data = json.loads(post.body)
    assert data["object"] == "whatsapp_business_account"
    return data["entry"][0]["changes"][0]["value"]


def error(answer: Any) -> tuple[int, int]:
    return answer.status_code, answer.json()["error"]["code"]


def test_customer_text_arrives_signed_and_escaped_like_metas(client: Client, product: Product) -> None:
    client.say("¿Señal 1/2? 👋", timestamp=1_790_000_000, id="wamid.fixed")
    post = product.next()
    assert b"\\u00bfSe\\u00f1al 1\\/2? \\ud83d\\udc4b" in post.body
    expected = hmac.new(client.settings.whatsapp_app_secret.encode(), post.body, hashlib.sha256).hexdigest()
    assert post.headers["x-hub-signature-256"] == f"sha256={expected}"
    value = json.loads(post.body)["entry"][0]["changes"][0]["value"]
    assert value["metadata"]["phone_number_id"] == client.settings.whatsapp_phone_number_id
    message = value["messages"][0]
    assert (message["from"], message["id"], message["timestamp"]) == ("5215512345678", "wamid.fixed", "1790000000")
    assert message["text"] == {"body": "¿Señal 1/2? 👋"}
    assert value["contacts"][0]["profile"]["name"] == "Ana"


@pytest.mark.parametrize(
    ("sent", "kind", "part"),
    [
        ({"type": "image", "text": "mira"}, "image", {"caption": "mira", "mime_type": "image/png"}),
        ({"type": "voice"}, "audio", {"voice": True}),
        ({"type": "document"}, "document", {"filename": "sample.pdf"}),
        ({"type": "sticker"}, "sticker", {"animated": False}),
        ({"type": "location", "latitude": 1.5, "longitude": 2.5}, "location", {"latitude": 1.5, "longitude": 2.5}),
        ({"type": "button_reply", "reply_id": "si", "text": "SÍ"}, "interactive", {"type": "button_reply"}),
        ({"type": "list_reply", "reply_id": "r1", "text": "Centro"}, "interactive", {"type": "list_reply"}),
        ({"type": "button", "text": "Sí"}, "button", {"payload": "Sí"}),
        ({"type": "reaction", "message_id": "wamid.x", "emoji": "👍"}, "reaction", {"emoji": "👍"}),
        ({"type": "order"}, "order", {"catalog_id": "400000000000001"}),
        ({"type": "edit", "message_id": "wamid.x", "text": "no"}, "edit", {"original_message_id": "wamid.x"}),
        ({"type": "revoke", "message_id": "wamid.x"}, "revoke", {"original_message_id": "wamid.x"}),
    ],
)
def test_every_type_a_customer_can_send(
    client: Client, product: Product, sent: dict[str, Any], kind: str, part: dict[str, Any]
) -> None:
    client.post("/sandbox/api/messages", json={"customer": {"phone": "+525512345678"}, **sent}).raise_for_status()
    message = said(product, client.settings)["messages"][0]
    assert message["type"] == kind
    assert part.items() <= message[kind].items()


def test_raw_message_passes_through_and_bsuid_hides_the_phone(client: Client, product: Product) -> None:
    who = {"phone": "+525512345678", "hide_phone": True, "username": "ana"}
    client.say(customer=who, raw={"type": "future", "future": {"x": 1}})
    value = said(product, client.settings)
    message = value["messages"][0]
    assert message["future"] == {"x": 1}
    assert "from" not in message and "wa_id" not in value["contacts"][0]
    bsuid = message["from_user_id"]
    answer = client.graph({"recipient": bsuid, "type": "text", "text": {"body": "hola"}})
    assert answer.json()["contacts"] == [{"input": bsuid, "user_id": bsuid}]


def test_statuses_come_in_order_and_carry_our_id(client: Client, product: Product) -> None:
    client.say()
    said(product, client.settings)
    client.knobs(delivery={"statuses": "all"})
    sent = client.graph_text(biz_opaque_callback_data="our-7").json()
    statuses = [said(product, client.settings)["statuses"][0] for _ in range(3)]
    assert client.reported() == ["sent", "delivered", "read"]
    assert {status["status"] for status in statuses} == {"sent", "delivered", "read"}
    assert {status["id"] for status in statuses} == {sent["messages"][0]["id"]}
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"our-7"}
    assert {status["recipient_id"] for status in statuses} == {"5215512345678"}


def test_delivered_before_sent_and_read_missing(client: Client, product: Product) -> None:
    client.say()
    said(product, client.settings)
    client.knobs(delivery={"statuses": "all", "delivered_first": 1, "read_missing": 1})
    client.graph_text()
    statuses = {said(product, client.settings)["statuses"][0]["status"] for _ in range(2)}
    assert statuses == {"delivered", "sent"} and client.reported() == ["delivered", "sent"]
    assert product.quiet()


def test_status_arrives_before_the_answer(client: Client, product: Product) -> None:
    client.say()
    said(product, client.settings)
    client.knobs(delivery={"statuses": "sent", "status_before_answer": 1})
    sent = client.graph_text().json()["messages"][0]["id"]
    assert product.inbox.qsize() == 1, "the status was posted and answered before the send was"
    assert said(product, client.settings)["statuses"][0]["id"] == sent


def test_token_and_number_are_checked(client: Client) -> None:
    assert error(client.graph({"to": "5215512345678"}, token="wrong")) == (401, 190)
    answer = client.post("/v26.0/999/messages", json={}, headers=client.bearer)
    assert error(answer) == (400, 100)
    assert answer.json()["error"]["error_subcode"] == 33


def interactive(**part: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"body": {"text": "elige"}, **part}}


def buttons(*titles: str) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": title or "x", "title": title}} for title in titles]
    return interactive(type="button", action={"buttons": replies})


def rows(count: int, title: str = "fila", **more: str) -> dict[str, Any]:
    items = [{"id": str(number), "title": title, **more} for number in range(count)]
    return interactive(type="list", action={"button": "Ver", "sections": [{"rows": items}]})


def template(name: str, language: str, *values: str) -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    part: dict[str, Any] = {"name": name, "language": {"code": language}}
    return {"type": "template", "template": part | {"components": [{"type": "body", "parameters": parameters}]}}


def with_header(**file: Any) -> dict[str, Any]:
    [kind] = file
    message = template("comprobante_de_compra", "es", "Ana", "A-1")
    message["template"]["components"].append({"type": "header", "parameters": [{"type": kind, **file}]})
    return message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text", "text": {"body": ""}}, 100),
        ({"type": "text"}, 131008),
        ({"type": "poll", "poll": {}}, 100),
        ({"type": "image", "image": {"link": "https://x.example/a.png", "caption": "x" * 1025}}, 100),
        ({"type": "image", "image": {"id": "404"}}, 100),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "audio", "audio": {"link": "https://x.example/a.ogg", "caption": "no"}}, 100),
        ({"type": "document", "document": {"link": "https://x.example/a", "filename": "x" * 241}}, 100),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
        ({"type": "contacts", "contacts": [{"name": {}}]}, 131008),
        ({"type": "reaction", "reaction": {"emoji": "👍"}}, 131008),
        (buttons(), 131009),
        (buttons("a", "b", "c", "d"), 131009),
        (buttons("x" * 21), 131009),
        (buttons("a", "a"), 131009),
        (rows(11), 131009),
        (rows(1, "x" * 25), 131009),
        (rows(1, description="x" * 73), 131009),
        (interactive(type="cta_url", action={"name": "cta_url", "parameters": {"display_text": "x"}}), 131008),
        (template("no_such", "es"), 132001),
        (template("seguimos_aqui", "en", "Ana"), 132001),
        (template("seguimos_aqui", "es"), 132000),
        (template("seguimos_aqui", "es", "Ana", "más"), 132000),
        (template("oferta_pausada", "es", "Ana"), 132015),
        (template("comprobante_de_compra", "es", "Ana", "A-1"), 132012),
        (with_header(image={"link": "https://x.example/a.png"}), 132012),
        (with_header(document={}), 131008),
        (with_header(document={"id": "404"}), 100),
        ({"type": "text", "text": {"body": "x"}, "to": "abc"}, 131009),
        ({"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 100),
    ],
)
def test_limits_are_metas(client: Client, body: dict[str, Any], code: int) -> None:
    answer = client.graph({"to": "5215512345678", **body})
    assert error(answer)[1] == code
    assert client.get("/sandbox/api/ledger").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {"type": "text", "text": {"body": "ñ" * 4096}},
        {"type": "image", "image": {"link": "https://x.example/a.png", "caption": "x" * 1024}},
        {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": ""}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]},
        buttons("x" * 20, "b", "c"),
        rows(10, "x" * 24, description="x" * 72),
        template("seguimos_aqui", "es", "Ana"),
        with_header(document={"link": "https://x.example/a.pdf", "filename": "a.pdf"}),
    ],
)
def test_what_is_within_the_limits_is_accepted(client: Client, body: dict[str, Any]) -> None:
    answer = client.graph({"to": "5215512345678", **body})
    assert answer.status_code == 200, answer.text
    assert len(client.get("/sandbox/api/ledger").json()) == 1


def test_outside_the_window_free_text_fails_later_and_a_template_goes(client: Client, product: Product) -> None:
    client.say(timestamp=time.time() - 25 * 3600)
    said(product, client.settings)
    client.knobs(delivery={"statuses": "sent"})
    assert client.graph_text().status_code == 200
    failed = said(product, client.settings)["statuses"][0]
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131047)
    client.graph({"to": "5215512345678", **template("seguimos_aqui", "es", "Ana")})
    assert said(product, client.settings)["statuses"][0]["status"] == "sent"


def test_window_can_refuse_at_once_or_be_off(client: Client) -> None:
    client.knobs(delivery={"window": "immediate"})
    assert error(client.graph_text()) == (400, 131047)
    client.knobs(delivery={"window": "off"})
    assert client.graph_text().status_code == 200


def test_someone_without_whatsapp_fails_later(client: Client, product: Product) -> None:
    client.post("/sandbox/api/customers", json={"phone": "+5491143215678", "on_whatsapp": False})
    client.graph_text(to="5491143215678")
    assert said(product, client.settings)["statuses"][0]["errors"][0]["code"] == 131026


def test_speed_limits() -> None:
    now = [100.0]
    limits = RateLimits(clock=lambda: now[0])
    assert [limits.pair_exceeded("ana", 45) for _ in range(46)] == [False] * 45 + [True]
    now[0] += 6.0
    assert [limits.pair_exceeded("ana", 45) for _ in range(2)] == [False, True]
    accepted = sum(not limits.number_exceeded(80) for _ in range(200))
    assert 80 <= accepted <= 81
    assert not limits.number_exceeded(0)


def test_pair_rate_answers_429(client: Client) -> None:
    client.knobs(delivery={"pair_burst": 1})
    assert client.graph_text().status_code == 200
    assert error(client.graph_text()) == (429, 131056)
    assert client.graph_text(to="5491143215678").status_code == 200


def test_read_and_typing(client: Client) -> None:
    first, second = client.say("uno"), client.say("dos")
    mark = {"status": "read", "message_id": second["id"], "typing_indicator": {"type": "text"}}
    assert client.graph(mark).json() == {"success": True}
    thread = client.get("/sandbox/api/customers/525512345678/thread").json()
    assert {entry["id"]: entry["status"] for entry in thread} == {first["id"]: "read", second["id"]: "read"}
    assert error(client.graph({"status": "read", "message_id": "wamid.nobody"})) == (400, 131009)


def test_media_is_uploaded_sent_and_fetched_by_a_link_that_lapses(client: Client) -> None:
    upload = f"/v26.0/{client.settings.whatsapp_phone_number_id}/media"
    form = {"messaging_product": "whatsapp", "type": "image/png"}
    made = client.post(upload, data=form, files={"file": ("a.png", b"pixels", "image/png")}, headers=client.bearer)
    media_id = made.json()["id"]
    assert client.graph({"to": "5215512345678", "type": "image", "image": {"id": media_id}}).status_code == 200
    assert error(client.graph({"to": "5215512345678", "type": "video", "video": {"id": media_id}}))[1] == 131053
    found = client.get(f"/v26.0/{media_id}", headers=client.bearer).json()
    assert found["sha256"] == hashlib.sha256(b"pixels").hexdigest()
    assert client.get(found["url"], headers=client.bearer).content == b"pixels"
    assert client.get(found["url"]).status_code == 401
    lapsed = found["url"].replace("ext=", "ext=1")
    assert client.get(lapsed, headers=client.bearer).status_code == 404
    unknown = client.get("/v26.0/123", headers=client.bearer)
    assert (error(unknown), unknown.json()["error"]["error_subcode"]) == ((400, 100), 33)


def test_the_number_is_its_own_in_account_reads_webhooks_and_checks(client: Client, product: Product) -> None:
    settings = client.settings
    own = settings.whatsapp_number.removeprefix("+")
    assert own not in (settings.twilio_phone_number.removeprefix("+"), settings.twilio_whatsapp_number.split("+")[1])
    client.say(reply_to="wamid.fixed")
    value = said(product, settings)
    assert value["metadata"]["display_phone_number"] == own
    assert value["messages"][0]["context"]["from"] == own
    answer = client.get(f"/v26.0/{settings.whatsapp_phone_number_id}", headers=client.bearer)
    assert answer.json()["display_phone_number"] == f"+{own}"
    assert client.get("/sandbox/api/settings").json()["whatsapp_number"] == own
    assert error(client.graph_text(to=own)) == (400, 131021)


def test_account_calls(client: Client) -> None:
    settings = client.settings
    number, account = settings.whatsapp_phone_number_id, settings.whatsapp_business_account_id
    get = lambda path, **query: client.get(f"/v26.0/{path}", params=query, headers=client.bearer)  # noqa: E731
    post = lambda path, **body: client.post(f"/v26.0/{path}", json=body, headers=client.bearer)  # noqa: E731
    assert get(number, fields="verified_name,quality_rating").json() == {
        "id": number,
        "verified_name": "Sandbox Business",
        "quality_rating": "GREEN",
    }
    first = get(f"{account}/message_templates", limit=3).json()
    rest = client.get(first["paging"]["next"], headers=client.bearer).json()
    assert len(first["data"]) == 3 and rest["data"]
    assert post(f"{account}/message_templates", name="x_1", language="es", components=[{"type": "BODY"}]).json()["id"]
    assert post(f"{number}/whatsapp_business_profile", about="x" * 140).status_code == 400
    assert post(f"{number}/whatsapp_business_profile", about="Hola").json() == {"success": True}
    assert get(f"{number}/whatsapp_business_profile").json()["data"][0]["about"] == "Hola"
    assert post(f"{number}/request_code", code_method="SMS", language="es").json() == {"success": True}
    assert post(f"{number}/verify_code", code="000000").status_code == 400
    assert post(f"{number}/verify_code", code="123456").json() == {"success": True}
    assert post(f"{number}/register", pin="123456").json() == {"success": True}
    assert post(f"{account}/subscribed_apps").json() == {"success": True}
    token = f"500000000000001|{settings.whatsapp_app_secret}"
    debug = client.get(
        "/v26.0/debug_token", params={"input_token": settings.whatsapp_access_token, "access_token": token}
    )
    assert debug.json()["data"]["is_valid"] is True


def test_subscription_performs_the_challenge(client: Client, product: Product) -> None:
    body = {
        "object": "whatsapp_business_account",
        "callback_url": f"{product.url}/api/webhooks/whatsapp",
        "fields": "messages",
        "access_token": f"500000000000001|{client.settings.whatsapp_app_secret}",
    }
    good = client.post("/v26.0/500000000000001/subscriptions", data={**body, "verify_token": VERIFY_TOKEN})
    assert good.json() == {"success": True}
    bad = client.post("/v26.0/500000000000001/subscriptions", data={**body, "verify_token": "wrong"})
    assert error(bad) == (400, 2200)


def test_number_variants_are_one_customer() -> None:
    store = Store(keep=10)
    ana = store.add_customer("+525512345678", "Ana")
    assert store.find("5215512345678") is ana
    assert store.find("+52 55 1234 5678") is ana
    assert store.find(ana.user_id) is ana
    tomas = store.add_customer("541143215678")
    assert tomas.wa_id == "5491143215678"
    assert store.find("541143215678") is tomas
