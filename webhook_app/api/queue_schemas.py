"""Request and response schemas of the outbox."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from core.channels.content.parts import Id
from core.channels.types import Cause
from webhook_app.api.schemas import ErrorOut, RequestModel, ResponseModel


class Retry(RequestModel):
    """Without `ids`: all failed messages, or those of one `cause`.

    Uncertain messages, and those that sending again cannot mend (causes needs_template, recipient and request), are
    sent only when named. The body may be absent.
    """

    ids: list[Id] | None = Field(default=None, min_length=1, max_length=1000)
    cause: Cause | None = None

    @model_validator(mode="before")
    @classmethod
    def _absent(cls, body: Any) -> Any:
        return {} if body is None else body


class GiveUp(RequestModel):
    """The messages named, or what failed by `cause`: exactly one of both."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}, other: {"type": "null"}}}
                for name, other in (("ids", "cause"), ("cause", "ids"))
            ]
        }
    )

    ids: list[Id] | None = Field(default=None, min_length=1, max_length=1000)
    cause: Cause | None = None

    @model_validator(mode="after")
    def _named(self) -> GiveUp:
        if (self.ids is None) == (self.cause is None):
            raise ValueError("needs either ids or cause, not both")
        return self


class UnsentOut(ResponseModel):
    id: int
    to: str
    attempts: int
    last_error: str | None
    error: ErrorOut | None


class CauseOut(ResponseModel):
    status: str
    cause: str | None
    count: int


class QueueOut(ResponseModel):
    """success_rate, a fraction from 0 to 1, and avg_attempts cover 7 days; null while there is nothing to count."""

    queue_size: int
    pending_retry: int
    failed: int
    uncertain: int
    success_rate: float | None
    avg_attempts: float | None
    by_cause: list[CauseOut]
    failed_messages: list[UnsentOut]
    uncertain_messages: list[UnsentOut]


class LegacyRetriedOut(ResponseModel):
    messages_retried: int
    successful: int
    failed: int


class LegacyRetryOut(ResponseModel):
    """`status` is ok."""

    status: str
    result: LegacyRetriedOut


class PreviewRefusedOut(ResponseModel):
    reason: str
    count: int


class PreviewOut(ResponseModel):
    """`messages` would be sent again, to so many `people`; the others stay as they are, counted by reason."""

    messages: int
    people: int
    refused: list[PreviewRefusedOut]


class GivenUpOut(ResponseModel):
    messages_given_up: int


class RefusedOut(ResponseModel):
    id: int
    reason: str


class RetryOut(ResponseModel):
    """messages_retried = successful (queued again) + failed (left as they are, with the reason in `refused`)."""

    messages_retried: int
    successful: int
    failed: int
    refused: list[RefusedOut]
