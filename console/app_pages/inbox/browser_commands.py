"""Commands that a browser sends for a conversation (`console.http.inbox_api`), by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from console import auth, layout
from console.app_pages.inbox import (
    bulk_commands,
    commands,
    contact_commands,
    copilot,
    draft_commands,
    explanation,
    merging,
    queries,
    undo,
)
from console.i18n import t
from core.channels.content.parts import LARGEST_ID
from core.messaging.closing import CloseUndo
from core.platform.errors import BotHubError, Invalid

_LONGEST_NAME = 200  # characters of a location's name or address


class Place(BaseModel):
    """A location: its coordinates are checked with the message."""

    latitude: float
    longitude: float
    name: str = ""


Id = Annotated[int, Field(ge=0, le=LARGEST_ID)]


class Asked(BaseModel):
    """What a command takes; `key` is the browser's name of it, by which a repeat is known."""

    key: UUID
    value: bool | Id | str | list[str] | None = None
    ids: list[Id] = Field(default=[], max_length=bulk_commands.MOST)
    contact: Id = 0
    name: str = ""
    kind: str = ""
    channel: Id = 0
    identity: Id = 0
    message: Id = 0
    run: Id = 0
    text: str = ""
    file: Id | None = None
    place: Place | None = None
    template: dict[str, object] | None = None
    reply_to: str | None = None
    language: str = ""
    expected: dict[str, object] = {}

    def number(self) -> int | None:
        """Return the value of a command that takes an id, a number or nothing. Raises `ValueError`."""
        if self.value is None or (isinstance(self.value, int) and not isinstance(self.value, bool)):
            return self.value
        raise ValueError("The value must be a number or null.")

    def words(self) -> str:
        """Return the value of a command that takes a text. Raises `ValueError`."""
        if isinstance(self.value, str):
            return self.value
        raise ValueError("The value must be a text.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser does afterwards: show a text, offer undo, open another conversation, show what was `found`."""

    said: str = ""
    undo: undo.Offer | None = None
    open: int | None = None
    found: Any = None


Command = Callable[[int, Asked], Answer | None]


def _close(conversation_id: int, _: Asked) -> Answer:
    stood = commands.close(conversation_id)
    return Answer(undo=undo.offer(t("list.closed_one"), partial(_open_again, [stood])) if stood else None)


def _open_again(stood: Sequence[CloseUndo]) -> str | None:
    """Reopen, and return how many could not be."""
    missing = len(stood) - bulk_commands.take_back(stood)
    return t("list.bulk_not_reopened", number=missing) if missing else None


def _bulk(_: int, asked: Asked) -> Answer:
    value = asked.value if isinstance(asked.value, list) else asked.number()
    outcome = bulk_commands.several(asked.name, asked.ids, value)
    refused = t("list.bulk_failed", number=outcome.refused)
    if not outcome.done:
        raise BotHubError(refused)
    done = t("list.bulk_done", number=outcome.done)
    said = [refused] if outcome.refused else []
    if outcome.stood:
        return Answer(" · ".join(said), undo.offer(done, partial(_open_again, outcome.stood)))
    return Answer(" · ".join([done, *said]))


def _snooze(conversation_id: int, asked: Asked) -> Answer:
    commands.snooze(conversation_id, _moment(asked.words()))
    return Answer(undo=undo.offer(t("undo.snoozed"), partial(commands.wake, conversation_id)))


def _moment(name: str) -> datetime:
    """Return the snooze time for a preset or custom value, in the business's time zone. Raises `Invalid`."""
    now = datetime.now(ZoneInfo(auth.require().timezone))
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    known = {
        "hour": datetime.now(UTC) + timedelta(hours=1),
        "tomorrow": morning + timedelta(days=1),
        "week": morning + timedelta(days=7 - now.weekday()),
    }
    return known.get(name) or _own_moment(name, now)


def _own_moment(said: str, now: datetime) -> datetime:
    """Parse a browser's local date and time ("2026-12-01T09:30"). Raises `Invalid`."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise Invalid("invalid_time", "Choose a moment between now and a year from now.") from error


def _switch(conversation_id: int, asked: Asked) -> Answer:
    return Answer(open=commands.continue_on(conversation_id, asked.channel, asked.identity))


def _next(conversation_id: int, _: Asked) -> Answer:
    following = queries.next_waiting(conversation_id)
    return Answer(said=t("inbox.nobody_waits")) if following is None else Answer(open=following)


def _tags(conversation_id: int, asked: Asked) -> None:
    if not isinstance(asked.value, list):
        raise ValueError("The value must be a list of tags.")
    commands.set_tags(conversation_id, asked.value)


def _tag(conversation_id: int, asked: Asked) -> Answer:
    commands.add_tags(conversation_id, [asked.words()])
    return Answer(t("copilot.tagged"))


def _send(conversation_id: int, asked: Asked) -> None:
    """Send what the composer wrote. The key is the message's token."""
    token = str(asked.key)
    if asked.place:
        named = {"name": asked.place.name[:_LONGEST_NAME]} if asked.place.name else {}
        place = {"latitude": asked.place.latitude, "longitude": asked.place.longitude, **named}
        commands.send(conversation_id, {"type": "location", "location": place}, token)
    elif asked.template:
        commands.send(conversation_id, {"type": "template", "template": asked.template}, token)
    elif asked.file is not None:
        commands.send_file(conversation_id, asked.file, asked.text, token)
    else:
        commands.reply(conversation_id, asked.text, token, asked.reply_to)


def _retry(_: int, asked: Asked) -> None:
    if reason := commands.retry(asked.message):
        raise BotHubError(layout.say_refusal(reason))


READS = frozenset({"candidates", "why"})  # change nothing: their answers need not be kept for a repeat
COMMANDS: dict[str, Command] = {
    "take_over": lambda one, _: commands.take_over(one),
    "hand_back": lambda one, _: commands.hand_back(one),
    "close": _close,
    "reopen": lambda one, _: commands.reopen(one),
    "wake": lambda one, _: commands.wake(one),
    "seen": lambda one, _: commands.mark_seen(one),
    "unread": lambda one, _: commands.mark_unread(one),
    "snooze": _snooze,
    "assign": lambda one, asked: commands.assign(one, asked.number()),
    "team": lambda one, asked: commands.give_to_team(one, asked.number()),
    "priority": lambda one, asked: commands.set_priority(one, asked.number() or 0),
    "tags": _tags,
    "tag": _tag,
    "switch": _switch,
    "next": _next,
    "send": _send,
    "note": lambda one, asked: commands.note(one, asked.text, str(asked.key)),
    "retry": _retry,
    "arrived": lambda _, asked: commands.arrived(asked.message),
    "draft_send": lambda _, asked: draft_commands.send(asked.run),
    "draft_edit": lambda _, asked: draft_commands.set_aside(asked.run, edited=True),
    "draft_discard": lambda _, asked: draft_commands.set_aside(asked.run, edited=False),
    "rename": lambda _, asked: contact_commands.rename(asked.contact, asked.words()),
    "describe": lambda _, asked: contact_commands.describe(asked.contact, asked.words()),
    "field": lambda _, asked: contact_commands.set_field(asked.contact, asked.name, asked.words()),
    "silence": lambda _, asked: contact_commands.set_opted_out(
        asked.contact, asked.kind, opted_out=asked.value is True
    ),
    "bulk": _bulk,
    "candidates": lambda _, asked: Answer(found=merging.candidates(asked.contact, asked.text)),
    "merge": lambda _, asked: Answer(undo=merging.merge(asked.contact, asked.number() or 0, asked.name)),
    "why": lambda _, asked: Answer(found=explanation.read(asked.message, asked.run)),
    "keep_case": lambda _, asked: Answer(explanation.keep_case(asked.message, asked.run, asked.name, asked.expected)),
    "copilot": lambda one, asked: Answer(found=copilot.help_with(one, asked.name, asked.text, asked.language)),
    "undo": lambda _, asked: Answer(said=undo.take_back(asked.words())),
}
