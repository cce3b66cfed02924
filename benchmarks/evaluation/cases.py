"""The questions, as they stand in questions.jsonl: what a customer writes and what ought to become of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.types import Role, Turn

Kind = Literal["answerable", "cross", "mixed", "unanswerable", "handoff", "injection", "quote"]
Half = Literal["dev", "test"]
FILE = Path(__file__).with_name("questions.jsonl")
_NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)  # a Wednesday at noon in Lima


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(_Frozen):
    """One earlier message of the conversation."""

    role: Role
    text: str


class Case(_Frozen):
    """One question. `cross` is asked in a language that the only document about it does not speak.

    `facts` are the wordings, any of which a passage must hold to answer the question. `handoff` says whether a
    person is wanted, where that is what the case asks. `lines` are the SKUs and quantities an order comes to and
    `unclear` how many of its lines have to be asked back; both are empty where the message orders nothing.
    `name` is what the customer goes by.
    """

    id: str
    kind: Kind
    language: Literal["es", "en", "pt", "mixed"]
    messages: Annotated[tuple[str, ...], Field(min_length=1)]
    history: tuple[Said, ...] = ()
    facts: tuple[str, ...] = ()
    handoff: bool | None = None
    lines: tuple[tuple[str, Decimal], ...] = ()
    unclear: int = 0
    name: str = "Ana"

    @property
    def question(self) -> str:
        return "\n".join(self.messages)

    @property
    def wants_person(self) -> bool:
        """What is not about hand-overs at all must not set one off by a rule either."""
        return bool(self.handoff)

    @property
    def half(self) -> Half:
        """Rules are tuned on `dev` alone. The id decides, so that a case never moves to the other half."""
        return "dev" if hashlib.sha256(self.id.encode()).digest()[0] % 2 else "test"

    def turns(self) -> tuple[Turn, ...]:
        """The conversation, a message a minute."""
        said = [(line.role, line.text) for line in self.history]
        said += [(Role.CUSTOMER, text) for text in self.messages]
        return tuple(Turn(role, text, _NOON + timedelta(minutes=place)) for place, (role, text) in enumerate(said))


def load() -> tuple[Case, ...]:
    """Every case, in the file's order. Raises pydantic's ValidationError for one that is malformed."""
    return tuple(Case.model_validate_json(line) for line in FILE.read_text("utf-8").splitlines())
