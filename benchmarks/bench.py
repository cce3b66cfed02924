"""What the sections of a run share."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import bodies
from benchmarks.bodies import Signer
from benchmarks.report import Figure
from tests.support.stack import Stack

LOAD_KNOBS = {
    "delivery": {"mps": 0, "pair_burst": 0, "window": "off", "statuses": "none"},
    "webhooks": {"coalesce_webhooks_ms": 20},
}


@dataclass
class Bench:
    """The running system, how much time there is, and what was found so far in this section."""

    stack: Stack
    folder: Path
    quick: bool
    signer: Signer = field(default_factory=Signer)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _runs: itertools.count[int] = field(default_factory=itertools.count)
    next_person: int = 0

    @property
    def web_port(self) -> int:
        return urlsplit(self.stack.web).port or 80

    def fresh_requests(self, count: int) -> list[bytes]:
        """Requests that nobody has seen: one message of each of `count` people who never wrote before."""
        first, self.next_person = self.next_person, self.next_person + count
        return self.signer.messages(self.people(first, count), label=f"BENCH{next(self._runs)}")

    @staticmethod
    def people(first: int, count: int) -> list[str]:
        """Who wrote the requests made while `next_person` was `first`."""
        return bodies.customers(count, first=first)

    def tune_sandbox(self, **sections: dict[str, object]) -> None:
        """Set the stand-ins for load, then change what is given."""
        self.stack.control("DELETE", "/faults")
        self.stack.control("PATCH", "/faults", json=LOAD_KNOBS)
        if sections:
            self.stack.control("PATCH", "/faults", json=sections)


Section = Callable[[Bench], None]
