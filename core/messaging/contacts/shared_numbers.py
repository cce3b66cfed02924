"""A customer known by a user id shares their own number on our request: it becomes theirs if it is unowned.

A card is no proof of ownership: the customer may send any card. So it gives access to nobody else's conversations.
Where the number is known already, people are notified and decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.accounts.notifications import notify
from core.channels.phone_numbers import digits, display, is_bsuid, lookup_key
from core.channels.types import InboundMessage
from core.models import Severity
from core.platform.db import run

if TYPE_CHECKING:
    from core.messaging.inbound.routes import Route

Arrived = tuple[int, "Route", InboundMessage]


@dataclass(frozen=True, slots=True)
class NumberConflict:
    """A shared number that is known as another contact's.

    `user_id`: that contact has another user id, so they are two people.
    """

    number: str
    user_id: bool


def apply_shared(session: Session, arrived: Sequence[Arrived]) -> tuple[list[Arrived], dict[str, NumberConflict]]:
    """Return the messages with the numbers that their customers shared, and the conflicts for people to decide.

    Conflicts are by the provider's id of the message.
    """
    conflicts: dict[str, NumberConflict] = {}
    resolved = []
    for event_id, route, received in arrived:
        message, number = received, _shared(received)
        if number and run(session, _WAS_REQUESTED, _request_params(route, message)).scalar():
            holder = run(session, _HOLDER, {"key": lookup_key(number), "sender": message.sender}).first()
            if holder is None or holder.own:
                message = replace(message, phone=f"+{number}", aliases=(*message.aliases, number))
            else:
                conflicts[message.provider_id] = NumberConflict(number, holder.has_user_id)
        resolved.append((event_id, route, message))
    return resolved, conflicts


def _shared(message: InboundMessage) -> str:
    """Return the one WhatsApp number of the one card of a customer without a known number; "" for other cards."""
    if message.type != "contacts" or message.echo or message.group_id or message.phone or not is_bsuid(message.sender):
        return ""
    cards = message.payload.get("contacts")
    card = cards[0] if isinstance(cards, list) and len(cards) == 1 else None
    phones = card.get("phones") if isinstance(card, dict) else None
    listed = [one for one in phones if isinstance(one, dict)] if isinstance(phones, list) else []
    numbers = {digits(str(one["wa_id"])) for one in listed if one.get("wa_id")}
    return numbers.pop() if len(numbers) == 1 else ""


def _request_params(route: Route, message: InboundMessage) -> dict[str, object]:
    return {"channel": route.channel_id, "quoted": message.reply_to, "sender": message.sender}


# Whether the customer has no number yet and the message answers our request for it: the one it quotes, or else our
# newest to them.
_WAS_REQUESTED = """
SELECT m.payload #>> '{interactive,type}' = 'request_contact_info' OR (m.type = 'template' AND EXISTS (
    SELECT FROM message_templates t WHERE t.name = m.payload #>> '{template,name}'
      AND t.components @? '$[*].buttons[*].type ? (@ == "REQUEST_CONTACT_INFO")'))
FROM messages m JOIN conversations c ON c.id = m.conversation_id
    JOIN contact_identities i ON i.contact_id = c.contact_id
WHERE m.channel_id = %(channel)s AND m.direction = 'outbound' AND m.type NOT IN ('event', 'note')
  AND i.address = %(sender)s AND i.ended_at IS NULL AND i.lookup_key IS NULL
  AND CASE WHEN %(quoted)s::text IS NULL THEN true ELSE m.provider_id = %(quoted)s END
ORDER BY m.created_at DESC, m.id DESC LIMIT 1
"""
# The number's contact, unless it has no messages: an address book may name customers beforehand.
_HOLDER = """
SELECT i.contact_id IN (SELECT contact_id FROM contact_identities WHERE address = %(sender)s
  AND ended_at IS NULL) AS own,
       EXISTS (SELECT FROM contact_identities u WHERE u.contact_id = i.contact_id AND u.ended_at IS NULL
               AND u.address ~ '^[A-Z]{2}\\.') AS has_user_id
FROM contact_identities i
WHERE i.lookup_key = %(key)s AND i.ended_at IS NULL
  AND EXISTS (SELECT FROM conversations c WHERE c.contact_id = i.contact_id)
ORDER BY own, has_user_id DESC LIMIT 1
"""


def notify_conflict(session: Session, conversation_id: int, conflict: NumberConflict) -> None:
    """Notify people whose number was shared, and what to do."""
    shown = display(conflict.number)
    if conflict.user_id:
        words = (
            f"A customer shared {shown} as their own number, which is another customer's. It was not noted as theirs."
        )
    else:
        words = (
            f"A customer shared {shown} as their own number. Somebody is known under it: merge them if they are one."
        )
    kind = "number_of_another" if conflict.user_id else "number_known"
    notify(
        session,
        kind,
        Severity.WARNING,
        words,
        conversation_id=conversation_id,
        data={"address": shown},
    )
