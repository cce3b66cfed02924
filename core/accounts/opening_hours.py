"""Settings schema of weekly opening hours and holidays."""

from __future__ import annotations

from datetime import date, time

from pydantic import BaseModel, ConfigDict, Field


class Shift(BaseModel):
    """Hours on one weekday (0 is Monday) in the business's time zone. An end not after its start is the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: int = Field(ge=0, le=6)
    opens: time
    closes: time


class OpeningHours(BaseModel):
    """When agents are available. Without shifts the business is always open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: tuple[Shift, ...] = Field(default=(), max_length=28)
    holidays: tuple[date, ...] = Field(default=(), max_length=200)
