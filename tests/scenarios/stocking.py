"""Stocks a running business by the services that the console uses: files to answer from, a price list to quote from.

A process of its own, as the settings of the scenario's servers are not those of the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

from core.accounts import sessions, users
from core.catalog import price_list_file, price_list_import, product_index
from core.knowledge import reads, sources
from core.models import Role
from core.platform import job_queue, object_storage
from core.platform.db import transaction
from core.platform.scope import Actor, Scope


def stock(business_id: int, bot_id: int, manual: Path, prices: Path) -> int:
    """Upload both, and use the price list as the catalogue. Returns the agent who did it and is signed in."""
    agent_id = _arrive(business_id)
    actor = f"agent:{agent_id}"
    for path in (manual, prices):
        source_id = _upload(business_id, bot_id, path, actor)
    with transaction(business_id) as session:
        key, _ = reads.kept_content(session, source_id)
    read = price_list_file.read(b"".join(object_storage.read(key)))
    with transaction(Scope(business_id, Actor.parse(actor))) as session:
        price_list_import.take(session, read, product_index.own_currency(session))
    job_queue.wake_worker()
    return agent_id


def _arrive(business_id: int) -> int:
    with transaction(business_id) as session:
        agent_id = users.create_agent(
            session, name="Ana Torres", email="ana@desk.example", role=Role.ADMINISTRATOR,
            password="correct horse battery", language="es",
        )  # fmt: skip
        sessions.session_agent(session, sessions.open_session(session, agent_id))
    return agent_id


def _upload(business_id: int, bot_id: int, path: Path, actor: str) -> int:
    with path.open("rb") as file:
        kept = sources.store_content(business_id, file, path.name)
    with transaction(Scope(business_id, Actor.parse(actor))) as session:
        return sources.add(session, kept, bot_id=bot_id, title=path.stem)


if __name__ == "__main__":
    print(stock(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
