"""Telephone, account and order numbers of answers, in several trades and countries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.bots.calibration import IDENTITY
from core.bots.llm.types import ModelAnswer
from core.bots.settings import BotSettings
from core.replies.addresses import invented_addresses
from core.replies.grounding import review
from core.types import BusinessFacts, Role, Turn

KNOWN = [
    "Order 20458813: shipped on Monday with tracking code LX102938475BR. Invoice 0001-00023456.",
    "Reserva 7741 2290, a nombre de Ruiz",
    "IBAN: ES91 2100 0418 4502 0005 1332",
    "CNPJ 48.206.917/0001-95",
    "Teléfono: +54 11 5555 0100",
    "Emergencias: (0221) 4555-0199 / 4555-0188",
    "Turno noche: 0800 555 0142",
    "Clinic: 020 7946 0018",
    "EAN 7791234567898 funda",
]


@pytest.mark.parametrize(
    "reply",
    [
        "Your order 20458813 left on Monday.",
        "Su pedido nº 20458813 (2 pares) salió el lunes.",
        "Seu pedido 2045 8813 saiu na segunda.",
        "Track it with LX102938475BR.",
        "El seguimiento es LX 102 938 475 BR",
        "La factura 0001-00023456 ya está emitida.",
        "Su reserva 77412290 está confirmada.",
        "Transfiera a ES9121000418450200051332.",
        "IBAN ES91 2100 0418 4502 0005 1332",
        "Nosso CNPJ é 48206917000195",
        "Llame al 011 5555-0100.",
        "Call +54 (11) 5555.0100, 9 to 7",
        "WhatsApp +54 9 11 5555 0100",
        "0054 11 5555 0100",
        "Llame al 4555-0188 o al (0221) 4555-0199.",
        "0221 4555 0199 / 4555 0188",
        "De noche: 0800-555-0142.",
        "From abroad: +44 20 7946 0018",
        "From abroad: +44 (0)20 7946 0018.",
        "Es el 7791234567898",
        "Hablamos de su pedido 99887766, ¿verdad?",
        "Atendemos del 30/11/2026 al 15/12/2026.",
        "The course runs 2026-12-01 10:30 to 2026-12-04 18:00",
        "Entrega el 01.12.2026 - 03.12.2026",
        "Due 12/24/2026 12:00",
        "Garantia 2026-2027",
        "Abrimos 10-14 16-20 de lunes a viernes",
        "Talles 35 36 37 38 39 40",
        "Rinde 1000-2000 m",
        "El lote sale $ 45.900.500 y la seña R$ 12.500.000,00",
        "Gs. 12 500 000",
        "Cuesta 12 500 000 PYG",
    ],
)
def test_a_number_that_was_given_may_be_told(reply: str) -> None:
    found = invented_addresses(reply, KNOWN, "mi pedido es 99887766")
    assert found == ()


@pytest.mark.parametrize(
    "reply",
    [
        "Llame al 612 345 678 para confirmar",  # Spain
        "Llame al 612345678.",
        "Tel. 91 123 45 67",
        "+34 612 34 56 78",
        "Ligue (11) 91234-5678",  # Brazil
        "Zap: 11 9 8765-4321!",
        "+55 21 3333-4444",
        "Call (555) 123-4567",  # United States
        "call 555.123.4567.",
        "1-800-555-0199",
        "Ring 07700 900123",  # United Kingdom
        "+44 (0)7700 900 123",
        "0161 496 0123",
        "Márquenos al 55 12 34 56 78",  # Mexico
        "Márquenos al 81 1234 5678.",
        "+52 1 55 1234 5678",
        "Rufen Sie 030/1234567 an",  # Germany
        "Tel.: 030 / 123 45 67 8",
        "0049 151 23456789",
        "+49\u2011151\u20112345\u20116789",
        "Llame al 11 4555\u00a00666, gracias",  # Argentina
        "5555-0666",
        "+54 11 5555 0166",  # begins as ours
        "+44 70 5555 0100",  # ends as ours
        "+44 (70) 5555 0100",
        "+54 11 5555 0100 / 4444 0666",
        "Transfiera a ES79 2100 0813 6101 2345 6789",
        "CLABE 032180000118359719",
        "Your order 30458814 left on Monday",
    ],
)
def test_a_number_that_nobody_gave_is_told_of(reply: str) -> None:
    assert len(invented_addresses(reply, KNOWN, "")) == 1


def test_a_number_the_customer_wrote_earlier_may_be_repeated() -> None:
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    turns = (
        Turn(Role.CUSTOMER, "Is 50617283 on its way?", noon),
        Turn(Role.BOT, "One moment.", noon),
        Turn(Role.CUSTOMER, "ok, waiting", noon),
    )
    answer = ModelAnswer(
        reply="Someone looks for 50617283.",
        confidence=0.9,
        topics=[],
        sentiment="neutral",
        language="en",
        handoff_reason=None,
        summary="",
        states_facts=False,
        sources=[],
    )
    found = review(answer, BotSettings(name="Kit"), BusinessFacts(name="Towpath Bikes"), turns, (), IDENTITY)
    assert found.invented_amounts == ()
