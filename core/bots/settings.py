"""Settings of one bot, edited by an administrator. The JSON of this model is versioned.

Every field has a default, so a version saved before a field existed still loads; unknown fields are refused, so a
typing error never passes for a setting.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.accounts.opening_hours import OpeningHours
from core.text.normalize import LanguageCode
from core.types import Autonomy

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Localised(_Frozen):
    """One fixed message in each supported language."""

    es: Message
    en: Message
    pt: Message

    def in_language(self, language: LanguageCode) -> str:
        text: str = getattr(self, language)
        return text


class Keywords(_Frozen):
    """Phrases that hand off to a person. All languages are always matched, whatever the bot speaks."""

    es: tuple[Line, ...] = (
        "hablar con persona",
        "hablar con humano",
        "quiero quejarme",
        "estoy enfadado",
        "gerente",
        "supervisor",
        "cancelar",
        "devolver dinero",
        "problema urgente",
        "emergencia",
        '"hablar con"',
        '"con un robot"',
        '"con un bot"',
        "quiero humano",
        "hay persona",
        "alguien atender",
        "quiero atención al cliente",
        "libro de reclamaciones",
        '"es urgente"',
        "echar humo",
        "salir humo",
        "hay humo",
        "huele humo",
        "prender fuego",
        "hay fuego",
        "incendio",
        "saltar chispas",
        "echar chispas",
        "salir chispas",
        "olor quemado",
        '"huele a quemado"',
        '"me quemé"',
        "descarga eléctrica",
        '"me dio corriente"',
        "explotó",
        '"se tragó"',
        "intoxicado",
        "inundando",
        "estoy herido",
    )
    en: tuple[Line, ...] = (
        "talk to a person",
        "talk to a human",
        "speak to a person",
        "speak to a human",
        "real person",
        "human agent",
        "I want to complain",
        "I am angry",
        "manager",
        "supervisor",
        "cancel",
        "refund",
        "money back",
        "urgent problem",
        "emergency",
        '"talk to"',
        '"speak to"',
        '"speak with"',
        '"to a bot"',
        '"stop the bot"',
        "I want a human",
        "is there a person",
        "someone call",
        "I want customer service",
        '"is urgent"',
        "smoke coming",
        "there is smoke",
        "see smoke",
        "smell smoke",
        '"is smoking"',
        '"on fire"',
        '"caught fire"',
        "sparks coming",
        "saw sparks",
        "burning smell",
        '"burned myself"',
        '"burnt myself"',
        '"electric shock"',
        "electrocuted",
        "exploded",
        "swallowed",
        "poisoned",
        "flooding",
        "injured",
    )
    pt: tuple[Line, ...] = (
        "falar com pessoa",
        "falar com humano",
        "falar com atendente",
        "quero reclamar",
        "estou irritado",
        "estou com raiva",
        "gerente",
        "supervisor",
        "cancelar",
        "devolver dinheiro",
        "reembolso",
        "problema urgente",
        "emergência",
        '"dinheiro de volta"',
        '"falar com"',
        '"com um robô"',
        '"com um bot"',
        "quero humano",
        "tem alguém",
        "alguém atender",
        '"é urgente"',
        "sair fumaça",
        "soltar fumaça",
        "tem fumaça",
        "pegar fogo",
        "incêndio",
        "soltar faísca",
        '"cheiro de queimado"',
        '"me queimei"',
        "levei choque",
        "explodiu",
        "engoliu",
        "intoxicado",
        "inundando",
        "estou ferido",
    )

    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.es + self.en + self.pt))


class QaPair(_Frozen):
    """A question with the business's answer to it. Only approved pairs ever reach a customer."""

    question: str = Field(min_length=1, max_length=500, description="As a customer would ask it")
    answer: str = Field(min_length=1, max_length=4000, description="Sent to the customer word for word when offline")
    approved: bool = Field(default=False, description="Whether a person has checked this answer")


class TopicRule(_Frozen):
    """A topic on which the bot has less autonomy than in general."""

    topic: Line = Field(description="The topic's name, as the bot reports it")
    autonomy: Autonomy = Field(description="off: a person answers; draft: a person approves the answer")


class BotSettings(_Frozen):
    """All settings that define how one bot answers and when it hands over."""

    name: str = Field(default="Bot", min_length=1, max_length=60, description="Name the bot goes by")
    enabled: bool = Field(default=True, description="A disabled bot says nothing")
    autonomy: Autonomy = Field(
        default=Autonomy.AUTOMATIC, description="off: silent; draft: a person approves each answer; automatic"
    )
    topics: tuple[TopicRule, ...] = Field(default=(), max_length=50, description="Topics with less autonomy")
    model: str | None = Field(
        default=None, min_length=1, max_length=100, description="Model name; empty means the OPENAI_MODEL setting"
    )
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="Empty means not sent: some models refuse the parameter"
    )
    max_output_tokens: int = Field(
        default=1000, ge=64, le=16_000, description="Limit on an answer, a reasoning model's thinking included"
    )
    language: Literal["es", "en", "pt", "auto"] = Field(
        default="auto", description="Language of the answers; auto follows the customer"
    )
    personality: str = Field(
        default="You are courteous, warm and precise. You sound like a helpful shop assistant, not like a form letter.",
        max_length=8000,
        description="Who the bot is and how it speaks: part of the system prompt",
    )
    preferred_length: int = Field(
        default=280, ge=40, le=4000, description="Characters an answer should keep to: style, not a hard limit"
    )
    context_messages: int = Field(
        default=10, ge=1, le=50, description="Latest messages of the conversation that the model sees"
    )
    context_tokens: int = Field(
        default=6000, ge=500, le=200_000, description="Size of the whole prompt above which the oldest messages go"
    )
    confidence_threshold: float = Field(
        default=0.6, ge=0, le=1, description="Below this confidence a person answers instead"
    )
    turn_cap: int = Field(
        default=20, ge=1, le=200, description="Bot replies in a row, with no person between, before one is brought in"
    )
    handoff_on_anger: bool = Field(
        default=True, description="Whether strong words, or a customer unhappy twice in a row, bring in a person"
    )
    quiet_seconds: float | None = Field(
        default=None, ge=0, le=60, description="Silence to wait for before answering; empty means REPLY_QUIET_SECONDS"
    )
    fallback_message: Localised = Field(
        default=Localised(
            es="No tengo esa información con seguridad. Le paso su consulta a una persona del equipo.",
            en="I am not sure about that, so I am passing your question to a person on our team.",
            pt="Não tenho certeza sobre isso. Vou passar a sua pergunta a uma pessoa da equipe.",
        ),
        description="Said when the bot does not know, before a person takes over",
    )
    handoff_message: Localised = Field(
        default=Localised(
            es="Enseguida le atiende una persona de nuestro equipo.",
            en="A person from our team will be with you shortly.",
            pt="Uma pessoa da nossa equipe já vai atender você.",
        ),
        description="Said when the customer asks for a person or the rules call for one",
    )
    apology_message: Localised = Field(
        default=Localised(
            es="Disculpe, tenemos un problema técnico. Una persona del equipo le responderá en cuanto pueda.",
            en="Sorry, we have a technical problem. A person from our team will answer you as soon as possible.",
            pt="Desculpe, estamos com um problema técnico. Uma pessoa da equipe vai responder assim que possível.",
        ),
        description="Said when the bot could not work, before a person takes over",
    )
    opening_hours: OpeningHours = Field(
        default=OpeningHours(), description="When people are there to take over; the bot answers at any hour"
    )
    out_of_hours_message: Localised = Field(
        default=Localised(
            es="Ahora no hay nadie del equipo. Su consulta queda anotada y le responderemos en cuanto abramos.",
            en="Nobody from our team is here right now. We have your question and will answer when we open.",
            pt="No momento não há ninguém da equipe. Anotamos a sua pergunta e responderemos assim que abrirmos.",
        ),
        description="While nobody is there: in place of the hand-over message, and after the one for not knowing",
    )
    ask_rating: bool = Field(
        default=False, description="Whether customers are asked for a score from 1 to 5 on closing"
    )
    rating_message: Localised = Field(
        default=Localised(
            es="¿Qué tal le atendimos? Responda con un número del 1 (muy mal) al 5 (excelente).",
            en="How did we do? Reply with a number from 1 (very poor) to 5 (excellent).",
            pt="Como foi o nosso atendimento? Responda com um número de 1 (muito ruim) a 5 (excelente).",
        ),
        description="The question for a score",
    )
    quote_hours: int = Field(
        default=48, ge=1, le=24 * 90, description="How many hours a quote is valid before it has to be renewed"
    )
    quote_handoff: bool = Field(
        default=True, description="Whether a confirmed quote brings in a person, for payment and delivery"
    )
    frequent_minutes: int = Field(
        default=0, ge=0, le=24 * 60, description="How long an answer is given again to the same question; 0: never"
    )
    handoff_keywords: Keywords = Field(default=Keywords(), description="Phrases that bring in a person at once")
    qa_pairs: tuple[QaPair, ...] = Field(
        default=(), max_length=1000, description="Frequent questions with the business's answers"
    )
    timeout_seconds: float = Field(
        default=25, ge=1, le=120, description="Longest wait for the model in all, a second attempt included"
    )
    requests_per_minute: int | None = Field(default=None, ge=1, description="Model calls a minute; empty: no limit")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="Model tokens a minute; empty: no limit")
    usd_per_day: float | None = Field(
        default=None, ge=0.01, le=1_000_000, description="What models may cost in a day of the business's; empty: any"
    )
    usd_per_month: float | None = Field(
        default=None, ge=0.01, le=1_000_000, description="The same in a calendar month; above either no model is asked"
    )
