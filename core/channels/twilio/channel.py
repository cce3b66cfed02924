"""Twilio channel: WhatsApp and SMS by Twilio's REST API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.auth import HTTPBasicAuth

from core.channels.http import READ_SECONDS, exchange, json_object, open_session, retry_after, unreadable
from core.channels.http import status_diagnosis as diagnose_status
from core.channels.phone_numbers import digits, is_short_code
from core.channels.safe_download import download
from core.channels.ssrf import guarded_session, origin
from core.channels.twilio import files, payloads
from core.channels.twilio.errors import diagnose
from core.channels.twilio.titles import title_of
from core.channels.types import (
    Account,
    Cause,
    Diagnosis,
    Download,
    FileFacts,
    InvalidMessage,
    Kind,
    MediaError,
    MediaRef,
    Outgoing,
    ProviderError,
    SendError,
    Sent,
    Verdict,
)

_VERSION = "2010-04-01"
_SERVICE = "MG"  # a messaging service's sid begins so


class Twilio:
    """Channel of one Twilio number (or messaging service). Thread-safe.

    Credentials used: `account_sid` and `auth_token`.
    """

    upload_life = None

    def __init__(self, account: Account, *, read_timeout: float = READ_SECONDS) -> None:
        sid = account.credentials.get("account_sid", "")
        self._account = account
        self._read_timeout = read_timeout
        self._url = (
            f"{account.api_url.rstrip('/')}/{account.api_version or _VERSION}/Accounts/{quote(sid)}/Messages.json"
        )
        # As bytes: requests would encode text as Latin-1.
        self._auth = HTTPBasicAuth(sid.encode(), account.credentials.get("auth_token", "").encode())
        self._session = open_session()
        self._downloads = guarded_session([origin(account.api_url)])

    def check(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise `InvalidMessage` if Twilio could not carry the content. Longer texts are split beforehand."""
        payloads.check({**content, "type": kind})

    def check_file(self, field: str, kind: str, file: FileFacts) -> None:
        """Raise `InvalidMessage` if Twilio would refuse the file for its type or size."""
        files.check(field, kind, file, self._account.kind)

    @property
    def files_refused(self) -> str | None:
        """Return why no file of ours can be sent: Twilio cannot reach us to fetch it."""
        return None if self._account.files_url else files.NO_ADDRESS

    def upload(self, path: Path, mime_type: str, filename: str) -> str:
        """Never called: Twilio accepts no uploads (`upload_life`)."""
        raise NotImplementedError("Twilio fetches files by their links")

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raises `SendError`. Twilio cannot quote a message, so `reply_to` is not used."""
        try:
            form = self._addresses(outgoing) | payloads.parameters(outgoing, self._account.kind)
        except InvalidMessage as error:
            advice = Diagnosis(Verdict.PERMANENT, Cause.REQUEST, f"Twilio cannot carry this message: {error}.")
            raise SendError(ProviderError("invalid", str(error)), advice) from error
        response = exchange(
            self._session, "POST", self._url, read_timeout=self._read_timeout, data=form, auth=self._auth
        )
        answer = json_object(response)
        if not 200 <= response.status_code < 300:
            raise refusal(response, answer)
        sid = answer.get("sid")
        if not isinstance(sid, str) or not sid:
            raise unreadable(response)
        return Sent(sid)

    def mark_read(self, provider_id: str, *, typing: bool) -> None:
        """Do nothing: Twilio's Messages resource has neither read marks nor typing indicators."""

    def fetch(self, media: MediaRef, folder: Path, guard: Callable[[str], None]) -> Download:
        """Fetch a customer's file. Raises `MediaError`.

        Twilio redirects to storage elsewhere, which does not get our credentials.
        """
        if media.url is None:
            raise MediaError("the message names no file", permanent=True)
        return download(
            self._downloads,
            media.url,
            media,
            folder,
            guard,
            lambda url: self._auth if self._is_twilio(url) else None,
            read_timeout=self._read_timeout,
        )

    def _addresses(self, outgoing: Outgoing) -> dict[str, str]:
        prefix = "whatsapp:" if self._account.kind is Kind.WHATSAPP else ""
        number = "" if is_short_code(outgoing.to) else digits(outgoing.to)
        ours = self._account.identity
        form = {"To": prefix + ("+" + number if number else outgoing.to.removeprefix("whatsapp:"))}
        if ours.startswith(_SERVICE):
            form["MessagingServiceSid"] = ours
        else:
            form["From"] = prefix + ours.removeprefix("whatsapp:")
        callback = self._account.callback_url
        if callback:
            form["StatusCallback"] = f"{callback}{'&' if '?' in callback else '?'}message_id={outgoing.message_id}"
        return form

    def _is_twilio(self, url: str) -> bool:
        parts = urlsplit(url)
        return origin(url) == origin(self._account.api_url) or (
            parts.scheme == "https" and (parts.hostname or "").endswith(".twilio.com")
        )


def refusal(response: requests.Response, answer: Mapping[str, Any]) -> SendError:
    """Return the error of a Twilio response other than 2xx."""
    wait = retry_after(response.headers)
    if "code" not in answer:
        title = f"HTTP {response.status_code} without an error code"
        failure = ProviderError(f"http_{response.status_code}", title, response.text[:200])
        return SendError(failure, diagnose_status(response.status_code), retry_after=wait)
    failure = ProviderError(
        str(answer["code"]),
        str(answer.get("message") or title_of(str(answer["code"]))),
        str(answer.get("more_info") or ""),
    )
    return SendError(failure, diagnose(failure.code, response.status_code), retry_after=wait)
