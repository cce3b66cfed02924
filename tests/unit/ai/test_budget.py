"""Whether a call fits in a bot's budget for a minute."""

from __future__ import annotations

import pytest

from core.bots.budget import Spent, fits
from core.bots.settings import BotSettings


@pytest.mark.parametrize(
    ("spent", "tokens", "expected"),
    [
        (Spent(0, 0), 10, True),
        (Spent(1, 900), 100, True),
        (Spent(1, 901), 100, False),
        (Spent(2, 0), 1, False),
        (Spent(0, 0), 5000, True),
        (Spent(1, 1), 5000, False),
    ],
)
def test_a_call_fits_while_both_budgets_allow_it(spent: Spent, tokens: int, expected: bool) -> None:
    settings = BotSettings(requests_per_minute=2, tokens_per_minute=1000)
    assert fits(settings, spent, tokens) is expected


def test_without_budgets_everything_fits() -> None:
    assert fits(BotSettings(), Spent(10_000, 10_000_000), 10_000)
