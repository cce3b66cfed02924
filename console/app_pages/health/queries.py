"""Queries of the health page."""

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
    """Return open and resolved alerts."""
    agent = auth.require(*auth.MANAGERS)
    with transaction(agent.scope) as session:
        return alerts.open_alerts(session), alerts.past_alerts(session)


def grave_alerts() -> Sequence[AlertFacts]:
    """Return open alerts of high severity, at most 15 seconds old because every page asks. Visible to all roles."""
    business_id = auth.require().business_id
    known = _grave.get(business_id)
    if known is None or time.monotonic() - known[0] >= _FRESH_SECONDS:
        with transaction(business_id) as session:
            found = [one for one in alerts.open_alerts(session) if one.severity is Severity.HIGH]
        known = _grave[business_id] = (time.monotonic(), found)
    return known[1]


def forget() -> None:
    """Clear the banner's cache."""
    _grave.clear()


def parts() -> Sequence[Finding]:
    """Check servers and disk now. Raises `NotAllowed`."""
    auth.require(*auth.MANAGERS)
    return list(probes.servers())


def webhooks_lately() -> Answered | None:
    """Return the answers to webhooks of the last five minutes, None while Redis is unavailable. Raises `NotAllowed`."""
    auth.require(*auth.MANAGERS)
    return webhook_health.lately()
