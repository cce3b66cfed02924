"""A thousand mails of real shapes, some twice, some broken: each is stored once, and none stops the others."""

from __future__ import annotations

from collections import Counter

from core.channels.mailbox import message_ids
from sandbox.mailbox import USER
from tests.integration.mailbox.conftest import Post
from tests.support.database import column, one, rows
from tests.support.mails import SHOP, bounce, mail


def test_a_thousand_mails_are_stored_once_each(post: Post) -> None:
    given = [mail(number) for number in range(1000)]
    for number, one_ in enumerate(given):
        raw = one_.raw.replace(SHOP.encode(), USER.encode())
        post.put(raw)
        if number % 50 == 0:
            post.put(raw)  # delivered twice, as by a list and directly
        if number % 100 == 0:
            post.put(bounce(message_ids.new(10**9 + number, "sandbox.example"), "ana@example.org"))
            post.put(b"Subject: =?utf-8?B?" + bytes([number % 256, 0, 255]) * 50 + b"\r\n\r\nnobody\r\n")
    for _ in range(12):
        post.receive()
    assert all("\\Seen" in one_.flags for one_ in post.servers.mailbox.mails.values()), "all were taken"
    stored = Counter(column("SELECT provider_id FROM messages WHERE direction = 'inbound'"))
    assert set(stored.values()) == {1}
    assert {one_.message_id for one_ in given if one_.message_id} <= stored.keys(), "none is lost"
    assert len(stored) == 1000, "those without an id of their own, too"
    assert one("SELECT count(*) FROM webhook_events WHERE processed_at IS NULL") == 0
    assert column("SELECT DISTINCT reason FROM dead_letters") == ["it has no sender that can be answered"]
    assert one("SELECT count(*) FROM dead_letters") == 10
    texts = " ".join(column("SELECT text FROM messages WHERE direction = 'inbound'"))
    assert all(f"#{number}" in texts or given[number].shape == "latin" for number in range(1000))
    machines = {one_.message_id for one_ in given if one_.automatic}
    answered = rows("SELECT m.provider_id FROM pending_replies p JOIN messages m ON m.id = p.latest_message_id")
    assert answered and machines.isdisjoint(provider_id for (provider_id,) in answered)
