"""Webhooks in the providers' formats, one file each, under the name of their source.

Meta's are stored readable and returned as Meta writes them: `\\uXXXX` for all that is not ASCII and `\\/` for slashes.
Twilio's are form bodies; a `.query` file beside one is the query of the URL it is posted to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
SOURCES = ("whatsapp_cloud", "twilio_inbound", "twilio_status")


@dataclass(frozen=True)
class Payload:
    source: str
    name: str
    body: bytes
    content_type: str
    query: str = ""


def load(source: str, name: str) -> Payload:
    if source == "whatsapp_cloud":
        document = json.loads((_FOLDER / source / f"{name}.json").read_text(encoding="utf-8"))
        return Payload(source, name, meta_bytes(document), "application/json")
    form = (_FOLDER / source / f"{name}.form").read_bytes().strip()
    query = _FOLDER / source / f"{name}.query"
    return Payload(
        source, name, form, "application/x-www-form-urlencoded", query.read_text().strip() if query.exists() else ""
    )


def load_all(source: str) -> list[Payload]:
    files = (_FOLDER / source).iterdir()
    return [load(source, name) for name in sorted({file.stem for file in files})]


def meta_bytes(document: object) -> bytes:
    """Return JSON as Meta writes it, byte for byte what its signature covers."""
    return json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()
