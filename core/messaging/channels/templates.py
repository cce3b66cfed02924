"""Message templates of a business: synchronised with the provider, checked, and rendered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core.channels.kinds import REPLY_WINDOWS
from core.channels.phone_numbers import is_bsuid
from core.channels.registry import PROVIDERS
from core.channels.templates import check as template_check
from core.channels.templates.check import TemplateFault
from core.channels.templates.slots import CONTENT
from core.channels.templates.template import Rendering, Template, read_template, render
from core.channels.types import SendError
from core.messaging.channels.accounts import account
from core.models import Channel, MessageTemplate
from core.platform.db import business_of, run, system_transaction, transaction

log = structlog.get_logger(__name__)

_ASK_AGAIN = timedelta(hours=1)
_SOON = timedelta(minutes=1)
_USABLE = "APPROVED"
_MOST_LANGUAGES = 20  # that an error lists


def sync_due() -> int:
    """Sync the templates of every account not synced for an hour, or with updates. Returns how many.

    Templates are what may be sent outside a reply window, so other kinds have none.
    """
    with system_transaction() as session:
        due = session.execute(
            select(func.min(Channel.id))
            .where(
                Channel.kind.in_(REPLY_WINDOWS),
                Channel.account != "",
                or_(Channel.templates_synced_at.is_(None), Channel.templates_synced_at < func.now() - _ASK_AGAIN),
            )
            .group_by(Channel.business_id, Channel.account)
        ).scalars()
        channel_ids = list(due)
    for channel_id in channel_ids:
        try:
            sync(channel_id)
        except SendError as error:
            log.warning("templates_not_told", channel_id=channel_id, code=error.error.code)
    return len(channel_ids)


def sync(channel_id: int) -> int:
    """Sync the templates of a channel's account. Returns how many there are.

    Raises:
        NotFound: there is no such channel.
        SendError: the provider did not answer; stored templates are unchanged.
    """
    sync_account = account(channel_id)
    with system_transaction() as session:
        business_id, owner = session.execute(
            update(Channel)
            .where(Channel.id == channel_id)
            .values(templates_synced_at=func.now())
            .returning(Channel.business_id, Channel.account)
        ).one()
        session.execute(
            update(Channel)
            .where(Channel.business_id == business_id, Channel.account == owner)
            .values(templates_synced_at=func.now())
        )
    fetched = list(PROVIDERS[sync_account.provider].templates(sync_account))
    with transaction(business_id) as session:
        _save(session, owner, fetched)
    return len(fetched)


_SAVE = """
WITH fetched AS (
    SELECT * FROM jsonb_to_recordset(%(fetched)s::jsonb) AS t (
        name text, language text, category text, status text, quality text, rejected_reason text, components jsonb)
), gone AS (
    DELETE FROM message_templates k WHERE account = %(account)s
    AND NOT EXISTS (SELECT FROM fetched WHERE fetched.name = k.name AND fetched.language = k.language)
)
INSERT INTO message_templates (business_id, account, name, language, category, status, quality,
    rejected_reason, components)
SELECT DISTINCT ON (name, language)
       %(business)s, %(account)s, name, language, category, status, quality, rejected_reason, components
FROM fetched ORDER BY name, language
ON CONFLICT (business_id, account, name, language) DO UPDATE SET
    category = excluded.category, status = excluded.status, quality = excluded.quality,
    rejected_reason = excluded.rejected_reason, components = excluded.components, reported_at = now()
"""


def _save(session: Session, owner: str, fetched: Sequence[Template]) -> None:
    run(
        session,
        _SAVE,
        {"business": business_of(session), "account": owner, "fetched": json.dumps([asdict(one) for one in fetched])},
    )


def mark_changed(session: Session, channel_id: int) -> None:
    """Schedule a sync after the provider reported a changed template of this channel's account."""
    session.execute(update(Channel).where(Channel.id == channel_id).values(templates_synced_at=None))


_APPLY_UPDATE = """
UPDATE message_templates t SET status = coalesce(%(status)s, status), quality = coalesce(%(quality)s, quality),
    category = coalesce(%(category)s, category), rejected_reason = coalesce(%(rejected_reason)s, rejected_reason)
FROM channels c
WHERE c.id = %(channel)s AND t.business_id = c.business_id AND t.account = c.account
    AND t.name = %(name)s AND t.language = %(language)s
"""


def apply_update(session: Session, channel_id: int, news: Mapping[str, str]) -> None:
    """Apply a reported template update at once, before the next sync."""
    if news:
        none = dict.fromkeys(("status", "quality", "category", "rejected_reason"))
        run(session, _APPLY_UPDATE, {**none, **news, "channel": channel_id})


def usable(session: Session, channel_id: int) -> list[Template]:
    """Return the approved templates of a channel's account, by name."""
    found = session.scalars(
        _of_channel(channel_id)
        .where(MessageTemplate.status == _USABLE)
        .order_by(MessageTemplate.name, MessageTemplate.language)
    )
    return [_template(row) for row in found]


def find(session: Session, channel_id: int, content: Mapping[str, Any]) -> MessageTemplate | None:
    """Return the stored template of a content; None for other contents and for unknown templates."""
    if content["type"] != "template":
        return None
    requested = content["template"]
    if "content_sid" in requested:
        condition = MessageTemplate.components.contains([{"type": CONTENT, "sid": requested["content_sid"]}])
    else:
        condition = (MessageTemplate.name == requested["name"]) & (MessageTemplate.language == requested["language"])
    return session.scalars(_of_channel(channel_id).where(condition).limit(1)).one_or_none()


def is_marketing(known: MessageTemplate | None) -> bool:
    """Return whether the provider counts a template as marketing."""
    return known is not None and known.category.upper().startswith("MARKETING")


def check(
    session: Session, channel_id: int, content: Mapping[str, Any], known: MessageTemplate | None, address: str
) -> None:
    """Raise `TemplateFault` where the provider would refuse a template sent to `address`.

    An account whose templates were never synced passes, as does a template named by its sid. After a refusal that a
    change at the provider may have caused, a sync is scheduled soon.
    """
    if content["type"] != "template" or "name" not in content["template"]:
        return
    requested = content["template"]
    try:
        if known is None:
            _check_known(session, channel_id, requested)
            return
        if known.status != _USABLE:
            params = {"name": known.name, "language": known.language, "status": known.status}
            raise TemplateFault("status", "template.name", **params)
    except TemplateFault:
        _ask_soon(channel_id)
        raise
    if known.category.upper() == "AUTHENTICATION" and is_bsuid(address):
        raise TemplateFault("recipient", "to")
    template_check.check(_template(known), requested, datetime.now(UTC))


def _check_known(session: Session, channel_id: int, requested: Mapping[str, Any]) -> None:
    others = session.execute(
        _of_channel(channel_id)
        .with_only_columns(MessageTemplate.name, MessageTemplate.language)
        .order_by(MessageTemplate.name != requested["name"], MessageTemplate.language)
        .limit(_MOST_LANGUAGES)
    ).all()
    known = [language for name, language in others if name == requested["name"]]
    if known:
        raise TemplateFault("language", "template.language", **_named(requested), known=", ".join(known))
    if others:
        raise TemplateFault("unknown", "template.name", **_named(requested))


def _named(requested: Mapping[str, Any]) -> dict[str, str]:
    return {"name": requested["name"], "language": requested["language"]}


def _ask_soon(channel_id: int) -> None:
    """Schedule a sync in a transaction of its own: the caller's is rolled back by the refusal."""
    with system_transaction() as session:
        session.execute(
            update(Channel)
            .where(Channel.id == channel_id, Channel.templates_synced_at < func.now() - _SOON)
            .values(templates_synced_at=None)
        )


def rendering(known: MessageTemplate | None, content: Mapping[str, Any]) -> Rendering | None:
    """Return what the customer sees of an outgoing template; None for an unknown template."""
    if known is None:
        return None
    requested = content["template"]
    values = [
        {"type": "text", "parameter_name": name, "text": one} for name, one in requested.get("variables", {}).items()
    ]
    return render(_template(known), requested.get("components") or [{"type": "body", "parameters": values}])


def _of_channel(channel_id: int) -> Any:
    return (
        select(MessageTemplate)
        .join(
            Channel, (Channel.account == MessageTemplate.account) & (Channel.business_id == MessageTemplate.business_id)
        )
        .where(Channel.id == channel_id)
    )


def _template(row: MessageTemplate) -> Template:
    return read_template(
        {
            "id": row.id,
            "name": row.name,
            "language": row.language,
            "status": row.status,
            "category": row.category,
            "rejected_reason": row.rejected_reason,
            "components": row.components,
        }
    )
