"""Business hours, and the messages outside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from core.accounts.business_hours import is_open
from core.accounts.opening_hours import OpeningHours, Shift
from core.bots.llm.types import FailureKind
from core.replies.assistant import compose
from core.replies.decision import HandOff
from core.replies.handoff_rules import Reason
from core.types import BusinessFacts
from tests.support.scripted_model import fails, request, says

# 20 November 2026 is a Friday (4).
DAY = OpeningHours(week=(Shift(day=4, opens=time(9), closes=time(13)), Shift(day=4, opens=time(16), closes=time(20))))
NIGHT = OpeningHours(week=(Shift(day=4, opens=time(22), closes=time(6)),))


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        (OpeningHours(), datetime(2026, 11, 20, 3, tzinfo=UTC), True),
        (DAY, datetime(2026, 11, 20, 8, 59, tzinfo=UTC), False),
        (DAY, datetime(2026, 11, 20, 9, tzinfo=UTC), True),
        (DAY, datetime(2026, 11, 20, 13, tzinfo=UTC), False),
        (DAY, datetime(2026, 11, 20, 17, tzinfo=UTC), True),
        (DAY, datetime(2026, 11, 21, 10, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 11, 20, 5, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 11, 20, 23, tzinfo=UTC), True),
        (NIGHT, datetime(2026, 11, 21, 5, 59, tzinfo=UTC), True),
        (NIGHT, datetime(2026, 11, 21, 6, tzinfo=UTC), False),
    ],
)
def test_shifts_begin_and_end(hours: OpeningHours, moment: datetime, expected: bool) -> None:
    assert is_open(hours, moment, "UTC") is expected


@pytest.mark.parametrize("moment", [datetime(2026, 11, 20, 23, tzinfo=UTC), datetime(2026, 11, 21, 3, tzinfo=UTC)])
def test_a_holiday_takes_its_whole_shift_away(moment: datetime) -> None:
    assert not is_open(NIGHT.model_copy(update={"holidays": (date(2026, 11, 20),)}), moment, "UTC")


def test_hours_are_the_businesss_own() -> None:
    moment = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    assert is_open(DAY, moment, "UTC")
    assert not is_open(DAY, moment, "Europe/Madrid")  # 13:30 in Madrid


def test_out_of_hours_a_hand_over_says_so() -> None:
    asked = request("Quiero hablar con una persona", opening_hours=NIGHT)
    outcome = compose(asked, None)
    assert isinstance(outcome, HandOff)
    assert (outcome.reason, outcome.text) == (Reason.KEYWORD, asked.settings.out_of_hours_message.es)
    at_hand = replace(asked, business=BusinessFacts(name="Shop", time_zone="Asia/Tokyo"))
    late = compose(replace(at_hand, turns=(replace(asked.turns[-1], at=datetime(2026, 11, 20, 14, tzinfo=UTC)),)), None)
    assert isinstance(late, HandOff)
    assert late.text == asked.settings.handoff_message.es


def test_out_of_hours_not_knowing_does_not_promise_somebody_now() -> None:
    asked = request(opening_hours=NIGHT)
    outcome = compose(asked, says(confidence=0.1))
    assert isinstance(outcome, HandOff)
    assert outcome.text == f"{asked.settings.fallback_message.es} {asked.settings.out_of_hours_message.es}"


def test_a_failure_is_apologised_for_at_any_hour() -> None:
    asked = request(opening_hours=NIGHT)
    outcome = compose(asked, fails(FailureKind.TIMEOUT))
    assert isinstance(outcome, HandOff)
    assert outcome.text == asked.settings.apology_message.es
