from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import responses

from core.channels.content.shapes import parse_content
from core.channels.types import Account, Cause, Outgoing, OutgoingFile, ProviderError, SendError, Verdict
from core.channels.whatsapp_cloud.channel import WhatsAppCloud
from core.channels.whatsapp_cloud.errors import DIAGNOSES, diagnose, diagnose_failure

BASE = "https://graph.facebook.com/v26.0/106540352242922"
URL = BASE + "/messages"
ACCEPTED = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.new", "message_status": "accepted"}]}


def outgoing(document: dict[str, Any], **kw: Any) -> Outgoing:
    content = parse_content(document).model_dump(mode="json", exclude_none=True)
    return Outgoing(**{"message_id": 4711, "to": "5491123456789", "type": content["type"], "content": content} | kw)


TEXT = outgoing({"text": "Hola"})


def sent_body(index: int = 0) -> dict[str, Any]:
    body = responses.calls[index].request.body
    found: dict[str, Any] = json.loads(body or b"{}")
    return found


@responses.activate
def test_text_goes_out_with_our_id_and_token(cloud_account: Account) -> None:
    responses.post(URL, json=ACCEPTED)
    sent = WhatsAppCloud(cloud_account).send(replace(TEXT, reply_to="wamid.theirs"))
    assert (sent.provider_id, sent.note) == ("wamid.new", None)
    assert sent_body() == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "5491123456789",
        "type": "text",
        "text": {"body": "Hola", "preview_url": False},
        "context": {"message_id": "wamid.theirs"},
        "biz_opaque_callback_data": "4711",
    }
    assert responses.calls[0].request.headers["Authorization"] == "Bearer EAAG-token"


@responses.activate
def test_a_business_scoped_id_is_a_recipient(cloud_account: Account) -> None:
    responses.post(URL, json=ACCEPTED)
    WhatsAppCloud(cloud_account).send(replace(TEXT, to="AR.13491208655302741918"))
    assert sent_body()["recipient"] == "AR.13491208655302741918" and "to" not in sent_body()


@responses.activate
def test_held_messages_are_noted(cloud_account: Account) -> None:
    responses.post(URL, json={"messages": [{"id": "wamid.x", "message_status": "held_for_quality_assessment"}]})
    assert WhatsAppCloud(cloud_account).send(TEXT).note == "held_for_quality_assessment"


@responses.activate
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"type": "image", "media": {"link": "https://e.com/a", "caption": "c", "filename": "f"}}, {"caption": "c"}),
        ({"type": "document", "media": {"id": "9", "filename": "f.pdf"}}, {"id": "9", "filename": "f.pdf"}),
        ({"type": "reaction", "reaction": {"message_id": "wamid.1"}}, {"message_id": "wamid.1", "emoji": ""}),
        ({"type": "location", "location": {"latitude": 1, "longitude": 2, "name": "n"}}, {"name": "n"}),
        (
            {"type": "template", "template": {"name": "t", "language": "es"}},
            {"name": "t", "language": {"code": "es"}},
        ),
    ],
)
def test_parts(cloud_account: Account, document: dict[str, Any], expected: dict[str, Any]) -> None:
    responses.post(URL, json=ACCEPTED)
    WhatsAppCloud(cloud_account).send(outgoing(document))
    part = sent_body()[document["type"]]
    assert part.items() >= expected.items()
    assert document["type"] == "document" or "filename" not in part


@responses.activate
def test_contacts_get_the_second_name_part_that_meta_wants(cloud_account: Account) -> None:
    responses.post(URL, json=ACCEPTED)
    WhatsAppCloud(cloud_account).send(outgoing({"contacts": [{"name": {"formatted_name": "Juan"}}]}))
    assert sent_body()["contacts"][0]["name"] == {"formatted_name": "Juan", "first_name": "Juan"}


@responses.activate
def test_our_files_go_by_id_or_link_wherever_they_are_named(cloud_account: Account) -> None:
    responses.post(URL, json=ACCEPTED)
    files = {3: OutgoingFile("a.jpg", handle="555"), 4: OutgoingFile("lista.pdf", link="https://e.com/b")}
    header = {"type": "header", "parameters": [{"type": "image", "image": {"attachment_id": 3}}]}
    paper = {"type": "header", "parameters": [{"type": "document", "document": {"attachment_id": 4}}]}
    cards = [{"card_index": n, "header": {"type": "image", "image": {"attachment_id": 3}}} for n in (0, 1)]
    channel = WhatsAppCloud(cloud_account)
    for content in (
        {"template": {"name": "t", "language": "es", "components": [header]}},
        {"template": {"name": "t", "language": "es", "components": [paper]}},
        {"type": "interactive", "interactive": {"type": "carousel", "action": {"cards": cards}}},
        {"type": "document", "media": {"attachment_id": 4}},
        {"type": "document", "media": {"attachment_id": 4, "filename": "Otra.pdf"}},
        {"type": "audio", "media": {"attachment_id": 3, "voice": True}},
        {"type": "image", "media": {"attachment_id": 3, "filename": "no.jpg"}},
    ):
        channel.send(outgoing(content, files=files))
    bodies = [sent_body(number) for number in range(7)]
    assert bodies[0]["template"]["components"][0]["parameters"][0]["image"] == {"id": "555"}
    assert bodies[1]["template"]["components"][0]["parameters"][0]["document"] == {
        "link": "https://e.com/b",
        "filename": "lista.pdf",
    }
    assert [card["header"]["image"] for card in bodies[2]["interactive"]["action"]["cards"]] == [{"id": "555"}] * 2
    assert bodies[3]["document"] == {"link": "https://e.com/b", "filename": "lista.pdf"}
    assert bodies[4]["document"]["filename"] == "Otra.pdf"
    assert bodies[5]["audio"] == {"id": "555", "voice": True}
    assert bodies[6]["image"] == {"id": "555"}


@responses.activate
def test_a_missing_file_is_permanent_and_nothing_is_asked(cloud_account: Account) -> None:
    with pytest.raises(SendError) as raised:
        WhatsAppCloud(cloud_account).send(outgoing({"type": "image", "media": {"attachment_id": 3}}))
    assert raised.value.verdict is Verdict.PERMANENT
    assert len(responses.calls) == 0


@responses.activate
def test_an_upload_without_answer_may_be_repeated(cloud_account: Account, tmp_path: Path) -> None:
    import requests

    path = tmp_path / "a.csv"
    path.write_bytes(b"a;b")
    channel = WhatsAppCloud(cloud_account)
    responses.post(BASE + "/media", json={"id": "555"})
    assert channel.upload(path, "text/csv", "a.csv") == "555"
    assert b"a;b" in (body := responses.calls[0].request.body or b"") and b"text/plain" in body
    for silence in ({"body": requests.ReadTimeout()}, {"json": {"success": True}}):
        responses.replace("POST", BASE + "/media", **silence)
        with pytest.raises(SendError) as raised:
            channel.upload(path, "text/csv", "a.csv")
        assert raised.value.verdict is Verdict.RETRYABLE


def failure(cloud_account: Account) -> SendError:
    with pytest.raises(SendError) as raised:
        WhatsAppCloud(cloud_account).send(TEXT)
    return raised.value


@responses.activate
@pytest.mark.parametrize(
    ("status", "code", "verdict", "cause"),
    [
        (400, 131047, Verdict.PERMANENT, Cause.NEEDS_TEMPLATE),
        (401, 190, Verdict.RETRYABLE, Cause.ADMIN),
        (403, 250, Verdict.PERMANENT, Cause.ADMIN),
        (429, 130429, Verdict.RETRYABLE, Cause.THROTTLED),
        (400, 131056, Verdict.RETRYABLE, Cause.THROTTLED),
        (403, 131031, Verdict.PERMANENT, Cause.PAUSE_NUMBER),
        (400, 132000, Verdict.PERMANENT, Cause.REQUEST),
        (500, 131000, Verdict.RETRYABLE, Cause.PROVIDER),
        (400, 987654, Verdict.PERMANENT, Cause.REQUEST),
        (503, 987654, Verdict.RETRYABLE, Cause.PROVIDER),
    ],
)
def test_refusals(cloud_account: Account, status: int, code: int, verdict: Verdict, cause: Cause) -> None:
    error = {"message": "(#1) no", "code": code, "error_data": {"details": "because"}, "fbtrace_id": "A"}
    responses.post(URL, json={"error": error}, status=status)
    raised = failure(cloud_account)
    assert (raised.verdict, raised.cause) == (verdict, cause)
    assert raised.error == ProviderError(str(code), "(#1) no", "because")
    assert raised.advice.endswith(".")


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, "<html>", Verdict.UNKNOWN),
        (200, "{}", Verdict.UNKNOWN),
        (200, '{"messages": []}', Verdict.UNKNOWN),
        (200, '{"messages": [{"id": ""}]}', Verdict.UNKNOWN),
        (502, "<html>bad gateway", Verdict.RETRYABLE),
        (429, "", Verdict.RETRYABLE),
        (404, "not here", Verdict.PERMANENT),
        (302, "", Verdict.PERMANENT),
        (400, '{"error": "text"}', Verdict.PERMANENT),
    ],
)
def test_answers_without_a_code(cloud_account: Account, status: int, body: str, verdict: Verdict) -> None:
    responses.post(URL, body=body, status=status)
    assert failure(cloud_account).verdict is verdict


@responses.activate
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 3}]}'}, 180.0),
        ({"X-Business-Use-Case-Usage": "[1]"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_meta_names(cloud_account: Account, headers: dict[str, str], seconds: float | None) -> None:
    responses.post(URL, json={"error": {"code": 80007, "message": "x"}}, status=429, headers=headers)
    assert failure(cloud_account).retry_after == seconds


@responses.activate
def test_the_other_spelling_is_tried_once_on_a_test_number(cloud_account: Account) -> None:
    refused = responses.post(URL, json={"error": {"code": 131030, "message": "x"}}, status=400)
    raised = failure(cloud_account)
    assert raised.error.code == "131030" and refused.call_count == 2
    assert [sent_body(0)["to"], sent_body(1)["to"]] == ["5491123456789", "541123456789"]


@responses.activate
def test_read_marks(cloud_account: Account) -> None:
    responses.post(URL, json={"success": True})
    channel = WhatsAppCloud(cloud_account)
    channel.mark_read("wamid.x", typing=True)
    channel.mark_read("wamid.x", typing=False)
    assert sent_body(0)["typing_indicator"] == {"type": "text"} and sent_body(0)["status"] == "read"
    assert "typing_indicator" not in sent_body(1)


_CLASSES = {
    (Verdict.RETRYABLE, None): "1 2 131000 131016 131057 133004 4 80007 613 130429 131056 133016 131048",
    (Verdict.RETRYABLE, Cause.ADMIN): "0 3 10 102 190",
    (Verdict.PERMANENT, Cause.PAUSE_NUMBER): "368 131031",
    (Verdict.PERMANENT, Cause.NEEDS_TEMPLATE): "131047",
    (Verdict.PERMANENT, Cause.RECIPIENT): "130497 131026 131021 131030 130472 131049 131050 131062 137000",
    (Verdict.PERMANENT, Cause.REQUEST): "100 33 131008 131009 131051 131052 131053 132000 132001 132005 132007 132008 "
    "132012 132015 132016 132018 132068 132069 135000 131055 134100 134101 134102",
    (Verdict.PERMANENT, Cause.ADMIN): "200 299 131005 131037 131042 131045 133005 133006 133010 134011 131063 131064",
}


def test_every_code_of_the_table_is_classified() -> None:
    listed = set()
    for (verdict, cause), codes in _CLASSES.items():
        for code in codes.split():
            listed.add(code)
            found = diagnose(code)
            assert found.verdict is verdict and cause in (None, found.cause), code
            assert "again by itself" not in found.advice, code
            assert diagnose_failure(ProviderError(code, "")).verdict is Verdict.PERMANENT
    assert set(DIAGNOSES) <= listed


def test_subcode_and_details_tell_apart_meanings_of_code_100() -> None:
    assert "not ours" in diagnose(100, 400, 33).advice
    assert diagnose(100, 400, None, "Missing Permission").cause is Cause.ADMIN
