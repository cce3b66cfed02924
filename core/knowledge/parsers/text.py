"""Text, Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.knowledge.parsers.types import MAX_CHARACTERS, BadFile, Document, Fault, Section
from core.models.knowledge_kinds import SourceKind

_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_UNDERLINE = re.compile(r"^(=+|-+)[ \t]*$")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.S)
_MAX_TITLE_LENGTH = 500  # characters
# A tag up to its end, including quoted ">". The parser compares each of its attributes with all others.
_TAG = re.compile(rb"""<[a-zA-Z](?:[^"'<>]|"[^"]*"|'[^']*')*""")
_TAG_NAME = re.compile(rb"<[\w:-]{1,100}")
_MAX_ATTRIBUTES = 1000
# With a smaller share of readable text it is some other format.
_UNREADABLE_SHARE = 0.125
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")


def text_of(content: bytes) -> str:
    """Decode the text: by its byte order mark, as UTF-8, else as Windows-1252. Raises `BadFile`."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    if len(_CONTROL.findall(text[:20_000])) > _UNREADABLE_SHARE * len(text[:20_000]):
        raise BadFile(Fault.WRONG_TYPE, "not a text")
    text = _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise BadFile(Fault.EMPTY)
    if len(text) > MAX_CHARACTERS:
        raise BadFile(Fault.TOO_LARGE, f"{len(text)} characters")
    return text


def read_text(content: bytes) -> Document:
    """Read plain text as one section."""
    return Document(SourceKind.TEXT, 1, iter([Section("", text_of(content), 1)]))


def read_markdown(content: bytes) -> Document:
    """Read Markdown by its headings."""
    return Document(SourceKind.MARKDOWN, 0, markdown_sections(text_of(content)))


def markdown_sections(text: str) -> Iterator[Section]:
    """Yield a section per heading, with its parent headings ("Envíos › Plazos"). Fenced code holds no headings."""
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    piece = 0
    fenced = False
    for line in [*_FRONT_MATTER.sub("", text).split("\n"), "# ."]:
        fenced ^= bool(_FENCE.match(line))
        if not fenced and lines and lines[-1].strip() and (underline := _UNDERLINE.match(line)):
            level, title = (1 if underline[1][0] == "=" else 2), lines.pop().strip()
        elif not fenced and (heading := _heading(line)):
            level, title = heading
        else:
            lines.append(line)
            continue
        if body := "\n".join(lines).strip():
            piece += 1
            yield Section(" › ".join(name for _, name in path), body, piece)
        path = [*(above for above in path if above[0] < level), (level, _bare(title[:_MAX_TITLE_LENGTH]))]
        lines = []


def _heading(line: str) -> tuple[int, str] | None:
    """Return level and title of a line such as "## Plazos ##" (CommonMark, ATX headings); None for any other."""
    level = len(line) - len(line.lstrip("#"))
    if not 1 <= level <= 6 or line[level : level + 1] not in (" ", "\t"):
        return None
    title = line[level:].strip(" \t")
    before = title.rstrip("#")
    if before.endswith((" ", "\t")):
        title = before.rstrip(" \t")
    return (level, title) if title else None


def _bare(title: str) -> str:
    """Return a heading without the markup of emphasis, code and links."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).translate(str.maketrans("", "", "*_`")).strip()


def read_html(content: bytes) -> Document:
    """Return the main content of a page, without menus and footers. Raises `BadFile` when there is none."""
    from trafilatura import extract, load_html  # imported only when needed: it is slow to load

    tree = load_html(_TAG.sub(_bearable, content))
    if tree is None:
        raise BadFile(Fault.DAMAGED, "not HTML")
    text = extract(tree, output_format="markdown", favor_recall=True, include_comments=False) or ""
    if not text.strip():
        raise BadFile(Fault.NO_TEXT)
    if len(text) > MAX_CHARACTERS:
        raise BadFile(Fault.TOO_LARGE, f"{len(text)} characters")
    return Document(SourceKind.HTML, 0, markdown_sections(text))


def _bearable(tag: re.Match[bytes]) -> bytes:
    """Return a tag, without its attributes when it has more than any real page."""
    written = tag[0]
    if len(written) <= _MAX_ATTRIBUTES or len(written.translate(None, b" \t\n\r\f/\"'")) + _MAX_ATTRIBUTES > len(
        written
    ):
        return written
    name = _TAG_NAME.match(written)
    return name[0] if name else b"<p"
