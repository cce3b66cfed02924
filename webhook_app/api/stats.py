"""Routes: figures of a period."""

from __future__ import annotations

from typing import Any

from core.accounts.api_keys import Scope
from core.platform.db import transaction
from core.reporting.api_stats import stats
from webhook_app.api import blueprint
from webhook_app.api.auth import caller, needs
from webhook_app.api.schemas import StatsOut, StatsQuery

api = blueprint.blueprint("stats", "Figures")


@api.get("/api/v1/stats", responses={200: StatsOut})
@needs(Scope.STATS_READ)
def get_stats(query: StatsQuery) -> dict[str, Any]:
    """Volumes, response time, satisfaction and the bot's share.

    total_conversations: conversations with activity in the period; active_conversations: those of them still open.
    messages_sent: what bot and people sent and a provider took; total_messages: received and sent together.
    average_response_time: seconds from a customer's first unanswered message to the next answer.
    ai_response_rate: the share, from 0 to 1, of messages_sent that the bot wrote.
    active_contacts_24h and _7d: customers who wrote in that time, whatever the period.
    """
    who = caller()
    with transaction(who.scope) as session:
        figures = stats(session, query.period)
    return StatsOut.model_validate(figures).model_dump(mode="json")
