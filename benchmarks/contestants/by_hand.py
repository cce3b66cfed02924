"""The fast way by hand: FastAPI, one asyncpg insert per request, one LPUSH."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import redis.asyncio
from fastapi import FastAPI, Request, Response

from core.channels.whatsapp_cloud.signature import verify_signature

SECRETS = (os.environ["CONTESTANT_SECRET"],)
_TABLE = """
CREATE TABLE IF NOT EXISTS by_hand_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    body bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
)
"""
_INSERT = "INSERT INTO by_hand_events (digest, body) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id"


async def make_table() -> None:
    """Create the table of events."""
    connection = await asyncpg.connect(os.environ["CONTESTANT_DATABASE_URL"])
    await connection.execute(_TABLE)
    await connection.close()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pools of Postgres and Redis while the app runs."""
    app.state.pool = await asyncpg.create_pool(os.environ["CONTESTANT_DATABASE_URL"], min_size=8, max_size=8)
    app.state.redis = redis.asyncio.from_url(os.environ["CONTESTANT_REDIS_URL"])
    yield
    await app.state.redis.aclose()
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/api/webhooks/whatsapp")
async def receive(request: Request) -> Response:
    """Verify, store and enqueue a webhook."""
    body = await request.body()
    if not verify_signature(body, request.headers.get("x-hub-signature-256"), SECRETS):
        return Response(status_code=403)
    try:
        json.loads(body)
    except ValueError:
        return Response(status_code=400)
    event_id = await app.state.pool.fetchval(_INSERT, hashlib.sha256(body).digest(), body)
    if event_id is not None:
        await app.state.redis.lpush("by-hand", event_id)
    return Response(b'{"status":"received"}', media_type="application/json")
