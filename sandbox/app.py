"""The ASGI application: the stand-ins, the control API and the pages on one port; mail has ports of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from sandbox import (
    control,
    graph_account,
    graph_media,
    graph_messages,
    imap_server,
    mails,
    openai_api,
    page,
    smtp_server,
    twilio_account,
    twilio_api,
    twilio_content,
)
from sandbox.graph_errors import GraphError, graph_error
from sandbox.settings import Settings
from sandbox.twilio_errors import TwilioError, twilio_error
from sandbox.world import World


def create_app(settings: Settings | None = None) -> Starlette:
    """Build the app with a world of its own."""
    world = World.make(settings or Settings.from_env())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await world.webhooks.start()
        servers = await _serve_mail(world)
        yield
        for server in servers:
            server.close()
        await world.webhooks.stop()

    app = Starlette(
        routes=[
            *graph_messages.ROUTES,
            *twilio_api.ROUTES,
            *twilio_content.ROUTES,
            *twilio_account.ROUTES,
            *openai_api.ROUTES,
            *control.ROUTES,
            *graph_media.ROUTES,
            *graph_account.ROUTES,
            *mails.ROUTES,
            *page.ROUTES,
        ],
        exception_handlers={GraphError: graph_error, TwilioError: twilio_error},
        lifespan=lifespan,
    )
    app.state.world = world
    return app


async def _serve_mail(world: World) -> list[asyncio.Server]:
    settings = world.settings
    if not (settings.imap_port and settings.mail_port):
        return []
    return [
        await imap_server.serve(world.mailbox, settings.sandbox_host, settings.imap_port),
        await smtp_server.serve(world.mailbox, world.events, settings.sandbox_host, settings.mail_port),
    ]
