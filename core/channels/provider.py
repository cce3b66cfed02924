"""What a provider of channels declares about itself, so that nobody else needs to know which one it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from core.channels.types import Account, Channel, Diagnosis, Kind, ProviderError


@dataclass(frozen=True, slots=True)
class Limits:
    """A provider's limits for one kind of message: `text` code points a message, `per_second` messages of a number."""

    text: int
    per_second: float


class Provider(ABC):
    """A provider. It has no state: `core.channels.registry` has one instance of each.

    `name` is stored with channels. `kinds` are those it carries, the usual one first.
    """

    name: ClassVar[str]
    kinds: ClassVar[Mapping[Kind, Limits]]

    @abstractmethod
    def open(self, account: Account, *, read_timeout: float) -> Channel:
        """Return a channel of the account, ready to send."""

    @abstractmethod
    def diagnose_failure(self, error: ProviderError) -> Diagnosis:
        """Return the meaning of an error in a failed receipt, after which the provider does not try again."""
