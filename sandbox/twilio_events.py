"""The form parameters of Twilio's webhooks (Twilio, Messaging webhooks; WhatsApp parameters).

Parameters that do not apply are sent blank where Twilio sends them blank: a signature check must keep them.
"""

from __future__ import annotations

from typing import Any

from sandbox.settings import Settings
from sandbox.state import Customer, Entry

API_VERSION = "2010-04-01"

PLACES = {
    "MX": ("Ciudad de México", "CDMX", "06600"),
    "AR": ("Buenos Aires", "BA", "C1002"),
    "BR": ("São Paulo", "SP", "01310"),
    "US": ("SAN FRANCISCO", "CA", "94105"),
}


def inbound(
    settings: Settings, entry: Entry, media: list[tuple[str, str]], extra: dict[str, str] | None = None
) -> dict[str, str]:
    """A customer's message. `media` is (url, mime type) pairs."""
    params = {
        "ToCountry": "US",
        "SmsMessageSid": entry.id,
        "NumMedia": str(len(media)),
        "SmsSid": entry.id,
        "SmsStatus": "received",
        "Body": entry.text,
        "To": entry.business,
        "NumSegments": str(segments(entry.text)),
        "MessageSid": entry.id,
        "AccountSid": settings.twilio_account_sid,
        "From": entry.address,
        "ApiVersion": API_VERSION,
    }
    for number, (url, mime_type) in enumerate(media):
        params[f"MediaUrl{number}"] = url
        params[f"MediaContentType{number}"] = mime_type
    params |= _whatsapp(entry) if entry.channel == "twilio_whatsapp" else _sms(entry.customer)
    return params | (extra or {})


def _whatsapp(entry: Entry) -> dict[str, str]:
    customer = entry.customer
    kinds = {"button_reply": "button", "list_reply": "interactive", "voice": "audio"}
    params = {
        "ProfileName": customer.name,
        "WaId": customer.wa_id,
        "MessageType": kinds.get(entry.type, entry.type),
        "ChannelMetadata": '{"type":"whatsapp","data":{"context":{"ProfileName":"","WaId":""}}}',
        "ExternalUserId": f"whatsapp:{customer.user_id}",
    }
    if entry.reply_to:
        params |= {"OriginalRepliedMessageSid": entry.reply_to, "OriginalRepliedMessageSender": entry.business}
    return params


def _sms(customer: Customer) -> dict[str, str]:
    country = customer.user_id[:2]
    city, state, postcode = PLACES.get(country, ("", "", ""))
    return {
        "ToState": "CA",
        "ToCity": "",
        "ToZip": "",
        "FromCountry": country,
        "FromCity": city,
        "FromState": state,
        "FromZip": postcode,
    }


def status(settings: Settings, entry: Entry, name: str, error: dict[str, Any] | None) -> dict[str, str]:
    """Return the parameters of a status callback."""
    params = {
        "ApiVersion": API_VERSION,
        "MessageStatus": name,
        "SmsSid": entry.id,
        "SmsStatus": name,
        "From": entry.business,
        "To": entry.address,
        "MessageSid": entry.id,
        "AccountSid": settings.twilio_account_sid,
    }
    if entry.channel == "twilio_whatsapp":
        params |= {
            "ChannelPrefix": "whatsapp",
            "ChannelToAddress": entry.address,
            "ChannelInstallSid": "XE" + settings.twilio_account_sid[2:],
            "StructuredMessage": "false",
        }
        if name in ("delivered", "read"):
            params["EventType"] = name.upper()
    if error is not None:
        params |= {"ErrorCode": str(error["code"]), "ErrorMessage": error["title"]}
        if entry.channel == "twilio_whatsapp":
            params["ChannelStatusMessage"] = error["details"]
    return params


GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_TWICE = frozenset("^{}\\[~]|€\f")


def segments(text: str) -> int:
    """How many SMS segments a text takes: GSM-7 160/153, otherwise UCS-2 70/67 UTF-16 units."""
    if all(char in GSM7 or char in GSM7_TWICE for char in text):
        length, alone, joined = len(text) + sum(char in GSM7_TWICE for char in text), 160, 153
    else:
        length, alone, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= alone else -(-length // joined)
