"""What Twilio says of an account's senders: its numbers, its messaging services and its WhatsApp senders."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio_api import ACCOUNT, enter, refuse_by
from sandbox.twilio_errors import TwilioError
from sandbox.world import before_accept


async def list_numbers(request: Request) -> Response:
    """The account's own numbers; here it has the one for SMS."""
    world = enter(request)
    refuse_by(await before_accept(world, "twilio", "any"))
    wanted, own = request.query_params.get("PhoneNumber"), world.settings.twilio_phone_number
    found = [{"phone_number": own, "account_sid": world.settings.twilio_account_sid}] if wanted in (None, own) else []
    return JSONResponse({"incoming_phone_numbers": found, "page": 0, "page_size": 50, "next_page_uri": None})


async def list_senders(request: Request) -> Response:
    """WhatsApp numbers of the account (Messaging v2)."""
    world = enter(request)
    refuse_by(await before_accept(world, "twilio", "any"))
    sender = {"sid": "XE" + "0" * 32, "status": "ONLINE", "sender_id": world.settings.twilio_whatsapp_address}
    return JSONResponse({"senders": [sender], "meta": {"page": 0, "page_size": 50, "next_page_url": None}})


async def get_service(request: Request) -> Response:
    """A messaging service (Messaging v1), of which there are none here."""
    refuse_by(await before_accept(enter(request), "twilio", "any"))
    raise TwilioError(20404, status=404, message=f"The requested resource {request.url.path} was not found")


ROUTES = [
    Route(f"{ACCOUNT}/IncomingPhoneNumbers.json", list_numbers, methods=["GET"]),
    Route("/v1/Services/{service}", get_service, methods=["GET"]),
    Route("/v2/Channels/Senders", list_senders, methods=["GET"]),
]
