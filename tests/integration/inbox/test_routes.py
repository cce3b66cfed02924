"""Which channel an event is for: by service, by our own message, by number; and how to add a missing one."""

from __future__ import annotations

import pytest

from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, store
from tests.support.outbox import claim_one, say
from tests.support.provider_bodies import WABA_ID, meta_body, meta_json, status_value, text_value, twilio_form
from workers.jobs import ingest

SERVICE = "MG11111111111111111111111111111111"
ANA = "+5491155550006"
FORM = "application/x-www-form-urlencoded"


def texts(*more: tuple[str, str], sid: str = "SM1", sender: str = ANA, to: str = "+15005550123") -> None:
    pairs = [("MessageSid", sid), ("From", sender), ("To", to), ("Body", "hola"), ("NumMedia", "0"), *more]
    store(twilio_form(pairs), source="twilio_inbound", content_type=FORM)
    ingest.receive()


def reports(status: str, *more: tuple[str, str], query: str = "", sid: str = "SM9") -> None:
    pairs = [("MessageSid", sid), ("MessageStatus", status), *more]
    store(twilio_form(pairs), source="twilio_status", content_type=FORM, query=query)
    ingest.receive()


@pytest.fixture
def service(business: TestBusiness) -> int:
    """Make the SMS channel a messaging service."""
    rows("UPDATE channels SET identity = :service WHERE id = :id", service=SERVICE, id=business.sms_channel_id)
    return business.sms_channel_id


def test_what_comes_through_a_messaging_service_is_its_channels(business: TestBusiness, service: int) -> None:
    texts(("MessagingServiceSid", SERVICE))
    assert column("SELECT channel_id FROM messages") == [service]
    assert one("SELECT count(*) FROM dead_letters") == 0


def test_a_number_in_a_service_that_is_no_channel_is_its_own(business: TestBusiness) -> None:
    texts(("MessagingServiceSid", SERVICE), to="+15005550006")
    assert column("SELECT channel_id FROM messages") == [business.sms_channel_id]


def test_a_whatsapp_sender_of_a_service_is_not_its_sms_channel(business: TestBusiness, service: int) -> None:
    texts(("MessagingServiceSid", SERVICE), sender="whatsapp:+5491155550006", to="whatsapp:+14155238886")
    assert column("SELECT channel_id FROM messages") == [business.twilio_whatsapp_channel_id]


@pytest.mark.parametrize("by", ["our id", "sid", "service"])
def test_a_status_finds_the_channel_that_sent_its_message(business: TestBusiness, service: int, by: str) -> None:
    texts(("MessagingServiceSid", SERVICE))
    (message_id,) = say(business.business_id, one("SELECT id FROM conversations"))
    claim_one()
    rows("UPDATE messages SET provider_id = 'SM9', status = 'sent' WHERE id = :id", id=message_id)
    whose = [("From", "+15005550123"), ("To", ANA)]
    if by == "service":
        whose.append(("MessagingServiceSid", SERVICE))
    reports("delivered", *whose, query=f"message_id={message_id}" if by == "our id" else "")
    assert one("SELECT status FROM messages WHERE id = :id", id=message_id) == "delivered"
    assert one("SELECT count(*) FROM dead_letters") == 0


@pytest.mark.parametrize("channel", ["sms", "twilio_whatsapp"])
@pytest.mark.parametrize("sid", ["SM9", ""])
@pytest.mark.parametrize("sent", [True, False])
def test_a_status_that_names_only_the_service_is_found_by_our_id(
    business: TestBusiness, channel: str, sid: str, sent: bool
) -> None:
    channel_id = getattr(business, f"{channel}_channel_id")
    rows("UPDATE channels SET identity = :service WHERE id = :id", service=SERVICE, id=channel_id)
    ana, to = (ANA, "+15005550123") if channel == "sms" else (f"whatsapp:{ANA}", "whatsapp:+14155238886")
    texts(("MessagingServiceSid", SERVICE), sender=ana, to=to)
    (message_id,) = say(business.business_id, one("SELECT id FROM conversations"))
    claim_one()
    if sent:
        rows("UPDATE messages SET provider_id = 'SM9', status = 'sent' WHERE id = :id", id=message_id)
    query = f"message_id={message_id}"
    reports("delivered", ("MessagingServiceSid", SERVICE), query=query, sid=sid)
    reports("read", ("MessagingServiceSid", SERVICE), query=query, sid=sid)
    assert column("SELECT reason FROM dead_letters") == []
    status, provider_id = rows("SELECT status, provider_id FROM messages WHERE id = :id", id=message_id)[0]
    assert (status, provider_id) == ("read", "SM9" if sid or sent else None)
    assert one("SELECT count(*) FROM delivery_receipts WHERE message_id = :id", id=message_id) == 2


def test_a_status_without_any_id_of_the_provider_must_name_who_sent_it(business: TestBusiness, service: int) -> None:
    texts(("MessagingServiceSid", SERVICE))
    (message_id,) = say(business.business_id, one("SELECT id FROM conversations"))
    claim_one()
    reports("failed", ("MessagingServiceSid", "MG2"), query=f"message_id={message_id}", sid="")
    assert one("SELECT status FROM messages WHERE id = :id", id=message_id) == "sending"
    assert "channels add twilio sms MG2" in one("SELECT reason FROM dead_letters")


def test_the_id_of_another_installations_message_is_not_taken_for_ours(business: TestBusiness, service: int) -> None:
    texts(("MessagingServiceSid", SERVICE))
    (message_id,) = say(business.business_id, one("SELECT id FROM conversations"))
    rows("UPDATE messages SET provider_id = 'SM1x', status = 'sent' WHERE id = :id", id=message_id)
    reports("failed", ("From", "+19995550123"), ("To", ANA), query=f"message_id={message_id}", sid="SMother")
    assert one("SELECT status FROM messages WHERE id = :id", id=message_id) == "sent"
    assert "sms +19995550123" in one("SELECT reason FROM dead_letters")


def test_a_status_of_meta_whose_number_is_unknown_is_found_by_our_id(business: TestBusiness) -> None:
    store(meta_json(meta_body(text_value("hola"))))
    ingest.receive()
    (message_id,) = say(business.business_id, one("SELECT id FROM conversations"))
    claim_one()
    status = status_value("wamid.OUT", "delivered", our_id=message_id)
    store(meta_json(meta_body(status, phone_number_id="999")))
    ingest.receive()
    assert one("SELECT status FROM messages WHERE id = :id", id=message_id) == "delivered"


def test_what_has_no_channel_says_what_to_add(business: TestBusiness) -> None:
    texts(("MessagingServiceSid", SERVICE), sid="SM2")
    reports("sent", ("From", "whatsapp:+19995550123"), ("To", "whatsapp:+5491155550006"))
    store(meta_json(meta_body(text_value("hola"), phone_number_id="777")))
    alert = meta_body({"event": "PARTNER_ADDED"})
    alert["entry"][0]["id"] = "888"
    alert["entry"][0]["changes"][0] |= {"field": "account_update", "value": {"event": "PARTNER_ADDED"}}
    store(meta_json(alert))
    ingest.receive()
    service, twilio, meta, account = column("SELECT reason FROM dead_letters ORDER BY id")
    needed = "--account ACCOUNT_SID --credential auth_token=-`"
    assert f"`core.cli channels add twilio sms {SERVICE} {needed}" in service
    assert f"`core.cli channels add twilio sms +15005550123 {needed}" in service
    assert f"`core.cli channels add twilio whatsapp +19995550123 {needed}" in twilio
    assert "whatsapp 777 --account WABA_ID --credential access_token=- --credential app_secret=-`" in meta
    assert "account 888" in account
    assert "--account 888" in account
    assert WABA_ID not in account


def test_a_preference_without_a_number_is_of_its_account(business: TestBusiness) -> None:
    customer_writes("hola", "5491155550001")
    wish = {"wa_id": "5491155550001", "category": "marketing_messages", "value": "stop", "timestamp": "1796000000"}
    body = meta_body({"user_preferences": [wish]})
    change = body["entry"][0]["changes"][0]
    change["field"] = "user_preferences"
    change["value"].pop("metadata", None)
    store(meta_json(body))
    ingest.receive()
    assert one("SELECT count(*) FROM dead_letters") == 0
    assert one("SELECT marketing_stopped_at IS NOT NULL FROM contact_identities WHERE address = '5491155550001'")
