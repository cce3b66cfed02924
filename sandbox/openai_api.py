"""OpenAI's HTTP API: responses, chat completions, embeddings, models."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.openai_embed import SIZES, as_base64, embed
from sandbox.openai_facts import facts_in, read_prompt, text_of
from sandbox.openai_model import think
from sandbox.openai_schema import fill
from sandbox.openai_tools import as_item, as_message, called
from sandbox.openai_writing import wrote
from sandbox.world import World, before_accept, world_of

# OpenAI, Deprecations: models that answer no more.
SHUT_DOWN = re.compile(r"gpt-4(?:-\d{4}.*|-turbo.*|-32k.*)?|gpt-3\.5.*")
KNOWN = re.compile(r"(?:gpt|chatgpt|o\d|sandbox)[\w.-]*")
MODELS = ("gpt-6-luna", "gpt-6.1-terra", "gpt-6-sol", "gpt-5.6-luna", "gpt-4o-mini", *SIZES)
REFUSAL = "I'm sorry, but I can't help with that."


class OpenAIError(Exception):
    """A refusal in OpenAI's words."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None, retry_after: float = 0
    ) -> None:
        super().__init__(message)
        kinds = {401: "invalid_request_error", 429: "requests"}
        kind = "server_error" if status >= 500 else kinds.get(status, "invalid_request_error")
        if code == "insufficient_quota":
            kind = code
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        self.headers = {"Retry-After": f"{retry_after:g}"} if retry_after else {}


Answer = Callable[[World, dict[str, Any], Fault | None], dict[str, Any]]


def _endpoint(answer: Answer, on: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        world = world_of(request)
        started = time.perf_counter()
        headers = {"x-request-id": "req_" + secrets.token_hex(16), "openai-version": "2020-10-01"}
        try:
            _check_key(request, world)
            body = _object(await request.body())
            fault = await before_accept(world, "openai", on)
            _refuse(fault)
            answered = answer(world, body, fault)
            if fault is not None and fault.kind == "timeout_after_accept":
                await asyncio.sleep(fault.hang_s)
        except OpenAIError as error:
            return JSONResponse(error.body, error.status, headers | error.headers)
        headers["openai-processing-ms"] = str(int((time.perf_counter() - started) * 1000))
        return JSONResponse(answered, headers=headers)

    return endpoint


def _check_key(request: Request, world: World) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if given != world.settings.openai_api_key:
        shown = f"{given[:3]}***{given[-4:]}" if len(given) > 8 else "***"
        raise OpenAIError(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise OpenAIError(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise OpenAIError(400, "The body must be a JSON object.")
    return body


def _refuse(fault: Fault | None) -> None:
    if fault is None or fault.kind not in ("error", "429", "500", "503", "timeout_before_accept"):
        return
    if fault.kind == "error":
        raise OpenAIError(fault.status, fault.message or "Injected error", code=fault.message or None)
    if fault.kind == "429":
        code = fault.message or "rate_limit_exceeded"
        raise OpenAIError(429, "Rate limit reached for requests", code=code, retry_after=fault.retry_after)
    raise OpenAIError(500 if fault.kind == "500" else 503, "The server had an error while processing your request.")


def _model(body: dict[str, Any]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise OpenAIError(400, "you must provide a model parameter", param="model")
    if SHUT_DOWN.fullmatch(model) or not KNOWN.fullmatch(model):
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise OpenAIError(404, message, code="model_not_found", param="model")
    return model


def _told(instructions: str, turns: list[tuple[str, str]]) -> str:
    """All that the program itself says, apart from the customer."""
    return "\n".join([instructions, *(text for role, text in turns if role in ("system", "developer"))])


def _count(text: str) -> int:
    """Tokens, about."""
    return max(1, -(-len(text) // 4)) if text else 0


def _said(
    instructions: str, turns: list[tuple[str, str]], schema: dict[str, Any] | None, fault: Fault | None, name: str = ""
) -> tuple[str, int]:
    """(the model's text, tokens read). `name` is that of the structured answer."""
    read = _count(instructions) + sum(_count(text) + 3 for _, text in turns)
    if (written := wrote(name, instructions, turns)) is not None:
        text = json.dumps(written, ensure_ascii=False)
    else:
        thought = think(read_prompt(instructions, turns))
        text = thought.reply if schema is None else json.dumps(fill(schema, thought), ensure_ascii=False)
    if fault is not None and fault.kind == "malformed":
        text = text[: len(text) // 2] if schema is not None else "�" + text[::-1]
    return text, read + (_count(json.dumps(schema)) if schema else 0)


def _cut(text: str, most: Any) -> tuple[str, bool]:
    """The text within the token budget, and whether it was cut."""
    if isinstance(most, int) and _count(text) > most:
        return text[: most * 4], True
    return text, False


# Responses


def responses(world: World, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
    model = _model(body)
    if body.get("stream"):
        raise OpenAIError(400, "The sandbox does not stream.", code="unsupported_value", param="stream")
    turns = _turns(body.get("input"))
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    schema = {
        "json_schema": wanted.get("schema"),
        "json_object": {"properties": {"answer": {}, "confidence": {"type": "number"}}},
    }
    asked = schema.get(wanted.get("type", "text"))
    instructions = str(body.get("instructions") or "")
    text, read = _said(instructions, turns, asked, fault, str(wanted.get("name") or ""))
    call = called(body.get("tools"), body.get("tool_choice"), _asked(turns), facts_in(_told(instructions, turns)))
    text, cut = _cut(text if call is None else call[1], body.get("max_output_tokens"))
    said = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    output: list[dict[str, Any]] = [_message(said) if call is None else as_item((call[0], text))]
    if fault is not None and fault.kind == "refusal":
        output = [_message({"type": "refusal", "refusal": REFUSAL})]
    elif fault is not None and fault.kind == "empty":
        output, cut, text = [{"type": "reasoning", "id": "rs_" + secrets.token_hex(24), "summary": []}], True, ""
    now = int(time.time())
    return {
        "id": "resp_" + secrets.token_hex(24),
        "object": "response",
        "created_at": now,
        "completed_at": None if cut else now,
        "status": "incomplete" if cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": model,
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": {"format": wanted, "verbosity": "medium"},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "metadata": body.get("metadata") or {},
        "usage": {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": _count(text),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + _count(text),
        },
    }


def _message(part: dict[str, Any]) -> dict[str, Any]:
    head = {"id": "msg_" + secrets.token_hex(24), "type": "message", "status": "completed", "role": "assistant"}
    return head | {"content": [part]}


def _turns(given: Any) -> list[tuple[str, str]]:
    if isinstance(given, str):
        return [("user", given)]
    if not isinstance(given, list) or not given:
        raise OpenAIError(400, "Missing required parameter: 'input'.", param="input", code="missing_required_parameter")
    return [
        (str(item.get("role")), text_of(item.get("content")))
        for item in given
        if isinstance(item, dict) and item.get("type", "message") == "message"
    ]


def _asked(turns: list[tuple[str, str]]) -> list[str]:
    """What the customer wrote since the last answer."""
    return read_prompt("", turns).asked


# Chat completions


def chat_completions(world: World, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
    model = _model(body)
    if body.get("stream"):
        raise OpenAIError(400, "The sandbox does not stream.", code="unsupported_value", param="stream")
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        raise OpenAIError(400, "Missing required parameter: 'messages'.", param="messages")
    wanted = body.get("response_format") or {}
    schema = (wanted.get("json_schema") or {}).get("schema")
    if wanted.get("type") == "json_object":
        schema = {"properties": {"answer": {}, "confidence": {"type": "number"}}}
    turns = _turns(body["messages"])
    name = str((wanted.get("json_schema") or {}).get("name") or "")
    text, read = _said("", turns, schema, fault, name)
    call = called(body.get("tools"), body.get("tool_choice"), _asked(turns), facts_in(_told("", turns)))
    text, cut = _cut(text if call is None else call[1], body.get("max_completion_tokens", body.get("max_tokens")))
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    if call is not None:
        message |= as_message((call[0], text))
    if fault is not None and fault.kind == "refusal":
        message |= {"content": None, "refusal": REFUSAL}
    elif fault is not None and fault.kind == "empty":
        message["content"], cut, text = "", True, ""
    written = _count(text)
    ended = "length" if cut else "stop" if call is None else "tool_calls"
    return {
        "id": "chatcmpl-" + secrets.token_hex(14),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": ended}],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": None,
    }


# Embeddings and models


def embeddings(world: World, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
    model = body.get("model")
    if model not in SIZES:
        raise OpenAIError(404, f"The model `{model}` does not exist.", code="model_not_found", param="model")
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 0 < len(texts) <= 2048 or not all(isinstance(t, str) and t for t in texts):
        raise OpenAIError(400, "'input' must be a text or 1 to 2048 texts, none of them empty.", param="input")
    dimensions = body.get("dimensions", SIZES[model])
    if not isinstance(dimensions, int) or not 1 <= dimensions <= SIZES[model]:
        raise OpenAIError(400, f"'dimensions' must be 1 to {SIZES[model]}.", param="dimensions")
    packed = body.get("encoding_format") == "base64"
    vectors = [embed(text, dimensions) for text in texts]
    read = sum(map(_count, texts))
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": as_base64(vector) if packed else list(vector)}
            for index, vector in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }


async def models(request: Request) -> Response:
    try:
        _check_key(request, world_of(request))
    except OpenAIError as error:
        return JSONResponse(error.body, error.status)
    items = [{"id": name, "object": "model", "created": 1767225600, "owned_by": "sandbox"} for name in MODELS]
    name = request.path_params.get("model")
    if name is None:
        return JSONResponse({"object": "list", "data": items})
    found = next((item for item in items if item["id"] == name), None)
    if found is None:
        missing = OpenAIError(404, f"The model '{name}' does not exist", code="model_not_found", param="model")
        return JSONResponse(missing.body, 404)
    return JSONResponse(found)


ROUTES = [
    Route("/v1/responses", _endpoint(responses, "send"), methods=["POST"]),
    Route("/v1/chat/completions", _endpoint(chat_completions, "send"), methods=["POST"]),
    Route("/v1/embeddings", _endpoint(embeddings, "embeddings"), methods=["POST"]),
    Route("/v1/models", models, methods=["GET"]),
    Route("/v1/models/{model}", models, methods=["GET"]),
]
