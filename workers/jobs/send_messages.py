"""Send messages of the outbox: two short transactions around one HTTP call."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from core.channels.kinds import rules
from core.channels.types import (
    Cause,
    Channel,
    Diagnosis,
    InvalidMessage,
    MailThread,
    Outgoing,
    ProviderError,
    SendError,
    Sent,
    Verdict,
)
from core.messaging.channels.accounts import account, channel
from core.messaging.outbound import claim as claims
from core.messaging.outbound import mail_threads, results
from core.platform.config import get_settings
from core.platform.db import single_statement, system_transaction, transaction
from core.platform.db_retry import POSTGRES_AWAY, retry_until_available
from core.platform.group_commit import GroupCommit
from workers.jobs import send_files

_unconfirmed_claims: list[uuid.UUID] = []


def claim(limit: int) -> Sequence[claims.Claimed]:
    """Claim up to `limit` messages that may be sent now."""
    lease = uuid.uuid4()
    try:
        with system_transaction() as session:
            return claims.claim(session, limit, lease, _lease_for())
    except POSTGRES_AWAY:
        _unconfirmed_claims.append(lease)
        raise


def release_unconfirmed() -> int:
    """Release claims whose confirmation was lost: nothing was sent, so they must not end as uncertain.

    Returns the number of claims.
    """
    if not (lost := list(_unconfirmed_claims)):
        return 0
    with system_transaction() as session:
        for lease in lost:
            claims.release(session, lease)
    _unconfirmed_claims.clear()
    return len(lost)


def send(claimed: claims.Claimed) -> None:
    """Send one message and record the outcome. Waiting for Postgres is allowed only before the provider is called."""
    try:
        outcome: Sent | SendError = _deliver(claimed, retry_until_available(lambda: channel(claimed.channel_id)))
    except SendError as error:
        outcome = error
    except (InvalidMessage, FileNotFoundError) as error:
        outcome = _rejected_locally(error)

    if isinstance(outcome, Sent):
        _commits.submit((claimed, outcome))
        return
    failure = outcome

    def write() -> None:
        with transaction(claimed.business_id) as session:
            results.record_failure(session, claimed, failure)

    retry_until_available(write)


def _record_sent(sent: Sequence[tuple[claims.Claimed, Sent]]) -> list[None]:
    with single_statement() as session:
        results.record_sent(session, sent)
    return [None] * len(sent)


_commits = GroupCommit("sent", _record_sent)


def renew(running: Sequence[claims.Claimed]) -> None:
    """Renew the leases of messages that are being sent."""
    with system_transaction() as session:
        claims.renew(
            session, list({claimed.lease for claimed in running}), [c.message_id for c in running], _lease_for()
        )


def _lease_for() -> timedelta:
    return timedelta(seconds=get_settings().lease_seconds)


def _deliver(claimed: claims.Claimed, adapter: Channel) -> Sent:
    """Upload the files and send. Raises `SendError`, and what `send_files.attach` raises.

    A rejection may be due to a file that the provider has deleted since its upload: it is uploaded again, once. A
    rejected message has reached nobody.
    """
    attached = _attach(claimed, adapter)
    try:
        return adapter.send(_outgoing(claimed, attached))
    except SendError as error:
        if not attached.reused or error.verdict is not Verdict.PERMANENT or error.cause is not Cause.REQUEST:
            raise
    send_files.discard_uploads(claimed.business_id, claimed.channel_id, attached)
    return adapter.send(_outgoing(claimed, _attach(claimed, adapter)))


def _attach(claimed: claims.Claimed, adapter: Channel) -> send_files.Attached:
    files_url = "" if adapter.upload_life else retry_until_available(lambda: account(claimed.channel_id)).files_url
    return send_files.attach(claimed.business_id, claimed.channel_id, adapter, claimed.payload, files_url)


def _outgoing(claimed: claims.Claimed, attached: send_files.Attached) -> Outgoing:
    return Outgoing(
        message_id=claimed.message_id,
        to=claimed.address,
        type=claimed.type,
        content=claimed.payload,
        reply_to=claimed.reply_to,
        files=attached.files,
        thread=retry_until_available(lambda: _thread(claimed)) if rules(claimed.kind).threaded else None,
    )


def _thread(claimed: claims.Claimed) -> MailThread:
    with transaction(claimed.business_id) as session:
        return mail_threads.thread_of(session, claimed)


def _rejected_locally(error: InvalidMessage | FileNotFoundError) -> SendError:
    """Return the failure of a message that is invalid before the provider is called."""
    return SendError(
        ProviderError("invalid", str(error)),
        Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "Correct the message and send it again."),
    )
