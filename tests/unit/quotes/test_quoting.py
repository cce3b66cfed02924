"""Texts and changes of quotes, decided without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.bots.llm.types import (
    Completion,
    FailureKind,
    MakeQuote,
    Model,
    ModelAnswer,
    ModelFailed,
    OrderedLine,
    Prompt,
    Usage,
)
from core.bots.model_prices import load_prices
from core.bots.settings import BotSettings
from core.catalog import quote_texts
from core.catalog.orders.matcher import Line
from core.catalog.product_index import Item
from core.catalog.quote import OpenQuote
from core.models.quote_states import QuoteState
from core.replies.assistant import compose
from core.replies.decision import ComposeRequest, HandOff, Outcome, Reply
from core.replies.handoff_rules import Reason
from core.text.normalize import LanguageCode
from core.types import Autonomy, BusinessFacts, Role, Turn
from tests.support.shop import SHOP

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
OFFER = "Su cotización:\n• 2 × Camisa blanca\n¿La confirma? Responda SÍ o NO."


class Asked:
    """A model with a fixed answer, which records its prompts."""

    def __init__(self, answer: ModelAnswer | MakeQuote | ModelFailed) -> None:
        self.answers = answer
        self.prompts: list[Prompt] = []

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        self.prompts.append(prompt)
        if isinstance(self.answers, ModelFailed):
            raise self.answers
        return Completion(self.answers, "{}", Usage(100, 0, 20), "gpt-6-luna", 300, "req_1")


ANSWER = Asked(
    ModelAnswer(
        reply="Con gusto.", confidence=0.9, topics=[], sentiment="neutral", language="es", handoff_reason=None,
        summary=None, states_facts=False, sources=[],
    )
)  # fmt: skip


def open_quote(*lines: Line, state: QuoteState = QuoteState.OPEN, expires_in: float = 24) -> OpenQuote:
    shown = lines or (Line("camisas", Decimal(2), "", SHOP[2], 1.0),)
    return OpenQuote(7, state, "es", shown, NOW + timedelta(hours=expires_in))


def write(
    text: str,
    model: Model | None = None,
    *,
    quote: OpenQuote | None = None,
    before: Sequence[Turn] = (Turn(Role.BOT, OFFER, NOW - timedelta(minutes=1)),),
    catalogue: tuple[Item, ...] = SHOP,
    **settings: object,
) -> Outcome:
    request = ComposeRequest(
        settings=BotSettings.model_validate(settings),
        business=BusinessFacts("Tienda Sol", "America/Bogota", "EUR"),
        turns=(*(before if quote else ()), Turn(Role.CUSTOMER, text, NOW)),
        prices=load_prices(),
        bot_ref="bot-1",
        contact_ref="contact-1",
        replies_in_a_row=0,
        catalogue=catalogue,
        open_quote=quote,
    )
    return compose(request, model)


def replied(outcome: Outcome) -> Reply:
    assert isinstance(outcome, Reply)
    assert outcome.trace.decided_by == "quote"
    return outcome


def test_an_order_becomes_a_quote_without_a_model() -> None:
    reply = replied(write("Quiero 2 zapatos negros y 1 camisa"))
    assert reply.text == (
        "Su cotización:\n"
        "• 2 × Zapato negro (50,00\xa0€ c/u): 100,00\xa0€\n"
        "• 1 × Camisa blanca (25,00\xa0€ c/u): 25,00\xa0€\n"
        "Total: 125,00\xa0€\n"
        "Vale hasta el 22/11/2026 a las 10:00.\n"
        "¿La confirma? Responda SÍ o NO."
    )
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.OPEN
    assert reply.quote.expires_at == NOW + timedelta(hours=48)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I want 2 caps please", ("Your quote:", "€16.00", "YES or NO")),
        ("quero 2 bonés", ("Seu orçamento:", "SIM ou NÃO")),
    ],
)
def test_a_quote_speaks_the_language_of_its_customer(text: str, says: Sequence[str]) -> None:
    said = replied(write(text)).text
    assert all(words in said for words in says)


def test_a_clear_order_costs_no_model() -> None:
    model = Asked(ModelFailed(FailureKind.SERVER, "down"))
    assert replied(write("Quiero 2 gorras", model)).quote is not None
    assert model.prompts == []


def test_what_is_not_clear_goes_to_the_model_where_there_is_one() -> None:
    order = MakeQuote(lines=[OrderedLine(product="zapatos rojos", quantity=2, unit=None),
                             OrderedLine(product="harina", quantity=1.5, unit="kilos")])  # fmt: skip
    model = Asked(order)
    reply = replied(write("Hola! ando buscando algo para mi boda: los rojos de cuero, y harina kilo y medio", model))
    assert model.prompts[0].quotes
    assert reply.quote is not None
    assert [(line.item and line.item.name, line.quantity) for line in reply.quote.lines] == [
        ("Zapato rojo", 2),
        ("Harina", Decimal("1.5")),
    ]
    assert reply.trace.usage == Usage(100, 0, 20)
    assert reply.trace.cost is not None


def test_the_model_cannot_set_a_price() -> None:
    with pytest.raises(ValueError, match="price"):
        MakeQuote.model_validate({"lines": [{"product": "camisa", "quantity": 1, "unit": None, "price": 0.01}]})


def test_what_the_model_names_and_nobody_sells_is_asked_back() -> None:
    order = MakeQuote(lines=[OrderedLine(product="bicicleta", quantity=1, unit=None)])
    reply = replied(write("¿me hacen precio por una bici?", Asked(order)))
    assert "«bicicleta»" in reply.text
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.ASKING


def test_a_failing_model_leaves_the_order_to_the_reader() -> None:
    reply = replied(write("Quiero 2 zapatos. ¿Cuándo llegan?", Asked(ModelFailed(FailureKind.TIMEOUT, "25 s"))))
    assert "1) Zapato negro, 50,00\xa0€\n2) Zapato rojo, 55,00\xa0€" in reply.text
    assert reply.trace.error is not None


def test_a_question_is_no_order() -> None:
    for text in ("¿cuánto cuesta la camisa?", "¿tienen camisas?", "¿hacen envíos a la calle 12?"):
        alone = write(text)
        assert isinstance(alone, HandOff | Reply)
        assert alone.quote is None
        model = Asked(ANSWER.answers)
        answer = write(text, model)
        assert len(model.prompts) == 1
        assert "Camisa blanca (CAM-01): 25,00" in model.prompts[0].instructions or "camisa" not in text
        assert isinstance(answer, Reply)
        assert answer.quote is None


def test_yes_confirms_and_brings_a_person() -> None:
    outcome = write("SÍ", Asked(ModelFailed(FailureKind.SERVER, "down")), quote=open_quote())
    assert isinstance(outcome, HandOff)
    assert outcome.reason == Reason.QUOTE_CONFIRMED
    assert outcome.detail == "2 × Camisa blanca = 50,00\xa0€"
    assert outcome.text is not None
    assert "50,00\xa0€ queda confirmado" in outcome.text
    assert outcome.quote is not None
    assert (outcome.quote.state, outcome.quote.based_on) == (QuoteState.CONFIRMED, 7)


@pytest.mark.parametrize(("text", "says"), [("Sí\n3 camisas", "3 × Camisa blanca"), ("Sí. 1 gorra", "1 × Gorra")])
def test_a_yes_to_something_else_than_was_offered_is_a_change(text: str, says: str) -> None:
    reply = replied(write(text, quote=open_quote()))
    assert says in reply.text
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.OPEN


def test_a_yes_with_an_address_confirms() -> None:
    outcome = write("Sí, confirmo. Mi dirección es Calle 5, casa 12", quote=open_quote())
    assert isinstance(outcome, HandOff)
    assert outcome.reason == Reason.QUOTE_CONFIRMED


def test_a_business_may_leave_confirmed_quotes_to_the_bot() -> None:
    reply = replied(write("sí", quote=open_quote(), quote_handoff=False))
    assert "persona" not in reply.text
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.CONFIRMED


def test_no_declines() -> None:
    reply = replied(write("no, gracias", quote=open_quote()))
    assert reply.quote is not None
    assert (reply.quote.state, reply.quote.lines) == (QuoteState.DECLINED, ())


def test_a_change_makes_a_new_quote_in_place_of_the_old() -> None:
    reply = replied(write("mejor 3", quote=open_quote()))
    assert "3 × Camisa blanca" in reply.text
    assert "Total: 75,00\xa0€" in reply.text
    assert reply.quote is not None
    assert (reply.quote.state, reply.quote.based_on) == (QuoteState.OPEN, 7)


def test_a_change_keeps_the_price_that_was_quoted() -> None:
    cheaper = replace(SHOP[2], price=Decimal(20))
    reply = replied(write("mejor 3", quote=open_quote(Line("camisas", Decimal(2), "", cheaper, 1.0))))
    assert "Total: 60,00\xa0€" in reply.text


def test_taking_everything_out_declines() -> None:
    reply = replied(write("quita la camisa", quote=open_quote()))
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.DECLINED


def test_a_late_yes_gets_a_fresh_quote_at_the_prices_of_today() -> None:
    cheaper = replace(SHOP[2], price=Decimal(20))
    late = open_quote(Line("camisas", Decimal(2), "", cheaper, 1.0), state=QuoteState.EXPIRED, expires_in=-1)
    reply = replied(write("sí", quote=late))
    assert "A los precios de hoy" in reply.text
    assert "Total: 50,00\xa0€" in reply.text
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.OPEN


def test_what_is_sold_no_more_is_asked_back_when_a_quote_is_renewed() -> None:
    gone = replace(SHOP[2], id=99, name="Bufanda")
    reply = replied(write("sí", quote=open_quote(Line("bufandas", Decimal(2), "", gone, 1.0), expires_in=-1)))
    assert "No encuentro «Bufanda»" in reply.text


def test_a_yes_to_another_question_confirms_nothing() -> None:
    talk = (Turn(Role.BOT, OFFER, NOW), Turn(Role.CUSTOMER, "¿envían?", NOW), Turn(Role.BOT, "Sí. ¿A Lima?", NOW))
    answer = write("sí", ANSWER, quote=open_quote(), before=talk)
    assert isinstance(answer, Reply)
    assert answer.quote is None
    plainly = write("sí, confirmo el pedido", ANSWER, quote=open_quote(), before=talk)
    assert isinstance(plainly, HandOff)
    assert plainly.reason == Reason.QUOTE_CONFIRMED


def test_what_was_asked_back_is_completed_and_then_offered() -> None:
    asking = open_quote(Line("zapatos", Decimal(2), "", None, 0.5, (SHOP[0], SHOP[1])), state=QuoteState.ASKING)
    asked = (Turn(Role.BOT, "¿Cuál quiere en «zapatos»? Responda con el número:\n1) …", NOW),)
    reply = replied(write("el 2", quote=asking, before=asked))
    assert "2 × Zapato rojo" in reply.text
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.OPEN


def test_a_customer_who_asks_for_a_person_gets_one_whatever_is_open() -> None:
    outcome = write("quiero hablar con una persona", quote=open_quote())
    assert isinstance(outcome, HandOff)
    assert outcome.reason == Reason.KEYWORD
    assert outcome.quote is None


def test_saying_yes_again_is_no_repeated_question() -> None:
    talk = (
        Turn(Role.BOT, "¿Le ayudo?", NOW - timedelta(minutes=4)),
        Turn(Role.CUSTOMER, "sí", NOW - timedelta(minutes=3)),
        Turn(Role.BOT, OFFER, NOW - timedelta(minutes=2)),
    )
    outcome = write("sí", quote=open_quote(), before=talk)
    assert isinstance(outcome, HandOff)
    assert outcome.reason == Reason.QUOTE_CONFIRMED


def test_where_a_person_approves_every_answer_nothing_is_said_without_one() -> None:
    draft = replied(write("Quiero 2 gorras", autonomy=Autonomy.DRAFT))
    assert draft.draft
    confirmed = write("sí", quote=open_quote(), autonomy=Autonomy.DRAFT)
    assert isinstance(confirmed, HandOff)
    assert confirmed.text is None


@pytest.mark.parametrize("quantity", [999_999, 1e12, 1e300, 0.0004])
def test_a_quantity_that_no_quote_can_hold_is_asked_back(quantity: float) -> None:
    dear = replace(SHOP[0], price=Decimal(9_000_000))
    order = MakeQuote(lines=[OrderedLine(product="zapato negro", quantity=quantity, unit=None)])
    reply = replied(write("quisiera zapatos", Asked(order), catalogue=(dear,)))
    assert "¿Cuántas unidades de Zapato negro" in reply.text
    assert reply.quote is not None
    assert reply.quote.state == QuoteState.ASKING


def test_a_third_of_a_kilo_is_told_in_grams_at_most() -> None:
    assert "0,333 kg × Harina" in replied(write("Quiero 1/3 kg de harina y 2 gorras")).text


def test_several_currencies_are_added_apart() -> None:
    dollars = replace(SHOP[4], currency="USD")
    lines = (Line("camisas", Decimal(2), "", SHOP[2], 1.0), Line("gorra", Decimal(1), "", dollars, 1.0))
    reply = replied(write("quita 1 camisa", quote=open_quote(*lines)))
    assert "Total: 25,00\xa0€ + 8,00\xa0US$" in reply.text


def test_who_orders_more_does_not_start_over() -> None:
    reply = replied(write("Hola de nuevo. Quiero 1 gorra", quote=open_quote()))
    assert "2 × Camisa blanca" in reply.text
    assert "1 × Gorra" in reply.text
    asked = replied(write("quiero también 2 zapatos", quote=open_quote()))
    assert "2 × Camisa blanca" in asked.text
    assert "1) Zapato negro" in asked.text
    again = replied(write("Hola de nuevo. Quiero 5 camisas blancas", quote=open_quote()))
    assert "Total: 125,00\xa0€" in again.text


def test_an_order_after_a_quote_ran_out_starts_over() -> None:
    reply = replied(write("Quiero 1 gorra", quote=open_quote(expires_in=-1)))
    assert "Total: 8,00\xa0€" in reply.text


@pytest.mark.parametrize(
    ("quoted_in", "text", "expected"),
    [("en", "agrega una gorra", "Your quote:"), ("pt", "mejor 3 camisas", "Seu orçamento:"),
     ("es", "please add a cap", "Su cotización:")],
)  # fmt: skip
def test_a_quote_is_told_in_one_language_to_its_end(quoted_in: LanguageCode, text: str, expected: str) -> None:
    outcome = replied(write(text, quote=replace(open_quote(), language=quoted_in)))
    assert outcome.text.startswith(expected)
    assert outcome.quote is not None and outcome.quote.language == quoted_in


@pytest.mark.parametrize("text", ["quiero 0 gorra", "quiero 99999999999999999999 camisa blanca", "cero gorras"])
def test_a_number_that_nobody_orders_is_never_quoted(text: str) -> None:
    outcome = write(text)
    if isinstance(outcome, Reply):
        assert outcome.quote is not None and outcome.quote.state == QuoteState.ASKING
        assert not any(line.sure for line in outcome.quote.lines), "how many is still to be said"


@pytest.mark.parametrize(
    ("language", "said"), [("es", "3 pares × Botas"), ("en", "3 pairs × Botas"), ("pt", "3 pares × Botas")]
)
def test_units_are_said_in_the_language_of_the_quote(language: LanguageCode, said: str) -> None:
    boots = Item(7, "", "Botas", (), "par", Decimal(90), "EUR")
    line = Line("botas", Decimal(3), "pair", boots, 1.0)
    assert said in quote_texts.offer((line,), NOW, "UTC", language)


def test_a_yes_to_which_product_is_asked_again_and_confirms_nothing() -> None:
    quote = open_quote(Line("camisas", Decimal(2), "", SHOP[2], 1.0), Line("gorras", Decimal(6), "", SHOP[4], 1.0))
    which = replied(write("mejor 3", quote=quote)).text
    before = (Turn(Role.BOT, which, NOW - timedelta(minutes=1)),)
    outcome = replied(write("sí", quote=quote, before=before))
    assert outcome.quote is not None and outcome.quote.state == QuoteState.OPEN
    assert "¿La confirma?" in outcome.text


def test_a_yes_to_a_list_gets_the_list_again() -> None:
    asked = replied(write("quiero 2 zapatos"))
    assert asked.quote is not None and asked.quote.state == QuoteState.ASKING
    before = (Turn(Role.BOT, asked.text, NOW - timedelta(minutes=1)),)
    quote = open_quote(*asked.quote.lines, state=QuoteState.ASKING)
    assert replied(write("sim", quote=quote, before=before)).text == asked.text
