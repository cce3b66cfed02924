"""The conversations behind a figure."""

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
_OURS = text("SELECT current_setting('bothub.business_id')")
_UNSAID = ("event", "note", "reaction")  # types of messages that are not counted as said


@dataclass(frozen=True, slots=True)
class Behind:
    """One conversation, as a list shows it. `seconds`: the longest of its durations, where durations were counted."""

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


def behind(
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
) -> Sequence[Behind]:
    """The conversations that a metric counted in a span of days, of those that are seen, a page at a time.

    The newest come first; behind durations the slowest. `before_id` goes on after the last one of a page. Raises
    `ValueError` for a metric there is not.
    """
    if metric in TIMED:
        return _timed(session, zone, (first, last), metric, label, whose, before_id, viewer)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    until = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    wanted = (
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
            _counted(metric, label, _Scope(since, until, zone, whose.agent_id)),
            Conversation.imported.is_(False),
            *(() if viewer is None else visibility.seen_by(viewer)),
        )
        .order_by(Conversation.id.desc())
        .limit(PAGE)
    )
    if whose.channel_id is not None:
        wanted = wanted.where(Conversation.channel_id == whose.channel_id)
    if before_id is not None:
        wanted = wanted.where(Conversation.id < before_id)
    return [Behind(*row) for row in session.execute(wanted)]


def _timed(
    session: Session, zone: ZoneInfo, span: tuple[date, date], metric: str, label: str | None, whose: MetricFilter,
    before_id: int | None, viewer: Viewer | None,
) -> Sequence[Behind]:  # fmt: skip
    """The slowest first, from the very rows that the figure counts."""
    business_id = int(session.execute(_OURS).scalar_one())
    values = day_scope(business_id, zone, span[0]) | {
        "until": day_scope(business_id, zone, span[1])["until"],
        "label": label,
        "agent": whose.agent_id,
        "channel": whose.channel_id,
        "before": before_id,
        "limit": PAGE,
    }
    statement = TIMED[metric].replace("{seen}", "true" if viewer is None else visibility.sql(viewer))
    return [Behind(*row) for row in run(session, statement, values)]


def _counted(metric: str, label: str | None, scope: _Scope) -> ColumnElement[bool]:
    begun = and_(Conversation.created_at >= scope.since, Conversation.created_at < scope.until)
    ended = and_(Conversation.closed_at >= scope.since, Conversation.closed_at < scope.until)
    match metric:
        case "new":
            return and_(begun, _theirs(scope))
        case "tag":
            return and_(begun, _theirs(scope), true() if label is None else Conversation.tags.contains([label]))
        case "csat":
            rated = Conversation.csat.is_not(None) if label is None else Conversation.csat == int(label)
            return and_(ended, _theirs(scope), rated)
        case "handoff" | "reopened":
            return and_(_theirs(scope), _said(scope, _event(metric, label)))
        case "ai" | "ai_cost":
            return _run(metric, label, scope)
        case "quote" | "sold":
            return and_(_theirs(scope), _quoted(metric, label, scope))
        case "verdict":
            return _judged(label, scope)
    author = true() if scope.agent_id is None else Message.author_id == scope.agent_id
    return _said(scope, and_(Message.type.not_in(_UNSAID), author, _message(metric, label, scope)))


def _theirs(scope: _Scope) -> ColumnElement[bool]:
    return true() if scope.agent_id is None else Conversation.assignee_id == scope.agent_id


def _said(scope: _Scope, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Message.conversation_id == Conversation.id,
        Message.created_at >= scope.since,
        Message.created_at < scope.until,
        condition,
    )


def _sent() -> ColumnElement[bool]:
    return Message.status.in_(("sent", "delivered", "read", "played"))


def _by_program() -> ColumnElement[bool]:
    """Sent over the REST API: nobody signed it, and no provider reported it (`core.reporting.daily_metrics_sql`)."""
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
        given = and_(Quote.created_at >= scope.since, Quote.created_at < scope.until, Quote.state != "replaced")
        kind = given if label is None else and_(given, Quote.state == label)
    else:
        sold = and_(Quote.decided_at >= scope.since, Quote.decided_at < scope.until, Quote.state == "confirmed")
        kind = sold if label is None else and_(sold, func.coalesce(Quote.currency, "") == label)
    return exists().where(Quote.conversation_id == Conversation.id, kind)


def _judged(label: str | None, scope: _Scope) -> ColumnElement[bool]:
    """With an answer of this "verdict:cause" (`core.evaluation.outcomes`)."""
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
    """The weekday and hour of "weekday-hour", as `core.reporting.daily_metrics_sql` writes it."""
    weekday, hour = map(int, label.split("-"))
    local = func.timezone(str(zone), Message.created_at)
    return and_(func.extract("isodow", local) == weekday + 1, func.extract("hour", local) == hour)
