"""Parse the embeddings in a server's response."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from core.bots.llm.types import FailureKind, ModelFailed

Vector = tuple[float, ...]


class _Embedding(BaseModel):
    index: int = Field(ge=0)
    embedding: list[FiniteFloat] = Field(min_length=1)


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)


class _Body(BaseModel):
    data: list[_Embedding]
    usage: _Usage | None = None  # compatible servers may omit it


def unit(values: Sequence[float]) -> Vector:
    """Return the vector scaled to length 1, so that models which do not normalise compare as those which do."""
    length = math.hypot(*values)
    return tuple(value / length for value in values) if length else tuple(values)


def read_vectors(content: bytes, expected: int) -> tuple[list[Vector], int]:
    """Return the vectors of a 200 response, in the order of the texts, and the tokens used.

    Raises `ModelFailed` when any is missing.
    """
    try:
        body = _Body.model_validate_json(content)
    except ValidationError as error:
        raise ModelFailed(FailureKind.INVALID, "not the embeddings asked for") from error
    by_index = {one.index: one.embedding for one in body.data}
    if set(by_index) != set(range(expected)) or len({len(vector) for vector in by_index.values()}) != 1:
        raise ModelFailed(FailureKind.INVALID, f"{len(by_index)} usable embeddings of {expected}")
    vectors = [unit(by_index[index]) for index in range(expected)]
    return vectors, body.usage.prompt_tokens if body.usage else 0
