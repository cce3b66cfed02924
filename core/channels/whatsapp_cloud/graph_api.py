"""Meta Graph API client: URL, token and error handling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests

from core.channels.http import (
    READ_SECONDS,
    BearerAuth,
    exchange,
    json_object,
    open_session,
    retry_after,
    status_diagnosis,
    unreadable,
)
from core.channels.types import Account, ProviderError, SendError
from core.channels.whatsapp_cloud.errors import diagnose


class Graph:
    """Graph API client of one account. Thread-safe.

    Credentials used: `access_token`, and `waba_id` (WhatsApp business account) for templates and subscriptions.
    """

    def __init__(self, account: Account, *, read_timeout: float = READ_SECONDS) -> None:
        self.account = account
        self.read_timeout = read_timeout
        self._base = f"{account.api_url.rstrip('/')}/{account.api_version}".rstrip("/")
        self._session = open_session()
        self._session.auth = BearerAuth(account.credentials.get("access_token", ""))

    def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Make one request and return the JSON object of its response.

        `params`, `json`, `data` and `files` are as in requests. Raises `SendError`, whose verdict says whether the
        request may have had its effect.
        """
        response = exchange(self._session, method, f"{self._base}/{path}", read_timeout=self.read_timeout, **arguments)
        answer = json_object(response)
        if response.ok and not response.is_redirect and answer and "error" not in answer:
            return answer
        if 200 <= response.status_code < 300 and "error" not in answer:
            raise unreadable(response)
        raise _refusal(response, answer.get("error"))


def _refusal(response: requests.Response, error: object) -> SendError:
    wait = retry_after(response.headers)
    if wait is None:
        wait = _regained_after(response.headers)
    if not isinstance(error, dict) or "code" not in error:
        title = f"HTTP {response.status_code} without an error code"
        failure = ProviderError(f"http_{response.status_code}", title, response.text[:200])
        return SendError(failure, status_diagnosis(response.status_code), retry_after=wait)
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else error.get("error_user_msg")
    failure = ProviderError(str(error["code"]), str(error.get("message") or ""), str(details or ""))
    diagnosis = diagnose(failure.code, response.status_code, error.get("error_subcode"), failure.details)
    return SendError(failure, diagnosis, retry_after=wait)


def _regained_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until calls are allowed again; Meta gives minutes per use case (Graph API, Rate limits)."""
    try:
        usage = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [
            float(case["estimated_time_to_regain_access"])
            for cases in usage.values()
            for case in cases
            if case.get("estimated_time_to_regain_access")
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return max(minutes) * 60 if minutes else None
