"""Sets the shop up on servers of its own: its documents are uploaded, and taken in as the workers do it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import insert, select

from benchmarks.evaluation import shop
from benchmarks.evaluation.scoring import Desk
from benchmarks.evaluation.shop import Document
from core import migrations
from core.bots.llm.configured import model
from core.bots.model_prices import load_prices
from core.knowledge import sources
from core.models import Bot, Business, KnowledgeSource, SourceState
from core.platform.config import get_settings
from core.platform.db import get_engine, system_transaction, transaction
from core.platform.embedded import Embedded
from workers.jobs import background_task


class Unreadable(RuntimeError):
    """A document of the shop did not become passages."""


@contextmanager
def staged(folder: Path, *, offline: bool) -> Iterator[Desk]:
    """The shop on a Postgres and a Redis of its own under `folder`; both end with the block.

    The model is that of the settings, none with `offline` or without a key. Raises `ModelFailed`.
    """
    servers = Embedded(folder)
    servers.start()
    try:
        os.environ |= {
            "DATABASE_URL": servers.postgres.url,
            "REDIS_URL": servers.redis.url,
            "DATA_DIR": str(folder),
            "LOG_LEVEL": "ERROR",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        }
        if offline:
            os.environ["OPENAI_API_KEY"] = ""
        get_settings.cache_clear()
        model.cache_clear()
        migrations.upgrade(get_settings().sqlalchemy_url)
        yield opened()
        get_engine().dispose()
    finally:
        servers.stop()


def opened() -> Desk:
    """The shop and its neighbour in the database of the settings. Raises `Unreadable` for a document not taken in."""
    _settle(shop.NEIGHBOUR, [Document("interno.md", shop.NEIGHBOURS_FILE.encode())])
    business_id, bot_id = _settle(shop.FACTS.name, shop.documents())
    return Desk(business_id, bot_id, shop.settings(), shop.FACTS, shop.catalogue(), load_prices(), model())


def _settle(name: str, documents: Sequence[Document]) -> tuple[int, int]:
    with system_transaction() as session:
        business_id = session.execute(
            insert(Business).values(name=name, profile={}, timezone=shop.FACTS.time_zone).returning(Business.id)
        ).scalar_one()
        bot_id = session.execute(insert(Bot).values(business_id=business_id, name=name).returning(Bot.id)).scalar_one()
    for document in documents:
        _upload(business_id, bot_id, document)
    for task in background_task.claim(len(documents)):
        background_task.run_task(task)
    with system_transaction() as session:
        unread = session.scalars(
            select(KnowledgeSource.title).where(
                KnowledgeSource.business_id == business_id, KnowledgeSource.state != SourceState.READY
            )
        ).all()
    if unread:
        raise Unreadable(", ".join(unread))
    return business_id, bot_id


def _upload(business_id: int, bot_id: int, document: Document) -> None:
    """As the console does it."""
    kept = sources.store_content(business_id, BytesIO(document.content), document.name)
    with transaction(business_id) as session:
        sources.add(session, kept, bot_id=bot_id, title=document.name)
