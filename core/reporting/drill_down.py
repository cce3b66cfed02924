"""Drill-down from a metric to the conversations that it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, text, true
from sqlalchemy.orm import Session

from core.accounts import visibility
from core.accounts.visibility import Viewer
from core.models import AIRun, AnswerOutcome, Contact, Conversation, Message, Quote
from core.platform.db import run
from core.reporting.daily_metrics_sql import TIMED
from core.reporting.daily_rollups import scope as day_scope
from core.reporting.metrics import EVERYBODY, MetricFilter

PAGE = 50
_BUSINESS_ID = text("SELECT current_setting('bothub.business_id')")
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
class _Scope:
    since: datetime
    until: datetime
    zone: ZoneInfo
    agent_id: int | None


def conversations(
    session: Session,
    zone: ZoneInfo,
    first: date,
    last: date,
    metric: str,
    label: str | None = None,
    *,
    whose: MetricFilter = EVERYBODY,
    before_id: int | None = None,
    viewer: Viewer | None = None,
) -> Sequence[CountedConversation]:
    """Return a page of the visible conversations that a metric counts in a period.

    Newest first; for duration metrics slowest first. `before_id` is the last id of the previous page. Raises
    `ValueError` for an unknown metric.
    """
    if metric in TIMED:
        return _timed(session, zone, (first, last), metric, label, whose, before_id, viewer)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    until = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
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
            _matches(metric, label, _Scope(since, until, zone, whose.agent_id)),
            Conversation.imported.is_(False),
            *(() if viewer is None else visibility.seen_by(viewer)),
        )
        .order_by(Conversation.id.desc())
        .limit(PAGE)
    )
    if whose.channel_id is not None:
        query = query.where(Conversation.channel_id == whose.channel_id)
    if before_id is not None:
        query = query.where(Conversation.id < before_id)
    return [CountedConversation(*row) for row in session.execute(query)]


def _timed(
    session: Session, zone: ZoneInfo, span: tuple[date, date], metric: str, label: str | None, whose: MetricFilter,
    before_id: int | None, viewer: Viewer | None,
) -> Sequence[CountedConversation]:  # fmt: skip
    """Return a page for a duration metric, from the same CTEs as the figure."""
    business_id = int(session.execute(_BUSINESS_ID).scalar_one())
    values = day_scope(business_id, zone, span[0]) | {
        "until": day_scope(business_id, zone, span[1])["until"],
        "label": label,
        "agent": whose.agent_id,
        "channel": whose.channel_id,
        "before": before_id,
        "limit": PAGE,
    }
    statement = TIMED[metric].replace("{seen}", "true" if viewer is None else visibility.sql(viewer))
    return [CountedConversation(*row) for row in run(session, statement, values)]


def _matches(metric: str, label: str | None, scope: _Scope) -> ColumnElement[bool]:
    opened = and_(Conversation.created_at >= scope.since, Conversation.created_at < scope.until)
    ended = and_(Conversation.closed_at >= scope.since, Conversation.closed_at < scope.until)
    match metric:
        case "new":
            return and_(opened, _assigned(scope))
        case "tag":
            return and_(opened, _assigned(scope), true() if label is None else Conversation.tags.contains([label]))
        case "csat":
            rated = Conversation.csat.is_not(None) if label is None else Conversation.csat == int(label)
            return and_(ended, _assigned(scope), rated)
        case "handoff" | "reopened":
            return and_(_assigned(scope), _has_message(scope, _event(metric, label)))
        case "ai" | "ai_cost":
            return _run(metric, label, scope)
        case "quote" | "sold":
            return and_(_assigned(scope), _quoted(metric, label, scope))
        case "verdict":
            return _judged(label, scope)
    author = true() if scope.agent_id is None else Message.author_id == scope.agent_id
    return _has_message(scope, and_(Message.type.not_in(_NOT_COUNTED), author, _message(metric, label, scope)))


def _assigned(scope: _Scope) -> ColumnElement[bool]:
    return true() if scope.agent_id is None else Conversation.assignee_id == scope.agent_id


def _has_message(scope: _Scope, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Message.conversation_id == Conversation.id,
        Message.created_at >= scope.since,
        Message.created_at < scope.until,
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


def _run(metric: str, label: str | None, scope: _Scope) -> ColumnElement[bool]:
    if metric == "ai":
        kind = true() if label is None else AIRun.outcome == label
    else:
        priced = {None: true(), "known": AIRun.cost_usd.is_not(None), "unknown": AIRun.cost_usd.is_(None)}[label]
        kind = and_(or_(AIRun.input_tokens > 0, AIRun.output_tokens > 0), priced)
    return exists().where(
        AIRun.conversation_id == Conversation.id, AIRun.created_at >= scope.since, AIRun.created_at < scope.until, kind
    )


def _quoted(metric: str, label: str | None, scope: _Scope) -> ColumnElement[bool]:
    if metric == "quote":
        created = and_(Quote.created_at >= scope.since, Quote.created_at < scope.until, Quote.state != "replaced")
        kind = created if label is None else and_(created, Quote.state == label)
    else:
        sold = and_(Quote.decided_at >= scope.since, Quote.decided_at < scope.until, Quote.state == "confirmed")
        kind = sold if label is None else and_(sold, func.coalesce(Quote.currency, "") == label)
    return exists().where(Quote.conversation_id == Conversation.id, kind)


def _judged(label: str | None, scope: _Scope) -> ColumnElement[bool]:
    """Has an answer with this "verdict:cause" (`core.evaluation.outcomes`)."""
    verdict, _, cause = (label or "").partition(":")
    kind = and_(AnswerOutcome.verdict == verdict, AnswerOutcome.cause == cause) if label else true()
    return exists().where(
        AnswerOutcome.conversation_id == Conversation.id,
        AnswerOutcome.at >= scope.since,
        AnswerOutcome.at < scope.until,
        kind,
    )


def _message(metric: str, label: str | None, scope: _Scope) -> ColumnElement[bool]:
    ours = Message.sender.in_(("bot", "agent"))
    match metric:
        case "message":
            return true() if label is None else _by(label)
        case "hour":
            customer = Message.sender == "customer"
            return customer if label is None else and_(customer, _at(label, scope.zone))
        case "sent":
            return ours if label is None else and_(ours, Message.status == label)
        case "failure":
            failed = and_(ours, Message.status == "failed")
            cause = func.coalesce(Message.error["cause"].astext, "unknown")
            return failed if label is None else and_(failed, cause == label)
    raise ValueError(f"Nothing is counted as {metric!r}")


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
