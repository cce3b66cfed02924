"""Twilio's Messages resource: create, fetch, list, media."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import delivery, twilio_media
from sandbox.delivery import Failure
from sandbox.faults import Fault
from sandbox.media import URL_SECONDS
from sandbox.state import Channel, Customer, Entry, new_sid
from sandbox.templates import filled, placeholders
from sandbox.twilio_errors import MESSAGES, TwilioError
from sandbox.twilio_messages import message, message_filter
from sandbox.world import World, before_accept, world_of

BODY_LIMIT = 1600
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
OUR_ID_NAMES = ("id", "message_id", "our_id")


def enter(request: Request) -> World:
    """Basic authentication with the account's sid and token, for the account in the path."""
    world = world_of(request)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, token = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = token = ""
    sid = world.settings.twilio_account_sid
    if scheme.lower() != "basic" or (user, token) != (sid, world.settings.twilio_auth_token):
        raise TwilioError(20003, status=401)
    if request.path_params.get("account", sid) != sid:
        raise TwilioError(20404, status=404, message=f"The requested resource {request.url.path} was not found")
    return world


def refuse_by(fault: Fault | None) -> None:
    if fault is None or fault.kind in ("timeout_after_accept", "silence"):
        return
    if fault.kind == "error":
        throttled = fault.status == 429
        retry_after = fault.retry_after if throttled else None
        raise TwilioError(fault.code or 20001, status=fault.status, message=fault.message, retry_after=retry_after)
    if fault.kind == "429":
        raise TwilioError(fault.code or 20429, status=429, retry_after=fault.retry_after)
    status = 503 if fault.kind == "timeout_before_accept" else int(fault.kind)
    raise TwilioError(fault.code or 20000 + status, status=status)


async def create(request: Request) -> Response:
    world = enter(request)
    pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
    fault = await before_accept(world, "twilio")
    refuse_by(fault)
    entry, failure = _accept(world, pairs)
    failure = failure or await twilio_media.fetch(world, entry)
    if world.events.watched:
        world.events.tell("message", entry.as_json())
    await delivery.follow(world, entry, failure, silent=fault is not None and fault.kind == "silence")
    if fault is not None and fault.kind == "timeout_after_accept":
        await asyncio.sleep(fault.hang_s)
    return JSONResponse(message(world, entry) | {"status": "queued", "date_sent": None}, 201)


def _accept(world: World, pairs: list[tuple[str, str]]) -> tuple[Entry, Failure | None]:
    """Check, store and enter in the ledger. Raises TwilioError when Twilio would refuse at once."""
    form = dict(pairs)
    media = [value for name, value in pairs if name == "MediaUrl"]
    channel, customer = _recipient(world, form)
    text = _text(world, form, media)
    callback = form.get("StatusCallback", "")
    if callback and not re.fullmatch(r"https?://\S+", callback):
        raise TwilioError(21609, message=f"The 'StatusCallback' URL {callback} is not a valid URL.")
    if channel == "sms" and "sms" in customer.opted_out:
        raise TwilioError(21610)
    content: dict[str, Any] = {"text": {"body": text}}
    if media:
        content["media"] = [{"link": url} for url in media]
    if form.get("PersistentAction"):
        content["action"] = form["PersistentAction"]
    entry = Entry(
        id=new_sid("MM" if media else "SM"),
        channel=channel,
        customer=customer,
        incoming=False,
        type="template" if form.get("ContentSid") else "media" if media else "text",
        text=text,
        content=content,
        at=time.time(),
        status="queued",
        our_id=our_id_in(callback),
        address=form["To"],
        business=form.get("From", form.get("MessagingServiceSid", "")),
        callback=callback,
    )
    failure = _failure(world, entry)
    world.store.add(entry)
    return entry, failure


def our_id_in(callback: str) -> str | None:
    """The product's own message id, as it travels in the StatusCallback's query (or its only parameter)."""
    query = parse_qs(urlsplit(callback).query)
    name = next((name for name in OUR_ID_NAMES if name in query), next(iter(query), None) if len(query) == 1 else None)
    return query[name][0] if name else None


def _recipient(world: World, form: dict[str, str]) -> tuple[Channel, Customer]:
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        raise TwilioError(21604)
    if not sender and not form.get("MessagingServiceSid"):
        raise TwilioError(21603)
    whatsapp = to.startswith("whatsapp:")
    address = to.removeprefix("whatsapp:")
    if not NUMBER.fullmatch(address) and not (whatsapp and BSUID.fullmatch(address)):
        raise TwilioError(21211, message=f"Invalid 'To' Phone Number: {to}")
    settings = world.settings
    if whatsapp and sender and sender != settings.twilio_whatsapp_address:
        raise TwilioError(63007)
    if not whatsapp and sender and sender != settings.twilio_phone_number:
        raise TwilioError(21606, message=f"The 'From' phone number {sender} is not valid for this account.")
    customer = world.store.find(address) if BSUID.fullmatch(address) else world.store.customer(address)
    if customer is None:
        raise TwilioError(63024)
    return ("twilio_whatsapp" if whatsapp else "sms"), customer


def _text(world: World, form: dict[str, str], media: list[str]) -> str:
    text = form.get("Body", "")
    if sid := form.get("ContentSid"):
        template = world.templates.by_content_sid(sid)
        if template is None:
            raise TwilioError(21655)
        return filled(template.body, _variables(form.get("ContentVariables", ""), placeholders(template.body)))
    if not text.strip() and not media and not form.get("PersistentAction"):
        raise TwilioError(21602)
    if len(text) > BODY_LIMIT:
        raise TwilioError(21617)
    if len(media) > 10:
        raise TwilioError(21623)
    if any(not url.startswith(("http://", "https://")) for url in media):
        raise TwilioError(21620)
    return text


def _variables(raw: str, names: list[str]) -> dict[str, str]:
    try:
        values = json.loads(raw) if raw else {}
    except ValueError:
        raise TwilioError(21656) from None
    if not isinstance(values, dict) or any(not isinstance(value, str) for value in values.values()):
        raise TwilioError(21656)
    if set(names) - set(values):
        raise TwilioError(21656)
    return values


def _failure(world: World, entry: Entry) -> Failure | None:
    """What Twilio finds out after it said 201."""
    if entry.channel != "twilio_whatsapp":
        return None
    if not entry.customer.on_whatsapp:
        return Failure(63024, MESSAGES[63024], "Recipient is not on WhatsApp", "undelivered")
    window, unheard = world.faults.delivery.window, entry.channel not in entry.customer.wrote_at
    unasked = window == "off" or (unheard and window == "later")  # they may have written in a webhook made by hand
    if unasked or entry.type == "template" or entry.customer.window_open(entry.channel, time.time()):
        return None
    return Failure(63016, MESSAGES[63016], MESSAGES[63016], "undelivered")


# Reading


def _entry(world: World, request: Request) -> Entry:
    entry = world.store.messages.get(request.path_params["message"])
    if entry is None or entry.channel == "whatsapp":
        raise TwilioError(20404, status=404, message=f"The requested resource {request.url.path} was not found")
    return entry


async def fetch(request: Request) -> Response:
    world = enter(request)
    refuse_by(await before_accept(world, "twilio", "any"))
    return JSONResponse(message(world, _entry(world, request)))


async def list_messages(request: Request) -> Response:
    world = enter(request)
    refuse_by(await before_accept(world, "twilio", "any"))
    query = request.query_params
    wanted = message_filter(query)
    try:
        size, page = min(int(query.get("PageSize", "50")), 1000), int(query.get("Page", "0"))
    except ValueError:
        raise TwilioError(20001, message="Page and PageSize must be numbers") from None
    matching = (item for item in (message(world, e) for e in world.store.twilio_messages()) if wanted(item))
    found = list(islice(matching, page * size, (page + 1) * size + 1))
    uri = f"{request.url.path}?{request.url.query}"
    following = urlencode({**query, "Page": page + 1, "PageSize": size})
    return JSONResponse(
        {
            "messages": found[:size],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(found[:size]) - 1, 0),
            "uri": uri,
            "first_page_uri": f"{request.url.path}?{urlencode({**query, 'Page': 0, 'PageSize': size})}",
            "next_page_uri": f"{request.url.path}?{following}" if len(found) > size else None,
            "previous_page_uri": None,
        }
    )


# Media


async def list_media(request: Request) -> Response:
    world = enter(request)
    entry = _entry(world, request)
    parts = [part for part in entry.content.values() if isinstance(part, dict) and "mime_type" in part]
    items = [{"sid": part["id"], "parent_sid": entry.id, "content_type": part["mime_type"]} for part in parts]
    return JSONResponse({"media_list": items, "page": 0, "next_page_uri": None})


async def get_media(request: Request) -> Response:
    """Redirects to a signed address that wants no credentials, as the real one does to its CDN."""
    world = enter(request)
    refuse_by(await before_accept(world, "twilio", "media"))
    media_id = request.path_params["media"]
    kept = world.media.get(media_id)
    if kept is None:
        raise TwilioError(20404, status=404, message=f"The requested resource {request.url.path} was not found")
    expires = int(time.time()) + URL_SECONDS
    link = urlencode({"Expires": expires, "Signature": world.media.sign(media_id, expires)})
    return RedirectResponse(f"{str(request.base_url).rstrip('/')}/twilio-content/{media_id}?{link}", 307)


async def content(request: Request) -> Response:
    query = request.query_params
    media = world_of(request).media
    kept = media.open_link(request.path_params["media"], query.get("Expires", ""), query.get("Signature", ""))
    if kept is None:
        return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
    return Response(kept.data, media_type=kept.mime_type)


ACCOUNT = "/2010-04-01/Accounts/{account}"
ROUTES = [
    Route(f"{ACCOUNT}/Messages.json", create, methods=["POST"]),
    Route(f"{ACCOUNT}/Messages.json", list_messages, methods=["GET"]),
    Route(f"{ACCOUNT}/Messages/{{message}}/Media.json", list_media, methods=["GET"]),
    Route(f"{ACCOUNT}/Messages/{{message}}/Media/{{media}}", get_media, methods=["GET"]),
    Route(f"{ACCOUNT}/Messages/{{message}}.json", fetch, methods=["GET"]),
    Route("/twilio-content/{media}", content, methods=["GET"]),
]
