"""Routes: alerts, open and cleared."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from core.accounts.api_keys import Scope
from core.monitoring import alerts
from core.platform.db import transaction
from webhook_app.api import blueprint, cursors
from webhook_app.api.auth import caller, needs
from webhook_app.api.schemas import IdPaging, ResponseModel

api = blueprint.blueprint("alerts", "What is wrong with the service, and what was")


class AlertQuery(IdPaging):
    """`state`: those that are open, those that are over, or all of them."""

    state: Literal["open", "cleared", "all"] = "all"


class AlertOut(ResponseModel):
    """`name`: for example whatsapp_down, rate_limit_warning, webhook_errors. `cleared_at` is null while it is open."""

    id: int
    name: str
    severity: str
    subject: str
    text: str
    resolved: bool
    opened_at: datetime
    last_seen_at: datetime
    cleared_at: datetime | None


class AlertList(BaseModel):
    items: list[AlertOut]
    next_cursor: str | None


@api.get("/api/v1/alerts", responses={200: AlertList})
@needs(Scope.STATS_READ)
def list_alerts(query: AlertQuery) -> dict[str, Any]:
    """Alerts, newest first. An alert is cleared when its condition has not been seen for two minutes."""
    who = caller()
    with transaction(who.scope) as session:
        before = cursors.decode_id(query.cursor)
        found = alerts.listed(session, query.state, before, query.limit + 1)
    items = [_shown(one) for one in found[: query.limit]]
    more = items[-1].id if len(found) > query.limit else None
    return AlertList(items=items, next_cursor=cursors.encode_id(more)).model_dump(mode="json")


def _shown(one: alerts.AlertFacts) -> AlertOut:
    return AlertOut(
        id=one.id,
        name=one.kind,
        severity=one.severity,
        subject=one.subject,
        text=alerts.words("en", one.kind, one.subject),
        resolved=one.cleared_at is not None,
        opened_at=one.opened_at,
        last_seen_at=one.last_seen_at,
        cleared_at=one.cleared_at,
    )
