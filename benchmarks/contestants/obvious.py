"""The obvious way: Flask on threads, an ORM insert and an RQ job per message; workers fork for each job.

The worker loads everything before it forks, which a plain `rq worker` would do again for every job.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import openai
import redis
import requests
import rq
from flask import Flask, Response, abort, request
from sqlalchemy import create_engine, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, configure_mappers, mapped_column

from core.channels.whatsapp_cloud.signature import verify_signature

SECRETS = (os.environ["CONTESTANT_SECRET"],)
QUEUE = "obvious"

engine = create_engine(os.environ["CONTESTANT_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))


class Base(DeclarativeBase):
    """The tables of this way."""


class Message(Base):
    """A message received, with its answer once there is one."""

    __tablename__ = "obvious_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    wamid: Mapped[str] = mapped_column(unique=True)
    sender: Mapped[str]
    text: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(default="received")
    reply: Mapped[str | None]
    reply_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


@lru_cache(maxsize=1)
def queue() -> rq.Queue:
    """Return the queue of jobs."""
    return rq.Queue(QUEUE, connection=redis.Redis.from_url(os.environ["CONTESTANT_REDIS_URL"]))


app = Flask(__name__)


@app.post("/api/webhooks/whatsapp")
def receive() -> Response:
    """Verify a webhook, store its messages one by one and enqueue a job for each."""
    body = request.get_data()
    if not verify_signature(body, request.headers.get("X-Hub-Signature-256"), SECRETS):
        abort(403)
    payload = request.get_json()
    for message in payload["entry"][0]["changes"][0]["value"].get("messages", []):
        with Session(engine) as session:
            row = Message(wamid=message["id"], sender=message["from"], text=message["text"]["body"], payload=payload)
            session.add(row)
            session.commit()
            queue().enqueue(answer, row.id)
    return Response(b'{"status":"received"}', mimetype="application/json")


@lru_cache(maxsize=1)
def model() -> openai.OpenAI:
    """Return a client of the sandbox's model."""
    return openai.OpenAI(api_key="sk-sandbox", base_url=os.environ["CONTESTANT_PROVIDER_URL"] + "/v1")


def answer(message_id: int) -> None:
    """The job: ask the model, send, write it down."""
    with Session(engine) as session:
        message = session.get_one(Message, message_id)
        message.reply = (
            model()
            .responses.create(
                model="gpt-6-luna", instructions=os.environ["CONTESTANT_INSTRUCTIONS"], input=message.text
            )
            .output_text
        )
        sent = requests.post(
            f"{os.environ['CONTESTANT_PROVIDER_URL']}/v26.0/{os.environ['CONTESTANT_PHONE_NUMBER_ID']}/messages",
            headers={"Authorization": "Bearer sandbox-access-token"},
            json={
                "messaging_product": "whatsapp",
                "to": message.sender,
                "type": "text",
                "text": {"body": message.reply},
                "biz_opaque_callback_data": f"obvious-{message.id}",
            },
            timeout=20,
        )
        sent.raise_for_status()
        message.reply_id = sent.json()["messages"][0]["id"]
        message.status = "sent"
        message.created_at = datetime.now(UTC)
        session.commit()


def work() -> None:
    """A worker as RQ runs it by default: it forks for every job. What a job needs is loaded before the first fork."""
    configure_mappers()
    model().responses  # noqa: B018 - the SDK imports a resource when it is first touched
    rq.Worker([QUEUE], connection=queue().connection).work(logging_level="WARNING")
