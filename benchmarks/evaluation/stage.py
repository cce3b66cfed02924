"""Sets the shop up on servers of its own: documents read, cut, embedded and stored as an upload's would be."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.evaluation import shop
from benchmarks.evaluation.scoring import Desk
from benchmarks.evaluation.shop import Document
from core import migrations
from core.ai.prices import load_prices
from core.business.model import model
from core.config import get_settings
from core.db import get_engine, system_transaction
from core.embedded import Embedded
from core.knowledge import embedding
from core.knowledge.parse import read
from core.knowledge.split import Chunk, split
from core.models import Bot, Business, KnowledgeChunk, KnowledgeEdition, KnowledgeSource, KnowledgeVector

_EMBED_SECONDS = 60.0


@contextmanager
def staged(folder: Path, offline: bool) -> Iterator[Desk]:
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
    """The shop and its neighbour in the database of the settings."""
    _settle(shop.NEIGHBOUR, [Document("interno.md", shop.NEIGHBOURS_FILE.encode())])
    business_id, bot_id = _settle(shop.FACTS.name, shop.documents())
    return Desk(business_id, bot_id, shop.settings(), shop.FACTS, shop.catalogue(), load_prices(), model())


def _settle(name: str, documents: Sequence[Document]) -> tuple[int, int]:
    read_and_cut = [(document, *_cut(document)) for document in documents]
    with system_transaction() as session:
        business_id = session.execute(
            insert(Business).values(name=name, profile={}, timezone=shop.FACTS.time_zone).returning(Business.id)
        ).scalar_one()
        bot_id = session.execute(insert(Bot).values(business_id=business_id, name=name).returning(Bot.id)).scalar_one()
        for document, kind, chunks, vectors in read_and_cut:
            _keep(session, business_id, document, kind, chunks, vectors)
    return business_id, bot_id


def _cut(document: Document) -> tuple[str, list[Chunk], list[embedding.Vector]]:
    opened_document = read(document.content, document.name)
    chunks = list(split(opened_document.sections))
    texts = [f"{chunk.heading}\n{chunk.text}" for chunk in chunks]
    return opened_document.kind, chunks, embedding.current().embed(texts, timeout_seconds=_EMBED_SECONDS)


def _keep(
    session: Session,
    business_id: int,
    document: Document,
    kind: str,
    chunks: Sequence[Chunk],
    vectors: Sequence[embedding.Vector],
) -> None:
    source = KnowledgeSource(
        business_id=business_id, kind=kind, title=document.name, origin=document.name, state="ready",
        chunks=len(chunks), created_by="evaluation", model=embedding.current().name,
    )  # fmt: skip
    session.add(source)
    session.flush()
    edition = KnowledgeEdition(business_id=business_id, source_id=source.id)
    session.add(edition)
    session.flush()
    source.edition = edition.id
    for chunk, vector in zip(chunks, vectors, strict=True):
        kept = KnowledgeChunk(
            business_id=business_id, source_id=source.id, edition=edition.id, position=chunk.position,
            heading=chunk.heading, text=chunk.text, tokens=chunk.tokens, content_hash=chunk.content_hash,
        )  # fmt: skip
        session.add(kept)
        session.flush()
        session.add(
            KnowledgeVector(
                business_id=business_id, chunk_id=kept.id, edition=edition.id, model=embedding.current().name,
                dimensions=len(vector), embedding=list(vector),
            )
        )  # fmt: skip
