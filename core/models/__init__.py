"""The database tables, one module per subject."""

from core.models.ai_run import AIRun
from core.models.alert import Alert
from core.models.background_task import BackgroundTask, TaskState
from core.models.base import Base, Tenant
from core.models.business import Bot, BotVersion, Business, Channel, ChannelFlow, ChannelState, Sees
from core.models.contact import Contact, ContactIdentity, ContactMerge
from core.models.conversation import Conversation, ConversationStatus, Mode, ReplyTurn
from core.models.daily_figure import AnswerFigure, DailyFigure, DayCounted
from core.models.knowledge import (
    KnowledgeChunk,
    KnowledgeEdition,
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
    Direction,
    FileState,
    Message,
    MessageStatus,
    ProviderFile,
    ReceiptEvent,
    Sender,
)
from core.models.outcome import AnswerOutcome, AnswerVerdict, BotLearning
from core.models.people import (
    Agent,
    AgentToken,
    APIKey,
    AuditEntry,
    Notice,
    Role,
    Severity,
    Team,
    TeamMember,
    TokenKind,
)
from core.models.product import Product
from core.models.quote import Quote, QuoteLine
from core.models.quote_states import QuoteState
from core.models.rehearsal import Rehearsal, RehearsalItem, RehearsalSource, SavedCase
from core.models.saved_reply import SavedReply
from core.models.suggestion import AskedQuestion, Suggestion, SuggestionState
from core.models.template import MessageTemplate
from core.models.webhook import DeadLetter, WebhookEvent
from core.models.work import TaskFailure, WorkerReport, WorkMinute

__all__ = [
    "AIRun",
    "APIKey",
    "Agent",
    "AgentToken",
    "Alert",
    "AnswerFigure",
    "AnswerOutcome",
    "AnswerVerdict",
    "AskedQuestion",
    "Attachment",
    "AuditEntry",
    "BackgroundTask",
    "Base",
    "Bot",
    "BotLearning",
    "BotVersion",
    "Business",
    "Channel",
    "ChannelFlow",
    "ChannelState",
    "Contact",
    "ContactIdentity",
    "ContactMerge",
    "Conversation",
    "ConversationStatus",
    "DailyFigure",
    "DayCounted",
    "DeadLetter",
    "Delivery",
    "DeliveryAttempt",
    "Direction",
    "FileState",
    "KnowledgeChunk",
    "KnowledgeEdition",
    "KnowledgeSource",
    "KnowledgeVector",
    "Machine",
    "Message",
    "MessageStatus",
    "MessageTemplate",
    "Mode",
    "Notice",
    "Product",
    "ProviderFile",
    "Quote",
    "QuoteLine",
    "QuoteState",
    "ReceiptEvent",
    "Rehearsal",
    "RehearsalItem",
    "RehearsalSource",
    "ReplyTurn",
    "Role",
    "SavedCase",
    "SavedReply",
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
