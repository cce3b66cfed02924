"""Who the customers are, what was said, and the ledger of everything a provider's stand-in accepted."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Channel = Literal["whatsapp", "sms", "twilio_whatsapp"]
CHANNELS: tuple[Channel, ...] = ("whatsapp", "sms", "twilio_whatsapp")
PROVIDER_OF: dict[str, str] = {"whatsapp": "whatsapp", "sms": "twilio", "twilio_whatsapp": "twilio"}
WINDOW_SECONDS = 24 * 3600


def digits_of(address: str) -> str:
    """Return the digits of an address."""
    return "".join(filter(str.isdigit, address))


def wa_id_of(digits: str) -> str:
    """The id WhatsApp knows a number by: Mexico keeps a 1 and Argentina a 9 after the country code."""
    if digits.startswith("52") and len(digits) == 12:
        return f"521{digits[2:]}"
    if digits.startswith("54") and len(digits) == 12:
        return f"549{digits[2:]}"
    return digits


def phone_of(digits: str) -> str:
    """The E.164 number behind a WhatsApp id: the reverse of `wa_id_of` for Mexico."""
    if digits.startswith("521") and len(digits) == 13:
        return f"+52{digits[3:]}"
    return f"+{digits}"


def country_of(digits: str) -> str:
    """Return the country of a number, XX for any but the best-known prefixes."""
    for prefix, country in (("52", "MX"), ("54", "AR"), ("55", "BR"), ("1", "US"), ("34", "ES"), ("57", "CO")):
        if digits.startswith(prefix):
            return country
    return "XX"


@dataclass(slots=True, eq=False)
class Customer:
    """`wrote_at` is the time of the customer's newest message per channel: it opens the 24-hour window.

    With `hide_phone` WhatsApp shows the business only `user_id` (BSUID), as for people who use a username.
    """

    id: str
    name: str
    phone: str
    wa_id: str
    user_id: str
    username: str = ""
    hide_phone: bool = False
    on_whatsapp: bool = True
    wrote_at: dict[str, float] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    entries: deque[Entry] = field(default_factory=deque)

    def window_open(self, channel: str, now: float) -> bool:
        return now - self.wrote_at.get(channel, 0.0) < WINDOW_SECONDS

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "phone": self.phone,
            "wa_id": self.wa_id,
            "user_id": self.user_id,
            "username": self.username,
            "hide_phone": self.hide_phone,
            "on_whatsapp": self.on_whatsapp,
            "wrote_at": self.wrote_at,
            "opted_out": sorted(self.opted_out),
            "messages": len(self.entries),
            "last_at": self.entries[-1].at if self.entries else None,
            "last_text": (self.entries[-1].text or self.entries[-1].type)[:120] if self.entries else "",
        }


@dataclass(slots=True, eq=False)
class Entry:
    """One message of a thread. `incoming` is seen from the business: True when the customer wrote it."""

    id: str
    channel: Channel
    customer: Customer
    incoming: bool
    type: str
    text: str
    content: dict[str, Any]
    at: float
    status: str
    our_id: str | None = None
    error: dict[str, Any] | None = None
    history: list[tuple[str, float]] = field(default_factory=list)
    address: str = ""
    business: str = ""
    callback: str = ""
    reply_to: str | None = None
    category: str = "service"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "channel": self.channel,
            "customer": self.customer.id,
            "incoming": self.incoming,
            "type": self.type,
            "text": self.text,
            "content": self.content,
            "at": self.at,
            "status": self.status,
            "our_id": self.our_id,
            "error": self.error,
            "history": self.history,
            "reply_to": self.reply_to,
        }


class Ledger:
    """Every message that a stand-in accepted, and how often each of the product's own ids came by."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self.rows: deque[dict[str, Any]] = deque()
        self.totals: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        provider = PROVIDER_OF[entry.channel]
        self.rows.append(
            {
                "provider": provider,
                "channel": entry.channel,
                "provider_message_id": entry.id,
                "our_id": entry.our_id,
                "to": entry.address,
                "type": entry.type,
                "text": entry.text,
                "accepted_at": entry.at,
            }
        )
        self.totals[provider] += 1
        if entry.our_id is not None:
            self.seen[entry.our_id] += 1
        if len(self.rows) > self._keep:
            self._forget(self.rows.popleft())

    def _forget(self, row: dict[str, Any]) -> None:
        our_id = row["our_id"]
        if our_id is not None and self.seen[our_id] > 1:
            self.seen[our_id] -= 1
        else:
            self.seen.pop(our_id, None)

    def summary(self) -> dict[str, Any]:
        return {
            "total": sum(self.totals.values()),
            "by_provider": dict(self.totals),
            "kept": len(self.rows),
            "our_ids": len(self.seen),
            "repeated": {our_id: count for our_id, count in self.seen.items() if count > 1},
        }

    def clear(self) -> None:
        self.rows.clear()
        self.totals.clear()
        self.seen.clear()


class Store:
    """Customers and messages in memory, the newest `keep` of each."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self.customers: OrderedDict[str, Customer] = OrderedDict()
        self._by_address: dict[str, Customer] = {}
        self.messages: OrderedDict[str, Entry] = OrderedDict()
        self.ledger = Ledger(keep)

    def customer(self, address: str) -> Customer:
        """The customer at a phone number, wa_id or BSUID; made on the spot when nobody is there yet."""
        found = self.find(address)
        return found if found is not None else self.add_customer(address)

    def find(self, address: str) -> Customer | None:
        if address in self._by_address:
            return self._by_address[address]
        digits = digits_of(address)
        return self._by_address.get(digits) or self._by_address.get(wa_id_of(digits))

    def add_customer(self, phone: str, name: str = "") -> Customer:
        digits = digits_of(phone)
        wa_id = wa_id_of(digits)
        e164 = phone_of(wa_id)
        token = base64.b32encode(hashlib.sha256(wa_id.encode()).digest()[:10]).decode()
        customer = Customer(
            id=digits_of(e164), name=name or e164, phone=e164, wa_id=wa_id, user_id=f"{country_of(wa_id)}.{token}"
        )
        self.customers[customer.id] = customer
        for key in (customer.id, wa_id, customer.user_id):
            self._by_address[key] = customer
        if len(self.customers) > self._keep:
            self._drop_customer(next(iter(self.customers)))
        return customer

    def _drop_customer(self, customer_id: str) -> None:
        customer = self.customers.pop(customer_id)
        for key in (customer.id, customer.wa_id, customer.user_id):
            self._by_address.pop(key, None)
        for entry in customer.entries:
            self.messages.pop(entry.id, None)

    def add(self, entry: Entry) -> None:
        self.messages[entry.id] = entry
        entry.customer.entries.append(entry)
        if entry.incoming:
            wrote_at = entry.customer.wrote_at
            wrote_at[entry.channel] = max(entry.at, wrote_at.get(entry.channel, 0.0))
        else:
            self.ledger.add(entry)
        if len(self.messages) > self._keep:
            _, oldest = self.messages.popitem(last=False)
            if oldest.customer.entries and oldest.customer.entries[0] is oldest:
                oldest.customer.entries.popleft()

    def twilio_messages(self) -> Iterator[Entry]:
        """Newest first, as Twilio lists them."""
        return (entry for entry in reversed(self.messages.values()) if entry.channel != "whatsapp")

    def clear(self) -> None:
        self.customers.clear()
        self._by_address.clear()
        self.messages.clear()
        self.ledger.clear()


class RateLimits:
    """Meta's two speed limits, as buckets that run empty.

    A number: `mps` messages per second. A pair: one message per 6 seconds to one person, of which up to 45
    may be borrowed from the future (Meta, Cloud API overview, Throughput and Pair rate limits). 0 switches one off.
    """

    PAIR_SECONDS = 6.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._number_free_at = 0.0
        self._pair_free_at: OrderedDict[str, float] = OrderedDict()

    def number_exceeded(self, mps: int) -> bool:
        if mps <= 0:
            return False
        now = self._clock()
        free_at = max(self._number_free_at, now)
        if free_at - now > 1.0:
            return True
        self._number_free_at = free_at + 1.0 / mps
        return False

    def pair_exceeded(self, person: str, burst: int) -> bool:
        if burst <= 0:
            return False
        now = self._clock()
        free_at = max(self._pair_free_at.pop(person, 0.0), now)
        exceeded = free_at - now > (burst - 1) * self.PAIR_SECONDS
        self._pair_free_at[person] = free_at if exceeded else free_at + self.PAIR_SECONDS
        if len(self._pair_free_at) > 50_000:
            self._pair_free_at.popitem(last=False)
        return exceeded

    def clear(self) -> None:
        self._number_free_at = 0.0
        self._pair_free_at.clear()


def new_wamid() -> str:
    """Return a random message id that looks like WhatsApp's."""
    return "wamid." + base64.b64encode(secrets.token_bytes(30)).decode()


def new_sid(prefix: str) -> str:
    """Return a random Twilio id: `prefix` and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)
