"""The database tables, one module per subject."""

from core.models.ai_run import AIRun
from core.models.alert import Alert
from core.models.background_task import BackgroundTask, TaskState
from core.models.base import Base, Tenant
from core.models.business import Bot, BotVersion, Business, Channel, ChannelLimit, ChannelState, Sees
from core.models.canned_response import CannedResponse
from core.models.contact import Contact, ContactIdentity, ContactMerge
from core.models.conversation import Conversation, ConversationStatus, Mode, PendingReply
from core.models.daily_metric import AnswerMetric, CountedDay, DailyMetric
from core.models.knowledge import (
    KnowledgeChunk,
    KnowledgeRevision,
    KnowledgeSource,
    KnowledgeVector,
    SourceState,
)
from core.models.knowledge_kinds import SourceKind
from core.models.machine import Machine
from core.models.message import (
    Attachment,
    Delivery,
    DeliveryAttempt,
    DeliveryReceipt,
    Direction,
    FileState,
    Message,
    MessageStatus,
    ProviderFile,
    Sender,
)
from core.models.outcome import AnswerOutcome, AnswerVerdict, BotCalibration
from core.models.people import (
    Agent,
    AgentToken,
    APIKey,
    AuditEntry,
    Notification,
    Role,
    Severity,
    Team,
    TeamMember,
    TokenKind,
)
from core.models.product import Product
from core.models.quote import Quote, QuoteLine
from core.models.quote_states import QuoteState
from core.models.replay import Replay, ReplayItem, ReplaySource, SavedTestCase
from core.models.suggestion import AskedQuestion, Suggestion, SuggestionState
from core.models.template import MessageTemplate
from core.models.webhook import DeadLetter, WebhookEvent
from core.models.work import MetricTotal, TaskFailure, WorkerReport, WorkMinute

__all__ = [
    "AIRun",
    "APIKey",
    "Agent",
    "AgentToken",
    "Alert",
    "AnswerMetric",
    "AnswerOutcome",
    "AnswerVerdict",
    "AskedQuestion",
    "Attachment",
    "AuditEntry",
    "BackgroundTask",
    "Base",
    "Bot",
    "BotCalibration",
    "BotVersion",
    "Business",
    "CannedResponse",
    "Channel",
    "ChannelLimit",
    "ChannelState",
    "Contact",
    "ContactIdentity",
    "ContactMerge",
    "Conversation",
    "ConversationStatus",
    "CountedDay",
    "DailyMetric",
    "DeadLetter",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryReceipt",
    "Direction",
    "FileState",
    "KnowledgeChunk",
    "KnowledgeRevision",
    "KnowledgeSource",
    "KnowledgeVector",
    "Machine",
    "Message",
    "MessageStatus",
    "MessageTemplate",
    "MetricTotal",
    "Mode",
    "Notification",
    "PendingReply",
    "Product",
    "ProviderFile",
    "Quote",
    "QuoteLine",
    "QuoteState",
    "Replay",
    "ReplayItem",
    "ReplaySource",
    "Role",
    "SavedTestCase",
    "Sees",
    "Sender",
    "Severity",
    "SourceKind",
    "SourceState",
    "Suggestion",
    "SuggestionState",
    "TaskFailure",
    "TaskState",
    "Team",
    "TeamMember",
    "Tenant",
    "TokenKind",
    "WebhookEvent",
    "WorkMinute",
    "WorkerReport",
]  # fmt: skip
