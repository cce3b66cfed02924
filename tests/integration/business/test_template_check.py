"""Templates are checked against Meta's stored ones before anything is queued."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.channels.content.shapes import parse_content
from core.channels.templates.check import TemplateFault, check
from core.channels.templates.template import read_template
from core.channels.types import InvalidMessage
from tests.conftest import TestBusiness
from tests.factories import conversation
from tests.support.api import Api
from tests.support.database import one, rows


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


NOW = datetime(2026, 11, 30, tzinfo=UTC)
LATER = 1_900_000_000_000
BODY = {"type": "BODY", "text": "Hola {{1}}, su turno es {{2}}."}
NAMED = {"type": "BODY", "text": "Hi {{name}}, order {{order}}."}
IMAGE = {"type": "HEADER", "format": "IMAGE"}
LINK = {"type": "URL", "text": "Ver", "url": "https://shop.example/{{1}}"}
CARD = {"components": [IMAGE, {"type": "BODY", "text": "Desde {{1}}"}, {"type": "BUTTONS", "buttons": [LINK]}]}
PRODUCT_CARD = {"components": [{"type": "HEADER", "format": "PRODUCT"}, {"type": "BUTTONS", "buttons": [LINK]}]}
OFFER = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ya", "has_expiration": True}}
CODE = {"type": "URL", "text": "Copiar", "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}


def words(*values: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": value} for value in values]


def body(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": words(*values)}


def named(**values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{**one, "parameter_name": name} for name, (one,) in
                                           ((name, words(value)) for name, value in values.items())]}  # fmt: skip


def header(kind: str, value: Any) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def button(sub_type: str, *parameters: dict[str, Any], index: int | None = 0) -> dict[str, Any]:
    found = {"type": "button", "sub_type": sub_type, "parameters": list(parameters)}
    return found if index is None else {**found, "index": index}


def has(*buttons: str) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [{"type": kind, "text": "Pulsar"} for kind in buttons]}


def action(**inside: Any) -> dict[str, Any]:
    return {"type": "action", "action": inside}


def cards(count: int, *values: str, components: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    inside = components or [header("image", {"id": "7"}), body(*values), button("url", *words("a-1"))]
    return {"type": "carousel", "cards": [{"card_index": n, "components": inside} for n in range(count)]}


def ends(at: int) -> dict[str, Any]:
    return {"type": "limited_time_offer", "parameters": [
        {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": at}}]}  # fmt: skip


SPOT = {"latitude": "-34.6", "longitude": "-58.4", "name": "Sucursal", "address": "Av. 1"}
PRODUCT = {"product_retailer_id": "ZAP-42", "catalog_id": "9"}
PRODUCT_GIVEN = [header("product", PRODUCT), button("url", *words("a"))]
COUPON = {"type": "coupon_code", "coupon_code": "VERANO25"}


def asked(components: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    template = {"name": "aviso", "language": "es", "components": components, **more}
    return parse_content({"template": template}).model_dump(mode="json", exclude_none=True)["template"]


def look(defined: list[dict[str, Any]], given: list[dict[str, Any]], category: str = "UTILITY") -> None:
    template = {"name": "aviso", "language": "es", "status": "APPROVED", "category": category, "components": defined}
    check(read_template(template), asked(given), NOW)


FITS: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    ([{"type": "BODY", "text": "Hola"}], []),
    ([BODY], [body("Ana", "hoy")]),
    ([BODY], [{"type": "BODY", "parameters": words("Ana", "hoy")}]),
    ([NAMED], [named(order="A-1", name="Ana")]),
    ([{"type": "HEADER", "format": "TEXT", "text": "Turno {{1}}"}], [header("text", "A-1")]),
    ([IMAGE], [header("image", {"link": "https://cdn.example/1.png"})]),
    ([{"type": "HEADER", "format": "VIDEO"}], [header("video", {"id": "1"})]),
    ([{"type": "HEADER", "format": "DOCUMENT"}], [header("document", {"attachment_id": 3, "filename": "a.pdf"})]),
    ([{"type": "HEADER", "format": "LOCATION"}], [header("location", SPOT)]),
    ([{"type": "HEADER", "format": "PRODUCT"}, has("SPM")], [header("product", PRODUCT)]),
    ([has("PHONE_NUMBER", "COPY_CODE")], [button("copy_code", COUPON, index=1)]),
    ([has("FLOW")], []),
    ([has("FLOW")], [button("flow")]),
    ([has("FLOW")], [button("flow", action(flow_token="t", flow_action_data={"plan": "gold"}))]),
    ([has("CATALOG")], [button("CATALOG", action(thumbnail_product_retailer_id="Z"))]),
    ([has("MPM")], [button("mpm", action(sections=[{"title": "s", "product_items": [{"product_retailer_id": "Z"}]}]))]),
    ([has("VOICE_CALL")], [button("voice_call", {"type": "ttl_minutes", "ttl_minutes": "60"}, index=None)]),
    ([has("ORDER_DETAILS")], [button("order_details", action(order_details={"reference_id": "1"}))]),
    ([has("QUICK_REPLY", "QUICK_REPLY")], [button("quick_reply", {"type": "payload", "payload": "no"}, index=1)]),
    ([{"type": "CAROUSEL", "cards": [CARD, CARD]}], [cards(2, "$ 10")]),
    ([{"type": "CAROUSEL", "cards": [PRODUCT_CARD, PRODUCT_CARD]}], [cards(4, components=PRODUCT_GIVEN)]),
    ([OFFER, has("COPY_CODE")], [ends(LATER), button("copy_code", COUPON)]),
    ([{"type": "NEW_PART"}, {"type": "HEADER", "format": "HOLOGRAM"}], [{"type": "new_part", "whatever": [1]}]),
    ([{"type": "HEADER", "format": "HOLOGRAM"}, has("BEAM")], [header("hologram", 1), button("beam", action())]),
]  # fmt: skip


@pytest.mark.parametrize(("defined", "given"), FITS)
def test_what_fits_passes(defined: list[dict[str, Any]], given: list[dict[str, Any]]) -> None:
    look(defined, given)


def test_a_one_time_password_fits_in_body_and_button() -> None:
    defined: list[dict[str, Any]] = [
        {"type": "BODY", "text": "*{{1}}* es su código."},
        {"type": "BUTTONS", "buttons": [CODE]},
    ]
    look(defined, [body("123456"), button("url", *words("123456"))], "AUTHENTICATION")
    wrong: list[dict[str, Any]]
    for wrong in ([body("123456")], [body("1" * 16), button("url", *words("1" * 16))]):
        with pytest.raises(TemplateFault):
            look(defined, wrong, "AUTHENTICATION")


@pytest.mark.parametrize(
    ("defined", "given", "code", "field"),
    [
        ([BODY], [], "missing", ""),
        ([BODY], [body("solo uno")], "count", ".0.parameters"),
        ([BODY], [body("a", "b", "c")], "count", ".0.parameters"),
        ([BODY], [body("a", "b"), body("a", "b")], "twice", ".1"),
        ([BODY], [body("x" * 1000, "y" * 20)], "too_long", ""),
        ([{"type": "BODY", "text": "Hola"}], [body("Ana")], "surplus", ".0"),
        ([NAMED], [body("Ana", "A-1")], "named", ".0.parameters"),
        ([NAMED], [named(name="Ana", orden="A-1")], "stranger", ".0.parameters.1.parameter_name"),
        ([IMAGE, BODY], [body("a", "b")], "missing", ""),
        ([IMAGE], [header("video", {"id": "1"})], "kind", ".0.parameters.0"),
        ([IMAGE], [{"type": "header", "parameters": []}], "count", ".0.parameters"),
        ([{"type": "HEADER", "format": "LOCATION"}], [], "missing", ""),
        ([{"type": "HEADER", "format": "TEXT", "text": "{{1}}"}], [header("text", "x" * 61)], "too_long", ""),
        ([{"type": "BUTTONS", "buttons": [LINK]}], [], "missing", ""),
        ([has("COPY_CODE")], [], "missing", ""),
        ([has("MPM")], [], "missing", ""),
        ([has("QUICK_REPLY")], [button("url", *words("x"))], "kind", ".0.sub_type"),
        ([has("QUICK_REPLY")], [button("quick_reply", index=3)], "no_button", ".0.index"),
        ([{"type": "CAROUSEL", "cards": [CARD, CARD]}], [], "missing", ""),
        ([{"type": "CAROUSEL", "cards": [CARD, CARD]}], [cards(3, "$ 1")], "cards", ".0.cards"),
        ([{"type": "CAROUSEL", "cards": [CARD, CARD]}], [cards(2)], "count", ".0.cards.0.components.1.parameters"),
        ([BODY], [body("a", "b"), cards(2, "x")], "surplus", ".1"),
        ([OFFER], [], "missing", ""),
        ([OFFER], [ends(1)], "over", ".0.parameters.0"),
    ],
)
def test_what_meta_would_refuse_is_refused(
    defined: list[dict[str, Any]], given: list[dict[str, Any]], code: str, field: str
) -> None:
    with pytest.raises(TemplateFault) as raised:
        look(defined, given)
    assert (raised.value.code, raised.value.field) == (code, f"template.components{field}")


@pytest.mark.parametrize("value", ["", "  ", "línea 1\nlínea 2", "a\tb", "a     b", "a\r\nb"])
@pytest.mark.parametrize(
    ("part", "field"),
    [
        (lambda value: [body("a", value)], "components.0.parameters.1.text"),
        (lambda value: [button("url", *words(value))], "components.0.parameters.0.text"),
        (
            lambda value: [cards(1, value)],
            "components.0.cards.0.components.1.parameters.0.text",
        ),
    ],
)
def test_a_value_is_filled_and_on_one_line(value: str, part: Any, field: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        asked(part(value))
    assert raised.value.field == f"template.{field}"
    asked(part("a    b"))


@pytest.mark.parametrize(
    ("written", "kept"),
    [("es", "es"), ("en-US", "en_US"), ("EN_us", "en_US"), ("pt-br", "pt_BR"), ("fil", "fil")],
)
def test_languages_are_kept_as_templates_have_them(written: str, kept: str) -> None:
    assert asked([], language=written)["language"] == kept


@pytest.mark.parametrize("language", ["", "español", "e", "en_", "en__US", "en US"])
def test_other_languages_are_refused(language: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        asked([], language=language)
    assert raised.value.field == "template.language"


def test_a_part_that_nobody_knows_is_bounded() -> None:
    asked([{"type": "brand_new", "inside": "x" * 1000}])
    with pytest.raises(InvalidMessage):
        asked([{"type": "brand_new", "inside": "x" * 70_000}])


def on_file(business: TestBusiness, *told: tuple[str, str, str, str, list[dict[str, Any]]]) -> None:
    rows("UPDATE channels SET account = 'waba-1', templates_synced_at = now() - interval '10 minutes'"
         " WHERE provider = 'whatsapp_cloud'")  # fmt: skip
    for name, language, status, category, components in told:
        rows(
            "INSERT INTO message_templates (business_id, account, name, language, status, category, quality,"
            " rejected_reason,"
            " components) VALUES (:business, 'waba-1', :name, :language, :status, :category, '', '',"
            " CAST(:components AS jsonb))",
            business=business.business_id, name=name, language=language, status=status, category=category,
            components=json.dumps(components),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("template", "field", "told"),
    [
        ({"name": "aviso", "language": "es"}, "template.components", "body"),
        ({"name": "aviso", "language": "pt-BR"}, "template.language", "es, es_AR"),
        ({"name": "nadie", "language": "es"}, "template.name", "no template nadie"),
        ({"name": "pausada", "language": "es"}, "template.name", "PAUSED"),
        ({"name": "clave", "language": "es", "components": [body("123")]}, "to", "telephone number"),
    ],
)
def test_the_api_refuses_before_it_queues(
    api: Api, business: TestBusiness, template: dict[str, Any], field: str, told: str
) -> None:
    on_file(
        business,
        ("aviso", "es", "APPROVED", "UTILITY", [BODY]),
        ("aviso", "es_AR", "APPROVED", "UTILITY", [BODY]),
        ("pausada", "es", "PAUSED", "MARKETING", [BODY]),
        ("clave", "es", "APPROVED", "AUTHENTICATION", [{"type": "BODY", "text": "{{1}}"}]),
    )
    talk = conversation(business.business_id, business.whatsapp_channel_id, "AR.13491208655302741918")
    answer = api.post("/api/v1/messages", {"conversation_id": talk, "template": template})
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    assert fault["field"] == field and told in fault["reason"]
    assert one("SELECT count(*) FROM messages") == 0
    stale = field in ("template.name", "template.language")
    assert one("SELECT templates_synced_at IS NULL FROM channels WHERE provider = 'whatsapp_cloud'") is stale


def test_the_api_accepts_valid_and_unknown_templates(api: Api, business: TestBusiness) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window=None)
    template = {"name": "aviso", "language": "es-AR", "components": [body("Ana", "hoy")]}
    message = {"conversation_id": talk, "template": template}
    assert api.post("/api/v1/messages", message).status_code == 202, "no template was ever told"
    on_file(business, ("aviso", "es_AR", "APPROVED", "UTILITY", [BODY]))
    answer = api.post("/api/v1/messages", message)
    assert (answer.status_code, answer.json["text"]) == (202, "Hola Ana, su turno es hoy.")
