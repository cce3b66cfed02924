"""Everything the request handlers share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from sandbox.events import Events
from sandbox.faults import Fault, Faults
from sandbox.mailbox import Mailbox
from sandbox.media import MediaStore
from sandbox.settings import Settings
from sandbox.state import RateLimits, Store
from sandbox.templates import Templates
from sandbox.webhooks import Webhooks


@dataclass(slots=True)
class World:
    """Everything that the sandbox holds; one for each app."""

    settings: Settings
    store: Store
    media: MediaStore
    templates: Templates
    faults: Faults
    limits: RateLimits
    events: Events
    webhooks: Webhooks
    mailbox: Mailbox
    profile: dict[str, Any] = field(default_factory=dict)
    webhook_url: str = ""

    @classmethod
    def make(cls, settings: Settings) -> World:
        faults, events = Faults(), Events()
        return cls(
            settings=settings,
            store=Store(settings.sandbox_keep),
            media=MediaStore(),
            templates=Templates(),
            faults=faults,
            limits=RateLimits(),
            events=events,
            webhooks=Webhooks(settings, faults, events),
            mailbox=Mailbox(settings.sandbox_keep),
        )

    def clear(self) -> None:
        """Forget people, messages, mails, files and webhooks; the knobs stay."""
        self.store.clear()
        self.media.clear()
        self.limits.clear()
        self.webhooks.forget()
        self.mailbox.clear()
        self.events.tell("reset", {})


def world_of(request: Request) -> World:
    """Return the world of the app that serves the request."""
    world: World = request.app.state.world
    return world


async def before_accept(world: World, provider: str, on: str = "send") -> Fault | None:
    """Wait out the latency, draw a fault, and hang if it says so. The caller acts on what is returned."""
    if wait := world.faults.latency(provider):
        await asyncio.sleep(wait)
    fault = world.faults.draw(provider, on)
    if fault is not None and fault.kind == "timeout_before_accept":
        await asyncio.sleep(fault.hang_s)
    return fault
