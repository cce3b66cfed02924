"""What news of an account means, in no provider's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class NumbersMay(StrEnum):
    """What news of an account means for sending through its numbers."""

    UNCHANGED = "unchanged"
    STOP = "stop"  # the provider refuses them from now on
    GO_ON = "go_on"  # it has lifted what stopped them


@dataclass(frozen=True, slots=True)
class News:
    """`words`: the key of its sentence (`core.accounts.notification_texts`). `facts`: what the sentence names.

    `severity` is info, warning or high; `about` names what it concerns. `until`: when a stop ends by itself; None where
    the provider does not say. `template`: what is new of a template, its name and language with a status, quality,
    category or rejected_reason.
    """

    words: str
    severity: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    numbers_may: NumbersMay = NumbersMay.UNCHANGED
    until: datetime | None = None
    template: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownName:
    """What the business calls somebody in its own address book."""

    kind: str
    route: str
    sender: str
    phone: str
    name: str
