"""Asking Twilio whether it knows us."""

from __future__ import annotations

from urllib.parse import quote

from requests.auth import HTTPBasicAuth

from core.channels.base import Account
from core.channels.http import READ_SECONDS, exchange, json_object, open_session
from core.channels.twilio.send import refusal


def check_credentials(account: Account, *, read_timeout: float = READ_SECONDS) -> None:
    """Read one message, which the credentials must allow. Raises `SendError`."""
    sid = account.credentials.get("account_sid", "")
    response = exchange(
        open_session(),
        "GET",
        f"{account.api_url.rstrip('/')}/2010-04-01/Accounts/{quote(sid)}/Messages.json",
        read_timeout=read_timeout,
        params={"PageSize": 1},
        auth=HTTPBasicAuth(sid.encode(), account.credentials.get("auth_token", "").encode()),
    )
    if not 200 <= response.status_code < 300:
        raise refusal(response, json_object(response))
