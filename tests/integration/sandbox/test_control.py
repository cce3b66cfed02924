"""The control API, the ledger, the faults, the retries and the page."""

from __future__ import annotations

import io
import json
import socket
import struct
import subprocess
import sys
import time
from typing import Any

import httpx2
import pytest
from PIL import Image

from sandbox import media
from sandbox.faults import BadConfig, Faults
from sandbox.settings import Settings
from sandbox.state import Store
from tests.integration.sandbox.conftest import Client, Product


def test_the_ledger_counts_what_was_accepted(client: Client) -> None:
    client.graph_text("uno", biz_opaque_callback_data="1")
    client.graph_text("dos", biz_opaque_callback_data="2")
    client.graph_text("dos", biz_opaque_callback_data="2")
    client.twilio(Body="tres", StatusCallback="https://hub.example.com/api/webhooks/twilio/status?message_id=3")
    rows = client.get("/sandbox/api/ledger").json()
    assert [(row["provider"], row["our_id"], row["text"]) for row in rows] == [
        ("whatsapp", "1", "uno"),
        ("whatsapp", "2", "dos"),
        ("whatsapp", "2", "dos"),
        ("twilio", "3", "tres"),
    ]
    assert len(client.get("/sandbox/api/ledger?our_id=2").json()) == 2
    count = client.get("/sandbox/api/ledger/count").json()
    assert count["total"] == 4
    assert count["by_provider"] == {"whatsapp": 3, "twilio": 1}
    assert count["repeated"] == {"2": 2}


def test_memory_is_bounded() -> None:
    from sandbox.state import Entry

    store = Store(keep=3)
    ana = store.add_customer("+525512345678")
    for number in range(5):
        content: dict[str, Any] = {"text": {"body": "x"}}
        store.add(Entry(str(number), "whatsapp", ana, False, "text", "x", content, float(number), "sent", str(number)))
    assert list(store.messages) == ["2", "3", "4"]
    assert len(ana.entries) == len(store.ledger.rows) == len(store.ledger.seen) == 3
    assert store.ledger.summary()["total"] == 5
    for number in range(5):
        store.add_customer(f"+1415555010{number}")
    assert len(store.customers) == 3
    assert store.find("+525512345678") is None


def test_a_timeout_after_accept_hangs_yet_delivers(client: Client, product: Product) -> None:
    client.say()
    product.next()
    client.knobs(delivery={"statuses": "sent"})
    client.fault("whatsapp", kind="timeout_after_accept", count=1, hang_s=30)
    client.timeout = httpx2.Timeout(0.5)
    with pytest.raises(httpx2.ReadTimeout):
        client.graph_text(biz_opaque_callback_data="9")
    assert len(client.get("/sandbox/api/ledger?our_id=9").json()) == 1
    assert json.loads(product.next().body)["entry"][0]["changes"][0]["value"]["statuses"][0]["status"] == "sent"
    client.timeout = httpx2.Timeout(10)
    assert client.graph_text().status_code == 200, "the fault is used up"


def test_a_timeout_before_accept_leaves_nothing(client: Client) -> None:
    client.fault("whatsapp", kind="timeout_before_accept", count=1, hang_s=0.05)
    client.fault("twilio", kind="timeout_before_accept", count=1, hang_s=0.05)
    assert client.graph_text().status_code == 503
    assert client.twilio(Body="x").status_code == 503
    assert client.get("/sandbox/api/ledger").json() == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "429", "retry_after": 7}, 429, 130429),
        ({"kind": "500"}, 500, 131000),
        ({"kind": "503"}, 503, 131016),
        ({"kind": "error", "code": 131026}, 400, 131026),
        ({"kind": "error", "code": 131056}, 429, 131056),
        ({"kind": "error", "code": 190, "status": 401}, 401, 190),
    ],
)
def test_metas_errors_on_demand(client: Client, fault: dict[str, Any], status: int, code: int) -> None:
    client.fault("whatsapp", count=1, **fault)
    answer = client.graph_text()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 429)
    assert client.graph_text().status_code == 200


def test_twilios_errors_on_demand(client: Client) -> None:
    client.fault("twilio", kind="429", count=1, retry_after=2)
    client.fault("twilio", kind="error", count=1, code=30007)
    limited, filtered = client.twilio(Body="x"), client.twilio(Body="x")
    assert (limited.status_code, limited.json()["code"], limited.headers["retry-after"]) == (429, 20429, "2")
    assert (filtered.status_code, filtered.json()["code"]) == (400, 30007)


def test_silence_and_statuses_by_hand(client: Client, product: Product) -> None:
    client.say()
    product.next()
    client.knobs(delivery={"statuses": "all"})
    client.fault("whatsapp", kind="silence", count=1)
    sent = client.graph_text().json()["messages"][0]["id"]
    assert product.quiet()
    path = f"/sandbox/api/messages/{sent}/status"
    assert client.post(path, json={"status": "failed"}).status_code == 422
    assert client.post(path, json={"status": "failed", "code": 131049}).status_code == 202
    status = json.loads(product.next().body)["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert status["errors"][0]["code"] == 131049


def test_meta_retries_until_200_with_the_same_body(client: Client, product: Product) -> None:
    client.knobs(webhooks={"meta_retry_s": 0.05})
    for status in (503, 500, 204):
        product.answers.put(status)
    client.say()
    posts = [product.next() for _ in range(4)]
    assert len({post.body for post in posts}) == 1
    assert product.quiet()
    log = client.until("/sandbox/api/webhooks", lambda data: data["posts"][0]["state"] == "delivered")
    assert (log["posts"][0]["attempts"], log["delivered"]) == (4, 1)


def test_duplicates_and_batches(client: Client, product: Product) -> None:
    client.knobs(webhooks={"duplicate": 1})
    client.say(id="wamid.same")
    assert product.next().body == product.next().body
    client.knobs(webhooks={"duplicate": 0, "coalesce_webhooks_ms": 150})
    many = [{"customer": {"phone": f"+1415555010{number}"}, "text": str(number)} for number in range(5)]
    assert len(client.post("/sandbox/api/messages", json={"messages": many}).json()["messages"]) == 5
    changes = json.loads(product.next().body)["entry"][0]["changes"]
    assert [change["value"]["messages"][0]["text"]["body"] for change in changes] == list("01234")


def test_shuffle_lets_later_updates_overtake(client: Client, product: Product) -> None:
    client.knobs(seed=4, webhooks={"shuffle": 1, "shuffle_ms": 400})
    for number in range(6):
        client.say(str(number))
    order = [json.loads(product.next().body)["entry"][0]["changes"][0]["value"]["messages"][0] for _ in range(6)]
    bodies = [message["text"]["body"] for message in order]
    assert sorted(bodies) == list("012345")
    assert bodies != list("012345")


def test_no_product_is_not_the_end(settings: Settings, client: Client, product: Product) -> None:
    client.knobs(webhooks={"meta_retry_s": 0.05, "meta_retry_for_s": 0.3})
    client.post("/sandbox/api/meta", json={"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION"}})
    assert json.loads(product.next().body)["entry"][0]["changes"][0]["field"] == "account_update"
    closed = client.twilio(Body="x", StatusCallback="http://127.0.0.1:1/status?id=1")
    assert closed.status_code == 201
    client.knobs(delivery={"statuses": "sent"})
    client.twilio(Body="x", StatusCallback="http://127.0.0.1:1/status?id=1")
    log = client.until("/sandbox/api/webhooks", lambda data: data["given_up"] == 1)
    assert log["posts"][0]["attempts"] == 2, "one more try when no connection was made"
    assert "no connection" in log["posts"][0]["problem"]


def test_faults_are_checked_and_all_or_nothing(client: Client) -> None:
    before = client.get("/sandbox/api/faults").json()
    wrong: dict[str, Any]
    for wrong in (
        {"whatsapp": {"latency_ms": 5}, "delivery": {"statuses": "some"}},
        {"delivery": {"read_missing": 2}},
        {"webhooks": {"no_such": 1}},
        {"openai": {"faults": [{"kind": "nothing"}]}},
        {"twilio": {"faults": [{"kind": "refusal"}]}},
        {"seed": "x"},
        {"other": {}},
    ):
        assert client.patch("/sandbox/api/faults", json=wrong).status_code == 422
    assert client.get("/sandbox/api/faults").json() == before
    assert client.post("/sandbox/api/faults/nobody", json={"kind": "500"}).status_code == 404
    client.knobs(whatsapp={"latency_ms": 5})
    assert client.delete("/sandbox/api/faults").json()["whatsapp"]["latency_ms"] == 0


def test_the_same_seed_gives_the_same_faults() -> None:
    def drawn(seed: int) -> list[bool]:
        faults = Faults()
        faults.change({"seed": seed, "whatsapp": {"faults": [{"kind": "500", "probability": 0.5}]}})
        return [faults.draw("whatsapp") is not None for _ in range(40)]

    assert drawn(7) == drawn(7)
    assert len({tuple(drawn(seed)) for seed in range(5)}) == 5
    assert 5 < sum(drawn(7)) < 35


def test_bad_config_names_the_knob() -> None:
    with pytest.raises(BadConfig, match="count"):
        Faults().add("whatsapp", {"kind": "500", "count": 0})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"customer": "nobody", "text": "x"},
        {"customer": {"phone": "1"}, "text": "x"},
        {"customer": {"phone": "+525512345678"}, "type": "telepathy"},
        {"customer": {"phone": "+525512345678"}, "type": "text"},
        {"customer": {"phone": "+525512345678"}, "type": "video"},
        {"customer": {"phone": "+525512345678"}, "channel": "fax", "text": "x"},
        {"customer": {"phone": "+525512345678"}, "channel": "sms", "type": "reaction"},
        {"customer": {"phone": "+525512345678"}, "type": "image", "media": {"data": "%%%"}},
    ],
)
def test_nonsense_is_refused_with_a_reason(client: Client, product: Product, body: dict[str, Any]) -> None:
    answer = client.post("/sandbox/api/messages", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert product.quiet(0.1)


def test_a_form_of_another_site_cannot_write(client: Client) -> None:
    for path in ("clear", "messages", "customers"):
        answer = client.post(f"/sandbox/api/{path}", content="{}", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415


def test_clear_forgets(client: Client) -> None:
    client.say()
    client.graph_text()
    client.post("/sandbox/api/clear", json={})
    assert client.get("/sandbox/api/customers").json() == []
    assert client.get("/sandbox/api/ledger/count").json()["total"] == 0


def test_the_page_is_told_live(client: Client) -> None:
    with client.stream("GET", "/sandbox/api/events") as stream:
        lines = stream.iter_lines()
        assert "event: hello" in (next(lines), next(lines), next(lines))
        with httpx2.Client(base_url=client.base_url) as other:
            other.post("/sandbox/api/messages", json={"customer": {"phone": "+525512345678"}, "text": "vivo"})
        for line in lines:
            if line.startswith("data: ") and "vivo" in line:
                assert json.loads(line[6:])["incoming"] is True
                break


def test_the_page_needs_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("phone.css", "phone.js", "bubbles.js", "panel.js", "i18n.js", "api.js", "dom.js", "icon.svg"):
        asset = client.get(f"/sandbox/static/{name}")
        assert asset.status_code == 200
        assert "innerHTML" not in asset.text
    assert "onclick" not in page.text and "<style" not in page.text


def test_files_are_served_whole_and_in_ranges(client: Client) -> None:
    kept = client.say("", type="voice")["content"]["audio"]["id"]
    path = f"/sandbox/api/media/{kept}"
    whole = client.get(path)
    assert whole.headers["content-type"].startswith("audio/ogg")
    part = client.get(path, headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, whole.content[4:10])
    assert client.get(path, headers={"Range": "bytes=999999-"}).status_code == 416
    assert client.get("/sandbox/api/media/none").status_code == 404


def test_health(client: Client) -> None:
    assert client.get("/sandbox/healthz").json()["status"] == "ok"


def test_samples_are_what_they_say() -> None:
    for make, kind in ((media.sample_png, "PNG"), (media.sample_sticker, "WEBP")):
        with Image.open(io.BytesIO(make())) as image:
            image.load()
            assert image.format == kind
    voice = media.sample_voice(1.0)
    assert voice.startswith(b"OggS") and b"OpusHead" in voice
    assert ogg_pages_are_sound(voice)
    assert media.sample_pdf().startswith(b"%PDF-1.4")


def ogg_pages_are_sound(data: bytes) -> bool:
    """Walk the pages and check each one's CRC against a table-driven computation of our own."""
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    at = 0
    while at < len(data):
        count = data[at + 26]
        end = at + 27 + count + sum(data[at + 27 : at + 27 + count])
        page = bytearray(data[at:end])
        (given,) = struct.unpack_from("<I", page, 22)
        page[22:26] = bytes(4)
        crc = 0
        for byte in page:
            crc = ((crc << 8) & 0xFFFFFFFF) ^ table[(crc >> 24) ^ byte]
        if crc != given or page[:4] != b"OggS":
            return False
        at = end
    return at == len(data)


def test_settings_from_the_environment() -> None:
    settings = Settings.from_env(
        {"SANDBOX_PORT": "9000", "WHATSAPP_APP_SECRET": "new, old", "PUBLIC_URL": "https://x/"}
    )
    assert (settings.sandbox_port, settings.app_secret, settings.public_base) == (9000, "new", "https://x")
    assert Settings.from_env({"WEBHOOK_BASE_URL": "http://y"}).public_base == "http://y"
    with pytest.raises(ValueError, match="SANDBOX_PORT"):
        Settings.from_env({"SANDBOX_PORT": "x"})


def test_it_runs_as_a_module_and_stops_on_sigterm() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "sandbox"], env={"SANDBOX_PORT": str(port), "PATH": ""})
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                assert httpx2.get(f"http://127.0.0.1:{port}/sandbox/healthz").status_code == 200
                break
            except httpx2.ConnectError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
    finally:
        process.terminate()
    assert process.wait(10) in (0, -15)
