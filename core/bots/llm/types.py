"""Input and output of a language model, of any provider. No network here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypedDict, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from core.bots.settings import BotSettings

T = TypeVar("T", bound=BaseModel)


class InputItem(TypedDict):
    """One message as both OpenAI APIs take it."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`instructions` hold only what the business wrote; what customers wrote is in `input`.

    `version` identifies template and settings. `tokens` is an estimate of the whole. With `quotes` the model may ask
    for a quote (`MakeQuote`) in place of an answer.
    """

    instructions: str
    input: tuple[InputItem, ...]
    version: str
    tokens: int
    quotes: bool = False


class ModelAnswer(BaseModel):
    """The structured output asked of the model. The descriptions are part of what the model reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reply: str = Field(description="The message to the customer; empty only when handoff_reason is given")
    confidence: float = Field(
        ge=0, le=1, description="Probability that the reply is correct and supported by the facts and passages"
    )
    topics: list[str] = Field(description="One to three short topics of the customer's message")
    sentiment: Literal["positive", "neutral", "negative"] = Field(description="How the customer feels")
    language: str = Field(description="Two-letter code of the language of the reply")
    handoff_reason: str | None = Field(description="Why a person is needed, in a few words; null if none is")
    summary: str | None = Field(description="For the colleague who takes over, two short sentences; null if none does")
    states_facts: bool = Field(description="Whether the reply states anything about the business or what it offers")
    sources: list[str] = Field(description="Ids of the passages used, such as kb-3, or facts; empty if none")


class OrderedLine(BaseModel):
    """One product that the customer wants, in the model's reading. Never a price: that is not the model's to say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: str = Field(description="The product in the customer's own words, without the quantity")
    quantity: float | None = Field(gt=0, description="How many or how much; null if the customer did not say")
    unit: str | None = Field(description="Unit of the quantity, such as kg or dozen; null for pieces")


class MakeQuote(BaseModel):
    """The arguments of the tool with which the model asks for a quote. The descriptions are what the model reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines: list[OrderedLine] = Field(
        min_length=1, max_length=50, description="Every product that the customer wants now, those of an open quote too"
    )


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed: `cached` is part of `input`, a reasoning model's thinking is part of `output`."""

    input: int
    cached: int
    output: int


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer, or a request for a quote, with its usage. `raw` is the model's text before parsing."""

    answer: ModelAnswer | MakeQuote
    raw: str
    usage: Usage | None
    model: str
    latency_ms: int
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """The structured output, and what is needed to price it. `usage` None: not reported."""

    text: T
    usage: Usage | None
    model: str
    latency_ms: int
    request_id: str | None


class FailureKind(StrEnum):
    """Why a model gave no usable answer."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"  # the account is out of money: an administrator must act
    AUTHENTICATION = "authentication"  # wrong or forbidden key: an administrator must act
    REJECTED = "rejected"  # the request itself is refused: model name, parameter, context length
    SERVER = "server"
    REFUSAL = "refusal"  # the model declines to answer
    INCOMPLETE = "incomplete"  # cut off at the token limit
    INVALID = "invalid"  # not the structured output requested
    EMPTY = "empty"


class ModelFailed(Exception):
    """No usable answer. `retryable` says whether the same request may work later.

    `usage` is set when tokens were spent all the same, so that they are counted. `retry_after` is in seconds, when the
    server named a wait. `model` and `latency_ms` are known once the call was attempted.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        request_id: str | None = None,
        usage: Usage | None = None,
        raw: str | None = None,
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retryable = retryable
        self.retry_after = retry_after
        self.request_id = request_id
        self.usage = usage
        self.raw = raw
        self.model: str | None = None
        self.latency_ms: int | None = None


class Model(Protocol):
    """Protocol of a model that answers prompts; implemented by `core.bots.llm.client.ModelClient`."""

    def answer(self, prompt: Prompt, settings: BotSettings, *, cache_key: str, contact: str) -> Completion:
        """Ask once and wait. Raises `ModelFailed`; anything else raised is a bug."""


class Writer(Protocol):
    """A model that writes structured output. `core.bots.llm.client.ModelClient.write` explains the arguments."""

    def write(
        self,
        shape: type[T],
        instructions: str,
        said: tuple[InputItem, ...],
        *,
        name: str,
        settings: BotSettings,
        cache_key: str,
        contact: str | None = None,
    ) -> Written[T]:
        """Ask once and wait. Raises `ModelFailed`; anything else raised is a bug."""
