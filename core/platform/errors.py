"""Errors that cross packages. Each says what to do, and has a code that is stable.

The code is the `code` of REST's answer and names the console's translation, `error.<code>`. A class of its own is only
for what a caller handles differently.
"""

from __future__ import annotations

from collections.abc import Mapping


class BotHubError(Exception):
    """Base of errors that a caller can act on; the text is shown to people.

    `values` fill the places of the translation. Without a translation of the code the text itself is shown.
    """

    code = "refused"
    values: Mapping[str, object] = {}


class _Coded(BotHubError):
    def __init__(self, code: str, text: str, **values: object) -> None:
        super().__init__(text)
        self.code = code
        self.values = values


class NotFound(BotHubError):
    """The object does not exist in this business."""

    code = "not_found"


class Conflict(_Coded):
    """The object is not in a state that allows the operation."""


class Invalid(_Coded):
    """What was given cannot be used."""


class Unavailable(_Coded):
    """Something that the operation needs does not work now, or is not set up."""


class StoreUnavailable(BotHubError):
    """Postgres or Redis does not answer in time; the caller must try again."""

    code = "store_unavailable"


class ConfigurationError(BotHubError):
    """A setting is missing or wrong; the text names it and says what to do, in one line."""
