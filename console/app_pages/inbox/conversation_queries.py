"""Query of the open conversation: messages, customer and alternative channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.accounts import visibility
from core.accounts.visibility import Viewer
from core.catalog import quote_reads
from core.catalog.quote_reads import QuoteDetails
from core.channels.kinds import rules
from core.channels.templates.template import Template
from core.conversations import channel_switch
from core.conversations import thread as threads
from core.conversations.channel_switch import AlternativeAddress
from core.conversations.thread import Thread
from core.messaging.channels import templates
from core.messaging.channels.accounts import channel
from core.messaging.contacts import profile
from core.messaging.contacts.profile import Profile


@dataclass(frozen=True, slots=True)
class Opened:
    """`ways` are other channels, `quote` the latest one; `templates` only if nothing else can be sent.

    `takes_files`: files can be sent. A provider that fetches them needs a `PUBLIC_URL` that it reaches.
    """

    thread: Thread
    customer: Profile
    ways: Sequence[AlternativeAddress]
    quote: QuoteDetails | None
    templates: Sequence[Template] | None
    takes_files: bool


def read(session: Session, viewer: Viewer, conversation_id: int, limit: int, *, templated: bool = False) -> Opened:
    """Return it with at most `limit` newest messages; `templated`: always with templates.

    Raises `NotFound`, also if the viewer may not see it.
    """
    visibility.require(session, viewer, conversation_id)
    thread = threads.read(session, conversation_id, limit)
    return Opened(
        thread=thread,
        customer=profile.read(session, thread.contact_id, visibility.seen_by(viewer)),
        ways=_ways(session, viewer, conversation_id),
        quote=quote_reads.waiting_in(session, conversation_id),
        templates=_templates(session, thread) if templated or not thread.window_open else None,
        takes_files=channel(thread.channel_id).files_refused is None,
    )


def _ways(session: Session, viewer: Viewer, conversation_id: int) -> list[AlternativeAddress]:
    """Return usable alternatives: no opted-out address, no conversation that the viewer may not see."""
    return [
        way
        for way in channel_switch.alternatives(session, conversation_id)
        if not way.opted_out and (way.open_id is None or visibility.sees(session, viewer, way.open_id))
    ]


def _templates(session: Session, thread: Thread) -> Sequence[Template] | None:
    return templates.usable(session, thread.channel_id) if rules(thread.kind).reply_window else None
