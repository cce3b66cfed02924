"""The control API under /sandbox/api: be the customer, read what happened, set what goes wrong."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox import customer as writing
from sandbox import delivery
from sandbox.faults import PROVIDERS, BadConfig
from sandbox.graph_errors import TITLES
from sandbox.state import Customer, digits_of
from sandbox.world import World, world_of

STATUSES = ("sent", "delivered", "read", "played", "failed", "undelivered", "deleted")
EDITABLE = {"name": str, "username": str, "hide_phone": bool, "on_whatsapp": bool}

Handler = Callable[[World, Request], Awaitable[Response]]


class Refused(Exception):
    """A request that cannot be met; `status` is the response's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def _route(path: str, method: str, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(world_of(request), request)
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        except (BadConfig, writing.BadMessage) as error:
            return JSONResponse({"error": str(error)}, 422)

    return Route(path, endpoint, methods=[method])


async def _json(request: Request) -> dict[str, Any]:
    """The body as an object. A page of another origin cannot send application/json unasked: that is demanded."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(415, "send application/json")
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refused(400, "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


def _number(request: Request, name: str, default: int) -> int:
    raw = request.query_params.get(name, "")
    if raw and not raw.isdigit():
        raise Refused(422, f"{name} must be a whole number")
    return int(raw) if raw else default


# Customers


async def list_customers(world: World, request: Request) -> Response:
    newest = sorted(world.store.customers.values(), key=lambda c: c.entries[-1].at if c.entries else 0.0, reverse=True)
    return JSONResponse([customer.as_json() for customer in newest[: _number(request, "limit", 200)]])


async def save_customer(world: World, request: Request) -> Response:
    customer = _customer_from(world, await _json(request))
    world.events.tell("customer", customer.as_json())
    return JSONResponse(customer.as_json(), 201)


def _customer_from(world: World, data: dict[str, Any]) -> Customer:
    phone = str(data.get("phone", ""))
    if not 7 <= len(digits_of(phone)) <= 15:
        raise Refused(422, "phone must have 7 to 15 digits")
    customer = world.store.customer(phone)
    for name, kind in EDITABLE.items():
        if name in data:
            if not isinstance(data[name], kind):
                raise Refused(422, f"{name} must be {kind.__name__}")
            setattr(customer, name, data[name])
    return customer


def _customer(world: World, request: Request) -> Customer:
    found = world.store.find(request.path_params["customer"])
    if found is None:
        raise Refused(404, "no such customer")
    return found


async def read_customer(world: World, request: Request) -> Response:
    return JSONResponse(_customer(world, request).as_json())


async def read_thread(world: World, request: Request) -> Response:
    customer = _customer(world, request)
    channel = request.query_params.get("channel")
    limit = _number(request, "limit", 200)
    entries = [entry.as_json() for entry in customer.entries if channel in (None, "", entry.channel)]
    return JSONResponse(entries[-limit:] if limit else [])


# Messages


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


async def send_messages(world: World, request: Request) -> Response:
    """One message, or many as {"messages": […]}; each names its customer {phone, name} or by id."""
    body = await _json(request)
    many = body.get("messages", [body])
    if not isinstance(many, list) or not all(isinstance(item, dict) for item in many):
        raise Refused(422, "messages must be a list of objects")
    sent = [writing.send(world, _addressed(world, item), item, _base(request)).as_json() for item in many]
    return JSONResponse({"messages": sent} if "messages" in body else sent[0], 202)


def _addressed(world: World, item: dict[str, Any]) -> Customer:
    who = item.get("customer")
    if isinstance(who, dict):
        return _customer_from(world, who)
    found = world.store.find(str(who)) if who else None
    if found is None:
        raise Refused(422, "customer must be a known id, or an object with phone and name")
    return found


async def send_as_customer(world: World, request: Request) -> Response:
    customer = _customer(world, request)
    return JSONResponse(writing.send(world, customer, await _json(request), _base(request)).as_json(), 202)


async def read_message(world: World, request: Request) -> Response:
    entry = world.store.messages.get(request.path_params["message"])
    if entry is None:
        raise Refused(404, "no such message")
    return JSONResponse(entry.as_json())


async def set_status(world: World, request: Request) -> Response:
    """Report any status of a message the product sent, by hand."""
    entry = world.store.messages.get(request.path_params["message"])
    if entry is None or entry.incoming:
        raise Refused(404, "the product sent no such message")
    body = await _json(request)
    status, code = body.get("status"), body.get("code")
    if status not in STATUSES:
        raise Refused(422, f"status must be one of {', '.join(STATUSES)}")
    failure = None
    if status in ("failed", "undelivered"):
        if not isinstance(code, int):
            raise Refused(422, "a failure needs the provider's code")
        title = str(body.get("title") or TITLES.get(code, "Failed"))
        failure = delivery.Failure(code, title, str(body.get("details", "")), status)
    delivery.report(world, entry, status, failure)
    return JSONResponse(entry.as_json(), 202)


async def post_meta(world: World, request: Request) -> Response:
    """Any webhook of Meta's: {"field", "value"} is put in an envelope and signed; {"payload"} is sent as it is."""
    body = await _json(request)
    if "payload" in body:
        post = world.webhooks.meta_raw(body["payload"], "raw payload")
        return JSONResponse(post.as_json(), 202)
    field, value = body.get("field"), body.get("value")
    if not isinstance(field, str) or not isinstance(value, dict):
        raise Refused(422, "give field and value, or payload")
    sent = world.webhooks.meta(value, field, field_name=field)
    return JSONResponse(sent.as_json() if sent else {"state": "waiting for its batch"}, 202)


async def show_file(world: World, request: Request) -> Response:
    """A file for the page. Players ask for ranges, and learn the length of a recording only that way."""
    kept = world.media.get(request.path_params["media"])
    if kept is None:
        raise Refused(404, "no such file")
    headers = {
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
    }
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if wanted is None:
        return Response(kept.data, media_type=kept.mime_type, headers=headers)
    size = len(kept.data)
    first, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
    if first > last:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(kept.data[first : last + 1], 206, headers, kept.mime_type)


# What happened


async def read_ledger(world: World, request: Request) -> Response:
    query = request.query_params
    wanted = {key: query[key] for key in ("provider", "channel", "our_id", "to", "provider_message_id") if key in query}
    rows = [row for row in world.store.ledger.rows if all(row[key] == value for key, value in wanted.items())]
    limit = _number(request, "limit", len(rows))
    return JSONResponse(rows[-limit:] if limit else [])


async def count_ledger(world: World, request: Request) -> Response:
    return JSONResponse(world.store.ledger.summary())


async def read_webhooks(world: World, request: Request) -> Response:
    limit, with_body = _number(request, "limit", 100), request.query_params.get("body") == "1"
    state = request.query_params.get("state")
    posts = [post for post in reversed(world.webhooks.log) if state in (None, "", post.state)]
    return JSONResponse(
        {
            "delivered": world.webhooks.delivered,
            "given_up": world.webhooks.refused,
            "posts": [post.as_json(with_body=with_body) for post in posts[:limit]],
        }
    )


async def live(world: World, request: Request) -> Response:
    return StreamingResponse(
        world.events.listen(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


# What goes wrong


async def read_faults(world: World, request: Request) -> Response:
    return JSONResponse(world.faults.as_json())


async def change_faults(world: World, request: Request) -> Response:
    world.faults.change(await _json(request))
    return _faults_told(world)


async def add_fault(world: World, request: Request) -> Response:
    provider = request.path_params["provider"]
    if provider not in PROVIDERS:
        raise Refused(404, f"providers: {', '.join(PROVIDERS)}")
    fault = world.faults.add(provider, await _json(request))
    _faults_told(world)
    return JSONResponse(asdict(fault), 201)


async def reset_faults(world: World, request: Request) -> Response:
    world.faults.reset()
    return _faults_told(world)


def _faults_told(world: World) -> Response:
    state = world.faults.as_json()
    world.events.tell("faults", state)
    return JSONResponse(state)


async def clear(world: World, request: Request) -> Response:
    await _json(request)
    world.clear()
    return JSONResponse({"cleared_at": time.time()})


async def health(world: World, request: Request) -> Response:
    return JSONResponse({"status": "ok", "webhook_base_url": world.settings.webhook_base})


async def settings(world: World, request: Request) -> Response:
    """What the page needs to know. No secrets."""
    known = world.settings
    return JSONResponse(
        {
            "webhook_base_url": known.webhook_base,
            "whatsapp_number": digits_of(known.whatsapp_number),
            "sms_number": known.twilio_phone_number,
        }
    )


API = "/sandbox/api"
ROUTES = [
    _route("/sandbox/healthz", "GET", health),
    _route(f"{API}/settings", "GET", settings),
    _route(f"{API}/messages", "POST", send_messages),
    _route(f"{API}/messages/{{message:path}}/status", "POST", set_status),
    _route(f"{API}/messages/{{message:path}}", "GET", read_message),
    _route(f"{API}/customers", "GET", list_customers),
    _route(f"{API}/customers", "POST", save_customer),
    _route(f"{API}/customers/{{customer}}", "GET", read_customer),
    _route(f"{API}/customers/{{customer}}/thread", "GET", read_thread),
    _route(f"{API}/customers/{{customer}}/messages", "POST", send_as_customer),
    _route(f"{API}/meta", "POST", post_meta),
    _route(f"{API}/media/{{media}}", "GET", show_file),
    _route(f"{API}/ledger", "GET", read_ledger),
    _route(f"{API}/ledger/count", "GET", count_ledger),
    _route(f"{API}/webhooks", "GET", read_webhooks),
    _route(f"{API}/events", "GET", live),
    _route(f"{API}/faults", "GET", read_faults),
    _route(f"{API}/faults", "PATCH", change_faults),
    _route(f"{API}/faults", "DELETE", reset_faults),
    _route(f"{API}/faults/{{provider}}", "POST", add_fault),
    _route(f"{API}/clear", "POST", clear),
]
