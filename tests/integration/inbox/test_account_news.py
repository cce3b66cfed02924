"""Account updates: a text for each, its severity, notified once; numbers pause and resume; templates change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.accounts import notification_texts
from core.messaging.channels import pauses
from core.messaging.outbound import rate_limit
from core.monitoring import alerts
from core.platform.db import system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import receive, store
from tests.support.provider_bodies import WABA_ID
from workers.jobs import ingest

DISABLE = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "May 2, 2027"}}
REINSTATE = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}
VIOLATION = {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}}
REJECTION = {"reason": "Promo", "recommendation": "C"}
LATER = 4_102_444_800  # 2100: the names of tests are the same in every process


def body(field: str, value: dict[str, Any]) -> dict[str, Any]:
    changes = [{"field": field, "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA_ID, "time": 1796000000, "changes": changes}]}


def hear(field: str, value: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Receive an update. Returns the newest notice's severity, English text and data."""
    receive(body(field, value))
    severity, words, data = rows("SELECT severity, text, data FROM notifications ORDER BY id DESC LIMIT 1")[0]
    return severity, words, data


def restriction(*kinds: str, expiration: Any = LATER) -> dict[str, Any]:
    found = [{"restriction_type": kind, "expiration": expiration} for kind in kinds]
    return {"event": "ACCOUNT_RESTRICTION", "restriction_info": found}


TEMPLATE = {"message_template_id": 7, "message_template_name": "cita", "message_template_language": "pt_BR"}
NUMBER = {"display_phone_number": "15550783881"}


@pytest.mark.parametrize(
    ("field", "value", "severity", "named"),
    [
        ("account_review_update", {"decision": "REJECTED"}, "high", ["rejected"]),
        ("account_review_update", {"decision": "APPROVED"}, "info", ["approved"]),
        ("account_review_update", {}, "info", ["review"]),
        (
            "phone_number_name_update",
            {**NUMBER, "decision": "REJECTED", "verified_name": "Clínica Sur", "rejection_reason": "BAD"},
            "warning",
            ["15550783881", "Clínica Sur", "BAD"],
        ),
        ("account_update", DISABLE, "high", ["disabled", "May 2, 2027"]),
        ("account_update", REINSTATE, "info", ["reinstated"]),
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE"}},
            "high",
            ["going to disable"],
        ),
        ("account_update", restriction("RESTRICTED_ADD_PHONE_NUMBER_ACTION"), "high", ["add numbers"]),
        ("account_update", VIOLATION, "high", ["SPAM"]),
        ("account_update", {"event": "ACCOUNT_OFFBOARDED"}, "high", ["disconnected"]),
        ("account_update", {"event": "ACCOUNT_RECONNECTED"}, "info", ["again"]),
        ("account_update", {"event": "PARTNER_REMOVED"}, "high", ["partner"]),
        ("account_update", {"event": "ACCOUNT_SUSPENDED_SOMEDAY", "x": {"y": 1}}, "high", ["SUSPENDED", '"y": 1']),
        (
            "account_alerts",
            {"alert_info": {"alert_severity": "WARNING", "alert_type": "LIMIT_NEAR", "alert_description": "Near."}},
            "warning",
            ["LIMIT NEAR", "Near."],
        ),
        ("phone_number_quality_update", {**NUMBER, "event": "DOWNGRADE", "current_limit": "TIER_1K"}, "warning", []),
        ("phone_number_quality_update", {**NUMBER, "event": "UNFLAGGED"}, "info", ["15550783881"]),
        (
            "message_template_status_update",
            {**TEMPLATE, "event": "REJECTED", "reason": "NONE", "rejection_info": REJECTION},
            "warning",
            ["cita (pt_BR)", "Promo", "advises: C."],
        ),
        ("message_template_status_update", {**TEMPLATE, "event": "UNPAUSED", "reason": None}, "info", ["UNPAUSED"]),
        ("message_template_quality_update", {**TEMPLATE, "new_quality_score": "YELLOW"}, "warning", ["medium"]),
        (
            "flows",
            {"event": "FLOW_STATUS_CHANGE", "message": "Turnos is BLOCKED", "flow_id": "9", "new_status": "BLOCKED"},
            "warning",
            ["blocked", "9", "Turnos is BLOCKED"],
        ),
        ("flows", {"event": "ENDPOINT_LATENCY", "alert_state": "ACTIVATED", "flow_id": "9"}, "warning", ["LATENCY"]),
        ("business_capability_update", {"max_daily_conversation_per_phone": 1000}, "info", ["1000"]),
        ("security", {**NUMBER, "event": "PIN_RESET_REQUEST", "requester": "615"}, "warning", ["PIN", "615"]),
        ("payment_configuration_update", {"configuration_name": "mp", "status": "Needs_Connecting"}, "warning", ["mp"]),
        ("group_lifecycle_update", {"groups": [{"type": "group_create"}]}, "info", ["group"]),
        ("field_of_2031", {"new": ["thing"]}, "info", ["field_of_2031", "thing"]),
        ("field_of_2031", {"alert_severity": "CRITICAL"}, "high", ["CRITICAL"]),
        ("account_update", {"event": 3, "ban_info": "x", "restriction_info": 4}, "info", ["3"]),
        ("flows", {}, "warning", ["flow"]),
    ],
)  # fmt: skip
def test_each_is_a_sentence_with_its_facts_and_its_severity(
    business: TestBusiness, field: str, value: dict[str, Any], severity: str, named: list[str]
) -> None:
    graded, words, data = hear(field, value)
    assert graded == severity
    kind = one("SELECT kind FROM notifications")
    for language in notification_texts.LANGUAGES:
        said = notification_texts.sentence(language, kind, data, "")
        assert len(said) > 25 and "{" not in said.replace('{"', "")
        if language == "en":
            assert said == words
            assert [part for part in named if part not in said] == []


def test_the_same_update_in_other_bytes_is_notified_once_and_a_reverted_one_again(business: TestBusiness) -> None:
    paused = {**TEMPLATE, "event": "PAUSED", "reason": None}
    receive(body("message_template_status_update", paused))
    store(json.dumps(body("message_template_status_update", dict(reversed(paused.items()))), indent=3).encode())
    ingest.receive()
    assert one("SELECT count(*) FROM notifications") == 1
    receive(body("message_template_status_update", {**paused, "event": "APPROVED"}))
    receive({**body("message_template_status_update", paused), "again": 1})
    receive(body("message_template_status_update", {**paused, "message_template_name": "otra"}))
    assert column("SELECT kind FROM notifications ORDER BY id") == [
        "template_paused", "template_approved", "template_paused", "template_paused",
    ]  # fmt: skip


def states() -> dict[str, str]:
    return {f"{kind} {provider}": state for kind, provider, state in rows("SELECT kind, provider, state FROM channels")}


def second_number(business: TestBusiness, state: str = "active") -> None:
    rows(
        "INSERT INTO channels (business_id, kind, provider, identity, account, name, credentials, settings, state)"
        f" SELECT business_id, kind, provider, '222', account, 'Second', credentials, settings, '{state}'"
        f" FROM channels WHERE id = {business.whatsapp_channel_id}"
    )


def of_account() -> list[str]:
    return column("SELECT state FROM channels WHERE provider = 'whatsapp_cloud' ORDER BY id")


def test_a_disabled_account_pauses_all_its_numbers_until_it_is_reinstated(business: TestBusiness) -> None:
    second_number(business)
    rows("UPDATE agents SET language = 'es'")
    _, words, data = hear("account_update", DISABLE)
    assert of_account() == ["paused", "paused"] and data["paused"][1] == "Second"
    assert set(column("SELECT state FROM channels WHERE provider = 'twilio'")) == {"active"}
    assert "Second" in words and "resume them in Channels" in words
    with system_transaction() as session:
        alerts.evaluate(session)
    assert column("SELECT kind FROM notifications") == ["account_disabled"], "the pause is told once, by the news"
    assert column("SELECT kind FROM alerts") == ["paused", "paused"]
    assert "May 2, 2027" in one("SELECT state_reason FROM channels WHERE identity = '222'")
    receive({**body("account_update", DISABLE), "again": 1})
    rows("UPDATE channels SET state = 'active', paused_for = NULL WHERE identity = '222'")
    receive({**body("account_update", DISABLE), "again": 2})
    assert of_account() == ["paused", "active"], "what a person resumed stays so when the same news comes again"
    _, words, _ = hear("account_update", REINSTATE)
    assert of_account() == ["active", "active"] and "Sending again" in words


def test_what_a_person_paused_stays_paused(business: TestBusiness) -> None:
    rows(f"UPDATE channels SET state = 'paused', state_reason = 'holiday' WHERE id = {business.whatsapp_channel_id}")
    second_number(business, "disabled")
    _, words, data = hear("account_update", DISABLE)
    assert "paused" not in data and "Paused" not in words
    hear("account_update", REINSTATE)
    assert of_account() == ["paused", "disabled"]
    assert "holiday" in column("SELECT state_reason FROM channels")


@pytest.mark.parametrize(
    ("kinds", "expiration", "state", "said"),
    [
        (["RESTRICTED_BIZ_INITIATED_MESSAGING"], LATER, "active", "Answers to customers go out"),
        (["RESTRICTED_BIZ_INITIATED_MESSAGING"], None, "paused", "resume them in Channels"),
        (
            ["RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"],
            LATER,
            "paused",
            "resume automatically",
        ),
        (["RESTRICTED_CUSTOMER_INITIATED_MESSAGING"], str(LATER), "paused", "resume automatically"),
        (["RESTRICTED_SOMETHING_NEW"], None, "paused", "resume them in Channels"),
        ([], None, "paused", "resume them in Channels"),
        (["RESTRICTED_ADD_PHONE_NUMBER_ACTION"], LATER, "active", "Until"),
        (["RESTRICTED_BIZ_INITIATED_MESSAGING"], 1_600_000_000, "active", "Until"),
    ],
)
def test_restricted_messaging_pauses_until_its_end(
    business: TestBusiness, kinds: list[str], expiration: Any, state: str, said: str
) -> None:
    _, words, _ = hear("account_update", restriction(*kinds, expiration=expiration))
    assert of_account() == [state]
    assert said in words
    with system_transaction() as session:
        assert pauses.resume_due(session) == 0
    rows("UPDATE channels SET paused_until = now() - interval '1 second' WHERE paused_until IS NOT NULL")
    with system_transaction() as session:
        resumed = pauses.resume_due(session)
    assert resumed == ("resume automatically" in said)
    assert (of_account() == ["active"]) == (state == "active" or resumed == 1)


def test_numbers_that_may_not_begin_conversations_answer_until_the_restriction_ends(business: TestBusiness) -> None:
    hear("account_update", restriction("RESTRICTED_BIZ_INITIATED_MESSAGING"))
    until = "SELECT extract(epoch FROM answers_only_until) FROM channel_limits WHERE answers_only_until IS NOT NULL"
    assert float(one(until)) == pytest.approx(LATER, abs=60)
    with transaction(business.business_id) as session:
        assert not rate_limit.restrict_to_replies(session, business.whatsapp_channel_id, 3600)
    assert float(one(until)) == pytest.approx(LATER, abs=60), "a shorter limit does not end a longer one"


def test_a_templates_row_is_updated_at_once(business: TestBusiness) -> None:
    with transaction(business.business_id) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO message_templates (business_id, account, name, language, category, status, quality,"
            " rejected_reason,"
            f" components) VALUES ({business.business_id}, '{WABA_ID}', 'cita', 'pt_BR', 'UTILITY', 'APPROVED', '',"
            " '', '[]')"
        )
    hear("message_template_status_update", {**TEMPLATE, "event": "PAUSED"})
    hear("message_template_quality_update", {**TEMPLATE, "new_quality_score": "RED"})
    hear("template_category_update", {**TEMPLATE, "new_category": "MARKETING"})
    assert rows("SELECT status, quality, category FROM message_templates") == [("PAUSED", "RED", "MARKETING")]
    hear("message_template_status_update", {**TEMPLATE, "event": "FLAGGED"})
    hear("message_template_status_update", {**TEMPLATE, "event": "REINSTATED"})
    assert one("SELECT status FROM message_templates") == "APPROVED"
