"""Webhook requests as Meta posts them, built and signed beforehand so that sending them costs next to nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

PATH = "/api/webhooks/whatsapp"
PHONE_NUMBER_ID = "100000000000001"
SECRET = "sandbox-app-secret"
ACCOUNT = "200000000000001"

QUESTIONS = (
    "¿A qué hora abren?",
    "¿Hacen envíos?",
    "¿Cómo puedo pagar?",
    "¿Cuánto cuestan los zapatos?",
    "¿Dónde queda la tienda?",
    "¿Puedo cambiar un producto?",
    "What are your opening hours?",
    "How can I pay?",
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes whole HTTP requests for one receiver, its secret and its number."""

    secret: str = SECRET
    phone_number_id: str = PHONE_NUMBER_ID
    path: str = PATH

    def request(self, value: dict[str, Any]) -> bytes:
        """One webhook with one change, as bytes for a socket."""
        metadata = {"display_phone_number": "15550783881", "phone_number_id": self.phone_number_id}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        envelope = {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [change]}]}
        body = json.dumps(envelope, separators=(",", ":")).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def messages(self, customers: Sequence[str], *, label: str) -> list[bytes]:
        """One text message of each customer. `label` must be new each time: it makes the message ids unique."""
        return [
            self.message(customer, message_id(label, number), QUESTIONS[number % len(QUESTIONS)])
            for number, customer in enumerate(customers)
        ]

    def message(self, customer: str, wamid: str, text: str) -> bytes:
        contact = {"profile": {"name": f"Cliente {customer[-4:]}"}, "wa_id": customer}
        stamp = str(int(time.time()))
        message = {"from": customer, "id": wamid, "timestamp": stamp, "type": "text", "text": {"body": text}}
        return self.request({"contacts": [contact], "messages": [message]})

    def statuses(self, messages: Iterable[tuple[Any, ...]], status: str, *, per_body: int) -> list[bytes]:
        """A status of each of our messages (provider's id, our id), `per_body` to a webhook."""
        common = {"status": status, "timestamp": str(int(time.time())), "recipient_id": "5491155550001"}
        rows = [{"id": wamid, "biz_opaque_callback_data": str(our_id), **common} for wamid, our_id in messages]
        return [self.request({"statuses": rows[at : at + per_body]}) for at in range(0, len(rows), per_body)]


def message_id(label: str, number: int) -> str:
    """Return the provider's id of a message, distinct by label and number."""
    return f"wamid.{label}-{number:07d}"


def customers(count: int, *, first: int = 0) -> list[str]:
    """WhatsApp ids of so many different people in Argentina."""
    return [f"54911{number:08d}" for number in range(20_000_000 + first, 20_000_000 + first + count)]
