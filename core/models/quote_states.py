"""States of a quote."""

from __future__ import annotations

from enum import StrEnum


class QuoteState(StrEnum):
    """State of a quote."""

    ASKING = "asking"  # the customer has to say which product, or how many
    OPEN = "open"  # the customer has to say yes or no
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    REPLACED = "replaced"  # the customer changed it: the next quote has the change
