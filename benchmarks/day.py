"""A scripted day at the shop: who writes, when, and what. Pure data: the same seed makes the same day."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Language = Literal["es", "en", "pt"]

OPENS, CLOSES = 8.0, 22.0  # hours
# How many start to write in each hour: most mid-morning and in the evening.
_BUSY = {8: 2, 9: 5, 10: 9, 11: 10, 12: 6, 13: 3, 14: 3, 15: 4, 16: 5, 17: 6, 18: 9, 19: 10, 20: 7, 21: 3}
_FIRST_NAMES: dict[Language, tuple[str, ...]] = {
    "es": ("Lucía", "Mateo", "Camila", "Julián", "Renata", "Diego", "Abril", "Bruno"),
    "en": ("Grace", "Owen", "Hannah", "Caleb", "Nora"),
    "pt": ("Beatriz", "Thiago", "Larissa", "Caio", "Helena"),
}
_LAST_NAMES: dict[Language, tuple[str, ...]] = {
    "es": ("Ferreyra", "Ríos", "Ortega", "Paz", "Solís", "Luna", "Méndez"),
    "en": ("Miller", "Parker", "Brooks", "Stone", "Hayes"),
    "pt": ("Moura", "Prado", "Nunes", "Teixeira", "Braga"),
}
_DIGITS = {"+54911": 8, "+5255": 8, "+1202555": 4, "+1415555": 4, "+55119": 8}  # after each beginning of a number
_NUMBERS: dict[Language, tuple[str, ...]] = {
    "es": ("+54911", "+5255"),
    "en": ("+1202555", "+1415555"),
    "pt": ("+55119",),
}
_ASKS: dict[Language, tuple[str, ...]] = {
    "es": (
        "Hola, ¿a qué hora abren?",
        "¿Dónde queda la tienda?",
        "¿Hacen envíos?",
        "¿Cómo puedo pagar?",
        "¿Puedo cambiar un producto?",
        "¿Qué talles de zapatos tienen?",
        "¿Cuánto cuestan los zapatos?",
        "¿Cuánto tarda mi pedido?",
    ),
    "en": ("Hi! What are your opening hours?", "Do you ship?", "How can I pay?"),
    "pt": ("Oi! Vocês fazem entregas?",),
}
_BEYOND: dict[Language, tuple[str, ...]] = {
    "es": ("¿Me pueden bordar un nombre en la campera?", "¿Venden entradas para el recital del sábado?"),
    "en": ("Could you repair a leather bag I bought in 1998?", "Do you rent ski boots?"),
    "pt": ("Vocês consertam relógios antigos?", "Posso alugar um terno para sábado?"),
}
_THANKS: dict[Language, str] = {"es": "¡Muchas gracias! 🙌", "en": "Great, thank you!", "pt": "Muito obrigada! 😊"}
_ANGRY: dict[Language, str] = {
    "es": "¡Es la tercera vez que escribo! Quiero hablar con una persona ya mismo.",
    "en": "This is ridiculous. I want to talk to a human, now.",
    "pt": "Isso é um absurdo! Quero falar com um atendente agora.",
}
_BURST: dict[Language, tuple[str, ...]] = {
    "es": ("Hola", "una consulta", "quería saber si hacen envíos", "y cómo puedo pagar"),
    "en": ("hello", "quick question", "do you ship?", "and how can I pay?"),
    "pt": ("oi", "tudo bem?", "vocês fazem entregas?"),
}


_ORDER: dict[Language, str] = {
    "es": "Hola, quiero 2 camisas azules y 3 pares de medias",
    "en": "Hello, I'd like 2 blue shirts and 3 pairs of socks please",
    "pt": "Oi, quero 2 camisas brancas e 1 calça",
}
_YES: dict[Language, str] = {"es": "SÍ", "en": "YES", "pt": "SIM"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a customer does, `after` so many real seconds from their last: people do not type faster for us.

    `about_answer` needs the id of the business's newest message to them, put in as `message_id`.
    """

    after: float
    message: dict[str, Any]
    about_answer: bool = False

    @property
    def said(self) -> str:
        return str(self.message.get("text") or self.message.get("emoji") or self.message["type"])


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer's conversation. `hour` is the time of day at which it begins."""

    hour: float
    name: str
    phone: str
    channel: str
    story: str
    steps: tuple[Step, ...] = field(repr=False)


def script(customers: int, seed: int) -> list[Visit]:
    """The day's conversations in their order: every story at least once when there are enough customers."""
    chance = random.Random(seed)
    stories = [name for name, (_, times) in STORIES.items() for _ in range(times)]
    dealt = list(STORIES)[:customers]
    dealt += [chance.choice(stories) for _ in range(customers - len(dealt))]
    chance.shuffle(dealt)
    return sorted((_visit(chance, number, story) for number, story in enumerate(dealt)), key=lambda visit: visit.hour)


def _visit(chance: random.Random, number: int, story: str) -> Visit:
    language: Language = chance.choices(("es", "en", "pt"), (6, 2, 2))[0]
    hour = chance.choices(list(_BUSY), list(_BUSY.values()))[0]
    prefix = chance.choice(_NUMBERS[language])
    digits = _DIGITS[prefix]
    phone = f"{prefix}{(chance.randrange(10 ** (digits - 3)) * 1000 + number) % 10**digits:0{digits}d}"
    channel = "sms" if story in _BY_SMS or (story == "asks" and language == "en") else "whatsapp"
    steps = tuple(STORIES[story][0](chance, language))
    name = f"{chance.choice(_FIRST_NAMES[language])} {chance.choice(_LAST_NAMES[language])}"
    return Visit(hour + chance.random(), name, phone, channel, story, steps)


def _text(after: float, text: str) -> Step:
    return Step(after, {"type": "text", "text": text})


def _asks(chance: random.Random, language: Language) -> Iterator[Step]:
    yield _text(0, chance.choice(_ASKS[language]))


def _asks_and_thanks(chance: random.Random, language: Language) -> Iterator[Step]:
    yield from _asks(chance, language)
    yield _text(12, _THANKS[language])


def _two_questions(chance: random.Random, language: Language) -> Iterator[Step]:
    yield _text(0, chance.choice(_ASKS[language]))
    yield _text(14, chance.choice(_ASKS[language]))


def _beyond(chance: random.Random, language: Language) -> Iterator[Step]:
    yield _text(0, chance.choice(_BEYOND[language]))


def _bursts(chance: random.Random, language: Language) -> Iterator[Step]:
    for number, line in enumerate(_BURST[language]):
        yield _text(chance.uniform(0.8, 2.5) if number else 0, line)


def _photo(chance: random.Random, language: Language) -> Iterator[Step]:
    captions = {"es": "¿Tienen estos en talle 40?", "en": "Do you have these in size 40?", "pt": "Tem estes no 40?"}
    yield Step(0, {"type": "image", "text": captions[language]})


def _voice(chance: random.Random, language: Language) -> Iterator[Step]:
    yield Step(0, {"type": "voice"})


def _where(chance: random.Random, language: Language) -> Iterator[Step]:
    asks = {"es": "¿Llegan hasta aquí con el envío?", "en": "Do you ship to this place?", "pt": "Entregam neste lugar?"}
    place = {"latitude": -34.6037, "longitude": -58.3816, "name": "Obelisco", "address": "Av. 9 de Julio, Buenos Aires"}
    yield _text(0, asks[language])
    yield Step(2, {"type": "location", **place})


def _presses(chance: random.Random, language: Language) -> Iterator[Step]:
    labels = {"es": "Ver horarios", "en": "Opening hours", "pt": "Ver horários"}
    yield _text(0, chance.choice(_ASKS[language]))
    yield Step(12, {"type": "button_reply", "reply_id": "hours", "text": labels[language]})


def _reacts(chance: random.Random, language: Language) -> Iterator[Step]:
    yield from _asks(chance, language)
    yield Step(10, {"type": "reaction", "emoji": chance.choice("👍🙏😍")}, about_answer=True)


def _wonders(chance: random.Random, language: Language) -> Iterator[Step]:
    yield _text(0, _ORDER[language])


def _orders(chance: random.Random, language: Language) -> Iterator[Step]:
    yield from _wonders(chance, language)
    yield _text(12, _YES[language])


def _angry(chance: random.Random, language: Language) -> Iterator[Step]:
    yield from _beyond(chance, language)
    yield _text(10, _ANGRY[language])


def _stops(chance: random.Random, language: Language) -> Iterator[Step]:
    yield from _asks(chance, language)
    yield _text(10, "STOP")


Story = Callable[[random.Random, Language], Iterator[Step]]
# Each with how often it comes.
STORIES: dict[str, tuple[Story, int]] = {
    "asks": (_asks, 8),
    "asks and thanks": (_asks_and_thanks, 6),
    "asks twice": (_two_questions, 4),
    "asks what we do not know": (_beyond, 3),
    "writes in a burst": (_bursts, 4),
    "sends a photo": (_photo, 2),
    "sends a voice note": (_voice, 1),
    "shares a place": (_where, 2),
    "presses a button": (_presses, 2),
    "reacts to the answer": (_reacts, 2),
    "asks for a quote": (_wonders, 2),
    "orders": (_orders, 3),
    "is angry and wants a person": (_angry, 1),
    "asks by SMS and then says STOP": (_stops, 1),
}
_BY_SMS = ("asks by SMS and then says STOP",)
