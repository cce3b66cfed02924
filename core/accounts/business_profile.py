"""Business profile: public facts that the bot may tell any customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Business
from core.platform.db import business_of
from core.platform.errors import Invalid
from core.types import BusinessFacts

LONGEST_FACT = 500  # characters
MOST_TAGS = 20
_CURRENCY = re.compile("[A-Z]{3}")  # form of an ISO 4217 code; the list of codes in use changes every year


def facts_of(name: str, timezone: str, profile: Mapping[str, Any]) -> BusinessFacts:
    """Return the facts stored in a business's row."""
    return BusinessFacts(
        name=name,
        time_zone=timezone,
        currency=profile.get("currency", ""),
        sector=profile.get("sector", ""),
        hours=profile.get("hours", ""),
        phone=profile.get("phone", ""),
        website=profile.get("website", ""),
        tags=tuple(profile.get("tags", ())),
        satisfaction=profile.get("satisfaction"),
    )


def read(session: Session) -> BusinessFacts:
    """Return the facts of a business."""
    row = session.execute(
        select(Business.name, Business.timezone, Business.profile).where(Business.id == business_of(session))
    ).one()
    return facts_of(row.name, row.timezone, row.profile)


def save(session: Session, facts: BusinessFacts) -> None:
    """Replace the facts. Raises `Invalid`."""
    if facts.time_zone not in available_timezones():
        raise Invalid("invalid_facts", f"{facts.time_zone} is no time zone: write one such as America/Bogota.")
    currency = facts.currency.strip().upper()
    if currency and not _CURRENCY.fullmatch(currency):
        raise Invalid("invalid_facts", f"{facts.currency} is no currency: write its three letters, such as COP.")
    cleaned = replace(
        facts,
        currency=currency,
        name=_line(facts.name),
        sector=_line(facts.sector),
        hours=_line(facts.hours),
        phone=_line(facts.phone),
        website=_line(facts.website),
        tags=tuple(dict.fromkeys(tag for one in facts.tags if (tag := _line(one)[:60])))[:MOST_TAGS],
    )
    if not cleaned.name:
        raise Invalid("invalid_facts", "A business has a name.")
    profile = {name: value for name, value in asdict(cleaned).items() if name not in ("name", "time_zone")}
    session.execute(
        update(Business)
        .where(Business.id == business_of(session))
        .values(name=cleaned.name, timezone=cleaned.time_zone, profile=profile)
    )
    audit_log.record(session, "business.save", f"business:{business_of(session)}")


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:LONGEST_FACT]
