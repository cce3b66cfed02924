"""The status transition table, with reports in every order."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.messaging.outbound.status import MOVES, settle, update_sql
from core.models import MessageStatus as S

REPORTED = ["sent", "delivered", "read", "played", "failed"]
BEFORE = [S.QUEUED, S.SENDING, S.UNCERTAIN, S.SENT]
RANK = {
    status: rank
    for rank, status in enumerate(["queued", "sending", "uncertain", "sent", "delivered", "read", "played"])
}


class Reports(RuleBasedStateMachine):
    """A message that gets reports one by one, compared with one that gets them all at once."""

    def __init__(self) -> None:
        super().__init__()
        self.status = str(S.SENDING)
        self.reports: list[str] = []
        self.furthest = 0

    @rule(reported=st.sampled_from(REPORTED))
    def report(self, reported: str) -> None:
        before = self.status
        self.status = settle(self.status, [reported])
        self.reports.append(reported)
        if before in RANK and self.status in RANK:
            assert RANK[self.status] >= RANK[before], "it never goes back"
        if reported == "failed":
            assert not (before in ("delivered", "read", "played") and self.status == "failed")

    @invariant()
    def order_does_not_matter(self) -> None:
        assert settle(S.SENDING, self.reports) == self.status
        assert settle(S.SENDING, reversed(self.reports)) == self.status

    @invariant()
    def the_result_is_what_a_person_would_say(self) -> None:
        arrived = [status for status in ("played", "read", "delivered") if status in self.reports]
        if arrived:
            assert self.status == arrived[0]
        elif "failed" in self.reports:
            assert self.status == "failed"
        elif "sent" in self.reports:
            assert self.status == "sent"


TestReports = Reports.TestCase


@given(st.lists(st.sampled_from(REPORTED), max_size=4), st.sampled_from(BEFORE))
def test_any_order_in_any_pieces_ends_the_same(told: list[str], before: S) -> None:
    results = set()
    for order in permutations(told):
        one_by_one = str(before)
        for reported in order:
            one_by_one = settle(one_by_one, [reported])
        results |= {one_by_one, settle(before, order)}
    assert len(results) == 1


@pytest.mark.parametrize(
    ("now", "reported", "moves"),
    [
        ("failed", "sent", False),
        ("failed", "delivered", True),
        ("delivered", "failed", False),
        ("sent", "failed", True),
        ("uncertain", "sent", True),
        ("cancelled", "sent", True),
        ("cancelled", "failed", False),
        ("sent", "cancelled", False),
        ("queued", "cancelled", False),
        ("received", "read", False),
        ("read", "read", False),
        ("sent", "received", False),
    ],
)
def test_exceptions_of_the_table(now: str, reported: str, moves: bool) -> None:
    assert (settle(now, [reported]) == reported != now) is moves


def test_final_statuses_have_no_way_out() -> None:
    assert set(S) - set(MOVES) == {S.RECEIVED, S.PLAYED}


@pytest.mark.parametrize(("to", "before"), [(S.SENDING, S.SENT), (S.UNCERTAIN, S.FAILED), (S.RECEIVED, S.QUEUED)])
def test_no_statement_makes_a_move_that_the_table_does_not_have(to: S, before: S) -> None:
    with pytest.raises(ValueError, match=f"{before} to {to}"):
        update_sql(to, "chosen", before)
