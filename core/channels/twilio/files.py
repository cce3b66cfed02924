"""File types and sizes that Twilio accepts (Twilio, Accepted content types for media)."""

from __future__ import annotations

from core.channels.file_errors import FileRefused
from core.channels.media_types import MEGABYTE, PAPERS, bare
from core.channels.types import FileFacts, Kind

NO_ADDRESS = "cannot go out: Twilio fetches files from us. Set PUBLIC_URL to the https address this desk is reached at"

_BOTH = PAPERS | frozenset(
    {
        "image/jpeg",
        "image/png",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/amr",
        "video/mp4",
        "video/3gpp",
        "text/vcard",
        "text/csv",
    }
)
_TAKEN = {
    Kind.SMS: _BOTH | {"image/gif", "video/quicktime"},
    Kind.WHATSAPP: _BOTH | {"image/webp", "audio/aac", "text/plain"},
}
_PICTURES = frozenset({"image/jpeg", "image/png"})
_LIMITS = {Kind.SMS: 5 * MEGABYTE, Kind.WHATSAPP: 16 * MEGABYTE}
_WHATSAPP_IMAGE_LIMIT = 5 * MEGABYTE
_WHATSAPP_STICKER_LIMIT = 500 * 1024


def check(field: str, kind: str, file: FileFacts, carrier: Kind) -> None:
    """Raise `FileRefused` if Twilio would refuse the file on this kind of channel.

    The customer's phone recognises image or video by the file; `kind` must still agree with it.
    """
    mime_type = bare(file.mime_type)
    if mime_type not in _TAKEN.get(carrier, frozenset()):
        raise FileRefused(field, f"is {file.mime_type}, which Twilio does not take for {carrier}")
    family = mime_type.partition("/")[0]
    if kind in ("image", "video", "audio") and family != kind:
        raise FileRefused(field, f"is {file.mime_type} and not of type {kind}")
    limit = _LIMITS[carrier]
    if carrier is Kind.WHATSAPP and family == "image":
        limit = _WHATSAPP_IMAGE_LIMIT if mime_type in _PICTURES else _WHATSAPP_STICKER_LIMIT
    if file.size is not None and file.size > limit:
        megabytes = f"{limit / MEGABYTE:.3g} MB"
        raise FileRefused(
            field, f"has {file.size / MEGABYTE:.3g} MB; Twilio takes at most {megabytes} of this type", limit
        )
