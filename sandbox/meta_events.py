"""The `value` objects of Meta's webhooks (Meta, Cloud API, Webhooks: payload reference)."""

from __future__ import annotations

from typing import Any

from sandbox.settings import Settings
from sandbox.state import Customer, Entry, digits_of


def envelope(settings: Settings) -> dict[str, Any]:
    """Return what Meta puts around each event of a number."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": digits_of(settings.whatsapp_number),
            "phone_number_id": settings.whatsapp_phone_number_id,
        },
    }


def message(settings: Settings, customer: Customer, body: dict[str, Any]) -> dict[str, Any]:
    """One customer's message. `body` has id, timestamp, type and the type's own object."""
    profile = {"name": customer.name}
    if customer.username:
        profile["username"] = customer.username
    contact: dict[str, Any] = {"profile": profile, "user_id": customer.user_id}
    sender: dict[str, Any] = {"from_user_id": customer.user_id}
    if not customer.hide_phone:
        contact["wa_id"] = customer.wa_id
        sender["from"] = customer.wa_id
    return envelope(settings) | {"contacts": [contact], "messages": [sender | body]}


def status(
    settings: Settings, entry: Entry, name: str, at: float, error: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the webhook of a message's status; `at` is in unix seconds."""
    customer = entry.customer
    body: dict[str, Any] = {
        "id": entry.id,
        "status": name,
        "timestamp": str(int(at)),
        "recipient_user_id": customer.user_id,
    }
    if not customer.hide_phone:
        body["recipient_id"] = customer.wa_id
    if entry.our_id is not None:
        body["biz_opaque_callback_data"] = entry.our_id
    if error is not None:
        body["errors"] = [
            {
                "code": error["code"],
                "title": error["title"],
                "message": error["title"],
                "error_data": {"details": error["details"]},
                "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
            }
        ]
    else:
        body["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "category": entry.category,
            "type": "regular",
        }
    return envelope(settings) | {"statuses": [body]}
