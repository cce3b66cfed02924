from __future__ import annotations

import pytest

from core.channels.types import Account, Kind


@pytest.fixture
def cloud_account() -> Account:
    return Account(
        provider="whatsapp_cloud",
        kind=Kind.WHATSAPP,
        identity="106540352242922",
        credentials={"access_token": "EAAG-token", "waba_id": "102290129340398"},
        api_url="https://graph.facebook.com",
        api_version="v26.0",
    )


@pytest.fixture
def twilio_account() -> Account:
    return Account(
        provider="twilio",
        kind=Kind.WHATSAPP,
        identity="+14155238886",
        credentials={"account_sid": "AC" + "0" * 32, "auth_token": "token"},
        api_url="https://api.twilio.com",
        callback_url="https://desk.example.com/api/webhooks/twilio/status",
    )
