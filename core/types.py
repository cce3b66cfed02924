"""Values that cross the layers: what was said, what is known, how a bot may act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile


class Role(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. What is not text comes described ("[image] the red one"); `readable` is False when the
    description is all there is and nobody but a person can make sense of the original. `at` is aware.

    `about` is what the words are about (what they reply to, the advertisement that the customer came from): it is not
    said by the customer, so that no rule about their words looks there.
    """

    role: Role
    text: str
    at: datetime
    readable: bool = True
    about: str = ""

    @property
    def whole(self) -> str:
        """The words, and before them what they are about."""
        return f"{self.about}\n{self.text}" if self.about else self.text


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the business's own knowledge. `id` is what the model cites (kb-3); `score` is 0 to 1."""

    id: str
    title: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class BusinessFacts:
    """What the business says about itself. Nothing here may come from a customer.

    `satisfaction` is the average rating, 1 to 5. `time_zone` is an IANA name, `currency` an ISO 4217 code: that of
    prices which name none. Empty means that nobody said.
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
    """The customer's messages since the business last wrote: what one reply has to answer."""
    length = sum(1 for _ in takewhile(lambda turn: turn.role is Role.CUSTOMER, reversed(turns)))
    return turns[len(turns) - length :]


class Autonomy(StrEnum):
    """How far the bot may go on its own, from least to most."""

    OFF = "off"
    DRAFT = "draft"  # a person approves each answer
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Summary:
    """`words` are the model's, empty when it wrote none. `asked`: the customer's last words; `tried`: the bot's."""

    words: str
    asked: str
    tried: str


NO_SUMMARY = Summary("", "", "")


@dataclass(frozen=True, slots=True)
class ReplyPolicy:
    """The little of a bot's settings that matters when a message arrives. `quiet` is in seconds."""

    enabled: bool
    autonomy: str
    quiet: float | None
