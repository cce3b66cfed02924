"""Files named anywhere in a content: a message, a header, a card, or an unknown kind."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

KINDS = frozenset({"image", "video", "gif", "audio", "document", "sticker"})
# Meta, Cloud API reference, Flows: the form's initial data, with any keys.
_OPAQUE = "flow_action_payload"
_STATED = ("image/", "audio/", "video/", "application/pdf", "application/zip")


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file of ours as given to the provider: by its id there, by a public URL, or as it is."""

    filename: str
    handle: str | None = None
    link: str | None = None
    content: bytes = field(default=b"", repr=False)
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Properties by which a provider accepts a file. Of a linked file only the type may be known.

    `size` is in bytes; `head` is the beginning of the file.
    """

    mime_type: str
    size: int | None = None
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file in a content: its path, its kind, and our `attachment_id` or a public `link`."""

    field: str
    kind: str
    attachment_id: int | None
    link: str | None
    voice: bool
    filename: str | None = None


def named(content: Mapping[str, Any]) -> list[NamedFile]:
    """Yield every file of ours, and every linked one."""
    return [
        NamedFile(
            path, kind, node.get("attachment_id"), node.get("link"), bool(node.get("voice")), node.get("filename")
        )
        for path, kind, node in _walk(content, "", str(content.get("type", "")))
    ]


def resolved(content: Mapping[str, Any], files: Mapping[int, OutgoingFile]) -> dict[str, Any]:
    """Return the content with the provider's `id` or `link` in place of each `attachment_id`.

    A document without a name gets its stored name. Raises `KeyError` with the attachment's id for a file that is not
    among `files`.
    """
    return dict(_resolve(content, str(content.get("type", "")), files))


def stated_type(link: str) -> str | None:
    """Return the type of a link's file extension; None where it has none, such as a program's URL."""
    guessed, _ = mimetypes.guess_type(unquote(urlsplit(link).path), strict=False)
    return guessed if guessed and guessed.startswith(_STATED) else None


def _walk(node: Any, path: str, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if isinstance(node, Mapping):
        if _is_ours(node) or (kind in KINDS and isinstance(node.get("link"), str)):
            yield path, kind, node
        for key, item in node.items():
            if key != _OPAQUE:
                yield from _walk(item, f"{path}.{key}" if path else key, _kind(key, kind))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _walk(item, f"{path}.{index}", "")


def _resolve(node: Any, kind: str, files: Mapping[int, OutgoingFile]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, "", files) for item in node]
    if not isinstance(node, Mapping):
        return node
    if _is_ours(node):
        file = files[node["attachment_id"]]
        given = {key: value for key, value in node.items() if key != "attachment_id"}
        name = {"filename": file.filename} if kind == "document" and not given.get("filename") else {}
        source = {"id": file.handle} if file.handle else {"link": file.link}
        return source | given | name
    return {key: item if key == _OPAQUE else _resolve(item, _kind(key, kind), files) for key, item in node.items()}


def _is_ours(node: Mapping[str, Any]) -> bool:
    number = node.get("attachment_id")
    return isinstance(number, int) and not isinstance(number, bool)


def _kind(key: str, around: str) -> str:
    """Return the kind of a file under this key; a whole message's file is under `media`, and of the message's type."""
    return around if key == "media" else key
