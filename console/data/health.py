"""What the health page reads."""

from __future__ import annotations

from collections.abc import Sequence

from console import auth
from core.db import transaction
from core.health import alerts
from core.health.alerts import AlertFacts


def alerts_now() -> tuple[Sequence[AlertFacts], Sequence[AlertFacts]]:
    """The open alerts, and those that are over."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return alerts.open_alerts(session, agent.business_id), alerts.past_alerts(session, agent.business_id)
