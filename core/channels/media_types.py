"""Detect a file's type from its first bytes, and its size limit.

Customers declare a file's type and agents open the file in their browsers, so the declared type is used only where the
content agrees. Anything that a browser or operating system could execute is application/octet-stream.
"""

from __future__ import annotations

import codecs
import mimetypes
import re

import puremagic

OCTETS = "application/octet-stream"
HEAD_BYTES = 8192

MEGABYTE = 1024 * 1024
# Meta, Cloud API reference, Media: "Supported media types".
_LIMITS = {"image": 5 * MEGABYTE, "audio": 16 * MEGABYTE, "video": 16 * MEGABYTE}
_DOCUMENT_LIMIT = 100 * MEGABYTE

_OFFICE = "application/vnd.openxmlformats-officedocument."
# Documents that every provider takes.
PAPERS = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        f"{_OFFICE}wordprocessingml.document",
        f"{_OFFICE}spreadsheetml.sheet",
        f"{_OFFICE}presentationml.presentation",
    }
)
_ALIASES = {
    "application/ogg": "audio/ogg",
    "audio/opus": "audio/ogg",
    "audio/x-opus+ogg": "audio/ogg",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/aacp": "audio/aac",
    "audio/x-aac": "audio/aac",
    "audio/3gpp": "video/3gpp",
    "audio/x-wav": "audio/wav",
    "image/jpg": "image/jpeg",
    "text/x-vcard": "text/vcard",
    "application/csv": "text/csv",
}
_EXTENSIONS = {
    "audio/ogg": ".ogg",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/mpeg": ".mp3",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "video/3gpp": ".3gp",
    "text/vcard": ".vcf",
}
# Types that the console shows inline or plays; each recognisable by its bytes.
_SHOWN = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "audio/ogg",
        "audio/mpeg",
        "audio/mp4",
        "audio/aac",
        "audio/amr",
        "audio/wav",
        "video/mp4",
        "video/3gpp",
        "video/quicktime",
        "application/pdf",
    }
)
_TEXT = frozenset({"text/plain", "text/csv", "text/vcard", "application/json"})
_ZIPPED = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.", "application/zip")
_COMPOUND = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})

_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!/", b"#! ", b"<?php")
_MARKUP = re.compile(rb"<(?:!doctype|!--|\?xml|\w+[\s:>/])", re.IGNORECASE)


def bare(mime_type: str | None) -> str:
    """Return a declared type without parameters, in lower case and under its common name; "" if there is none."""
    name = (mime_type or "").partition(";")[0].strip().lower()
    return _ALIASES.get(name, name)


def sniff(head: bytes, declared: str | None) -> str:
    """Return the MIME type of a file that begins with `head` (at least `HEAD_BYTES`, unless the file is shorter)."""
    claim = bare(declared)
    if head.startswith(_PROGRAMS) or _MARKUP.match(head.removeprefix(codecs.BOM_UTF8).lstrip()):
        return OCTETS
    recognised = [found for found in _recognise(head) if found in _SHOWN]
    if claim in recognised:
        return claim
    if recognised:
        return recognised[0]
    if claim in _TEXT and _is_text(head):
        return claim
    if claim.startswith(_ZIPPED) and head.startswith(b"PK\x03\x04"):
        return claim
    if claim in _COMPOUND and head.startswith(b"\xd0\xcf\x11\xe0"):
        return claim
    return OCTETS


def is_opus(head: bytes) -> bool:
    """Return whether an OGG file holds Opus with one channel (RFC 7845, 5.1: the identification header)."""
    at = head.find(b"OpusHead", 0, 300)
    return at >= 0 and head[at + 9 : at + 10] == b"\x01"


def extension(mime_type: str) -> str:
    """Return the file extension for a type ("" if it has none)."""
    return _EXTENSIONS.get(mime_type) or ("" if mime_type == OCTETS else mimetypes.guess_extension(mime_type) or "")


def size_limit(declared: str | None, *, document: bool) -> int:
    """Return the maximum bytes of a file of this type; a picture sent as a document has a document's limit."""
    return _DOCUMENT_LIMIT if document else _LIMITS.get(bare(declared).partition("/")[0], _DOCUMENT_LIMIT)


def _recognise(head: bytes) -> list[str]:
    if head.startswith(b"#!AMR"):  # puremagic knows the extension but no audio type
        return ["audio/amr"]
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    if any(match.extension == ".m4a" for match in matches):
        return ["audio/mp4"]
    if any(match.extension == ".3ga" for match in matches):
        return ["video/3gpp"]
    return [bare(match.mime_type) for match in matches]


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
