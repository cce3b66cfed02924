"""What holds for a messaging service, whichever provider carries its messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.channels.phone_numbers import BLANKS, BSUID, PHONE, dialled, is_bsuid
from core.channels.types import InvalidMessage, Kind


@dataclass(frozen=True, slots=True)
class WrittenAddress:
    """An address as a person or program wrote it, in the form in which it is stored and sent to.

    `phone` is "+digits" where it is a telephone number.
    """

    value: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class PairRate:
    """How fast one customer may be written to: a message per `interval`, and `burst` at once after a pause."""

    interval: timedelta
    burst: int


@dataclass(frozen=True, slots=True)
class KindRules:
    """The rules of a messaging service.

    `read_address` raises `InvalidMessage` for what does not fit the pattern `address_form`. `reply_window`: how long
    after the customer's last message anything but a template may be sent; None: always. `numbers_only`: people write
    from telephone numbers, and whatever else writes (a name, a short code) is a machine, which no bot answers.
    `threaded`: a message has a subject and names those that it follows.
    """

    read_address: Callable[[str], WrittenAddress]
    address_form: str
    reply_window: timedelta | None = None
    pair_rate: PairRate | None = None
    numbers_only: bool = False
    threaded: bool = False


def rules(kind: str) -> KindRules:
    """Return the rules of a kind. Raises `ValueError` for an unknown one."""
    return _RULES[Kind(kind)]


def _number(written: str) -> str:
    if number := dialled(written):
        return number
    raise InvalidMessage("to", "must be a telephone number with its country code, such as +54 9 11 5555 0001")


def _whatsapp_address(written: str) -> WrittenAddress:
    """Return a WhatsApp id, which is bare digits, or a hidden number's business-scoped user id."""
    if is_bsuid(written):
        return WrittenAddress(written)
    number = _number(written)
    return WrittenAddress(number, f"+{number}")


def _telephone(written: str) -> WrittenAddress:
    number = f"+{_number(written)}"
    return WrittenAddress(number, number)


_IN_MAIL = rf"\x00\x1c-\x1f{BLANKS}<>,;\""  # not in an address
_MAILBOX = rf"^[{BLANKS}]*[^{_IN_MAIL}@]+@[^{_IN_MAIL}@.]+(?:\.[^{_IN_MAIL}@.]+)+[{BLANKS}]*$"


def _mailbox(written: str) -> WrittenAddress:
    """Return a mail address in lower case: no mail system in use tells cases apart."""
    if re.fullmatch(_MAILBOX.strip("^$"), written):
        return WrittenAddress(written.strip().lower())
    raise InvalidMessage("to", "must be a mail address, such as ana@example.com")


_RULES: Mapping[Kind, KindRules] = {
    # Meta, Cloud API, "Customer service windows" and error 131056; Twilio's WhatsApp follows both.
    Kind.WHATSAPP: KindRules(
        _whatsapp_address,
        f"{PHONE}|{BSUID}",
        reply_window=timedelta(hours=24),
        pair_rate=PairRate(timedelta(seconds=6), 45),
    ),
    Kind.SMS: KindRules(_telephone, PHONE, numbers_only=True),
    Kind.EMAIL: KindRules(_mailbox, _MAILBOX, threaded=True),
}
REPLY_WINDOWS = {kind: known.reply_window for kind, known in _RULES.items() if known.reply_window}
