"""File types and sizes that Meta accepts (Cloud API reference, Media: "Supported media types").

The limits hold for the upload, which knows a file's type but not its use: a photo of 6 MB is refused as a document too.
"""

from __future__ import annotations

from core.channels.file_errors import FileRefused
from core.channels.media_types import MEGABYTE, PAPERS, bare, is_opus
from core.channels.types import FileFacts

_IMAGES = frozenset({"image/jpeg", "image/png"})
_AUDIO = frozenset({"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg"})
_VIDEO = frozenset({"video/mp4", "video/3gpp"})
_TAKEN = {
    "image": _IMAGES,
    "audio": _AUDIO,
    "video": _VIDEO,
    "gif": frozenset({"video/mp4"}),  # of a template's header
    "sticker": frozenset({"image/webp"}),
    "document": PAPERS | _IMAGES | _AUDIO | _VIDEO | {"text/plain"},
}
_NAMES = {
    "image": "JPEG or PNG",
    "audio": "AAC, M4A, MP3, AMR or OGG with Opus",
    "video": "MP4 or 3GP",
    "gif": "MP4",
    "sticker": "WebP",
    "document": "PDF, Word, Excel, PowerPoint, text, JPEG, PNG, MP4 or an audio file",
}
_LIMITS = {"image": 5 * MEGABYTE, "audio": 16 * MEGABYTE, "video": 16 * MEGABYTE}
_PAPER_LIMIT = 100 * MEGABYTE
_STICKER_LIMIT, _MOVING_STICKER_LIMIT = 100 * 1024, 500 * 1024


def upload_type(mime_type: str) -> str:
    """Return the type to upload a file under. Meta's only text type is text/plain; the extension decides."""
    plain = bare(mime_type)
    return "text/plain" if plain.startswith("text/") or plain == "application/json" else plain


def check(field: str, kind: str, file: FileFacts) -> None:
    """Raise `FileRefused` if Meta would refuse the file. An unknown kind accepts all that can be uploaded."""
    mime_type = upload_type(file.mime_type)
    kind = kind if kind in _TAKEN else "sticker" if mime_type == "image/webp" else "document"
    if mime_type not in _TAKEN[kind]:
        raise FileRefused(field, f"is {file.mime_type}; WhatsApp takes {_NAMES[kind]} here")
    if mime_type == "audio/ogg" and file.head and not is_opus(file.head):
        raise FileRefused(field, "is OGG without Opus in one channel (mono), which is all that WhatsApp takes")
    limit = _limit(mime_type, file.head)
    if file.size is not None and file.size > limit:
        raise FileRefused(
            field,
            f"has {_readable_size(file.size)}; WhatsApp takes at most {_readable_size(limit)} of this type",
            limit,
        )


def _limit(mime_type: str, head: bytes) -> int:
    if mime_type == "image/webp":
        # WebP container: the extended header's flags, of which the second bit says that it moves.
        moves = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & 0x02
        return _MOVING_STICKER_LIMIT if moves else _STICKER_LIMIT
    return _LIMITS.get(mime_type.partition("/")[0], _PAPER_LIMIT)


def _readable_size(size: int) -> str:
    return f"{size / MEGABYTE:.3g} MB" if size >= MEGABYTE else f"{size / 1024:.3g} KB"
