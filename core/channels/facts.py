"""Provider facts that need no open channel: text limits and the meaning of failures."""

from __future__ import annotations

from core.channels.twilio import errors as twilio_errors
from core.channels.twilio.payloads import BODY_LIMIT
from core.channels.types import Diagnosis, Provider, ProviderError
from core.channels.whatsapp_cloud import errors as whatsapp_errors
from core.channels.whatsapp_cloud.limits import TEXT


def text_limit(provider: str) -> int:
    """Return the longest text one message can carry, in Unicode code points."""
    return TEXT if provider == Provider.WHATSAPP_CLOUD else BODY_LIMIT


def diagnose_failure(provider: str, error: ProviderError) -> Diagnosis:
    """Return the meaning of an error in a failed status."""
    if provider == Provider.WHATSAPP_CLOUD:
        return whatsapp_errors.diagnose_failure(error)
    return twilio_errors.diagnose_failure(error)
