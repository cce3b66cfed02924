"""Readable source states, errors and advice."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.dates import moment
from console.formatting import Colour, size
from console.i18n import t
from core.knowledge.parsers.detect import ACCEPTED
from core.knowledge.parsers.types import LARGEST_FILE, MEGABYTE
from core.knowledge.reads import SourceView
from core.knowledge.sources import UnacceptableSource
from core.models import SourceKind, SourceState
from core.platform.errors import BotHubError

ICONS = {
    SourceKind.TEXT: ":material/notes:",
    SourceKind.MARKDOWN: ":material/notes:",
    SourceKind.PDF: ":material/picture_as_pdf:",
    SourceKind.DOCX: ":material/description:",
    SourceKind.TABLE: ":material/table:",
    SourceKind.HTML: ":material/code:",
    SourceKind.PAGE: ":material/language:",
}
_COLOURS: dict[SourceState, Colour] = {
    SourceState.WAITING: "gray",
    SourceState.READING: "blue",
    SourceState.EMBEDDING: "blue",
    SourceState.READY: "green",
    SourceState.FAILED: "red",
    SourceState.CANCELLED: "orange",
}
LARGEST_MEGABYTES = LARGEST_FILE // MEGABYTE


def badge(one: SourceView) -> None:
    """Draw the state. A source without vectors is found by its words only, and says so."""
    if one.state is SourceState.READY and one.model is None:
        st.badge(t("knowledge.words_only"), color="orange", help=t("knowledge.words_only_help"))
    else:
        st.badge(t(f"knowledge.state_{one.state}"), color=_COLOURS[one.state])


def about(one: SourceView, zone: ZoneInfo, uses: int) -> str:
    """Return a line with origin and result."""
    parts = [one.bot or t("knowledge.every_bot"), one.origin or t("knowledge.typed")]
    if one.bytes is not None:
        parts.append(size(one.bytes))
    if one.in_use and one.read_at is not None:
        parts.append(t("knowledge.passages_count", count=one.passages))
        parts.append(t("knowledge.read_at", when=moment(one.read_at, zone)))
        parts.append(t("knowledge.used", count=uses))
    return " · ".join(parts)


def progress(one: SourceView) -> str:
    """Return what is being done to a source and, once that is known, how much is done."""
    if one.state is SourceState.WAITING or not one.total:
        return t(f"knowledge.doing_{one.state}")
    return t(f"knowledge.doing_{one.state}_of", done=one.done, total=one.total)


def fault(code: str) -> str:
    """Return why a source could not be read, and what to do."""
    return t(f"knowledge.fault_{code}", most=LARGEST_MEGABYTES, accepted=accepted())


def accepted() -> str:
    """Return the accepted kinds of files, each once: "PDF, DOCX, …"."""
    return ", ".join(ending.removeprefix(".").upper() for ending in ACCEPTED if ending not in (".markdown", ".htm"))


def refusal(error: BotHubError) -> str:
    """Return why a source was rejected."""
    if not isinstance(error, UnacceptableSource):
        return layout.say(error)
    why = fault(error.reason)
    return f"{error.name}: {why}" if error.name else why
