"""The two JSON dialects of model APIs: the Responses API and the older Chat Completions.

Only what is used is parsed; the rest of a response is ignored, so a server may add to it freely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from core.bots.llm.types import FailureKind, InputItem, MakeQuote, ModelAnswer, ModelFailed, Prompt, Usage
from core.bots.settings import BotSettings

T = TypeVar("T", bound=BaseModel)


class ApiStyle(StrEnum):
    """Which of the two OpenAI APIs the server has. Compatible servers often have only the older one."""

    RESPONSES = "responses"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call in place of an answer, with arguments in `shape`."""

    name: str
    description: str
    shape: type[BaseModel]


MAKE_QUOTE = Tool(
    "make_quote",
    "Makes a priced quote. Call it, in place of an answer, when the customer orders products, asks what certain "
    "quantities of them cost together, or changes what they ordered. The quote is worded and priced by the business.",
    MakeQuote,
)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One structured request. `customer` is already a hash, None if the text is not one customer's.

    `shape` must forbid further properties and require all of its own: strict mode needs both.
    """

    model: str
    instructions: str
    input: tuple[InputItem, ...]
    shape: type[BaseModel]
    name: str
    max_output_tokens: int
    temperature: float | None
    cache_key: str
    customer: str | None
    tool: Tool | None = None


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """The model's output: its text, or the arguments for the `tool` that it called."""

    text: str
    tool: str = ""


@dataclass(frozen=True, slots=True)
class ParsedAnswer(Generic[T]):
    """A valid answer parsed from a response body. `model` is the one that the server reports."""

    answer: T
    raw: str
    usage: Usage | None
    model: str | None


def support_request(
    model: str, prompt: Prompt, settings: BotSettings, *, cache_key: str, customer: str
) -> ModelRequest:
    """Build the request that answers a customer."""
    return ModelRequest(
        model,
        prompt.instructions,
        prompt.input,
        ModelAnswer,
        "support_answer",
        settings.max_output_tokens,
        settings.temperature,
        cache_key,
        customer,
        MAKE_QUOTE if prompt.quotes else None,
    )


def request_body(style: ApiStyle, ask: ModelRequest) -> dict[str, Any]:
    """Return the request body in the given dialect."""
    schema = {"name": ask.name, "strict": True, "schema": _schema(ask.shape)}
    body: dict[str, Any] = {"model": ask.model, **_tools(style, ask.tool)}
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    if style is ApiStyle.CHAT:
        # `max_tokens` is the name that compatible servers share.
        return body | {
            "messages": [{"role": "system", "content": ask.instructions}, *ask.input],
            "max_tokens": ask.max_output_tokens,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
    if ask.customer is not None:
        body["safety_identifier"] = ask.customer
    return body | {
        "instructions": ask.instructions,
        "input": ask.input,
        "max_output_tokens": ask.max_output_tokens,
        "text": {"format": {"type": "json_schema", **schema}},
        "store": False,
        "prompt_cache_key": ask.cache_key,
    }


def _tools(style: ApiStyle, tool: Tool | None) -> dict[str, Any]:
    if tool is None:
        return {}
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": _schema(tool.shape),
        "strict": True,
    }
    tool_spec = (
        {"type": "function", "function": function} if style is ApiStyle.CHAT else {"type": "function", **function}
    )
    return {"tools": [tool_spec], "parallel_tool_calls": False}


@cache
def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    return shape.model_json_schema()


def read(content: bytes, style: ApiStyle, parse: Callable[[ModelOutput], T]) -> ParsedAnswer[T]:
    """Parse the answer in a 200 response. Raises `ModelFailed`: refusal, incomplete, server, empty, invalid."""
    try:
        output = (
            _ResponsesBody.model_validate_json(content)
            if style is ApiStyle.RESPONSES
            else _ChatBody.model_validate_json(content)
        )
    except ValidationError as error:
        raise ModelFailed(FailureKind.INVALID, f"unexpected response: {_first_error(error)}") from error
    usage = output.usage.usage() if output.usage else None
    call = output.call()
    text = output.text() if call is None else call.arguments
    try:
        output.check()
        answer = parse(ModelOutput(text, call.name if call else ""))
    except ModelFailed as failure:
        failure.usage = usage
        failure.raw = text or None
        raise
    return ParsedAnswer(answer=answer, raw=text, usage=usage, model=output.model)


def parse_support(output: ModelOutput, *, quotes: bool = False) -> ModelAnswer | MakeQuote:
    """Parse a support answer or, where it was offered, the request for a quote.

    An answer that neither replies nor hands over counts as empty. Raises `ModelFailed`.
    """
    if quotes and output.tool == MAKE_QUOTE.name:
        return _parse(MakeQuote, output.text)
    answer = parse_as(ModelAnswer, output)
    if not answer.reply.strip() and not answer.handoff_reason:
        raise ModelFailed(FailureKind.EMPTY, "the model gave an empty reply")
    return answer


def parse_as(shape: type[T], output: ModelOutput) -> T:
    """Parse the model's text as `shape`. Raises `ModelFailed`: empty or invalid."""
    if output.tool:
        raise ModelFailed(FailureKind.INVALID, f"the model called {output.tool[:40]!r}, which it was not offered")
    return _parse(shape, output.text)


def _parse(shape: type[T], text: str) -> T:
    if not text.strip():
        raise ModelFailed(FailureKind.EMPTY, "the model said nothing")
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        raise ModelFailed(FailureKind.INVALID, f"not the answer asked for: {_first_error(error)}") from error


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"


class _Part(BaseModel):
    type: str
    text: str = ""
    refusal: str = ""


class _Call(BaseModel):
    """A function call: its arguments are JSON in a string."""

    name: str
    arguments: str


class _Item(BaseModel):
    type: str
    content: list[_Part] | None = None
    name: str = ""
    arguments: str = ""

    def is_call(self) -> bool:
        return self.type == "function_call"


class _Reason(BaseModel):
    reason: str | None = None


_Tokens = Annotated[int, AfterValidator(lambda count: max(0, count))]  # some servers answer -1 for unknown


class _CachedDetails(BaseModel):
    cached_tokens: _Tokens | None = None


def _cached(details: _CachedDetails | None) -> int:
    return (details.cached_tokens if details else None) or 0


class _ResponsesUsage(BaseModel):
    input_tokens: _Tokens
    output_tokens: _Tokens
    input_tokens_details: _CachedDetails | None = None

    def usage(self) -> Usage:
        return Usage(self.input_tokens, _cached(self.input_tokens_details), self.output_tokens)


class _ChatUsage(BaseModel):
    prompt_tokens: _Tokens
    completion_tokens: _Tokens
    prompt_tokens_details: _CachedDetails | None = None

    def usage(self) -> Usage:
        return Usage(self.prompt_tokens, _cached(self.prompt_tokens_details), self.completion_tokens)


class _ServerError(BaseModel):
    message: str | None = None


class _ResponsesBody(BaseModel):
    """A Responses API answer (OpenAI, API reference, The response object)."""

    status: str
    output: list[_Item] = Field(default_factory=list)
    incomplete_details: _Reason | None = None
    error: _ServerError | None = None
    model: str | None = None
    usage: _ResponsesUsage | None = None

    def _parts(self) -> list[_Part]:
        return [part for item in self.output if item.type == "message" for part in item.content or ()]

    def text(self) -> str:
        return "".join(part.text for part in self._parts() if part.type == "output_text")

    def call(self) -> _Call | None:
        return next((_Call(name=one.name, arguments=one.arguments) for one in self.output if one.is_call()), None)

    def check(self) -> None:
        refusals = [part.refusal for part in self._parts() if part.type == "refusal"]
        reason = (self.incomplete_details and self.incomplete_details.reason) or self.status
        if refusals or reason == "content_filter":
            raise ModelFailed(FailureKind.REFUSAL, " ".join(refusals) or reason)
        if self.status == "failed":
            raise ModelFailed(FailureKind.SERVER, (self.error and self.error.message) or "failed", retryable=True)
        if self.status != "completed":
            raise ModelFailed(FailureKind.INCOMPLETE, reason)


class _ChatCall(BaseModel):
    function: _Call


class _ChatMessage(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ChatCall] | None = None


class _Choice(BaseModel):
    message: _ChatMessage
    finish_reason: str | None = None


class _ChatBody(BaseModel):
    """A Chat Completions answer (OpenAI, API reference, The chat completion object)."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: _ChatUsage | None = None

    def text(self) -> str:
        return self.choices[0].message.content or ""

    def call(self) -> _Call | None:
        calls = self.choices[0].message.tool_calls
        return calls[0].function if calls else None

    def check(self) -> None:
        choice = self.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise ModelFailed(FailureKind.REFUSAL, choice.message.refusal or "content_filter")
        if choice.finish_reason == "length":
            raise ModelFailed(FailureKind.INCOMPLETE, "max_tokens")
