"""The sandbox's mail servers in a thread of the test, and the settings that lead to them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox import imap_server, smtp_server
from sandbox.events import Events
from sandbox.mailbox import PASSWORD, USER, Mailbox


@dataclass(frozen=True, slots=True)
class MailServers:
    """What runs: the mailbox, and where its servers listen."""

    mailbox: Mailbox
    imap_port: int
    smtp_port: int

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials of a channel of this mailbox."""
        return {
            "imap_server": f"none://127.0.0.1:{self.imap_port}",
            "smtp_server": f"none://127.0.0.1:{self.smtp_port}",
            "username": USER,
            "password": PASSWORD,
            "from_name": "Tienda Sol",
        }


@contextmanager
def mail_servers() -> Iterator[MailServers]:
    """Serve a mailbox of its own on free ports."""
    mailbox, loop = Mailbox(10_000), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> list[asyncio.Server]:
        return [
            await imap_server.serve(mailbox, "127.0.0.1", 0),
            await smtp_server.serve(mailbox, Events(), "127.0.0.1", 0),
        ]

    servers = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    try:
        yield MailServers(mailbox, *ports)
    finally:

        async def stop() -> None:
            for server in servers:
                server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
