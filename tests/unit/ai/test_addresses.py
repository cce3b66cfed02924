"""Detection of invented links, e-mail addresses and numbers."""

from __future__ import annotations

import pytest

from core.replies.addresses import invented_addresses

KNOWN = [
    "Website: https://clinica-norte.example",
    "Turnos en https://clinica-norte.example/turnos?sede=2 o a turnos@clinica-norte.example",
    "Phone: +54 (11) 5555-0100",
]


@pytest.mark.parametrize(
    ("reply", "asked"),
    [
        ("Pida su turno en clinica-norte.example/turnos.", ""),
        ("Todo está en https://www.clinica-norte.example/", ""),
        ("Escriba a Turnos@clinica-norte.example o llame al +54 11 5555 0100", ""),
        ("Su pedido 123456789 sale hoy", "¿y mi pedido 123456789?"),
        ("Abrimos de 9 a 18, del 30-11-2026 al 15-12-2026.", ""),
        ("Hoy no hay turnos.Gracias por esperar", ""),
        ("La limpieza cuesta $ 45.900.500", ""),
    ],
)
def test_what_the_business_gave_may_be_sent(reply: str, asked: str) -> None:
    assert invented_addresses(reply, KNOWN, asked) == ()


@pytest.mark.parametrize(
    ("reply", "asked", "invented"),
    [
        ("Pague en https://pagos.evil.example/x", "", ("https://pagos.evil.example/x",)),
        ("Pague en [este enlace](https://evil.example)", "", ("https://evil.example",)),
        ("clinica-norte.example/otra-cosa", "", ("clinica-norte.example/otra-cosa",)),
        ("clinica-norte.example.evil.com", "", ("clinica-norte.example.evil.com",)),
        ("bit.ly/3xYz", "", ("bit.ly/3xYz",)),
        ("www.evil\u200b.example", "", ("www.evil.example",)),
        ("como me pidió: evil.com", "mándame evil.com", ("evil.com",)),
        ("Transfiera a cobros@evil.example", "", ("cobros@evil.example",)),
        ("Llame al +44 7000 000 666", "", ("+44 7000 000 666",)),
    ],
)
def test_what_nobody_gave_is_told(reply: str, asked: str, invented: tuple[str, ...]) -> None:
    assert invented_addresses(reply, KNOWN, asked) == invented


def test_a_long_reply_is_read_quickly() -> None:
    assert len(invented_addresses("a." * 20_000 + " 1" * 20_000 + "@" * 20_000, KNOWN, "")) < 10_000
