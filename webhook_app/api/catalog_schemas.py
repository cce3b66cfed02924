"""Request and response schemas of the catalogue and of quotes."""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from core.catalog.products import LONGEST, MAX_ALIASES, Facts, Listed
from core.channels.content.parts import LARGEST_ID
from core.models import QuoteState
from core.platform.faults import NO_NUL, Form
from core.text import prices
from webhook_app.api.schemas import IdPaging, RequestModel, ResponseModel
from webhook_app.api.values import Words

_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?")


def _price(value: Any) -> Decimal:
    """Parse a price; a JSON number keeps its digits, so that 25.1 is 25.1."""
    if isinstance(value, str) and _PRICE.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        amount = Decimal(str(value))
        if 0 <= amount <= prices.HIGHEST and amount == amount.quantize(prices.SMALLEST):
            return amount
    raise ValueError(f"must be a number from 0 to {prices.HIGHEST} with four decimal places at most, such as 25.50")


Price = Annotated[
    Decimal,
    PlainValidator(_price),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": float(prices.HIGHEST), "multipleOf": 0.0001},
                {"type": "string", "pattern": f"^{_PRICE.pattern}$"},
            ]
        }
    ),
]


def _currency(value: Any) -> str:
    code = value.upper() if isinstance(value, str) else None
    if code == "" or code in prices.codes():
        return str(code)
    raise ValueError("must be the ISO 4217 code of a currency in use, such as EUR, or empty")


Currency = Annotated[
    str, PlainValidator(_currency), WithJsonSchema({"type": "string", "enum": ["", *sorted(prices.codes())]})
]
_NAME = Form(r"^[^\x00]*[^\s\x00-\x20\x85\xa0\ufeff][^\x00]*$", "needs at least one visible character, and no U+0000")
Alias = Annotated[str, Field(min_length=1, max_length=LONGEST["alias"]), NO_NUL]


class ProductIn(RequestModel):
    """A product. One with a `sku` is known by it, one without by its name.

    `price` is for one `unit` (empty: a piece), in `currency` (ISO 4217; empty: the business's own): a number, or a
    string where a number could lose digits. `aliases` are other names that customers use. One that is not `active` is
    neither offered nor quoted.
    """

    name: Annotated[str, Field(max_length=LONGEST["name"]), _NAME] = Field(examples=["Camisa azul"])
    price: Price = Field(examples=["25.50"])
    sku: Annotated[str, Field(max_length=LONGEST["sku"]), NO_NUL] = ""
    description: Annotated[str, Field(max_length=LONGEST["description"]), NO_NUL] = ""
    unit: Annotated[str, Field(max_length=LONGEST["unit"]), NO_NUL] = ""
    currency: Currency = Field(default="", examples=["EUR"])
    aliases: list[Alias] = Field(default=[], max_length=MAX_ALIASES)
    active: Annotated[bool, Field(strict=True)] = True

    def facts(self) -> Facts:
        """Return the product's values."""
        return Facts(**self.model_dump() | {"aliases": tuple(self.aliases)})


class ProductPath(ResponseModel):
    product_id: int = Field(ge=1, le=LARGEST_ID)


class ProductQuery(IdPaging):
    q: Words | None = Field(default=None, description="words of the name, the SKU or an alias, accents or not")
    sku: Words | None = Field(default=None, description="exactly this SKU")
    active: bool | None = Field(default=None, description="on offer, or not")


class ProductOut(ResponseModel):
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
        """Build the response of a product."""
        values = {name: getattr(one.facts, name) for name in Facts.__slots__}
        return cls.model_validate({**values, "id": one.id, "updated_at": one.updated_at})


class ProductList(ResponseModel):
    items: list[ProductOut]
    next_cursor: str | None


class QuotePath(ResponseModel):
    quote_id: int = Field(ge=1, le=LARGEST_ID)


class QuoteQuery(IdPaging):
    state: QuoteState | None = None
    conversation_id: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class QuotedContact(ResponseModel):
    id: int
    name: str


class QuoteOut(ResponseModel):
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


class QuoteLineOut(ResponseModel):
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


class QuoteList(ResponseModel):
    items: list[QuoteOut]
    next_cursor: str | None
