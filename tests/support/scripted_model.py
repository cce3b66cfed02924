"""A model that gives one scripted answer, and the requests it answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.bots.llm.types import Completion, FailureKind, ModelAnswer, ModelFailed, Prompt, Usage
from core.bots.model_prices import load_prices
from core.bots.settings import BotSettings, QaPair
from core.replies.decision import ComposeRequest
from core.types import BusinessFacts, Passage, Role, Turn

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAIR = QaPair(question="¿Abren los domingos?", answer="Sí, de 10 a 14.", approved=True)
KB = Passage("kb-3", "Envíos", "Enviamos a todo el país.", 0.7)


class ScriptedModel:
    """Model that gives one answer or failure, and records its prompts."""

    def __init__(self, result: ModelAnswer | ModelFailed) -> None:
        self.result = result
        self.prompts: list[Prompt] = []

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        self.prompts.append(prompt)
        if isinstance(self.result, ModelFailed):
            raise self.result
        usage = Usage(input=1000, cached=0, output=100)
        return Completion(self.result, self.result.model_dump_json(), usage, "gpt-6-luna", 420, "req_1")


def says(reply: str = "Sí, claro.", **changes: object) -> ScriptedModel:
    fields = {
        "reply": reply,
        "confidence": 0.9,
        "topics": ["horario"],
        "sentiment": "neutral",
        "language": "es",
        "handoff_reason": None,
        "summary": None,
        "states_facts": False,
        "sources": [],
        **changes,
    }
    return ScriptedModel(ModelAnswer.model_validate(fields))


def fails(kind: FailureKind, **changes: object) -> ScriptedModel:
    failure = ModelFailed(kind, "it went wrong", **changes)  # type: ignore[arg-type]
    failure.model, failure.latency_ms = "gpt-6-luna", 99
    return ScriptedModel(failure)


def request(*texts: str, **settings: object) -> ComposeRequest:
    said = texts or ("¿qué medios de pago hay?",)
    return ComposeRequest(
        settings=BotSettings(**{"qa_pairs": (PAIR,), **settings}),
        business=BusinessFacts("Sol"),
        turns=tuple(Turn(Role.CUSTOMER, text, NOON + timedelta(seconds=i)) for i, text in enumerate(said)),
        prices=load_prices(),
        bot_ref="7:3",
        contact_ref="42",
        replies_in_a_row=0,
        passages=(KB,),
    )
