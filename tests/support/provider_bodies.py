"""Real-shaped provider bodies, signed as the providers sign them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from typing import Any
from urllib.parse import urlencode

PHONE_NUMBER_ID = "106540352242922"
WABA_ID = "102290129340398"
_ids = itertools.count(1)


def meta_json(document: Any) -> bytes:
    """JSON as Meta writes it: escaped non-ASCII, and escaped slashes."""
    return json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()


def meta_signature(body: bytes, secret: str = "test-app-secret") -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def meta_body(*values: dict[str, Any], phone_number_id: str = PHONE_NUMBER_ID) -> dict[str, Any]:
    """An envelope with one change per value."""
    metadata = {"display_phone_number": "15550783881", "phone_number_id": phone_number_id}
    changes = [
        {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        for value in values
    ]
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA_ID, "changes": changes}]}


def text_value(
    text: str, sender: str = "5491155550001", *, name: str = "Ana", at: float | None = None, wamid: str | None = None
) -> dict[str, Any]:
    """One customer's text message, as the `value` of a change."""
    return {
        "contacts": [{"profile": {"name": name}, "wa_id": sender}],
        "messages": [
            {
                "from": sender,
                "id": wamid or f"wamid.TEST{time.time_ns()}{next(_ids)}",
                "timestamp": str(int(at or time.time())),
                "type": "text",
                "text": {"body": text},
            }
        ],
    }


def status_value(
    wamid: str, status: str, *, our_id: int | None = None, at: float | None = None, **more: Any
) -> dict[str, Any]:
    """One status of a message of ours."""
    own = {} if our_id is None else {"biz_opaque_callback_data": str(our_id)}
    return {
        "statuses": [
            {
                "id": wamid,
                "status": status,
                "timestamp": str(int(at or time.time())),
                "recipient_id": "5491155550001",
                **own,
                **more,
            }
        ]
    }


def twilio_form(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs).encode()


def twilio_signature(url: str, pairs: list[tuple[str, str]], token: str = "test-auth-token") -> str:
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def post_meta(client: Any, document: Any, *, path: str = "/api/webhooks/whatsapp") -> Any:
    """Post a signed body to the web app under test."""
    body = meta_json(document)
    headers = {"X-Hub-Signature-256": meta_signature(body), "Content-Type": "application/json"}
    return client.post(path, data=body, headers=headers)


def post_twilio(
    client: Any, pairs: list[tuple[str, str]], *, path: str = "/api/webhooks/twilio", query: str = ""
) -> Any:
    """Post a signed form to the web app under test."""
    target = path + (f"?{query}" if query else "")
    headers = {
        "X-Twilio-Signature": twilio_signature("https://desk.example" + target, pairs),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return client.post(target, data=twilio_form(pairs), headers=headers)
