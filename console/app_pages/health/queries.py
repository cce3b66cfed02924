"""What the health page reads."""

from __future__ import annotations

import time
from collections.abc import Sequence

from console import auth
from console.db import transaction
from core.models import Severity
from core.monitoring import alerts, probes, webhook_health
from core.monitoring.alerts import AlertFacts
from core.monitoring.probes import Finding
from core.monitoring.webhook_health import Answered

_FRESH_SECONDS = 15
_grave: dict[int, tuple[float, Sequence[AlertFacts]]] = {}


def alerts_now() -> tuple[Sequence[AlertFacts], Sequence[AlertFacts]]:
    """The open alerts, and those that are over."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.business_id) as session:
        return alerts.open_alerts(session, agent.business_id), alerts.past_alerts(session, agent.business_id)


def grave_alerts() -> Sequence[AlertFacts]:
    """The open alerts of high severity, at most 15 seconds old: every page asks. Everybody may know them."""
    business_id = auth.require().business_id
    known = _grave.get(business_id)
    if known is None or time.monotonic() - known[0] >= _FRESH_SECONDS:
        with transaction(business_id) as session:
            found = [one for one in alerts.open_alerts(session, business_id) if one.severity is Severity.HIGH]
        known = _grave[business_id] = (time.monotonic(), found)
    return known[1]


def forget() -> None:
    """Drop what is kept for the banner."""
    _grave.clear()


def parts() -> Sequence[Finding]:
    """The servers and the disk, looked at now. Raises `NotAllowed`."""
    auth.require(*auth.MANAGERS)
    return list(probes.servers())


def webhooks_lately() -> Answered | None:
    """How the webhooks of the last five minutes were answered; None while Redis is away. Raises `NotAllowed`."""
    auth.require(*auth.MANAGERS)
    return webhook_health.lately()
