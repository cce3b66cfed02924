"""Provider-independent meaning of account updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class SendingEffect(StrEnum):
    """Effect of an account update on sending through its numbers."""

    UNCHANGED = "unchanged"
    STOP = "stop"  # the provider refuses messages from now on
    ANSWERS_ONLY = "answers_only"  # the provider refuses messages that begin conversations, until `News.until`
    RESUME = "go_on"  # the restriction is lifted


@dataclass(frozen=True, slots=True)
class News:
    """Meaning of an account update.

    `words`: key of its text (`core.accounts.notification_texts`); `facts`: its parameters.

    `severity` is info, warning or high; `about` names its subject. `until`: when a restriction ends by itself; None
    where the provider does not say. `template`: changes of a template: its name and language with a status, quality,
    category or rejected_reason.
    """

    words: str
    severity: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    sending_effect: SendingEffect = SendingEffect.UNCHANGED
    until: datetime | None = None
    template: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddressBookName:
    """A contact's name in the business's own address book."""

    kind: str
    route: str
    sender: str
    phone: str
    name: str
