"""Texts of quotes: the offer with its total, questions about unclear lines, and the closing messages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from core.catalog.orders.matcher import Line
from core.catalog.quote import amount_of, totals, unclear
from core.text import money
from core.text.normalize import LanguageCode
from core.text.numbers import unit_label

_SAYS: dict[LanguageCode, dict[str, str]] = {
    "es": {
        "offer": "Su cotización:",
        "renewed": "Aquella cotización ya venció. A los precios de hoy sería:",
        "each": "{price} c/u",
        "per": "{price} por {unit}",
        "total": "Total: {total}",
        "until": "Vale hasta el {day} a las {time}.",
        "confirm": "¿La confirma? Responda SÍ o NO.",
        "so_far": "Hasta ahora tengo:",
        "which": "¿Cuál quiere en «{words}»? Responda con el número:",
        "is_it": "En «{words}», ¿se refiere a {name} ({price})? Responda SÍ o NO.",
        "how_many": "¿Cuántas unidades de {name} quiere? ({price})",
        "how_much": "¿Qué cantidad de {name} quiere? ({price})",
        "unknown": "No encuentro «{words}» entre nuestros productos. ¿Cómo se llama, o lo dejamos fuera?",
        "what_of": "¿De cuál producto cambio la cantidad? Por ejemplo: «{amount} {name}».",
        "confirmed": "¡Gracias! Su pedido por {total} queda confirmado.",
        "person": "Una persona del equipo le escribe para acordar el pago y la entrega.",
        "declined": "De acuerdo, la cotización queda anulada. Si necesita otra cosa, aquí estoy.",
    },
    "en": {
        "offer": "Your quote:",
        "renewed": "That quote has expired. At today's prices it would be:",
        "each": "{price} each",
        "per": "{price} per {unit}",
        "total": "Total: {total}",
        "until": "Valid until {day} at {time}.",
        "confirm": "Do you confirm it? Reply YES or NO.",
        "so_far": "So far I have:",
        "which": "Which one do you want for “{words}”? Reply with its number:",
        "is_it": "For “{words}”, do you mean {name} ({price})? Reply YES or NO.",
        "how_many": "How many of {name} would you like? ({price})",
        "how_much": "How much of {name} would you like? ({price})",
        "unknown": "I cannot find “{words}” among our products. What is it called, or shall I leave it out?",
        "what_of": "Which product's quantity shall I change? For example: “{amount} {name}”.",
        "confirmed": "Thank you! Your order for {total} is confirmed.",
        "person": "A person from our team will write to you to arrange payment and delivery.",
        "declined": "All right, the quote is cancelled. If you need anything else, just write.",
    },
    "pt": {
        "offer": "Seu orçamento:",
        "renewed": "Aquele orçamento já venceu. Aos preços de hoje ficaria:",
        "each": "{price} cada",
        "per": "{price} por {unit}",
        "total": "Total: {total}",
        "until": "Válido até {day} às {time}.",
        "confirm": "Você confirma? Responda SIM ou NÃO.",
        "so_far": "Até agora tenho:",
        "which": "Qual você quer em “{words}”? Responda com o número:",
        "is_it": "Em “{words}”, você quer dizer {name} ({price})? Responda SIM ou NÃO.",
        "how_many": "Quantas unidades de {name} você quer? ({price})",
        "how_much": "Que quantidade de {name} você quer? ({price})",
        "unknown": "Não encontro “{words}” entre os nossos produtos. Como se chama, ou deixamos de fora?",
        "what_of": "De qual produto mudo a quantidade? Por exemplo: “{amount} {name}”.",
        "confirmed": "Obrigado! Seu pedido de {total} está confirmado.",
        "person": "Uma pessoa da equipe vai escrever para combinar o pagamento e a entrega.",
        "declined": "Tudo bem, o orçamento fica cancelado. Se precisar de outra coisa, é só escrever.",
    },
}


def offer(
    lines: tuple[Line, ...], expires_at: datetime, time_zone: str, language: LanguageCode, *, renewed: bool = False
) -> str:
    """Return the whole quote with its total, ending in the question whether it is confirmed."""
    says = _SAYS[language]
    local = expires_at.astimezone(ZoneInfo(time_zone))
    day, time = format_date(local, "d/M/y", locale=language), format_time(local, "short", locale=language)
    if language == "en":
        day = format_date(local, "medium", locale=language)
    return "\n".join(
        [
            says["renewed" if renewed else "offer"],
            *_listed(lines, language),
            says["total"].format(total=total(lines, language)),
            says["until"].format(day=day, time=time),
            says["confirm"],
        ]
    )


def question(lines: tuple[Line, ...], language: LanguageCode) -> str:
    """Return the question about the first unclear line, after the clear lines."""
    line = unclear(lines)
    if line is None:
        raise ValueError("every line is clear")
    clear = tuple(one for one in lines if one.sure)
    so_far = [_SAYS[language]["so_far"], *_listed(clear, language), ""] if clear else []
    return "\n".join([*so_far, _ask(line, language)])


def _ask(line: Line, language: LanguageCode) -> str:
    says = _SAYS[language]
    if line.item is not None:
        by_piece = not line.item.unit
        return says["how_many" if by_piece else "how_much"].format(name=line.item.name, price=_rate(line, language))
    if not line.candidates:
        return says["unknown"].format(words=line.words)
    prices = [money.format_amount(item.price, item.currency, language) for item in line.candidates]
    if len(line.candidates) == 1:
        return says["is_it"].format(words=line.words, name=line.candidates[0].name, price=prices[0])
    choices = [
        f"{number}) {item.name}, {price}"
        for number, (item, price) in enumerate(zip(line.candidates, prices, strict=True), 1)
    ]
    return "\n".join([says["which"].format(words=line.words), *choices])


def what_of(amount: Decimal, lines: tuple[Line, ...], language: LanguageCode) -> str:
    """Return the question for the product of a new quantity."""
    name = next(line.item.name for line in lines if line.item is not None)
    return _SAYS[language]["what_of"].format(amount=_number(amount, language), name=name)


def confirmed(lines: tuple[Line, ...], language: LanguageCode, *, by_person: bool) -> str:
    """Return the thanks for a confirmed quote; `by_person`: a person writes to arrange the rest."""
    says = _SAYS[language]
    thanks = says["confirmed"].format(total=total(lines, language))
    return f"{thanks} {says['person']}" if by_person else thanks


def declined(language: LanguageCode) -> str:
    """Return the reply to a declined quote."""
    return _SAYS[language]["declined"]


def asks_for_answer(text: str) -> bool:
    """Return whether one of our texts ends a quote with the question for SÍ or NO, or asks about one of its lines."""
    return any(
        says["confirm"] in text or any(_opening(says[name]) in text for name in _QUESTIONS) for says in _SAYS.values()
    )


def asks_which(text: str) -> bool:
    """Return whether one of our texts asks which product a new quantity is for."""
    return any(_opening(says["what_of"]) in text for says in _SAYS.values())


_QUESTIONS = ("which", "is_it", "how_many", "how_much", "unknown", "what_of")


def _opening(template: str) -> str:
    """Return the longest constant part of a template."""
    pieces = template.replace("{", "}").split("}")[::2]
    return max(pieces, key=len)


def total(lines: tuple[Line, ...], language: LanguageCode) -> str:
    """Return the sum, or one for each currency."""
    return " + ".join(money.format_amount(amount, currency, language) for currency, amount in totals(lines).items())


def summary(lines: tuple[Line, ...], language: LanguageCode) -> str:
    """Return one line for an agent: "2 × Zapato, 1 × Camisa = 75,00 €"."""
    return f"{', '.join(_what(line, language) for line in lines if line.sure)} = {total(lines, language)}"


def _listed(lines: tuple[Line, ...], language: LanguageCode) -> list[str]:
    listed = []
    for line in lines:
        amount = amount_of(line)
        if line.item is not None and amount is not None:
            cost = money.format_amount(amount, line.item.currency, language)
            listed.append(f"• {_what(line, language)} ({_rate(line, language)}): {cost}")
    return listed


def _what(line: Line, language: LanguageCode) -> str:
    if line.item is None or line.quantity is None:
        return line.words
    unit = f" {unit_label(line.item.unit, language, line.quantity)}" if line.item.unit else ""
    return f"{_number(line.quantity, language)}{unit} × {line.item.name}"


def _rate(line: Line, language: LanguageCode) -> str:
    if line.item is None:
        return ""
    price = money.format_amount(line.item.price, line.item.currency, language)
    says = _SAYS[language]
    return (
        says["per"].format(price=price, unit=unit_label(line.item.unit, language))
        if line.item.unit
        else says["each"].format(price=price)
    )


def _number(amount: Decimal, language: LanguageCode) -> str:
    return format_decimal(amount.normalize(), locale=language, decimal_quantization=False)
