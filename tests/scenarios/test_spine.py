"""The main job on real processes: a customer writes, and is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.stack import Stack, eventually, running_stack

CUSTOMER = {"phone": "+5491155550101", "name": "Lucía"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with running_stack(folder) as running:
        yield running


def thread(stack: Stack, phone: str, channel: str) -> list[dict[str, object]]:
    customer = phone.lstrip("+")
    return list(stack.control("GET", f"/customers/{customer}/thread", params={"channel": channel}))


def write(stack: Stack, text: str, *, phone: str, channel: str = "whatsapp", **more: object) -> None:
    body = {"customer": {"phone": phone, "name": "Lucía"}, "channel": channel, "type": "text", "text": text, **more}
    stack.control("POST", "/messages", json=body)


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "twilio_whatsapp"])
def test_a_customer_who_writes_is_answered(stack: Stack, channel: str) -> None:
    phone = {"whatsapp": "+5491155550101", "sms": "+12025550102", "twilio_whatsapp": "+5215512345103"}[channel]
    write(stack, "Hola, ¿a qué hora abren?", phone=phone, channel=channel)
    answers = eventually(lambda: [m for m in thread(stack, phone, channel) if not m["incoming"]])
    assert "9 a 19" in str(answers[0]["text"])
    eventually(
        lambda: stack.query(
            "SELECT 1 FROM messages WHERE sender = 'bot' AND status IN ('delivered', 'read') AND provider_id = %s",
            answers[0]["id"],
        )
    )
