"""Events of a thread and addresses, in words."""

from __future__ import annotations

from typing import Any

import pytest

from console import i18n
from console.components.head import written
from console.components.lines import _event
from console.i18n import catalogue
from core.conversations.thread import Line


def _said(payload: dict[str, Any]) -> str:
    line = Line(
        id=1, sender="system", author="Ana", type="event", text="", payload=payload, status="sent", error=None,
        reply_to=None, quoted=None, idempotency_key=None, provider_id=None, created_at=None, files=(),  # type: ignore[arg-type]
    )  # fmt: skip
    return _event(line, catalogue("en"))


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"event": "assigned", "by": "agent:1", "to": 2, "owner": "Beatriz {x}"}, "Ana assigned it to Beatriz {x}"),
        ({"event": "assigned", "by": "agent:1", "to": 1, "owner": "Ana"}, "Ana assigned it to themselves"),
        ({"event": "assigned", "by": "agent:1", "to": None, "owner": None}, "Ana unassigned it"),
        ({"event": "team_changed", "by": "agent:1", "team": "Sales"}, "Ana assigned it to the team Sales"),
        ({"event": "team_changed", "by": "agent:1", "team": None}, "Ana removed it from its team"),
        ({"event": "woken", "by": "agent:1"}, "Ana unsnoozed it early"),
    ],
)
def test_events_say_to_whom_and_by_whom(payload: dict[str, Any], told: str) -> None:
    assert _said(payload) == told


@pytest.mark.parametrize("event", ["assigned", "team_changed", "woken"])
def test_events_of_before_are_told_without(event: str) -> None:
    assert _said({"event": event}) == catalogue("en")[f"event.{event}"].format(who="Ana")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("5491155550101", "+5491155550101"),
        ("AR.EGUVW2VWHYKR5SQB", "Usuario de WhatsApp"),
        ("ana@x.example", "ana@x.example"),
    ],
)
def test_addresses_that_are_none_are_not_shown_as_one(address: str, told: str) -> None:
    with i18n.speaking("es"):
        assert written(address) == told
