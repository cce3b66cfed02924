"""The outbox meets the network: two short transactions around one call."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.exc import InterfaceError, OperationalError

from core.channels.types import (
    Cause,
    Channel,
    Diagnosis,
    InvalidMessage,
    Outgoing,
    ProviderError,
    SendError,
    Sent,
    Verdict,
)
from core.messaging.channels.accounts import account, channel
from core.messaging.outbound import claim as claims
from core.messaging.outbound import results
from core.platform.config import get_settings
from core.platform.db import single_statement, system_transaction, transaction
from core.platform.db_retry import retry_until_available
from core.platform.group_commit import GroupCommit
from workers.jobs import send_files

_unanswered_claims: list[uuid.UUID] = []


def claim(limit: int) -> Sequence[claims.Claimed]:
    """Take what may be sent now."""
    lease = uuid.uuid4()
    try:
        with system_transaction() as session:
            return claims.claim(session, limit, lease, _lease_for())
    except (OperationalError, InterfaceError):
        _unanswered_claims.append(lease)
        raise


def undo_unanswered() -> int:
    """Give back claims whose answer was lost: nothing of them was sent, so they must not end as uncertain.

    Returns how many claims that were.
    """
    if not (lost := list(_unanswered_claims)):
        return 0
    with system_transaction() as session:
        for lease in lost:
            claims.release(session, lease)
    _unanswered_claims.clear()
    return len(lost)


def send(claimed: claims.Claimed) -> None:
    """Send one message and write down what became of it. Until the provider is asked, Postgres may be waited for."""
    try:
        outcome: Sent | SendError = _deliver(claimed, retry_until_available(lambda: channel(claimed.channel_id)))
    except SendError as error:
        outcome = error
    except (InvalidMessage, FileNotFoundError) as error:
        outcome = _refused_here(error)

    if isinstance(outcome, Sent):
        _clerk.note((claimed, outcome))
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


_clerk = GroupCommit("sent", _record_sent)


def renew(held: Sequence[claims.Claimed]) -> None:
    with system_transaction() as session:
        claims.renew(session, list({claimed.lease for claimed in held}), [c.message_id for c in held], _lease_for())


def _lease_for() -> timedelta:
    return timedelta(seconds=get_settings().lease_seconds)


def _deliver(claimed: claims.Claimed, speaker: Channel) -> Sent:
    """Hand over the files, and send. Raises `SendError`, and what `files.attach` raises.

    A refusal may be for a file that the provider was given before and has dropped since. It is given anew then, once;
    a refused message was sent to nobody.
    """
    attached = _attach(claimed, speaker)
    try:
        return speaker.send(_outgoing(claimed, attached))
    except SendError as error:
        if not attached.reused or error.verdict is not Verdict.PERMANENT or error.cause is not Cause.REQUEST:
            raise
    send_files.forget(claimed.business_id, claimed.channel_id, attached)
    return speaker.send(_outgoing(claimed, _attach(claimed, speaker)))


def _attach(claimed: claims.Claimed, speaker: Channel) -> send_files.Attached:
    files_url = "" if speaker.takes_uploads else retry_until_available(lambda: account(claimed.channel_id)).files_url
    return send_files.attach(claimed.business_id, claimed.channel_id, speaker, claimed.payload, files_url)


def _outgoing(claimed: claims.Claimed, attached: send_files.Attached) -> Outgoing:
    return Outgoing(
        message_id=claimed.message_id,
        to=claimed.address,
        type=claimed.type,
        content=claimed.payload,
        reply_to=claimed.reply_to,
        files=attached.files,
    )


def _refused_here(error: InvalidMessage | FileNotFoundError) -> SendError:
    """A message that we already know cannot go out never reaches the provider."""
    return SendError(
        ProviderError("invalid", str(error)),
        Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "Correct the message and send it again."),
    )
