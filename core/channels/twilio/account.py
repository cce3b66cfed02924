"""Check Twilio credentials, and whether a sender belongs to the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from requests.auth import HTTPBasicAuth

from core.channels.http import READ_SECONDS, exchange, json_object, open_session
from core.channels.twilio.channel import refusal
from core.channels.types import Account, Kind

SANDBOX_NUMBER = "+14155238886"  # Twilio's WhatsApp Sandbox, which every account shares
_PAGE = 100
_MOST_PAGES = 10


def check_credentials(account: Account, *, read_timeout: float = READ_SECONDS) -> None:
    """Read one message, which valid credentials allow. Raises `SendError`."""
    read(account, _of_account(account, "Messages"), {"PageSize": 1}, read_timeout)


def owns_sender(account: Account, *, read_timeout: float = READ_SECONDS) -> bool:
    """Return whether the channel's number or messaging service belongs to the account. Raises `SendError`.

    Sources: Twilio, "IncomingPhoneNumber resource" (2010-04-01), "Services resource" (Messaging v1) and "Senders
    resource" (Messaging v2), the last for WhatsApp numbers that were not bought from Twilio.
    """
    if account.identity.startswith("MG"):
        response = read(account, f"{_messaging(account)}/v1/Services/{quote(account.identity)}", {}, read_timeout, 404)
        return response.get("account_sid") == account.credentials.get("account_sid")
    numbers = read(
        account, _of_account(account, "IncomingPhoneNumbers"), {"PhoneNumber": account.identity}, read_timeout
    )
    if any(one.get("phone_number") == account.identity for one in numbers.get("incoming_phone_numbers") or []):
        return True
    if account.kind is not Kind.WHATSAPP:
        return False
    return account.identity == SANDBOX_NUMBER or _is_whatsapp_sender(account, read_timeout)


def _is_whatsapp_sender(account: Account, read_timeout: float) -> bool:
    address = f"{_messaging(account)}/v2/Channels/Senders"
    for page in range(_MOST_PAGES):
        params: dict[str, str | int] = {"Channel": "whatsapp", "PageSize": _PAGE, "Page": page}
        response = read(account, address, params, read_timeout)
        if any(one.get("sender_id") == f"whatsapp:{account.identity}" for one in response.get("senders") or []):
            return True
        if not (response.get("meta") or {}).get("next_page_url"):
            return False
    return False


def _of_account(account: Account, resource: str) -> str:
    sid = account.credentials.get("account_sid", "")
    return f"{account.api_url.rstrip('/')}/2010-04-01/Accounts/{quote(sid)}/{resource}.json"


def _messaging(account: Account) -> str:
    """Return the base URL of Twilio's messaging API, which has its own host; a test server serves both."""
    return account.api_url.rstrip("/").replace("://api.twilio.com", "://messaging.twilio.com")


def read(
    account: Account, address: str, params: Mapping[str, str | int], read_timeout: float, missing: int | None = None
) -> dict[str, Any]:
    """Return the JSON response; empty for the status `missing`."""
    sid = account.credentials.get("account_sid", "")
    response = exchange(
        open_session(),
        "GET",
        address,
        read_timeout=read_timeout,
        params=dict(params),
        auth=HTTPBasicAuth(sid.encode(), account.credentials.get("auth_token", "").encode()),
    )
    if response.status_code == missing:
        return {}
    if not 200 <= response.status_code < 300:
        raise refusal(response, json_object(response))
    return json_object(response)
