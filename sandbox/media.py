"""Files that pass between customer and business, and samples made on the spot."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import struct
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

URL_SECONDS = 300
KEEP_FILES = 2_000
KEEP_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that a customer or the product uploaded."""

    id: str
    data: bytes
    mime_type: str
    filename: str

    @property
    def sha256_base64(self) -> str:
        """As Meta gives it in a message."""
        return base64.b64encode(hashlib.sha256(self.data).digest()).decode()

    @property
    def sha256_hex(self) -> str:
        """As Meta gives it for a media id."""
        return hashlib.sha256(self.data).hexdigest()


class MediaStore:
    """The newest files in memory, and links to them that lapse."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, MediaFile] = OrderedDict()
        self._bytes = 0
        self._key = secrets.token_bytes(16)

    def add(self, data: bytes, mime_type: str, filename: str = "", media_id: str = "") -> MediaFile:
        kept = MediaFile(media_id or str(10**15 + secrets.randbelow(9 * 10**15)), data, mime_type, filename)
        self._files[kept.id] = kept
        self._bytes += len(data)
        while len(self._files) > KEEP_FILES or (self._bytes > KEEP_BYTES and len(self._files) > 1):
            _, gone = self._files.popitem(last=False)
            self._bytes -= len(gone.data)
        return kept

    def get(self, media_id: str) -> MediaFile | None:
        return self._files.get(media_id)

    def remove(self, media_id: str) -> bool:
        gone = self._files.pop(media_id, None)
        if gone is not None:
            self._bytes -= len(gone.data)
        return gone is not None

    def clear(self) -> None:
        self._files.clear()
        self._bytes = 0

    def sign(self, media_id: str, expires: int) -> str:
        return hmac.new(self._key, f"{media_id}:{expires}".encode(), hashlib.sha256).hexdigest()[:32]

    def open_link(self, media_id: str, expires: str, signature: str) -> MediaFile | None:
        """The file behind a link, or None when the link is false, lapsed or the file is gone."""
        if not expires.isdigit() or not hmac.compare_digest(
            signature.encode(), self.sign(media_id, int(expires)).encode()
        ):
            return None
        return self.get(media_id) if time.time() < int(expires) else None


@cache
def sample_png(width: int = 480, height: int = 320) -> bytes:
    """A small landscape: sky, sun, hills."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += bytes(_landscape(x / width, y / height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _png_chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _png_chunk(b"IEND", b"")
    )


def _landscape(x: float, y: float) -> tuple[int, int, int]:
    near = 0.78 + 0.05 * math.sin(7 * x + 1)
    far = 0.62 + 0.07 * math.sin(5 * x + 4)
    if y > near:
        return 38, 92 + int(30 * (1 - y)), 74
    if y > far:
        return 72, 134, 112
    if math.hypot((x - 0.7) * 1.5, y - 0.36) < 0.13:
        return 255, 226, 140
    return 250 - int(40 * y), 170 + int(90 * y), 120 + int(120 * (1 - y))


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def sample_voice(seconds: float = 3.0) -> bytes:
    """A silent voice note: mono Opus in Ogg, 20 ms packets (RFC 7845)."""
    packets = int(seconds * 50)
    pre_skip = 312
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, pre_skip, 48_000, 0, 0)
    vendor = b"sandbox"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 0, first=True), _ogg_page([tags], 0, 1)]
    silence = b"\xf8\xff\xfe"
    for number, start in enumerate(range(0, packets, 50)):
        chunk = [silence] * min(50, packets - start)
        position = (start + len(chunk)) * 960
        pages.append(_ogg_page(chunk, position, number + 2, last=start + 50 >= packets))
    return b"".join(pages)


def _ogg_page(packets: list[bytes], position: int, number: int, *, first: bool = False, last: bool = False) -> bytes:
    flags = (2 if first else 0) | (4 if last else 0)
    lengths = bytes(map(len, packets))
    page = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, 0x53414E44, number, 0)
    page += bytes([len(lengths)]) + lengths + b"".join(packets)
    return page[:22] + struct.pack("<I", _ogg_crc(page)) + page[26:]


def _ogg_crc(data: bytes) -> int:
    """CRC-32 of Ogg (RFC 3533): polynomial 04c11db7, unreflected, starting at 0."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 0x80000000 else crc << 1
    return crc


@cache
def sample_pdf() -> bytes:
    """One page that says what it is."""
    text = b"BT /F1 20 Tf 60 740 Td (Sample document from the sandbox) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


@cache
def sample_sticker() -> bytes:
    """A smiling face, 512 × 512 with a clear background, as WhatsApp wants a sticker."""
    return (Path(__file__).parent / "static" / "sticker.webp").read_bytes()


SAMPLES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "image": (sample_png, "image/png", "photo.png"),
    "voice": (sample_voice, "audio/ogg; codecs=opus", "voice.ogg"),
    "audio": (sample_voice, "audio/ogg", "audio.ogg"),
    "document": (sample_pdf, "application/pdf", "sample.pdf"),
    "sticker": (sample_sticker, "image/webp", "sticker.webp"),
}
