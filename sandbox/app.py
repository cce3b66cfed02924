"""The ASGI application: the three stand-ins, the control API and the page on one port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from sandbox import (
    control,
    graph_account,
    graph_media,
    graph_messages,
    openai_api,
    page,
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
        yield
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
            *page.ROUTES,
        ],
        exception_handlers={GraphError: graph_error, TwilioError: twilio_error},
        lifespan=lifespan,
    )
    app.state.world = world
    return app
