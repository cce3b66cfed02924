"""Twilio as a provider of channels."""

from __future__ import annotations

from typing import ClassVar

from core.channels.provider import Limits, Provider
from core.channels.twilio import errors
from core.channels.twilio.channel import Twilio
from core.channels.twilio.payloads import BODY_LIMIT
from core.channels.types import Account, Diagnosis, Kind, ProviderError


class TwilioProvider(Provider):
    """One account is a number, or a messaging service, of a Twilio account."""

    name = "twilio"
    # Twilio, "Message queueing and rate limits".
    kinds: ClassVar = {Kind.SMS: Limits(BODY_LIMIT, per_second=1), Kind.WHATSAPP: Limits(BODY_LIMIT, per_second=80)}

    def open(self, account: Account, *, read_timeout: float) -> Twilio:
        return Twilio(account, read_timeout=read_timeout)

    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        return errors.diagnose_failure(error)
