"""The scope of a transaction: the business it works for and who acts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

SCOPE = "scope"  # the key in `Session.info`


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. Its text is what the audit log, thread events and tasks store: "agent:3", "key:2" or "system"."""

    kind: str
    name: str = ""

    @classmethod
    def agent(cls, agent_id: int) -> Actor:
        """Return a person."""
        return cls("agent", str(agent_id))

    @classmethod
    def api_key(cls, key_id: int) -> Actor:
        """Return a program that uses an API key."""
        return cls("key", str(key_id))

    @classmethod
    def parse(cls, stored: str) -> Actor:
        """Return the actor of a stored text."""
        kind, _, name = stored.partition(":")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


SYSTEM = Actor("system")
CLI = Actor("system", "cli")
PROVIDER = Actor("provider")  # a messaging provider, by an account update
BOOTSTRAP_KEY = Actor("key", "bootstrap")


@dataclass(frozen=True, slots=True)
class Scope:
    """A business, and who acts in it: without a person or program, BotHub itself."""

    business_id: int
    actor: Actor = SYSTEM


def current_scope(session: Session) -> Scope:
    """Return the scope of a business transaction. Raises `RuntimeError` in work across businesses."""
    scope: Scope | None = session.info.get(SCOPE)
    if scope is None:
        raise RuntimeError("This transaction belongs to no business: enter one, or name the business.")
    return scope
