"""Twilio's stand-in."""

from __future__ import annotations

import time

import httpx2
import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient

from sandbox.templates import Templates
from sandbox.twilio_events import segments
from tests.integration.sandbox.conftest import PUBLIC_URL, Client, Product, Received

CALLBACK = f"{PUBLIC_URL}/api/webhooks/twilio/status?message_id=42"


def genuine(post: Received, client: Client) -> bool:
    validator = RequestValidator(client.settings.twilio_auth_token)
    return validator.validate(PUBLIC_URL + post.path, post.form, post.headers["x-twilio-signature"])


def test_inbound_sms_is_signed_for_the_public_address(client: Client, product: Product) -> None:
    client.say("¿Hola? a+b=c", channel="sms", id="SM" + "a" * 32)
    post = product.next()
    assert post.path == "/api/webhooks/twilio"
    assert genuine(post, client)
    assert post.headers["i-twilio-idempotency-token"]
    form = post.form
    assert (form["Body"], form["From"], form["MessageSid"]) == ("¿Hola? a+b=c", "+525512345678", "SM" + "a" * 32)
    assert form["FromCity"] == "Ciudad de México"
    assert form["ToCity"] == "", "blank parameters are sent and signed"


def test_inbound_whatsapp_media_is_fetched_through_a_signed_redirect(client: Client, product: Product) -> None:
    client.say("", channel="twilio_whatsapp", type="image")
    post = product.next()
    form = post.form
    assert genuine(post, client)
    assert form["From"] == "whatsapp:+5215512345678"
    assert (form["ProfileName"], form["WaId"], form["MessageType"]) == ("Ana", "5215512345678", "image")
    assert (form["NumMedia"], form["MediaContentType0"], form["Body"]) == ("1", "image/png", "")
    assert client.get(form["MediaUrl0"]).status_code == 401
    redirect = client.get(form["MediaUrl0"], auth=client.twilio_auth)
    assert redirect.status_code == 307
    assert client.get(redirect.headers["location"]).content.startswith(b"\x89PNG")
    assert client.get(redirect.headers["location"] + "0").status_code == 403


def test_whatsapp_buttons_and_places(client: Client, product: Product) -> None:
    client.say("SÍ", channel="twilio_whatsapp", type="button_reply", reply_id="si")
    assert product.next().form["ButtonPayload"] == "si"
    client.say("", channel="twilio_whatsapp", type="location", latitude=19.4, longitude=-99.1, name="Casa")
    form = product.next().form
    assert (form["Latitude"], form["Longitude"], form["Label"], form["Address"]) == ("19.4", "-99.1", "Casa", "")


def test_the_official_sdk_sends_fetches_and_lists(client: Client, base_url: str) -> None:
    made = client.twilio(Body="hola", StatusCallback=CALLBACK)
    assert made.status_code == 201
    assert made.json()["status"] == "queued"
    sdk = TwilioClient(*client.twilio_auth)
    sdk.api.base_url = base_url
    sdk.messages.create(to="+525512345678", from_=client.settings.twilio_phone_number, body="dos")
    listed = sdk.messages.list(to="+525512345678")
    assert [message.body for message in listed] == ["dos", "hola"]
    assert sdk.messages(made.json()["sid"]).fetch().direction == "outbound-api"
    client.say("entra", channel="sms")
    assert [message.body for message in sdk.messages.list(from_="+525512345678")] == ["entra"]
    assert sdk.messages.list(date_sent_after=time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86400))) == []


def test_statuses_go_to_the_callback_with_our_id(client: Client, product: Product) -> None:
    client.knobs(delivery={"statuses": "all"})
    sid = client.twilio(Body="hola", StatusCallback=CALLBACK).json()["sid"]
    posts = [product.next() for _ in range(3)]
    assert client.reported() == ["sent", "delivered", "read"]
    assert {post.form["MessageStatus"] for post in posts} == {"sent", "delivered", "read"}
    assert all(genuine(post, client) and post.form["MessageSid"] == sid for post in posts)
    assert {post.path for post in posts} == {"/api/webhooks/twilio/status?message_id=42"}
    row = client.get("/sandbox/api/ledger?provider=twilio").json()[0]
    assert (row["our_id"], row["provider_message_id"], row["to"]) == ("42", sid, "+525512345678")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Body": "x" * 1601}, 21617),
        ({"Body": ""}, 21602),
        ({"Body": "x", "To": "12345"}, 21211),
        ({"Body": "x", "To": ""}, 21604),
        ({"Body": "x", "From": "+19999999999"}, 21606),
        ({"Body": "x", "To": "whatsapp:+5215512345678", "From": "whatsapp:+19999999999"}, 63007),
        ({"Body": "x", "MediaUrl": "ftp://x"}, 21620),
        ({"Body": "x", "StatusCallback": "not a url"}, 21609),
        ({"ContentSid": "HX" + "0" * 32}, 21655),
    ],
)
def test_refusals(client: Client, form: dict[str, str], code: int) -> None:
    answer = client.twilio(**form)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert client.get("/sandbox/api/ledger").json() == []


def test_wrong_credentials(client: Client) -> None:
    path = f"/2010-04-01/Accounts/{client.settings.twilio_account_sid}/Messages.json"
    for auth in (httpx2.Auth(), httpx2.BasicAuth(client.settings.twilio_account_sid, "wrong")):
        answer = client.post(path, data={}, auth=auth)
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_stop_by_sms_refuses_until_start(client: Client, product: Product) -> None:
    client.say("Stop ", channel="sms")
    assert product.next().form["OptOutType"] == "STOP"
    assert client.twilio(Body="x").json()["code"] == 21610
    client.say("START", channel="sms")
    assert client.twilio(Body="x").status_code == 201


def test_whatsapp_outside_the_window_needs_content(client: Client, product: Product) -> None:
    whatsapp = {"To": "whatsapp:+5215512345678", "From": client.settings.twilio_whatsapp_address}
    client.knobs(delivery={"statuses": "sent"})
    assert client.twilio(Body="hola", StatusCallback=CALLBACK, **whatsapp).status_code == 201
    assert product.next().form["MessageStatus"] == "sent", "they may have written in a webhook made by hand"
    client.say(channel="twilio_whatsapp", timestamp=time.time() - 25 * 3600)
    assert product.next().path == "/api/webhooks/twilio"
    assert client.twilio(Body="hola", StatusCallback=CALLBACK, **whatsapp).status_code == 201
    form = product.next().form
    assert (form["MessageStatus"], form["ErrorCode"]) == ("undelivered", "63016")
    template = Templates().find("follow_up", "en")
    assert template is not None
    content = {"ContentSid": template.content_sid, "StatusCallback": CALLBACK, **whatsapp}
    assert client.twilio(**content, ContentVariables='{"1": "Ana"}').json()["code"] == 21656
    sent = client.twilio(**content, ContentVariables='{"1": "Ana", "2": "listo"}').json()
    assert sent["body"] == "Hi Ana, about your question: listo"
    assert product.next().form["MessageStatus"] == "sent"


def test_no_retry_on_5xx_unless_the_callback_asks(client: Client, product: Product) -> None:
    product.answers.put(500)
    client.say("uno", channel="sms")
    product.next()
    assert product.quiet()
    client.knobs(delivery={"statuses": "sent"})
    product.answers.put(500)
    client.twilio(Body="x", StatusCallback=f"{CALLBACK}#rc=2&rp=5xx")
    first, second = product.next(), product.next()
    assert first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]
    assert "#" not in first.path


@pytest.mark.parametrize(
    ("text", "count"), [("a" * 160, 1), ("a" * 161, 2), ("é¿¡ñ" * 40, 1), ("á" * 70, 1), ("á" * 71, 2), ("👋" * 35, 1)]
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_account_has_its_own_senders_and_no_other(client: Client) -> None:
    account = f"/2010-04-01/Accounts/{client.settings.twilio_account_sid}"
    for number, count in ((client.settings.twilio_phone_number, 1), ("+15005550009", 0)):
        answer = client.get(
            f"{account}/IncomingPhoneNumbers.json", params={"PhoneNumber": number}, auth=client.twilio_auth
        )
        assert len(answer.json()["incoming_phone_numbers"]) == count
    senders = client.get("/v2/Channels/Senders", params={"Channel": "whatsapp"}, auth=client.twilio_auth).json()
    assert [one["sender_id"] for one in senders["senders"]] == [client.settings.twilio_whatsapp_address]
    assert client.get("/v1/Services/MG1", auth=client.twilio_auth).status_code == 404
    assert client.get("/v2/Channels/Senders").status_code == 401


def test_the_products_files_are_fetched_and_a_missing_one_fails_the_message(client: Client, product: Product) -> None:
    client.knobs(delivery={"statuses": "all"})
    sids = []
    for name, last in (("there.png", "read"), ("missing.png", "undelivered")):
        link = f"https://hub.example.com/api/files/1.1.1.aa/{name}"
        sids.append(client.twilio(MediaUrl=link, StatusCallback=CALLBACK).json()["sid"])
        while product.next().form["MessageStatus"] != last:
            pass
    (media,) = client.get(f"/sandbox/api/messages/{sids[0]}").json()["content"]["media"]
    assert client.get(f"/sandbox/api/media/{media['id']}").content == b"a file"
