"""Claiming what is due out of an outbox with a long history."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import psycopg
from sqlalchemy.orm import Session

from benchmarks.bench import Bench
from benchmarks.report import at_most, percentile, plain
from core import migrations
from core.messaging.outbound.claim import claim
from core.platform.db import make_engine

CLAIM = 50
_DUE = 1_000
_CUSTOMERS = 20_000
# The history is settled: sent and read. Foreign keys are not checked row by row while it is made.
_HISTORY = """
SET session_replication_role = replica;
INSERT INTO businesses (id, name, profile) OVERRIDING SYSTEM VALUE VALUES (1, 'History', '{{}}');
INSERT INTO channels (id, business_id, kind, provider, identity, name, credentials, settings) OVERRIDING SYSTEM VALUE
    VALUES (1, 1, 'whatsapp', 'whatsapp_cloud', 'history', 'History', '', '{{"messages_per_second": 1000000}}');
INSERT INTO channel_limits (business_id, channel_id) VALUES (1, 1);
INSERT INTO contacts (id, business_id) OVERRIDING SYSTEM VALUE SELECT n, 1 FROM generate_series(1, {customers}) n;
INSERT INTO contact_identities (id, business_id, contact_id, kind, address) OVERRIDING SYSTEM VALUE
    SELECT n, 1, n, 'whatsapp', n::text FROM generate_series(1, {customers}) n;
INSERT INTO conversations (id, business_id, channel_id, contact_id, identity_id, kind) OVERRIDING SYSTEM VALUE
    SELECT n, 1, 1, n, n, 'whatsapp' FROM generate_series(1, {customers}) n;
INSERT INTO messages (id, business_id, conversation_id, channel_id, direction, sender, type, payload, status,
                      created_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, 1, 1 + n % {customers}, 1, 'outbound', 'bot', 'text', '{{"type": "text", "text": "Hola"}}',
           CASE WHEN n <= {rows} THEN 'read' ELSE 'queued' END, now() - make_interval(secs => {rows} + {due} - n)
    FROM generate_series(1, {rows} + {due}) n;
INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority, attempts,
                        next_attempt_at)
    SELECT 1, n, 1 + n % {customers}, 1, 1 + n % {customers}, 5, 1, CASE WHEN n > {rows} THEN now() END
    FROM generate_series(1, {rows} + {due}) n;
SET session_replication_role = DEFAULT;
"""


def run(bench: Bench) -> None:
    """Claim fifty and roll back, many times over, in a database that no worker looks at."""
    rows = 200_000 if bench.quick else 1_000_000
    url = bench.stack.environment["DATABASE_URL"].replace("/bothub?", "/outbox?")
    with psycopg.connect(bench.stack.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE outbox")
    sqlalchemy_url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    migrations.upgrade(sqlalchemy_url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_HISTORY.format(rows=rows, due=_DUE, customers=_CUSTOMERS))
        connection.execute("VACUUM ANALYZE")
    engine = make_engine(sqlalchemy_url, pool_size=1)
    try:
        taken = []
        for _ in range(20 if bench.quick else 200):
            with Session(engine) as session:
                session.connection()
                start = time.perf_counter()
                claimed = claim(session, CLAIM, uuid.uuid4(), timedelta(seconds=10))
                taken.append(time.perf_counter() - start)
                session.rollback()
            if len(claimed) != CLAIM:
                raise RuntimeError(f"{len(claimed)} of {CLAIM} were claimed")
    finally:
        engine.dispose()
    what = f"claim of {CLAIM}, {rows:,} rows of history"
    bench.figures += [
        at_most(f"{what}, p50", percentile(taken, 0.50) * 1000, "ms", 2),
        plain(f"{what}, p95", percentile(taken, 0.95) * 1000, "ms"),
    ]
