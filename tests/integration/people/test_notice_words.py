"""Texts of notifications in every language, with any set of values."""

from __future__ import annotations

import pytest

from console import i18n
from core.accounts.notification_texts import LANGUAGES, catalogue, sentence
from core.conversations import lifecycle
from core.platform.db import transaction
from core.types import Summary
from tests.conftest import TestBusiness
from tests.factories import conversation
from tests.support.database import one


@pytest.mark.parametrize("language", ["es", "pt"])
def test_a_text_that_only_uses_the_customer_needs_no_other_values(language: str) -> None:
    english = "Nobody knows whether message 187 arrived."
    said = sentence(language, "message_uncertain", {}, english, "Ana")
    assert said != english
    assert "Ana" in said
    assert sentence(language, "message_failed", {}, english, "Ana") == english, "nothing is known of the title"


@pytest.mark.parametrize(
    ("reason", "detail", "quoted"),
    [
        ("opted_out", "nothing can be sent until they lift it", False),
        ("low_confidence", "0.20 is below 0.60", False),
        ("not_sendable", "the window is closed", False),
        ("keyword", "hablar con gerente", False),
        ("asked_twice", "¿y mi pedido?", True),
    ],
)
def test_hand_off_details_are_quoted_only_if_written_by_others(
    business: TestBusiness, reason: str, detail: str, quoted: bool
) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, mode="bot")
    with transaction(business.business_id) as session:
        assert lifecycle.hand_off(session, talk, reason, detail)
    data, text = one("SELECT jsonb_build_array(data, text) FROM notifications")
    said = sentence("pt", "handed_off", data, text, "Ana")
    assert catalogue("pt")[f"reason.{reason}"] in said
    assert (detail in said) is quoted


def test_a_hand_off_by_keyword_quotes_the_customer_not_the_phrase(business: TestBusiness) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, mode="bot")
    summary = Summary("", "I'd like to talk to a human", "")
    with transaction(business.business_id) as session:
        assert lifecycle.hand_off(session, talk, "keyword", "hablar con persona", summary)
    data, text = one("SELECT jsonb_build_array(data, text) FROM notifications")
    said = sentence("en", "handed_off", data, text, "Ana")
    assert said == "Ana needs a person: they asked for one. “I'd like to talk to a human”"


def test_the_console_has_every_reason_of_the_notifications() -> None:
    for language in LANGUAGES:
        reasons = {key for key in catalogue(language) if key.startswith("reason.")}
        assert reasons <= i18n.catalogue(language).keys()
