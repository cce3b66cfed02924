"""Channels configured by the settings."""

from __future__ import annotations

from dataclasses import dataclass

from core.channels.types import Kind, Provider
from core.platform.config import Settings


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel as configured by the settings."""

    provider: Provider
    kind: Kind
    identity: str
    account: str
    name: str
    credentials: dict[str, str]


def channels_of(settings: Settings) -> list[ChannelSpec]:
    """Return the channels configured by the settings."""
    found: list[ChannelSpec] = []
    if settings.whatsapp_access_token and settings.whatsapp_phone_number_id:
        found.append(
            ChannelSpec(
                Provider.WHATSAPP_CLOUD,
                Kind.WHATSAPP,
                settings.whatsapp_phone_number_id,
                settings.whatsapp_business_account_id,
                "WhatsApp",
                {
                    "access_token": settings.whatsapp_access_token,
                    "app_secret": ",".join(settings.whatsapp_app_secret),
                    "waba_id": settings.whatsapp_business_account_id,
                },
            )
        )
    if settings.twilio_account_sid and settings.twilio_auth_token:
        credentials = {"account_sid": settings.twilio_account_sid, "auth_token": settings.twilio_auth_token}
        numbers = (
            (Kind.SMS, settings.twilio_phone_number, "SMS"),
            (Kind.WHATSAPP, settings.twilio_whatsapp_number, "WhatsApp (Twilio)"),
        )
        for kind, number, name in numbers:
            if number:
                identity = number.removeprefix("whatsapp:")
                account = settings.twilio_account_sid
                found.append(ChannelSpec(Provider.TWILIO, kind, identity, account, name, credentials))
    return found
