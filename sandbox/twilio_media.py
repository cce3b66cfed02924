"""What Twilio does with the MediaUrl of a message: it fetches the file, once the message was accepted."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import httpx2

from sandbox.delivery import Failure
from sandbox.state import Entry
from sandbox.twilio_errors import MESSAGES
from sandbox.world import World

_SECONDS = 15.0
_LARGEST = 16 * 1024 * 1024  # Twilio, Accepted content types for media


async def fetch(world: World, entry: Entry) -> Failure | None:
    """Fetch the product's files, to be seen in the conversation; those of others stay links. Why it failed, or None."""
    for part in entry.content.get("media", []):
        if (address := _at_product(world, part["link"])) and not await _keep(world, part, address):
            code = 63019 if entry.channel == "twilio_whatsapp" else 11200
            return Failure(code, MESSAGES[code], MESSAGES[code], "undelivered")
    return None


def _at_product(world: World, link: str) -> str | None:
    """Where the sandbox reaches a file of the product's; None for anyone else's."""
    for base in (world.settings.public_base, world.settings.webhook_base):
        if link.startswith(f"{base}/"):
            return world.settings.webhook_base + link.removeprefix(base)
    return None


async def _keep(world: World, part: dict[str, Any], address: str) -> bool:
    data = bytearray()
    try:
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=_SECONDS) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code != 200:
                return False
            async for piece in answer.aiter_bytes():
                data += piece
                if len(data) > _LARGEST:
                    return False
            mime_type = answer.headers.get("content-type", "application/octet-stream")
    except httpx2.HTTPError:
        return False
    kept = world.media.add(bytes(data), mime_type, unquote(address.rpartition("/")[2]))
    part |= {"id": kept.id, "mime_type": mime_type, "filename": kept.filename}
    return True
