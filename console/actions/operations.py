"""What people decide about dead letters, webhook events and keys."""

from __future__ import annotations

from collections.abc import Collection

from console import auth
from core import bell
from core.db import system_transaction, transaction
from core.errors import BotHubError
from core.inbox import dead_letters, log
from core.people import api_keys, audit
from core.people.api_keys import Scope


class UnacceptableKey(BotHubError):
    """A key without a name, or that may do nothing."""


def replay_letters(*, letter_ids: Collection[int] | None = None, reason: str | None = None) -> int:
    """Process items again, or all with a reason. Returns how many events. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with system_transaction() as session:
        number = dead_letters.replay(
            session, agent.business_id, f"agent:{agent.id}", letter_ids=letter_ids, reason=reason
        )
    bell.ring()
    return number


def discard_letters(*, letter_ids: Collection[int] | None = None, reason: str | None = None) -> int:
    """Give items up. Returns how many. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with system_transaction() as session:
        return dead_letters.discard(
            session, agent.business_id, f"agent:{agent.id}", letter_ids=letter_ids, reason=reason
        )


def replay_event(event_id: int) -> None:
    """Process a whole event again. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with system_transaction() as session:
        log.raw_body(session, event_id)
        dead_letters.replay_events(session, agent.business_id, f"agent:{agent.id}", [event_id])
    bell.ring()


def create_key(name: str, scopes: Collection[str]) -> str:
    """Returns the key in clear, which nobody can read again. Raises `NotAllowed`, `UnacceptableKey`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    name = name.strip()[:100]
    if not name or not scopes:
        raise UnacceptableKey("A key needs a name and something it may do.")
    with transaction(agent.business_id) as session:
        key_id, key = api_keys.create(session, agent.business_id, name, [Scope(scope).value for scope in scopes])
        audit.record(
            session, agent.business_id, f"agent:{agent.id}", "api_key.create", f"api_key:{key_id}", name=name,
            scopes=sorted(scopes),
        )  # fmt: skip
    return key


def revoke_key(key_id: int) -> None:
    """End a key. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.ADMINISTRATORS, fresh=True)
    with transaction(agent.business_id) as session:
        api_keys.revoke(session, key_id)
        audit.record(session, agent.business_id, f"agent:{agent.id}", "api_key.revoke", f"api_key:{key_id}")


def requeue_job(job_id: str) -> bool:
    """Do a job again that RQ gave up. False when it is gone. Raises `NotAllowed`, `redis.RedisError`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    done = bell.requeue(job_id)
    if done:
        with transaction(agent.business_id) as session:
            audit.record(session, agent.business_id, f"agent:{agent.id}", "queue.requeue", f"job:{job_id}")
    return done
