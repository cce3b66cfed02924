"""Value types shared by several layers: messages, passages, business facts, reply policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile


class Role(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message.

    Media is described as text ("[image] the red one"); `readable` is False if only a person can understand the
    original. `at` is timezone-aware. `about` is context (the message replied to, the advertisement that the customer
    came from). The customer did not write it, so rules about the customer's text ignore it.
    """

    role: Role
    text: str
    at: datetime
    readable: bool = True
    about: str = ""

    @property
    def whole(self) -> str:
        """The context, if any, followed by the text."""
        return f"{self.about}\n{self.text}" if self.about else self.text


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the business's knowledge. `id` is what the model cites (kb-3); `score` is 0 to 1."""

    id: str
    title: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class BusinessFacts:
    """The business's profile. Nothing in it may come from a customer.

    `satisfaction` is the average rating, 1 to 5. `time_zone` is an IANA name, `currency` the default ISO 4217 code of
    prices. Empty means not set.
    """

    name: str
    time_zone: str = "UTC"
    currency: str = ""
    sector: str = ""
    hours: str = ""
    phone: str = ""
    website: str = ""
    tags: tuple[str, ...] = ()
    satisfaction: float | None = None


def burst(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return the customer's messages since the business last wrote, which one reply answers."""
    length = sum(1 for _ in takewhile(lambda turn: turn.role is Role.CUSTOMER, reversed(turns)))
    return turns[len(turns) - length :]


class Autonomy(StrEnum):
    """How far the bot may act on its own, from least to most."""

    OFF = "off"
    DRAFT = "draft"  # a person approves each answer
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Summary:
    """Hand-off summary. `words`: the model's, may be empty. `asked`, `tried`: last text of customer and bot."""

    words: str
    asked: str
    tried: str


NO_SUMMARY = Summary("", "", "")


@dataclass(frozen=True, slots=True)
class ReplyPolicy:
    """The settings of a bot that matter when a message arrives. `quiet` is in seconds."""

    enabled: bool
    autonomy: str
    quiet: float | None
