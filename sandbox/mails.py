"""Mail in the control API: write to the business as anybody, and read what both sides wrote."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.mailbox import USER
from sandbox.world import world_of

_LARGEST = 25 * 1024 * 1024
_MOST = 200
_TEXTS = ("from", "name", "subject", "text", "html", "cc", "reply_to", "references")


async def read_mails(request: Request) -> Response:
    """Return the newest mails of both sides, oldest first."""
    mailbox = world_of(request).mailbox
    came = [(mail.at, "in", mail.raw) for mail in list(mailbox.mails.values())[-_MOST:]]
    went = [(mail.at, "out", mail.raw) for mail in list(mailbox.sent)[-_MOST:]]
    both = sorted([*came, *went], key=lambda one: one[0])[-_MOST:]
    shown = json.dumps([_readable(*one) for one in both])  # in ASCII: headers may hold half characters
    return Response(shown, media_type="application/json")


async def write_mail(request: Request) -> Response:
    """Deliver a mail to the business: as it is (message/rfc822), or one made of the JSON's parts."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    body = await request.body()
    if len(body) > _LARGEST:
        return JSONResponse({"error": "the mail is larger than 25 MB"}, 413)
    if kind == "message/rfc822":
        raw = body
    elif kind == "application/json":
        try:
            raw = _made(json.loads(body))
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"the mail cannot be made: {error}"}, 422)
    else:
        return JSONResponse({"error": "send application/json or message/rfc822"}, 415)
    world = world_of(request)
    mail = world.mailbox.deliver(raw)
    world.events.tell("mail", {"uid": mail.uid})
    return JSONResponse({"uid": mail.uid, "message_id": _readable(mail.at, "in", raw)["id"]}, 201)


def _made(given: dict[str, Any]) -> bytes:
    """Return the mail. Raises `ValueError` for what no mail holds."""
    texts = {name: str(given.get(name, "")) for name in _TEXTS}
    if "@" not in texts["from"]:
        raise ValueError("from must be a mail address")
    mail = EmailMessage()
    mail["From"], mail["To"] = formataddr((texts["name"], texts["from"])), USER
    if texts["cc"]:
        mail["Cc"] = texts["cc"]
    mail["Subject"], mail["Date"] = texts["subject"], format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=texts["from"].rpartition("@")[2])
    if texts["reply_to"]:
        mail["In-Reply-To"] = texts["reply_to"]
        mail["References"] = f"{texts['references']} {texts['reply_to']}".strip()
    mail.set_content(texts["text"])
    if texts["html"]:
        mail.add_alternative(texts["html"], subtype="html")
    for file in given.get("files", ()):
        family, _, kind = str(file["type"]).partition("/")
        content = base64.b64decode(str(file["content"]), validate=True)
        mail.add_attachment(content, maintype=family, subtype=kind or "octet-stream", filename=str(file["name"]))
    return mail.as_bytes()


def _readable(at: datetime, side: str, raw: bytes) -> dict[str, Any]:
    try:
        return _shown(at, side, raw)
    except (LookupError, ValueError, TypeError, AttributeError, MessageError):  # a mail may be broken on purpose
        parts = dict.fromkeys(("from", "to", "cc", "subject", "references", "id"), "")
        return {"side": side, "at": at.timestamp(), **parts, "text": raw[:2000].decode("utf-8", "replace"), "files": []}


def _shown(at: datetime, side: str, raw: bytes) -> dict[str, Any]:
    mail = _parsed(raw)
    body = mail.get_body(("plain", "html"))
    return {
        "side": side,
        "at": at.timestamp(),
        **{name.lower(): str(mail.get(name, "")) for name in ("From", "To", "Cc", "Subject", "References")},
        "id": str(mail.get("Message-ID", "")),
        "text": body.get_content() if body is not None and body.get_content_maintype() == "text" else "",
        "files": list(_files(mail)),
    }


def _files(mail: EmailMessage) -> Iterator[str]:
    for part in mail.iter_attachments():
        yield part.get_filename() or part.get_content_type()


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


ROUTES = [
    Route("/sandbox/api/mails", read_mails, methods=["GET"]),
    Route("/sandbox/api/mails", write_mail, methods=["POST"]),
]
