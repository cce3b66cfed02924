"""Mail while processes are killed: none is lost, none is read or sent twice."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from sandbox.mailbox import USER
from tests.support.mails import SHOP, mail
from tests.support.stack import eventually, running_stack

_OURS = re.compile(r"<bothub\.(\d+)\.")
_COUNT = 40


@pytest.mark.timeout(420)
def test_kills_lose_and_double_no_mail() -> None:
    with tempfile.TemporaryDirectory(prefix="bothub-mail-") as folder, running_stack(Path(folder)) as stack:
        (channel,) = stack.query("SELECT id FROM channels WHERE provider = 'mailbox'")
        given = [mail(number, seed=1, sender=f"cliente{number}@example.org") for number in range(_COUNT)]
        headers = {"Content-Type": "message/rfc822"}
        for number, one in enumerate(given):
            raw = one.raw.replace(SHOP.encode(), USER.encode())
            stack.control("POST", "/mails", data=raw, headers=headers)
            if number % 13 == 12:
                stack.kill("scheduler")
                stack.kill("worker")

        def stored() -> list[tuple[str, int]]:
            return stack.query(
                "SELECT provider_id, count(*) FROM messages WHERE channel_id = %s AND direction = 'inbound'"
                " GROUP BY provider_id", channel[0],
            )  # fmt: skip

        eventually(lambda: stored() or None, seconds=90)
        stack.kill("scheduler")
        eventually(lambda: len(stored()) >= _COUNT, seconds=120)
        assert {count for _, count in stored()} == {1} and len(stored()) == _COUNT

        def settled() -> bool:
            waiting = stack.query("SELECT count(*) FROM pending_replies")[0][0]
            return not waiting and not stack.query("SELECT 1 FROM messages WHERE status IN ('queued', 'sending')")

        for _ in range(2):
            stack.kill("worker")
        eventually(settled, seconds=120, every=0.5)
        sent = [one for one in stack.control("GET", "/mails") if one["side"] == "out"]
        numbers = Counter(found[1] for one in sent if (found := _OURS.match(one["id"])))
        assert sent and set(numbers.values()) == {1}, "no message went out twice"
        known = stack.query(
            "SELECT id, status FROM messages WHERE channel_id = %s AND direction = 'outbound' AND type = 'text'",
            channel[0],
        )
        went = {int(number) for number in numbers}
        assert {status for number, status in known if number not in went} <= {"failed", "uncertain", "cancelled"}
        assert {status for number, status in known if number in went} <= {"sent", "delivered", "uncertain"}
