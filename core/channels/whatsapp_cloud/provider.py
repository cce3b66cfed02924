"""Meta's Cloud API as a provider of channels."""

from __future__ import annotations

from typing import ClassVar

from core.channels.provider import Limits, Provider
from core.channels.types import Account, Diagnosis, Kind, ProviderError
from core.channels.whatsapp_cloud import errors, limits
from core.channels.whatsapp_cloud.channel import WhatsAppCloud


class WhatsAppCloudProvider(Provider):
    """One account is a phone number of a WhatsApp business account."""

    name = "whatsapp_cloud"
    kinds: ClassVar = {Kind.WHATSAPP: Limits(limits.TEXT, per_second=80)}  # Cloud API, "Throughput"

    def open(self, account: Account, *, read_timeout: float) -> WhatsAppCloud:
        return WhatsAppCloud(account, read_timeout=read_timeout)

    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        return errors.diagnose_failure(error)
