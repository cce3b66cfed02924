"""How fast providers' status reports are applied to messages that are there."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.client import Client
from benchmarks.report import at_least
from tests.support.stack import eventually

_SEED = """
WITH place AS (
    SELECT business_id, id AS channel_id FROM channels WHERE provider = 'whatsapp_cloud' ORDER BY id LIMIT 1
), person AS (
    INSERT INTO contacts (business_id, name) SELECT business_id, 'Receipts' FROM place RETURNING id
), address AS (
    INSERT INTO contact_identities (business_id, contact_id, kind, address)
    SELECT business_id, person.id, 'whatsapp', 'receipts' FROM place, person RETURNING id, contact_id
), talk AS (
    INSERT INTO conversations (business_id, channel_id, contact_id, identity_id, kind, mode)
    SELECT business_id, channel_id, contact_id, address.id, 'whatsapp', 'human' FROM place, address RETURNING id
)
INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, status, provider_id)
SELECT business_id, talk.id, channel_id, 'outbound', 'bot', 'text', 'Abrimos a las 9.', 'sent', 'wamid.RECEIPT-' || n
FROM place, talk, generate_series(1, {count}) n
"""
_OURS = "SELECT provider_id, id FROM messages WHERE provider_id LIKE 'wamid.RECEIPT-%' ORDER BY id"
_REACHED = "SELECT count(*) FROM messages WHERE provider_id LIKE 'wamid.RECEIPT-%%' AND status = %s"

_ENDED = """
SELECT extract(epoch FROM max(processed_at))::float8 FROM webhook_events WHERE received_at >= to_timestamp(%s)
"""


def run(bench: Bench) -> None:
    """The same messages are reported delivered in bodies of a hundred, then read in bodies of one."""
    count = 4_000 if bench.quick else 20_000
    bench.stack.execute(_SEED.format(count=count))
    for status, per_body in (("delivered", 100), ("read", 1)):
        rate = _applied_per_second(bench, status, per_body)
        what = f"{count:,} receipts applied, {per_body} to a body"
        bench.figures.append(at_least(what, rate, "/s", 2_000))


def _applied_per_second(bench: Bench, status: str, per_body: int) -> float:
    rows = bench.stack.query(
        "SELECT provider_id, id FROM messages WHERE provider_id LIKE 'wamid.RECEIPT-%' ORDER BY id"
    )
    requests = bench.signer.statuses(rows, status, per_body=per_body)
    with Client(bench.web_port, 16) as client:
        started = client.saturate(requests).checked().sent_at[0]
    eventually(lambda: bench.stack.query(_REACHED, status)[0][0] == len(rows), seconds=120, every=0.2)
    ended = bench.stack.query(_ENDED, started)[0][0]
    return len(rows) / (float(ended) - started)
