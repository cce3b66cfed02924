"""Stocks a running business as its administrator does in the console: files to answer from, a list to quote from.

A process of its own, as the settings of the scenario's servers are not those of the tests.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from unittest import mock

from benchmarks.stack import eventually
from console import auth
from console.actions import catalogue
from console.actions import knowledge as actions
from console.data import knowledge as data
from core.db import system_transaction
from core.models import Role
from core.people import agents, sessions
from core.quotes import spreadsheet


def stock(business_id: int, bot_id: int, pdf: Path, prices: Path) -> int:
    """Upload both, wait until they are read, and use the list as the catalogue. Returns who did it, signed in."""
    with system_transaction() as session:
        agent_id = agents.create_agent(
            session, business_id, name="Ana Torres", email="ana@desk.example", role=Role.ADMINISTRATOR,
            password="correct horse battery", language="es",
        )  # fmt: skip
        token = sessions.open_session(session, business_id, agent_id)
    with mock.patch.object(auth, "token", lambda: token):
        for path in (pdf, prices):
            actions.add_file(BytesIO(path.read_bytes()), path.name, bot_id)
        eventually(lambda: all(one.state == "ready" for one in data.sources()), seconds=60)
        (price_list,) = data.price_lists()
        catalogue.take(spreadsheet.read(data.content(price_list)))
    return agent_id


if __name__ == "__main__":
    print(stock(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
