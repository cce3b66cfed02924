"""What becomes of a message after it was accepted: sent, delivered, read, or failed, told to the product."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import time
from typing import Any

from sandbox import meta_events, twilio_events
from sandbox.state import Entry
from sandbox.webhooks import Post
from sandbox.world import World

RANK = {"accepted": 0, "queued": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 4, "played": 5}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message fails after it was accepted. `status` is failed, or undelivered at Twilio."""

    code: int
    title: str
    details: str = ""
    status: str = "failed"


def plan(world: World, failure: Failure | None) -> list[tuple[float, str]]:
    """The statuses to come, each with its delay in seconds."""
    knobs = world.faults.delivery
    chance = world.faults.chance
    if failure is not None:
        return [(knobs.sent_ms / 1000, failure.status)]
    if knobs.statuses == "none":
        return []
    steps = [] if chance(knobs.sent_missing) else [(knobs.sent_ms / 1000, "sent")]
    if knobs.statuses == "sent":
        return steps
    steps.append((knobs.delivered_ms / 1000, "delivered"))
    if len(steps) == 2 and chance(knobs.delivered_first):
        steps = [(steps[0][0], "delivered"), (steps[1][0], "sent")]
    if not chance(knobs.read_missing):
        steps.append((knobs.read_ms / 1000, "read"))
    return steps


async def follow(world: World, entry: Entry, failure: Failure | None, *, silent: bool) -> None:
    """Set the statuses going. With the knob `status_before_answer` the first is posted before this returns."""
    if silent:
        return
    steps = plan(world, failure)
    if steps and world.faults.chance(world.faults.delivery.status_before_answer):
        _, status = steps.pop(0)
        post = report(world, entry, status, failure if status in ("failed", "undelivered") else None)
        if post is not None:
            await post.settled.wait()
    loop = asyncio.get_running_loop()
    for delay, status in steps:
        loop.call_later(delay, report, world, entry, status, failure if status in ("failed", "undelivered") else None)


def report(world: World, entry: Entry, status: str, failure: Failure | None = None) -> Post | None:
    """Note a status on the thread and tell the product. A message that was cleared away is not reported."""
    if world.store.messages.get(entry.id) is not entry:
        return None
    now = time()
    if RANK.get(status, 9) >= RANK.get(entry.status, 0) or failure is not None:
        entry.status = status
    entry.history.append((status, now))
    if failure is not None:
        entry.error = {"code": failure.code, "title": failure.title, "details": failure.details}
    if world.events.watched:
        world.events.tell("message", entry.as_json())
    error: dict[str, Any] | None = entry.error if failure is not None else None
    if entry.channel == "whatsapp":
        value = meta_events.status(world.settings, entry, status, now, error)
        return world.webhooks.meta(value, f"{status} · {entry.type}")
    if not entry.callback:
        return None
    params = twilio_events.status(world.settings, entry, status, error)
    return world.webhooks.twilio(entry.callback, params, f"{status} · {entry.type}")
