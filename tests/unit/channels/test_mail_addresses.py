"""Mail addresses: one spelling of each, and nothing that is none."""

from __future__ import annotations

import pytest

from core.channels.kinds import rules
from core.channels.types import InvalidMessage, Kind


@pytest.mark.parametrize(
    ("written", "stored"),
    [(" Front.Desk@Hotel.example ", "front.desk@hotel.example"), ("ana@salão.example.br", "ana@salão.example.br")],
)
def test_an_address_is_stored_in_one_spelling(written: str, stored: str) -> None:
    assert rules(Kind.EMAIL).read_address(written).value == stored


@pytest.mark.parametrize("written", ["a@@shop.example", "a@b@shop.example", "a@garage..example", "a@shop.example."])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(InvalidMessage):
        rules(Kind.EMAIL).read_address(written)
