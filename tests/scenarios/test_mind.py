"""What the bot is given to read, it answers from, names and sells; who wants a person gets the one who is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fpdf import FPDF

from tests.scenarios.test_spine import Customer
from tests.support.stack import Stack, eventually

pytestmark = pytest.mark.timeout(300)  # the first test sets everything up

MANUAL = (
    ("Garantía de las lámparas", "La garantía de las lámparas Aurora dura 18 meses y cubre el cable y la pantalla."),
    ("Cleaning the lamps", "Clean the lampshade with a dry cotton cloth. Never use alcohol on the lampshade."),
)
PRICES = """Producto;Precio;Material;Otros nombres
Lámpara Aurora 2;50.000;vidrio soplado;Aurora 2
Lámpara Aurora 3;62.000;bronce reciclado;Aurora 3
Café de la casa;9.500;grano entero;coffee
"""


@pytest.fixture(scope="module")
def agent_id(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Who stocked the shop and is there since."""
    folder = tmp_path_factory.mktemp("files")
    pdf, prices = folder / "manual.pdf", folder / "precios.csv"
    _print(pdf)
    prices.write_text(PRICES, encoding="utf-8")
    (ids,) = stack.query("SELECT business_id, id FROM bots ORDER BY id LIMIT 1")
    done = subprocess.run(
        [sys.executable, "-m", "tests.scenarios.stocking", *map(str, ids), str(pdf), str(prices)],
        env=stack.environment, check=True, stdout=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    unread = "SELECT count(*) FROM knowledge_sources WHERE state <> 'ready'"
    eventually(lambda: stack.query(unread) == [(0,)], seconds=60)
    return int(done.stdout)


def _print(path: Path) -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for title, words in MANUAL:
        pdf.add_page()
        pdf.multi_cell(0, 8, f"{title}\n\n{words}")
    path.write_bytes(bytes(pdf.output()))


def ask(customer: Customer, words: str, *, answers: int = 1) -> str:
    """What the customer is answered: the last of so many answers."""
    customer.write(words)
    return str(eventually(lambda: customer.answers()[answers - 1 :])[0]["text"])


def named(stack: Stack, customer: Customer) -> list[str]:
    """The documents that the customer's last answer rests on, as its trace names them."""
    found = stack.query(
        "SELECT s.title FROM (SELECT trace FROM ai_runs WHERE conversation_id = %s ORDER BY id DESC LIMIT 1) r"
        " CROSS JOIN LATERAL jsonb_array_elements_text(r.trace -> 'sources') used (passage)"
        " JOIN knowledge_chunks c ON used.passage = 'kb-' || c.id JOIN knowledge_sources s ON s.id = c.source_id",
        customer.conversation()["id"],
    )
    return [title for (title,) in found]


def owner(stack: Stack, customer: Customer) -> list[tuple[str, int]]:
    return stack.query("SELECT mode, assignee_id FROM conversations WHERE id = %s", customer.conversation()["id"])


@pytest.mark.parametrize(
    ("question", "answer", "document"),
    [
        ("¿Cuánto dura la garantía de las lámparas?", "18 meses", "manual"),
        ("How do I clean the lampshade?", "dry cotton cloth", "manual"),
        ("¿De qué material es la lámpara Aurora 2?", "vidrio soplado", "precios"),
        ("Which material is the Aurora 3?", "bronce reciclado", "precios"),
    ],
)
def test_an_answer_rests_on_the_document_that_it_names(
    stack: Stack, agent_id: int, question: str, answer: str, document: str
) -> None:
    customer = Customer(stack)
    assert answer in ask(customer, question)
    assert named(stack, customer) == [document]


def test_the_price_list_is_quoted_from_until_the_customer_says_yes(stack: Stack, agent_id: int) -> None:
    customer = Customer(stack)
    quote = ask(customer, "Hola! Quiero dos Aurora 2 y tres paquetes de café")
    assert "128.500" in quote
    assert "confirmado" in ask(customer, "SÍ", answers=2)
    eventually(lambda: owner(stack, customer) == [("human", agent_id)])
    assert stack.query("SELECT state, total FROM quotes WHERE conversation_id = %s", customer.conversation()["id"]) == [
        ("confirmed", 128_500)
    ]


def test_who_asks_for_a_person_gets_the_one_who_is_there(stack: Stack, agent_id: int) -> None:
    customer = Customer(stack)
    assert "persona" in ask(customer, "Quiero hablar con una persona")
    eventually(lambda: owner(stack, customer) == [("human", agent_id)])
