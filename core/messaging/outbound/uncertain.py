"""Notify people of messages whose outcome stayed unknown, once each."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.platform.db import run


def notify_people(session: Session, grace_seconds: float) -> int:
    """Notify people of each message uncertain for `grace_seconds` that caused no hand-off. Returns how many.

    What the bot sent while in charge is reported by the hand-off (`settlement.hand_off_uncertain_sends`).
    """
    return run(session, _NOTIFY, {"grace": grace_seconds}).rowcount


_NOTIFY = """
INSERT INTO notices (business_id, kind, severity, text, conversation_id, about)
SELECT m.business_id, 'message_uncertain', 'warning', 'Nobody knows whether message ' || m.id || ' arrived.',
    m.conversation_id, 'uncertain message ' || m.id
FROM messages m
JOIN deliveries d ON d.message_id = m.id
JOIN conversations c ON c.id = m.conversation_id
WHERE m.status = 'uncertain' AND d.uncertain_since < now() - make_interval(secs => %(grace)s)
    AND (m.sender <> 'bot' OR c.mode = 'human' AND c.handoff_reason IS DISTINCT FROM 'send_uncertain')
    AND NOT EXISTS (
        SELECT FROM notices n WHERE n.business_id = m.business_id AND n.about = 'uncertain message ' || m.id)
ORDER BY m.id LIMIT 200
"""
