"""Catalogue prices in the bot's answers: as a source for the model, and verbatim without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.replies.assistant import MODEL, PRODUCT_PRICE, compose
from core.replies.decision import HandOff, Reply
from core.types import Autonomy
from tests.support.scripted_model import request, says
from tests.support.shop import SHOP


def test_the_model_is_given_the_price_and_cites_it() -> None:
    model = says("La harina cuesta 1,20 €.", sources=["product-6"], states_facts=True)
    outcome = compose(replace(request("¿cuánto cuesta la harina?"), catalogue=SHOP), model)
    assert isinstance(outcome, Reply)
    assert (outcome.trace.decided_by, outcome.trace.sources) == (MODEL, ("product-6",))
    assert outcome.trace.grounded
    assert "Harina: 1,20\xa0€ por kg" in [passage.text for passage in outcome.trace.passages]


@pytest.mark.parametrize("autonomy", [Autonomy.AUTOMATIC, Autonomy.DRAFT])
def test_without_a_model_a_sure_price_is_told(autonomy: Autonomy) -> None:
    outcome = compose(replace(request("¿cuánto cuesta la harina?", autonomy=autonomy), catalogue=SHOP), None)
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.draft) == ("Harina: 1,20\xa0€ por kg", autonomy is Autonomy.DRAFT)
    assert (outcome.trace.decided_by, outcome.trace.sources) == (PRODUCT_PRICE, ("product-6",))


@pytest.mark.parametrize("question", ["¿cuánto cuesta el zapato?", "¿cuánto cuesta el envío de la harina?"])
def test_without_a_model_a_doubtful_price_is_left_to_a_person(question: str) -> None:
    assert isinstance(compose(replace(request(question), catalogue=SHOP), None), HandOff)
