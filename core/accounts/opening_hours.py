"""Weekly hours and holidays, as a business sets them."""

from __future__ import annotations

from datetime import date, time

from pydantic import BaseModel, ConfigDict, Field


class Shift(BaseModel):
    """Hours on one weekday, Monday 0, in the business's time zone. An end not after its start is on the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: int = Field(ge=0, le=6)
    opens: time
    closes: time


class OpeningHours(BaseModel):
    """When people are there. No shifts at all means always: hours are something a business chooses to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: tuple[Shift, ...] = Field(default=(), max_length=28)
    holidays: tuple[date, ...] = Field(default=(), max_length=200)
