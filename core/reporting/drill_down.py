"""Drill-down from a metric to the conversations that it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, true
from sqlalchemy.orm import Session

from core.accounts import visibility
from core.accounts.visibility import Viewer
from core.models import AIRun, AnswerOutcome, Contact, Conversation, Message, Quote
from core.platform.db import run
from core.reporting.daily_metrics_sql import TIMED
from core.reporting.daily_rollups import scope as day_scope
from core.reporting.metrics import EVERYBODY, MetricFilter

PAGE = 50
_NOT_COUNTED = ("event", "note", "reaction")  # types of messages that do not count


@dataclass(frozen=True, slots=True)
class CountedConversation:
    """A conversation that a metric counts. `seconds` is its longest duration, for duration metrics."""

    id: int
    name: str
    status: str
    kind: str
    text: str
    last_message_at: datetime
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DrillDown:
    """What is counted: a metric, of one label or any, on the days from `first` to `last` in the business's zone."""

    zone: ZoneInfo
    first: date
    last: date
    metric: str
    label: str | None = None
    whose: MetricFilter = EVERYBODY

    @property
    def since(self) -> datetime:
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=self.zone)

    @property
    def until(self) -> datetime:
        return datetime(self.last.year, self.last.month, self.last.day, tzinfo=self.zone) + timedelta(days=1)


def conversations(
    session: Session, of: DrillDown, *, pages: int = 1, viewer: Viewer | None = None
) -> Sequence[CountedConversation]:
    """Return the first `pages` of the visible conversations that are counted.

    Newest first; for duration metrics slowest first. All pages cost as much as one: the durations of the
    period have to be computed to find the slowest. Raises `ValueError` for an unknown metric.
    """
    if of.metric in TIMED:
        return _timed(session, of, pages, viewer)
    query = (
        select(
            Conversation.id,
            Contact.name,
            Conversation.status,
            Conversation.kind,
            Conversation.last_message_text,
            Conversation.last_message_at,
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(
            _matches(of),
            Conversation.imported.is_(False),
            *(() if viewer is None else visibility.seen_by(viewer)),
        )
        .order_by(Conversation.id.desc())
        .limit(PAGE * pages)
    )
    if of.whose.channel_id is not None:
        query = query.where(Conversation.channel_id == of.whose.channel_id)
    return [CountedConversation(*row) for row in session.execute(query)]


def _timed(session: Session, of: DrillDown, pages: int, viewer: Viewer | None) -> Sequence[CountedConversation]:
    """Return the pages for a duration metric, from the same CTEs as the figure."""
    values = day_scope(session, of.zone, of.first) | {
        "until": day_scope(session, of.zone, of.last)["until"],
        "label": of.label,
        "agent": of.whose.agent_id,
        "channel": of.whose.channel_id,
        "limit": PAGE * pages,
    }
    statement = TIMED[of.metric].replace("{seen}", "true" if viewer is None else visibility.sql(viewer))
    return [CountedConversation(*row) for row in run(session, statement, values)]


def _matches(of: DrillDown) -> ColumnElement[bool]:
    opened = and_(Conversation.created_at >= of.since, Conversation.created_at < of.until)
    ended = and_(Conversation.closed_at >= of.since, Conversation.closed_at < of.until)
    match of.metric:
        case "new":
            return and_(opened, _assigned(of))
        case "tag":
            return and_(opened, _assigned(of), true() if of.label is None else Conversation.tags.contains([of.label]))
        case "csat":
            rated = Conversation.csat.is_not(None) if of.label is None else Conversation.csat == int(of.label)
            return and_(ended, _assigned(of), rated)
        case "handoff" | "reopened":
            return and_(_assigned(of), _has_message(of, _event(of.metric, of.label)))
        case "ai" | "ai_cost":
            return _run(of)
        case "quote" | "sold":
            return and_(_assigned(of), _quoted(of))
        case "verdict":
            return _judged(of)
    author = true() if of.whose.agent_id is None else Message.author_id == of.whose.agent_id
    return _has_message(of, and_(Message.type.not_in(_NOT_COUNTED), author, _message(of)))


def _assigned(of: DrillDown) -> ColumnElement[bool]:
    return true() if of.whose.agent_id is None else Conversation.assignee_id == of.whose.agent_id


def _has_message(of: DrillDown, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Message.conversation_id == Conversation.id,
        Message.created_at >= of.since,
        Message.created_at < of.until,
        condition,
    )


def _sent() -> ColumnElement[bool]:
    return Message.status.in_(("sent", "delivered", "read", "played"))


def _by_program() -> ColumnElement[bool]:
    """Sent over the REST API: without an author and an event (`core.reporting.daily_metrics_sql`)."""
    return and_(Message.sender == "agent", Message.author_id.is_(None), Message.event_id.is_(None))


def _event(metric: str, label: str | None) -> ColumnElement[bool]:
    name = "handed_off" if metric == "handoff" else metric
    event = and_(Message.type == "event", Message.payload["event"].astext == name)
    return event if label is None else and_(event, func.coalesce(Message.payload["reason"].astext, "") == label)


def _run(of: DrillDown) -> ColumnElement[bool]:
    if of.metric == "ai":
        kind = true() if of.label is None else AIRun.outcome == of.label
    else:
        priced = {None: true(), "known": AIRun.cost_usd.is_not(None), "unknown": AIRun.cost_usd.is_(None)}[of.label]
        kind = and_(or_(AIRun.input_tokens > 0, AIRun.output_tokens > 0), priced)
    return exists().where(
        AIRun.conversation_id == Conversation.id, AIRun.created_at >= of.since, AIRun.created_at < of.until, kind
    )


def _quoted(of: DrillDown) -> ColumnElement[bool]:
    if of.metric == "quote":
        created = and_(Quote.created_at >= of.since, Quote.created_at < of.until, Quote.state != "replaced")
        kind = created if of.label is None else and_(created, Quote.state == of.label)
    else:
        sold = and_(Quote.decided_at >= of.since, Quote.decided_at < of.until, Quote.state == "confirmed")
        kind = sold if of.label is None else and_(sold, func.coalesce(Quote.currency, "") == of.label)
    return exists().where(Quote.conversation_id == Conversation.id, kind)


def _judged(of: DrillDown) -> ColumnElement[bool]:
    """Has an answer with this "verdict:cause" (`core.evaluation.outcomes`)."""
    verdict, _, cause = (of.label or "").partition(":")
    kind = and_(AnswerOutcome.verdict == verdict, AnswerOutcome.cause == cause) if of.label else true()
    return exists().where(
        AnswerOutcome.conversation_id == Conversation.id,
        AnswerOutcome.at >= of.since,
        AnswerOutcome.at < of.until,
        kind,
    )


def _message(of: DrillDown) -> ColumnElement[bool]:
    ours = Message.sender.in_(("bot", "agent"))
    match of.metric:
        case "message":
            return true() if of.label is None else _by(of.label)
        case "hour":
            customer = Message.sender == "customer"
            return customer if of.label is None else and_(customer, _at(of.label, of.zone))
        case "sent":
            return ours if of.label is None else and_(ours, Message.status == of.label)
        case "failure":
            failed = and_(ours, Message.status == "failed")
            cause = func.coalesce(Message.error["cause"].astext, "unknown")
            return failed if of.label is None else and_(failed, cause == of.label)
    raise ValueError(f"Nothing is counted as {of.metric!r}")


def _by(label: str) -> ColumnElement[bool]:
    if label == "customer":
        return Message.sender == "customer"
    if label == "program":
        return and_(_by_program(), _sent())
    return and_(Message.sender == label, not_(_by_program()), _sent())


def _at(label: str, zone: ZoneInfo) -> ColumnElement[bool]:
    """Match a label "weekday-hour" of `core.reporting.daily_metrics_sql`."""
    weekday, hour = map(int, label.split("-"))
    local = func.timezone(str(zone), Message.created_at)
    return and_(func.extract("isodow", local) == weekday + 1, func.extract("hour", local) == hour)
