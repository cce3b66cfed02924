"""What the API takes and gives of the catalogue and of quotes, as it stands in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.models import QuoteState
from core.outbox.compose import LARGEST_ID
from core.quotes import pricing
from core.quotes.products import LONGEST, MOST_ALIASES, Facts, Listed
from webhook_app.api.schemas import Given, Paging, Taken, Words

_NO_NUL = r"^[^\x00]*$"
Alias = Annotated[str, Field(min_length=1, max_length=LONGEST["alias"], pattern=_NO_NUL)]
Price = Annotated[Decimal, Field(ge=0, le=pricing.HIGHEST, decimal_places=4)]


class ProductIn(Taken):
    """A product. One with a `sku` is known by it, one without by its name.

    `price` is for one `unit` (empty: a piece), in `currency` (ISO 4217; empty: the business's own): a number, or a
    string where a number could lose digits. `aliases` are other names that customers use. One that is not `active` is
    neither offered nor quoted.
    """

    name: str = Field(min_length=1, max_length=LONGEST["name"], pattern=_NO_NUL, examples=["Camisa azul"])
    price: Price = Field(examples=["25.50"])
    sku: str = Field(default="", max_length=LONGEST["sku"], pattern=_NO_NUL)
    description: str = Field(default="", max_length=LONGEST["description"], pattern=_NO_NUL)
    unit: str = Field(default="", max_length=LONGEST["unit"], pattern=_NO_NUL)
    currency: str = Field(default="", pattern=r"^([A-Za-z]{3})?$", examples=["EUR"])
    aliases: list[Alias] = Field(default=[], max_length=MOST_ALIASES)
    active: Annotated[bool, Field(strict=True)] = True

    def facts(self) -> Facts:
        return Facts(**self.model_dump() | {"aliases": tuple(self.aliases)})


class ProductPath(Given):
    product_id: int = Field(ge=1, le=LARGEST_ID)


class ProductQuery(Paging):
    q: Words | None = Field(default=None, description="words of the name, the SKU or an alias, accents or not")
    sku: Words | None = Field(default=None, description="exactly this SKU")
    active: bool | None = Field(default=None, description="on offer, or not")


class ProductOut(Given):
    """`price` is a string, so that no digit is lost."""

    id: int
    sku: str
    name: str
    description: str
    unit: str
    price: Decimal
    currency: str
    aliases: list[str]
    active: bool
    updated_at: datetime

    @classmethod
    def of(cls, one: Listed) -> ProductOut:
        told = {name: getattr(one.facts, name) for name in Facts.__slots__}
        return cls.model_validate({**told, "id": one.id, "updated_at": one.updated_at})


class ProductList(Given):
    items: list[ProductOut]
    next_cursor: str | None


class QuotePath(Given):
    quote_id: int = Field(ge=1, le=LARGEST_ID)


class QuoteQuery(Paging):
    state: QuoteState | None = None
    conversation_id: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class QuotedContact(Given):
    id: int
    name: str


class QuoteOut(Given):
    """`total` is a string in `currency`; both are null where the lines name several currencies, or none is clear.

    asking: the customer has to say which product, or how many; open: they have to say yes or no; replaced: they
    changed it, and a newer quote of the conversation says how. `decided_at` is when it stopped waiting.
    """

    id: int
    conversation_id: int
    contact: QuotedContact
    state: QuoteState
    currency: str | None
    total: Decimal | None
    line_count: int
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


class QuoteLineOut(Given):
    """What was quoted then; the catalogue may have changed since. `words` are the customer's own.

    Where it was not clear which product is meant, `product_id` is null and `candidates` are the names of those it may
    be. `said_unit` is the unit in the customer's words, `unit` that of the price. `confidence` is from 0 to 1.
    """

    words: str
    quantity: Decimal | None
    said_unit: str
    product_id: int | None
    sku: str
    name: str
    unit: str
    price: Decimal | None
    currency: str | None
    amount: Decimal | None
    confidence: float
    candidates: list[str]


class QuoteDetailsOut(QuoteOut):
    lines: list[QuoteLineOut]


class QuoteList(Given):
    items: list[QuoteOut]
    next_cursor: str | None
