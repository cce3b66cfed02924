"""Exceptions that cross packages. Each text tells a person what to do."""

from __future__ import annotations


class BotHubError(Exception):
    """Base of errors that a caller can act on; the text is shown to people."""


class NotFound(BotHubError):
    """The object does not exist in this business."""


class Conflict(BotHubError):
    """The object is not in a state that allows the operation."""


class WindowClosed(Conflict):
    """More than 24 hours have passed since the customer last wrote: only an approved template can be sent.

    Source: Meta, Cloud API, "Customer service windows".
    """

    def __init__(self) -> None:
        super().__init__(
            "The 24-hour window is closed: the customer has not written within a day. Send an approved template."
        )


class OptedOut(Conflict):
    """The customer opted out of messages."""

    def __init__(self) -> None:
        super().__init__("This customer opted out. They must write START (or ALTA) before anything can be sent.")


class AddressEnded(Conflict):
    """The address no longer belongs to this customer: the number may have been reassigned."""

    def __init__(self) -> None:
        super().__init__(
            "This number is not the customer's any more, and may be somebody else's: nothing can be sent there. "
            "Write to another of their addresses, or wait until they write from a new one."
        )


class WrittenInGroup(Conflict):
    """The customer wrote in a group: providers cannot send to groups, and an answer would be private."""

    def __init__(self) -> None:
        super().__init__(
            "This customer wrote in a group, where nothing can be sent from here: an answer would reach only them, in "
            "private. Answer in WhatsApp, or wait until they write in private."
        )


class MarketingStopped(Conflict):
    """The customer stopped marketing templates; other messages are allowed."""

    def __init__(self) -> None:
        super().__init__(
            "This customer stopped marketing messages. Send another kind of template, or wait until they resume them."
        )


class IdempotencyConflict(Conflict):
    """The same Idempotency-Key came with a different request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with a different message. Use a new key for a new message.")


class StoreUnavailable(BotHubError):
    """Postgres or Redis does not answer in time; the caller must try again."""


class ConfigurationError(BotHubError):
    """A setting is missing or wrong; the text names it and says what to do, in one line."""
