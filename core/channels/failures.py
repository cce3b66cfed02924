"""What went wrong at a provider, whose fault it is, and whether the message may be sent again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a failed send means for the outbox.

    `PERMANENT`: sending the same again cannot work. `RETRYABLE`: the provider certainly did not accept it and may
    later. `UNKNOWN`: it may have been accepted; it is never sent again automatically.
    """

    PERMANENT = "permanent"
    RETRYABLE = "retryable"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """The origin of a failure, and so who can fix it. The console groups failures by this and by code."""

    PROVIDER = "provider"  # the provider's fault: wait
    THROTTLED = "throttled"  # too fast: wait
    NEEDS_TEMPLATE = "needs_template"  # 24-hour window closed
    RECIPIENT = "recipient"  # this person cannot be reached
    REQUEST = "request"  # our message is invalid
    ADMIN = "admin"  # token, permission, payment: an administrator acts
    PAUSE_NUMBER = "pause_number"  # the number itself is blocked or limited: stop sending from it
    NETWORK = "network"  # no response


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error with the provider's code and texts (`code` is a string: Meta and Twilio number differently)."""

    code: str
    title: str
    details: str = ""


class Fact(StrEnum):
    """What an error says about the recipient, beyond this one message."""

    OPTED_OUT = "opted_out"
    MARKETING_STOPPED = "marketing_stopped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The meaning of a provider's error code, from that provider's table.

    `advice` says what happened and who can fix it; the outbox adds whether the message is retried. `wait` is the
    minimum seconds until the next attempt. `answers_only`: the number may begin no conversations for that time; replies
    in an open window continue.
    """

    verdict: Verdict
    cause: Cause
    advice: str
    wait: float = 0.0
    answers_only: bool = False
    fact: Fact | None = None

    @property
    def suspends_number(self) -> bool:
        """Return whether the number cannot send at all until its credentials work again."""
        return self.verdict is Verdict.RETRYABLE and self.cause is Cause.ADMIN


class SendError(Exception):
    """A provider call that failed; for a send, the message was not accepted or its outcome is unknown.

    `retry_after` is in seconds, when the provider named a wait.
    """

    def __init__(self, error: ProviderError, diagnosis: Diagnosis, *, retry_after: float | None = None) -> None:
        super().__init__(f"{error.code}: {error.title}")
        self.error = error
        self.diagnosis = diagnosis
        self.verdict = diagnosis.verdict
        self.cause = diagnosis.cause
        self.advice = diagnosis.advice
        self.retry_after = max(retry_after or 0, diagnosis.wait) if diagnosis.wait else retry_after


class InvalidMessage(ValueError):
    """A message exceeds a provider's limit. `field` names the part, the text says the limit. Nothing was sent."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class MediaError(Exception):
    """A file could not be fetched. `permanent` says whether a retry is useless."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent
