"""Media of the Graph API: upload, look up, delete, and the link that lives five minutes."""

from __future__ import annotations

import time

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.graph_checks import MIME_TYPES
from sandbox.graph_errors import GraphError, unknown_object
from sandbox.graph_messages import check_token, refuse
from sandbox.media import URL_SECONDS, MediaFile
from sandbox.world import World, before_accept, world_of

MEGABYTE = 1024 * 1024
DOCUMENT_LIMIT = 100 * MEGABYTE


def size_limit(mime_type: str) -> int:
    """Bytes (Meta, Cloud API, Media: supported types). Animated stickers may reach 500 KB."""
    if mime_type == "image/webp":
        return 500 * 1024
    if mime_type in MIME_TYPES["image"]:
        return 5 * MEGABYTE
    if mime_type.startswith(("audio/", "video/")):
        return 16 * MEGABYTE
    return DOCUMENT_LIMIT


async def upload(request: Request) -> Response:
    world = world_of(request)
    check_token(request, world)
    if request.path_params["node"] != world.settings.whatsapp_phone_number_id:
        raise unknown_object(request.path_params["node"])
    refuse(await before_accept(world, "whatsapp", "media"))
    async with request.form(max_part_size=DOCUMENT_LIMIT + MEGABYTE) as form:
        if form.get("messaging_product") != "whatsapp":
            raise GraphError(100, "The parameter messaging_product is required.")
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise GraphError(100, "The parameter file is required.")
        data = await part.read()
        mime_type = str(form.get("type") or part.content_type or "").split(";")[0].strip()
        filename = part.filename or ""
    if "/" not in mime_type:
        raise GraphError(100, "The parameter type is required.")
    if not data or len(data) > size_limit(mime_type):
        raise GraphError(131053, f"File of {len(data)} bytes is outside the limit for {mime_type}.")
    return JSONResponse({"id": world.media.add(data, mime_type, filename).id})


def describe(request: Request, world: World, kept: MediaFile) -> Response:
    """A media id's answer, with a link good for five minutes."""
    expires = int(time.time()) + URL_SECONDS
    link = f"mid={kept.id}&ext={expires}&hash={world.media.sign(kept.id, expires)}"
    return JSONResponse(
        {
            "messaging_product": "whatsapp",
            "url": f"{str(request.base_url).rstrip('/')}/whatsapp_business/attachments/?{link}",
            "mime_type": kept.mime_type,
            "sha256": kept.sha256_hex,
            "file_size": len(kept.data),
            "id": kept.id,
        }
    )


async def download(request: Request) -> Response:
    """The link itself: bearer token as everywhere, 404 once it has lapsed."""
    world = world_of(request)
    check_token(request, world)
    refuse(await before_accept(world, "whatsapp", "media"))
    query = request.query_params
    kept = world.media.open_link(query.get("mid", ""), query.get("ext", ""), query.get("hash", ""))
    if kept is None:
        return Response("URL signature expired", 404, media_type="text/plain")
    return Response(kept.data, media_type=kept.mime_type)


ROUTES = [
    Route("/{version:graph}/{node}/media", upload, methods=["POST"]),
    Route("/whatsapp_business/attachments/", download, methods=["GET"]),
]
