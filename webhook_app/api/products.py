"""Routes: the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.accounts.api_keys import Scope
from core.catalog import products
from core.catalog.products import UnacceptableProduct
from core.platform.db import transaction
from core.platform.errors import NotFound
from webhook_app.api import blueprint, cursors
from webhook_app.api.auth import Caller, caller, needs
from webhook_app.api.catalog_schemas import ProductIn, ProductList, ProductOut, ProductPath, ProductQuery
from webhook_app.api.errors import invalid

api = blueprint.blueprint("products", "The catalogue from which the bot quotes")

_FAULTS = {
    "no_name": ("name", "is empty"),
    "too_long": ("name", "is too long"),
    "price": ("price", "is not a price"),
    "currency": ("currency", "is no ISO 4217 code that is in use"),
}


@api.get("/api/v1/products", responses={200: ProductList})
@needs(Scope.CATALOGUE_READ)
def list_products(query: ProductQuery) -> dict[str, Any]:
    """Products, in the order in which they were added."""
    who = caller()
    filters = products.Filter(query.q or "", query.sku, query.active)
    after = cursors.decode_id(query.cursor)
    with transaction(who.scope) as session:
        found = products.in_order(session, filters, after=after, limit=query.limit + 1)
    items = [ProductOut.of(one) for one in found[: query.limit]]
    more = items[-1].id if len(found) > query.limit else None
    return ProductList(items=items, next_cursor=cursors.encode_id(more)).model_dump(mode="json")


@api.get("/api/v1/products/<int:product_id>", responses={200: ProductOut})
@needs(Scope.CATALOGUE_READ)
def get_product(path: ProductPath) -> dict[str, Any]:
    """One product."""
    return _shown(caller(), path.product_id)


@api.post("/api/v1/products", responses={201: ProductOut})
@needs(Scope.CATALOGUE_WRITE)
def add_product(body: ProductIn) -> tuple[dict[str, Any], int]:
    """Add a product; 409 if one has this SKU or, without one, this name, or if the catalogue is full."""
    return _saved(caller(), body), 201


@api.put("/api/v1/products/<int:product_id>", responses={200: ProductOut})
@needs(Scope.CATALOGUE_WRITE)
def replace_product(path: ProductPath, body: ProductIn) -> dict[str, Any]:
    """Replace all that is known of a product: what the body leaves out becomes empty.

    The bot quotes the new price from the next message on; quotes that were given stay as they are.
    """
    return _saved(caller(), body, path.product_id)


@api.delete("/api/v1/products/<int:product_id>", responses={204: None})
@needs(Scope.CATALOGUE_WRITE)
def remove_product(path: ProductPath) -> tuple[str, int]:
    """Forget a product. Quotes that name it keep what they copied."""
    who = caller()
    with transaction(who.scope) as session:
        if not products.remove(session, [path.product_id]):
            raise NotFound(f"No product {path.product_id}.")
    return "", 204


def _saved(who: Caller, body: ProductIn, product_id: int | None = None) -> dict[str, Any]:
    with _named_faults(), transaction(who.scope) as session:
        saved = products.save(session, body.facts(), product_id)
    return _shown(who, saved)


def _shown(who: Caller, product_id: int) -> dict[str, Any]:
    with transaction(who.scope) as session:
        return ProductOut.of(products.one(session, product_id)).model_dump(mode="json")


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except UnacceptableProduct as error:
        field, reason = _FAULTS[error.reason]
        raise invalid([{"field": field, "reason": reason}]) from error
