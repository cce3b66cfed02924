"""POST /{version}/{phone-number-id}/messages: sending, marking as read, typing."""

from __future__ import annotations

import asyncio
import json
import re
from time import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import delivery
from sandbox.delivery import Failure
from sandbox.faults import Fault
from sandbox.graph_checks import CHECKS
from sandbox.graph_errors import THROTTLES, TITLES, GraphError, unknown_object
from sandbox.state import Customer, Entry, digits_of, new_wamid
from sandbox.world import World, before_accept, world_of

BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def check_token(request: Request, world: World) -> None:
    """Raise GraphError 190 unless the bearer token is the one on file."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else request.query_params.get("access_token", "")
    if given != world.settings.whatsapp_access_token:
        message = TITLES[190] if given else "An access token is required to request this resource."
        raise GraphError(190, status=401, message=message)


async def json_body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise GraphError(100, "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    return body


def refuse(fault: Fault | None) -> None:
    """Raise what an error fault asks for; other faults pass."""
    if fault is None or fault.kind in ("timeout_after_accept", "silence"):
        return
    if fault.kind == "error":
        throttled = fault.code in THROTTLES
        status = 429 if throttled and fault.status == 400 else fault.status
        raise GraphError(
            fault.code or 131000,
            fault.message,
            status=status,
            retry_after=fault.retry_after if throttled else None,
        )
    if fault.kind == "429":
        raise GraphError(fault.code or 130429, status=429, retry_after=fault.retry_after)
    status = 503 if fault.kind == "timeout_before_accept" else int(fault.kind)
    raise GraphError(fault.code or (131016 if status == 503 else 131000), status=status)


async def messages(request: Request) -> Response:
    world = world_of(request)
    check_token(request, world)
    node = request.path_params["node"]
    if node != world.settings.whatsapp_phone_number_id:
        raise unknown_object(node)
    body = await json_body(request)
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    if body.get("status") is not None:
        return await _mark_read(world, body)
    fault = await before_accept(world, "whatsapp")
    refuse(fault)
    entry, failure = _accept(world, body)
    await delivery.follow(world, entry, failure, silent=fault is not None and fault.kind == "silence")
    if fault is not None and fault.kind == "timeout_after_accept":
        await asyncio.sleep(fault.hang_s)
    contact = {"input": entry.address, "wa_id": entry.customer.wa_id}
    if BSUID.fullmatch(entry.address):
        contact = {"input": entry.address, "user_id": entry.customer.user_id}
    sent: dict[str, Any] = {"id": entry.id}
    if entry.type == "template":
        sent["message_status"] = "accepted"
    return JSONResponse({"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]})


def _accept(world: World, body: dict[str, Any]) -> tuple[Entry, Failure | None]:
    """Check, store and enter in the ledger. Raises GraphError when Meta would refuse at once."""
    kind = body.setdefault("type", "text")
    check = CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise GraphError(100, f'Param type must be one of {{{", ".join(CHECKS).upper()}}} - got "{kind}".')
    address, customer = _recipient(world, body)
    text = check(body, world.media, world.templates)
    our_id = body.get("biz_opaque_callback_data")
    if our_id is not None and (not isinstance(our_id, str) or len(our_id) > 512):
        raise GraphError(100, "Param biz_opaque_callback_data must be a string of at most 512 characters.")
    knobs = world.faults.delivery
    if world.limits.number_exceeded(knobs.mps):
        raise GraphError(130429, "Cloud API message throughput has been reached.", status=429)
    if world.limits.pair_exceeded(customer.id, knobs.pair_burst):
        raise GraphError(131056, "Message failed to send because of too many messages to one person.", status=429)
    failure = _failure(world, customer, kind)
    entry = Entry(
        id=new_wamid(),
        channel="whatsapp",
        customer=customer,
        incoming=False,
        type=kind,
        text=text,
        content=_content(world, body),
        at=time(),
        status="accepted",
        our_id=our_id,
        address=address,
        business=world.settings.whatsapp_phone_number_id,
        reply_to=(body.get("context") or {}).get("message_id"),
        category=_category(world, body),
    )
    world.store.add(entry)
    if world.events.watched:
        world.events.tell("message", entry.as_json())
    return entry, failure


def _content(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """What the customer's phone needs in order to show it: for a template also its parts as approved."""
    kind = body["type"]
    if kind != "template":
        return {kind: body[kind]}
    template = world.templates.find(body[kind]["name"], body[kind]["language"]["code"])
    return {kind: body[kind], "components": template.components if template else []}


def _category(world: World, body: dict[str, Any]) -> str:
    if body["type"] != "template":
        return "service"
    part = body["template"]
    template = world.templates.find(part["name"], part["language"]["code"])
    return template.category.lower() if template else "service"


def _recipient(world: World, body: dict[str, Any]) -> tuple[str, Customer]:
    """`to` wins over `recipient` (a business-scoped user id)."""
    address = body.get("to") or body.get("recipient")
    if not address:
        raise GraphError(100, "The parameter to is required.")
    address = str(address)
    if BSUID.fullmatch(address):
        customer = world.store.find(address)
        if customer is None:
            raise GraphError(131026, "No such user.")
        return address, customer
    digits = digits_of(address)
    if not 7 <= len(digits) <= 15 or not re.fullmatch(r"\+?[\d\s().-]+", address):
        raise GraphError(131009, "Recipient phone number is not valid.")
    if digits == digits_of(world.settings.whatsapp_number):
        raise GraphError(131021, "Sender and recipient phone number are the same.")
    return address, world.store.customer(address)


def _failure(world: World, customer: Customer, kind: str) -> Failure | None:
    """What Meta finds out only after it said 200 (or, with the knob, at once for the closed window)."""
    if not customer.on_whatsapp:
        return Failure(131026, TITLES[131026], "Message Undeliverable.")
    window = world.faults.delivery.window
    if kind == "template" or window == "off" or customer.window_open("whatsapp", time()):
        return None
    if window != "immediate" and "whatsapp" not in customer.wrote_at:
        return None  # whoever never wrote by way of the sandbox may have written in a webhook made by hand
    details = "Message failed to send because more than 24 hours have passed since the customer last replied."
    if window == "immediate":
        raise GraphError(131047, details)
    return Failure(131047, TITLES[131047], details)


async def _mark_read(world: World, body: dict[str, Any]) -> Response:
    refuse(world.faults.draw("whatsapp", "read"))
    if body["status"] != "read":
        raise GraphError(100, "Param status must be one of {READ}.")
    entry = world.store.messages.get(str(body.get("message_id", "")))
    if entry is None or not entry.incoming:
        raise GraphError(131009, "Message ID does not exist.")
    typing = isinstance(body.get("typing_indicator"), dict)
    for earlier in reversed(entry.customer.entries):
        if earlier.incoming and earlier.channel == "whatsapp" and earlier.at <= entry.at:
            if earlier.status == "read":
                break
            earlier.status = "read"
            if world.events.watched:
                world.events.tell("message", earlier.as_json())
    if typing:
        world.events.tell("typing", {"customer": entry.customer.id, "channel": "whatsapp"})
    return JSONResponse({"success": True})


ROUTES = [Route("/{version:graph}/{node}/messages", messages, methods=["POST"])]
