"""The Graph API around the messages: number, profile, templates, subscriptions, tokens."""

from __future__ import annotations

import hmac
import json
import re
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.graph_errors import GraphError, unknown_object
from sandbox.graph_media import describe
from sandbox.graph_messages import check_token, json_body, refuse
from sandbox.state import digits_of
from sandbox.world import World, before_accept, world_of

APP_ID = "500000000000001"
VERIFY_CODE = "123456"
PROFILE_LIMITS = {"about": 139, "address": 256, "description": 512, "email": 128, "vertical": 64}
SUCCESS = {"success": True}


async def _arguments(request: Request) -> dict[str, Any]:
    """Graph takes JSON, a form or the query alike."""
    given: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return given | await json_body(request)
    async with request.form() as form:
        return given | dict(form)


async def _enter(request: Request, *, phone: bool = False, waba: bool = False) -> World:
    """The checks at every door: token, faults, and that the object named is ours."""
    world = world_of(request)
    check_token(request, world)
    refuse(await before_accept(world, "whatsapp", "any"))
    node = request.path_params.get("node", "")
    if phone and node != world.settings.whatsapp_phone_number_id:
        raise unknown_object(node)
    if waba and node != world.settings.whatsapp_business_account_id:
        raise unknown_object(node)
    return world


def _number(world: World) -> dict[str, Any]:
    return {
        "id": world.settings.whatsapp_phone_number_id,
        "verified_name": "Sandbox Business",
        "display_phone_number": f"+{digits_of(world.settings.whatsapp_number)}",
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "account_mode": "SANDBOX",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "webhook_configuration": {"application": _webhook_url(world)},
    }


def _webhook_url(world: World) -> str:
    return world.webhook_url or f"{world.settings.webhook_base}/api/webhooks/whatsapp"


def _picked(request: Request, known: dict[str, Any]) -> dict[str, Any]:
    fields = request.query_params.get("fields")
    wanted = {name.strip() for name in fields.split(",")} if fields else set(known)
    return {name: value for name, value in known.items() if name in wanted or name == "id"}


async def get_node(request: Request) -> Response:
    world = await _enter(request)
    node = request.path_params["node"]
    if node == world.settings.whatsapp_phone_number_id:
        return JSONResponse(_picked(request, _number(world)))
    if node == world.settings.whatsapp_business_account_id:
        account = {"id": node, "name": "Sandbox Business", "timezone_id": "1", "currency": "USD"}
        return JSONResponse(_picked(request, account | {"account_review_status": "APPROVED"}))
    kept = world.media.get(node)
    if kept is None:
        raise unknown_object(node)
    return describe(request, world, kept)


async def delete_node(request: Request) -> Response:
    world = await _enter(request)
    if not world.media.remove(request.path_params["node"]):
        raise unknown_object(request.path_params["node"])
    return JSONResponse(SUCCESS)


async def phone_numbers(request: Request) -> Response:
    world = await _enter(request, waba=True)
    return JSONResponse(
        {"data": [_picked(request, _number(world))], "paging": {"cursors": {"before": "", "after": ""}}}
    )


# Profile and registration


async def get_profile(request: Request) -> Response:
    world = await _enter(request, phone=True)
    profile = {"messaging_product": "whatsapp", "about": "Sandbox", "vertical": "OTHER", "websites": []} | world.profile
    return JSONResponse({"data": [_picked(request, profile)]})


async def set_profile(request: Request) -> Response:
    world = await _enter(request, phone=True)
    body = await _arguments(request)
    for name, most in PROFILE_LIMITS.items():
        if len(str(body.get(name, ""))) > most:
            raise GraphError(100, f"Param {name} must be at most {most} characters long.")
    websites = body.get("websites", [])
    if not isinstance(websites, list) or len(websites) > 2:
        raise GraphError(100, "Param websites must be a list of at most 2 addresses.")
    handle = body.pop("profile_picture_handle", None)
    if handle:
        world.profile["profile_picture_url"] = f"https://example.com/{handle}.jpg"
    known = {*PROFILE_LIMITS, "websites"}
    world.profile |= {name: value for name, value in body.items() if name in known}
    return JSONResponse(SUCCESS)


async def register(request: Request) -> Response:
    await _enter(request, phone=True)
    if not re.fullmatch(r"\d{6}", str((await _arguments(request)).get("pin", ""))):
        raise GraphError(100, "The parameter pin must be 6 digits.")
    return JSONResponse(SUCCESS)


async def deregister(request: Request) -> Response:
    await _enter(request, phone=True)
    return JSONResponse(SUCCESS)


async def request_code(request: Request) -> Response:
    await _enter(request, phone=True)
    body = await _arguments(request)
    if body.get("code_method") not in ("SMS", "VOICE") or not body.get("language"):
        raise GraphError(100, "Params code_method (SMS or VOICE) and language are required.")
    return JSONResponse(SUCCESS)


async def verify_code(request: Request) -> Response:
    await _enter(request, phone=True)
    if str((await _arguments(request)).get("code", "")) != VERIFY_CODE:
        raise GraphError(136025, "The code entered is incorrect.", message="(#136025) Verify code error")
    return JSONResponse(SUCCESS)


# Templates


async def list_templates(request: Request) -> Response:
    world = await _enter(request, waba=True)
    query = request.query_params
    wanted = [
        item
        for item in world.templates.items
        if query.get("name") in (None, item.name)
        and query.get("status") in (None, item.status)
        and query.get("language") in (None, item.language)
    ]
    try:
        limit, start = int(query.get("limit", "25")), int(query.get("after") or "0")
    except ValueError:
        raise GraphError(100, "Params limit and after must be valid cursors.") from None
    end = start + max(limit, 1)
    paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(min(end, len(wanted)))}}
    if end < len(wanted):
        paging["next"] = str(request.url.include_query_params(after=end, limit=limit))
    return JSONResponse({"data": [item.as_json() for item in wanted[start:end]], "paging": paging})


async def create_template(request: Request) -> Response:
    world = await _enter(request, waba=True)
    body = await _arguments(request)
    name, language, components = str(body.get("name", "")), str(body.get("language", "")), body.get("components")
    if isinstance(components, str):
        components = json.loads(components)
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name) or not language:
        raise GraphError(100, "Params name (lower case, digits, underscores) and language are required.")
    if not isinstance(components, list) or not any(str(item.get("type")).upper() == "BODY" for item in components):
        raise GraphError(100, "Param components must be a list with a BODY.")
    if world.templates.find(name, language) is not None:
        raise GraphError(100, f"There is already {language} content for this template.", subcode=2388024)
    template = world.templates.add(name, language, str(body.get("category", "UTILITY")).upper(), components)
    return JSONResponse({"id": template.id, "status": template.status, "category": template.category})


async def delete_template(request: Request) -> Response:
    world = await _enter(request, waba=True)
    if not world.templates.remove(request.query_params.get("name", "")):
        raise GraphError(100, "Template does not exist.", subcode=2593002)
    return JSONResponse(SUCCESS)


# Subscriptions and tokens


async def subscribe_app(request: Request) -> Response:
    await _enter(request, waba=True)
    return JSONResponse(SUCCESS)


async def subscribed_apps(request: Request) -> Response:
    await _enter(request, waba=True)
    app = {"id": APP_ID, "name": "Sandbox app", "link": f"https://www.facebook.com/games/?app_id={APP_ID}"}
    return JSONResponse({"data": [{"whatsapp_business_api_data": app}]})


def _check_app_token(request: Request, world: World, token: str) -> None:
    """Subscriptions take an app token `app_id|app_secret`; the system user's token is let through as well."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    given = token or bearer
    secret = given.partition("|")[2]
    if given != world.settings.whatsapp_access_token and not hmac.compare_digest(
        secret.encode(), world.settings.app_secret.encode()
    ):
        raise GraphError(190, status=401)


async def set_subscription(request: Request) -> Response:
    """Saving a callback URL makes Meta ask it for the challenge at once."""
    world = world_of(request)
    body = await _arguments(request)
    _check_app_token(request, world, str(body.get("access_token", "")))
    if body.get("object") != "whatsapp_business_account":
        raise GraphError(100, "Param object must be whatsapp_business_account.")
    url, token = str(body.get("callback_url", "")), str(body.get("verify_token", ""))
    if not url.startswith(("http://", "https://")):
        raise GraphError(100, "Param callback_url must be a URL.")
    if not await world.webhooks.challenge(url, token):
        message = "(#2200) Callback verification failed: the response does not match the challenge"
        raise GraphError(2200, message=message)
    world.webhook_url = url
    return JSONResponse(SUCCESS)


async def get_subscription(request: Request) -> Response:
    world = world_of(request)
    _check_app_token(request, world, request.query_params.get("access_token", ""))
    fields = [{"name": "messages", "version": "v26.0"}]
    item = {
        "object": "whatsapp_business_account",
        "callback_url": _webhook_url(world),
        "active": True,
        "fields": fields,
    }
    return JSONResponse({"data": [item]})


async def debug_token(request: Request) -> Response:
    world = world_of(request)
    _check_app_token(request, world, request.query_params.get("access_token", ""))
    valid = request.query_params.get("input_token") == world.settings.whatsapp_access_token
    scopes = ["whatsapp_business_management", "whatsapp_business_messaging"]
    data: dict[str, Any] = {"app_id": APP_ID, "type": "SYSTEM_USER", "application": "Sandbox app", "is_valid": valid}
    if valid:
        targets = [world.settings.whatsapp_business_account_id]
        data |= {
            "data_access_expires_at": 0,
            "expires_at": 0,
            "issued_at": int(time.time()),
            "scopes": scopes,
            "granular_scopes": [{"scope": scope, "target_ids": targets} for scope in scopes],
            "user_id": "600000000000001",
        }
    else:
        data |= {"error": {"code": 190, "message": "Invalid OAuth access token."}, "scopes": []}
    return JSONResponse({"data": data})


GRAPH = "/{version:graph}"
ROUTES = [
    Route(f"{GRAPH}/debug_token", debug_token, methods=["GET"]),
    Route(f"{GRAPH}/{{node}}", get_node, methods=["GET"]),
    Route(f"{GRAPH}/{{node}}", delete_node, methods=["DELETE"]),
    Route(f"{GRAPH}/{{node}}/phone_numbers", phone_numbers, methods=["GET"]),
    Route(f"{GRAPH}/{{node}}/whatsapp_business_profile", get_profile, methods=["GET"]),
    Route(f"{GRAPH}/{{node}}/whatsapp_business_profile", set_profile, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/register", register, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/deregister", deregister, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/request_code", request_code, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/verify_code", verify_code, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/message_templates", list_templates, methods=["GET"]),
    Route(f"{GRAPH}/{{node}}/message_templates", create_template, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/message_templates", delete_template, methods=["DELETE"]),
    Route(f"{GRAPH}/{{node}}/subscribed_apps", subscribe_app, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/subscribed_apps", subscribed_apps, methods=["GET"]),
    Route(f"{GRAPH}/{{node}}/subscriptions", set_subscription, methods=["POST"]),
    Route(f"{GRAPH}/{{node}}/subscriptions", get_subscription, methods=["GET"]),
]
