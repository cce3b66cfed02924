"""What a newcomer asks the demo business first, answered by the stand-in model through the real prompt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.accounts import business_profile
from core.bots import approved_answers
from core.bots.llm.types import Prompt
from core.catalog import product_index
from core.catalog.product_index import Item
from core.cli import demo_business
from core.replies import prompt
from core.text.normalize import guess_language
from core.types import Passage, Role, Turn
from sandbox.openai_facts import read_prompt
from sandbox.openai_model import Thought, think
from sandbox.openai_tools import called

SOLD = tuple(
    Item(number, one.sku, one.name, tuple(one.aliases), one.unit, one.price, "ARS", one.description or "")
    for number, one in enumerate(demo_business._PRODUCTS, start=1)
)
WARRANTY = Passage("kb-1", "Garantía", "La garantía de las zapatillas es de 90 días contra defectos de fábrica.", 0.78)
TAKES_ORDERS = {
    "name": "make_quote",
    "parameters": {"properties": {"lines": {"items": {"properties": {"product": {}, "quantity": {}}}}}},
}


def told(question: str, *known: Passage) -> Prompt:
    bot = demo_business.bot()
    passages = (*known, *product_index.passages(SOLD, question), *approved_answers.search(bot.qa_pairs, question, 3))
    business = business_profile.facts_of(demo_business.NAME, demo_business.TIME_ZONE, demo_business.PROFILE)
    return prompt.build(bot, business, (Turn(Role.CUSTOMER, question, datetime.now(UTC)),), passages)


def answer(question: str, *known: Passage) -> Thought:
    return think(read_prompt(told(question, *known).instructions, [("user", question)]))


@pytest.mark.parametrize(
    ("question", "language", "says"),
    [
        ("¿A qué hora abren?", "es", "9 a 19"),
        ("What time do you open?", "en", "9 am"),
        ("A que horas vocês abrem?", "pt", "9 às 19"),
        ("Are you open on Sundays?", "en", "Sunday"),
        ("¿Dónde están ubicados?", "es", "Corrientes"),
        ("Where is your store?", "en", "Corrientes"),
        ("Onde fica a loja?", "pt", "Corrientes"),
        ("Hola, ¿hacen envíos?", "es", "todo el país"),
        ("Do you ship to Rosario?", "en", "all over the country"),
        ("Vocês entregam em Córdoba?", "pt", "todo o país"),
        ("¿Aceptan Mercado Pago?", "es", "Mercado Pago"),
        ("Do you take credit cards?", "en", "credit"),
        ("Aceitam cartão?", "pt", "crédito"),
        ("Quiero devolver una camisa", "es", "30 días"),
        ("I want to return a shirt", "en", "30 days"),
        ("Quero trocar a camisa", "pt", "30 dias"),
        ("Necesito una factura A", "es", "CUIT"),
        ("When will my order arrive?", "en", "working days"),
        ("What is your phone number?", "en", "5555 0100"),
        ("¿Puedo devolver un pedido si no me queda bien?", "es", "30 días"),
        ("How long does delivery take?", "en", "24 to 48"),
        ("como chego ai de metro", "pt", "Corrientes"),
        ("price of socks?", "en", "3,200"),
        ("¿Cuánto cuestan los zapatos?", "es", "48.000"),
        ("How much are the sneakers?", "en", "39,000"),
    ],
)
def test_the_demo_business_answers_in_the_customers_language(question: str, language: str, says: str) -> None:
    given = answer(question)
    assert given.confidence >= 0.6
    assert says in given.reply
    assert given.language == language
    assert guess_language(given.reply, language) == language  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["Zócalo", "ficha 999 secreta", "[order] 3 × GIR-12 (120 MXN)", "+52 55 1234 9999"])
def test_words_of_no_language_are_answered_in_the_shops(words: str) -> None:
    assert answer(words).language == "es"


def test_a_word_of_no_language_is_answered_in_that_of_the_words_before() -> None:
    said = [("user", "Do you ship to Rosario?"), ("assistant", "Yes, we do."), ("user", "Zócalo")]
    assert think(read_prompt(told("Zócalo").instructions, said)).language == "en"


@pytest.mark.parametrize(
    "question",
    [
        "¿Hacen descuentos?",
        "dame un minuto",
        "¿Quién ganó el partido?",
        "Can I change the delivery address?",
        "Posso mudar o endereço de entrega?",
        "quiero cambiar el domicilio del envio, me mudé",
        "can I change my order",
        "quiero trabajar con ustedes, a donde mando el cv",
        "My parcel arrived damaged.",
        "meu pedido veio errado",
        "vocês consertam sapatos?",
        "cambiaron de local?",
        "Do your shoes run small?",
    ],
)
def test_what_it_was_not_told_it_does_not_know(question: str) -> None:
    assert answer(question).confidence < 0.6


def test_a_document_answers_before_a_price_list() -> None:
    given = answer("¿Cuánto dura la garantía de las zapatillas?", WARRANTY)
    assert "90 días" in given.reply and given.sources == ["kb-1"]


@pytest.mark.parametrize(
    ("said", "orders"),
    [
        ("Necesito una factura A", False),
        ("dame un minuto", False),
        ("Quisiera cambiar la camisa azul por una blanca", False),
        ("I want to return a shirt", False),
        ("Quiero una gorra", True),
        ("quiero 2 paraguas", True),
    ],
)
def test_only_an_order_is_an_order(said: str, orders: bool) -> None:
    known = read_prompt(told(said).instructions, []).facts
    assert (called([TAKES_ORDERS], "auto", [said], known) is not None) is orders
