"""REST: catalogue and quotes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select

from core.accounts import api_keys
from core.catalog import products, quotes
from core.catalog.orders.matcher import Line
from core.catalog.product_index import Item
from core.catalog.quote import QuoteChange
from core.models import AuditEntry, Business, Product, QuoteState
from core.platform.db import system_transaction, transaction
from tests.factories import conversation
from tests.support.api import Api, count

PRODUCTS = "/api/v1/products"
QUOTES = "/api/v1/quotes"
SHIRT = {"name": "Camisa azul", "price": "25.50", "sku": "CAM-01", "aliases": ["blusa"], "description": "De lino"}
CAP = {"name": "Gorra", "price": 8}


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


def add(api: Api, body: dict[str, Any]) -> int:
    answer = api.post(PRODUCTS, body)
    assert answer.status_code == 201, answer.json
    return int(answer.json["id"])


def replace(api: Api, product_id: int, body: dict[str, Any]) -> Any:
    return api.client.put(f"{PRODUCTS}/{product_id}", json=body, headers=api.headers)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [item["name"] for item in answer.json["items"]]


def test_a_product_is_added_read_replaced_and_removed(api: Api, business: Any) -> None:
    made = add(api, SHIRT)
    shown = api.get(f"{PRODUCTS}/{made}").json
    assert shown.pop("updated_at").endswith("Z")
    assert shown == {"id": made, "unit": "", "currency": "", "active": True, **SHIRT, "price": "25.5000"}
    replaced = replace(api, made, {"name": "Camisa celeste", "price": 30, "currency": "eur"})
    assert replaced.status_code == 200
    assert replaced.json == api.get(f"{PRODUCTS}/{made}").json
    kept = {name: replaced.json[name] for name in ("name", "price", "sku", "aliases", "description", "currency")}
    assert kept == {
        "name": "Camisa celeste", "price": "30.0000", "sku": "", "aliases": [], "description": "", "currency": "EUR",
    }  # fmt: skip
    gone = api.client.delete(f"{PRODUCTS}/{made}", headers=api.headers)
    assert (gone.status_code, gone.data) == (204, b"")
    assert count(Product) == 0
    with system_transaction() as session:
        audited = session.execute(select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in audited] == [
        ("key:bootstrap", "product.save"), ("key:bootstrap", "product.save"), ("key:bootstrap", "product.remove"),
    ]  # fmt: skip


def test_the_bot_quotes_what_a_program_saved(api: Api, business: Any) -> None:
    from core.catalog import product_index

    made = add(api, CAP)
    replace(api, made, CAP | {"price": "9.25"})
    with transaction(business.business_id) as session:
        assert [(one.name, one.price) for one in product_index.products_of(session)] == [("Gorra", Decimal("9.25"))]


def test_products_come_in_pages_and_by_filter(api: Api, business: Any) -> None:
    add(api, SHIRT)
    add(api, CAP)
    add(api, {"name": "Zapato", "price": 1, "active": False})
    first = api.get(PRODUCTS, limit=2)
    assert names(first) == ["Camisa azul", "Gorra"]
    second = api.get(PRODUCTS, limit=2, cursor=first.json["next_cursor"])
    assert (names(second), second.json["next_cursor"]) == (["Zapato"], None)
    assert names(api.get(PRODUCTS, q="BLUSA cám")) == ["Camisa azul"]
    assert names(api.get(PRODUCTS, sku="CAM-01")) == ["Camisa azul"]
    assert names(api.get(PRODUCTS, sku="cam")) == []
    assert names(api.get(PRODUCTS, active="false")) == ["Zapato"]
    assert names(api.get(PRODUCTS, active="true", q="a", limit=1)) == ["Camisa azul"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"), ({"name": "  "}, "name"), ({"name": "x" * 201}, "name"), ({"name": "a\0"}, "name"),
        ({"price": -1}, "price"), ({"price": "0.00001"}, "price"), ({"price": "many"}, "price"),
        ({"price": "NaN"}, "price"), ({"price": 1e10}, "price"), ({"currency": "XXQ"}, "currency"),
        ({"currency": "€"}, "currency"), ({"aliases": ["a"] * 21}, "aliases"), ({"aliases": [""]}, "aliases.0"),
        ({"active": "yes"}, "active"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_named(api: Api, business: Any, change: dict[str, Any], field: str) -> None:
    answer = api.post(PRODUCTS, SHIRT | change)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert count(Product) == 0


def test_a_name_or_sku_is_taken_once(api: Api, business: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cap = add(api, CAP)
    add(api, SHIRT)
    assert api.post(PRODUCTS, CAP).status_code == 409
    assert replace(api, cap, SHIRT).status_code == 409
    assert replace(api, cap, CAP).status_code == 200
    monkeypatch.setattr(products, "MAX_PRODUCTS", 2)
    assert api.post(PRODUCTS, {"name": "Zapato", "price": 1}).status_code == 409
    assert count(Product) == 2


def test_what_is_not_there_is_not_found(api: Api, business: Any) -> None:
    assert api.get(f"{PRODUCTS}/4711").status_code == 404
    assert replace(api, 4711, CAP).status_code == 404
    assert api.client.delete(f"{PRODUCTS}/4711", headers=api.headers).status_code == 404
    assert api.get(f"{QUOTES}/4711").status_code == 404


def test_a_replacement_that_is_no_json_object_is_refused(api: Api, business: Any) -> None:
    made = add(api, CAP)
    path = f"{PRODUCTS}/{made}"
    assert replace(api, made, []).status_code == 422  # type: ignore[arg-type]
    broken = api.client.put(path, data="{", headers=api.headers | {"Content-Type": "application/json"})
    assert (broken.status_code, broken.content_type) == (400, "application/problem+json")
    assert api.client.put(path, data="x", headers=api.headers).status_code == 415


@pytest.mark.parametrize("cursor", ["x", "MA", "MS4y", "LTE", ""])
@pytest.mark.parametrize("path", [PRODUCTS, QUOTES])
def test_a_made_up_cursor_is_refused(api: Api, path: str, cursor: str) -> None:
    answer = api.get(path, cursor=cursor)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


def test_who_may_read_the_catalogue_may_not_change_it(client: Any, business: Any) -> None:
    with transaction(business.business_id) as session:
        _, key = api_keys.create(session, "shop", [api_keys.Scope.CATALOGUE_READ])
    reader = Api(client, key)
    assert reader.get(PRODUCTS).status_code == 200
    assert reader.post(PRODUCTS, CAP).status_code == 403
    assert replace(reader, 1, CAP).status_code == 403
    assert client.delete(f"{PRODUCTS}/1", headers=reader.headers).status_code == 403


def give(business: Any, conversation_id: int, *lines: Line, state: QuoteState = QuoteState.OPEN) -> int:
    change = QuoteChange(
        state=state, lines=lines, language="es", expires_at=datetime.now(UTC) + timedelta(hours=48), summary=""
    )
    with transaction(business.business_id) as session:
        made = quotes.apply(session, conversation_id, None, change)
    assert made is not None
    return made


def test_quotes_are_listed_and_read(api: Api, business: Any) -> None:
    shoes = [add(api, {"name": name, "price": 50}) for name in ("Zapato negro", "Zapato rojo")]
    black, red = (Item(one, "", "Zapato", (), "", Decimal(50), "EUR") for one in shoes)
    cap = Item(add(api, CAP), "", "Gorra", (), "", Decimal(8), "EUR")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    other = conversation(business.business_id, business.whatsapp_channel_id, "5491155550002")
    first = give(business, talk, Line("2 gorras", Decimal(2), "", cap, 1.0))
    asking = Line("zapatos", Decimal(1), "pares", None, 0.4, (black, red))
    second = give(business, other, asking, state=QuoteState.ASKING)

    listed = api.get(QUOTES, limit=1)
    assert [quote["id"] for quote in listed.json["items"]] == [second]
    rest = api.get(QUOTES, limit=1, cursor=listed.json["next_cursor"])
    assert ([quote["id"] for quote in rest.json["items"]], rest.json["next_cursor"]) == ([first], None)
    assert [quote["id"] for quote in api.get(QUOTES, state="asking").json["items"]] == [second]
    assert [quote["id"] for quote in api.get(QUOTES, conversation_id=talk).json["items"]] == [first]
    assert api.get(QUOTES, state="lost").status_code == 422

    quote = api.get(f"{QUOTES}/{first}").json
    (line,) = quote.pop("lines")
    assert quote == rest.json["items"][0]
    assert (quote["state"], quote["currency"], quote["total"], quote["line_count"]) == ("open", "EUR", "16.0000", 1)
    assert (line["product_id"], line["name"], line["quantity"], line["amount"]) == (cap.id, "Gorra", "2.000", "16.0000")
    (unclear,) = api.get(f"{QUOTES}/{second}").json["lines"]
    assert (unclear["product_id"], unclear["price"], unclear["said_unit"]) == (None, None, "pares")
    assert unclear["candidates"] == ["Zapato negro", "Zapato rojo"]


def test_another_business_has_its_own_goods_and_quotes(api: Api, business: Any) -> None:
    made = add(api, CAP)
    cap = Item(made, "", "Gorra", (), "", Decimal(8), "EUR")
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    quote = give(business, talk, Line("gorra", Decimal(1), "", cap, 1.0))
    with system_transaction() as session:
        other = session.execute(insert(Business).values(name="Otra").returning(Business.id)).scalar_one()
    with transaction(other) as session:
        _, key = api_keys.create(session, "other", ["*"])
    stranger = Api(api.client, key)
    assert stranger.get(PRODUCTS).json["items"] == stranger.get(QUOTES).json["items"] == []
    for path in (f"{PRODUCTS}/{made}", f"{QUOTES}/{quote}"):
        assert stranger.get(path).status_code == 404
    assert replace(stranger, made, SHIRT).status_code == 404
    assert stranger.client.delete(f"{PRODUCTS}/{made}", headers=stranger.headers).status_code == 404
    assert api.get(f"{PRODUCTS}/{made}").json["name"] == "Gorra"
