"""Routes: state of the outbox, retry, give up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.accounts.api_keys import Scope
from core.messaging.outbound import manual_retry, queue_reads
from core.platform import job_queue
from core.platform.db import transaction
from webhook_app.api import blueprint
from webhook_app.api.auth import caller, needs
from webhook_app.api.queue_schemas import GivenUpOut, GiveUp, PreviewOut, QueueOut, Retry, RetryOut

api = blueprint.blueprint("queue", "The outbox: waiting, failed and uncertain messages")


@api.get("/api/v1/queue", responses={200: QueueOut})
@needs(Scope.QUEUE_READ)
def get_queue() -> dict[str, Any]:
    """What waits to be sent and how sending goes.

    queue_size: everything that still has to go out; pending_retry: those of them that failed at least once.
    success_rate: the share, from 0 to 1, of the last 7 days' decided messages that the provider took. The lists hold
    the newest 50.
    """
    who = caller()
    with transaction(who.scope) as session:
        state = asdict(queue_reads.queue_state(session))
    for unsent in (*state["failed_messages"], *state["uncertain_messages"]):
        unsent["last_error"] = _error_text(unsent["error"])
    return QueueOut.model_validate(state).model_dump(mode="json")


def _error_text(error: Mapping[str, Any] | None) -> str | None:
    return f"{error.get('code')}: {error.get('title')}" if error else None


# The body of a retry may be absent.
OPTIONAL = {
    "required": False,
    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{Retry.__name__}"}}},
}


@api.post("/api/v1/queue/retry", responses={200: RetryOut}, request_body=OPTIONAL)
@needs(Scope.QUEUE_WRITE)
def retry_messages(body: Retry) -> dict[str, Any]:
    """Put failed messages back in the queue.

    A message stays as it is, with its reason in `refused`, when it is in another state, its 24-hour window closed,
    its customer opted out or its channel is disabled. What sending again cannot mend (it needs a template, cannot
    reach the customer, or is malformed) is left alone unless `ids` names it. At most 1000 messages a call.
    """
    who = caller()
    with transaction(who.scope) as session:
        done = manual_retry.retry(session, body.ids, body.cause, by_program=True)
    if done.queued:
        job_queue.wake_worker()
    return RetryOut.model_validate(
        {
            "messages_retried": len(done.queued) + len(done.refused),
            "successful": len(done.queued),
            "failed": len(done.refused),
            "refused": done.refused,
        }
    ).model_dump(mode="json")


@api.post("/api/v1/queue/preview", responses={200: PreviewOut}, request_body=OPTIONAL)
@needs(Scope.QUEUE_READ)
def preview_retry(body: Retry) -> dict[str, Any]:
    """What a retry with the same body would do now. Nothing is sent."""
    who = caller()
    with transaction(who.scope) as session:
        preview = manual_retry.preview(session, body.cause, body.ids, by_program=True)
    refused = [{"reason": reason, "count": count} for reason, count in preview.refused.items()]
    return {"messages": preview.messages, "people": preview.people, "refused": refused}


@api.post("/api/v1/queue/give-up", responses={200: GivenUpOut})
@needs(Scope.QUEUE_WRITE)
def give_up(body: GiveUp) -> dict[str, Any]:
    """Send these no more: messages that wait, failed or are uncertain become cancelled. This cannot be undone."""
    who = caller()
    with transaction(who.scope) as session:
        number = manual_retry.give_up(session, body.ids, body.cause)
    return {"messages_given_up": number}
