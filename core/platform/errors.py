"""The few exceptions that cross rooms. Each text tells a person what to do."""

from __future__ import annotations


class BotHubError(Exception):
    """Something a caller can act on. Its text is shown to people."""


class NotFound(BotHubError):
    """No such thing in this business."""


class Conflict(BotHubError):
    """The thing is not in a state that allows this."""


class WindowClosed(Conflict):
    """More than 24 hours have passed since the customer last wrote: only an approved template can be sent.

    Source: Meta, Cloud API, "Customer service windows".
    """

    def __init__(self) -> None:
        super().__init__(
            "The 24-hour window is closed: the customer has not written within a day. Send an approved template."
        )


class OptedOut(Conflict):
    """The customer asked not to be written to."""

    def __init__(self) -> None:
        super().__init__("This customer opted out. They must write START (or ALTA) before anything can be sent.")


class AddressEnded(Conflict):
    """The address is not this customer's any more: somebody else may have the number now."""

    def __init__(self) -> None:
        super().__init__(
            "This number is not the customer's any more, and may be somebody else's: nothing can be sent there. "
            "Write to another of their addresses, or wait until they write from a new one."
        )


class WrittenInGroup(Conflict):
    """The customer wrote in a group: no provider of ours sends to groups, and an answer would be private."""

    def __init__(self) -> None:
        super().__init__(
            "This customer wrote in a group, where nothing can be sent from here: an answer would reach only them, in "
            "private. Answer in WhatsApp, or wait until they write in private."
        )


class MarketingStopped(Conflict):
    """The customer takes no marketing templates; other messages go on."""

    def __init__(self) -> None:
        super().__init__(
            "This customer stopped marketing messages. Send another kind of template, or wait until they resume them."
        )


class IdempotencyConflict(Conflict):
    """The same Idempotency-Key came with a different request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with a different message. Use a new key for a new message.")


class StoreUnavailable(BotHubError):
    """Postgres or Redis does not answer in time: whoever asked, a provider or a person, must ask again."""


class ConfigurationError(BotHubError):
    """A setting is missing or wrong; the text names it and says what to do, in one line."""
