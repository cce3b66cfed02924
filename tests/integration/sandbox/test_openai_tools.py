"""The stand-in model calls a tool when the customer orders, in both dialects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.bots.llm.client import ModelClient
from core.bots.llm.types import MakeQuote, ModelAnswer, Prompt
from core.bots.llm.wire_format import ApiStyle
from core.bots.model_prices import load_prices
from core.bots.settings import BotSettings
from core.replies.assistant import compose
from core.replies.decision import ComposeRequest, Reply
from core.types import BusinessFacts, Role, Turn
from sandbox.openai_tools import called
from tests.integration.sandbox.conftest import Client
from tests.support.shop import SHOP

ORDER = Prompt("You are Luz.", ({"role": "user", "content": "Quiero 2 zapatos y 1,5 kilos de harina"},), "v1", 20, True)


@pytest.fixture(params=list(ApiStyle))
def model(client: Client, base_url: str, request: pytest.FixtureRequest) -> Iterator[ModelClient]:
    made = ModelClient(client.settings.openai_api_key, "gpt-6-luna", base_url=f"{base_url}/v1", style=request.param)
    yield made
    made.close()


def test_an_order_is_a_call(model: ModelClient) -> None:
    answer = model.answer(ORDER, BotSettings(), cache_key="bot-1", contact="contact-1").answer
    assert isinstance(answer, MakeQuote)
    lines = [(line.product, line.quantity, line.unit) for line in answer.lines]
    assert lines == [("zapatos", 2, None), ("harina", 1.5, "kilos")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Quiero dos Aurora 2 y tres paquetes de café", [("Aurora 2", 2, None), ("paquetes de café", 3, None)]),
        (
            "I want two Aurora 3, one Aurora 12 and 4 mugs",
            [("Aurora 3", 2, None), ("Aurora 12", 1, None), ("mugs", 4, None)],
        ),
        ("quero 2 bonés e uma camisa", [("bonés", 2, None), ("camisa", 1, None)]),
        ("I'd like two pairs of size 42 shoes", [("size 42 shoes", 2, "pairs")]),
        ("quiero 3 camperas talle 46 y 1 gorra", [("camperas talle 46", 3, None), ("gorra", 1, None)]),
        ("quero 2 botas tamanho 38 pretas", [("botas tamanho 38 pretas", 2, None)]),
        ("I want half a dozen eggs and half a kilo of flour", [("eggs", 0.5, "dozen"), ("flour", 0.5, "kilo")]),
        ("quiero media docena de medialunas", [("medialunas", 0.5, "docena")]),
        ("quero meia dúzia de pães e meio quilo de queijo", [("pães", 0.5, "duzia"), ("queijo", 0.5, "quilo")]),
    ],
)
def test_a_line_is_read_as_it_was_meant(text: str, lines: list[tuple[str, float, str | None]]) -> None:
    """A number in a name or a size is no quantity, a half is one, and names keep their accents."""
    tool = {"name": "make_quote", "parameters": MakeQuote.model_json_schema()}
    call = called([tool], "auto", [text])
    assert call is not None
    assert [(line["product"], line["quantity"], line["unit"]) for line in json.loads(call[1])["lines"]] == lines


def test_without_the_tool_or_without_an_order_it_answers(model: ModelClient) -> None:
    question = replace(ORDER, input=({"role": "user", "content": "¿Hacen envíos?"},))
    for prompt in (replace(ORDER, quotes=False), question):
        answer = model.answer(prompt, BotSettings(), cache_key="bot-1", contact="contact-1").answer
        assert isinstance(answer, ModelAnswer)


def test_an_order_with_a_question_becomes_a_quote(model: ModelClient) -> None:
    said = Turn(Role.CUSTOMER, "Hola, soy María. Quiero 2 gorras y 1 camisa. ¿Cuándo llegan?", datetime.now(UTC))
    facts = BusinessFacts("Tienda Sol", "UTC", "EUR")
    request = ComposeRequest(BotSettings(), facts, (said,), load_prices(), "bot-1", "contact-1", 0, catalogue=SHOP)
    reply = compose(request, model)
    assert isinstance(reply, Reply)
    assert "Total: 41,00\xa0€" in reply.text
    assert reply.trace.model == "gpt-6-luna"
