"""what became of the bot's answers, what each bot learned, and questions it could not answer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.migrations.security import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _moment(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _words(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=nullable)


def _list(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False)


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "answer_outcomes",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        _moment("at"),
        _words("verdict"),
        _words("cause"),
        sa.Column("confidence", sa.Float()),
        _list("topics"),
        _list("sources"),
        _moment("judged_at", now=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('good', 'bad', 'unknown', 'handed_over')", name=op.f("ck_answer_outcomes_verdict")
        ),
        _belongs("answer_outcomes", "run_id", "ai_runs"),
        _belongs("answer_outcomes", "bot_id", "bots"),
        _belongs("answer_outcomes", "business_id", "businesses"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_answer_outcomes")),
    )
    op.create_index(op.f("ix_answer_outcomes_business_id_at"), "answer_outcomes", ["business_id", "at"])
    op.create_index(op.f("ix_answer_outcomes_bot_id_at"), "answer_outcomes", ["bot_id", "at"])
    op.create_table(
        "bot_learning",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _moment("learned_at", now=True),
        sa.Column("points", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("sample", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        _belongs("bot_learning", "bot_id", "bots"),
        _belongs("bot_learning", "business_id", "businesses"),
        sa.PrimaryKeyConstraint("bot_id", name=op.f("pk_bot_learning")),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        _words("question"),
        _words("language"),
        _words("answer", default=""),
        _words("drafted_by", default=""),
        _words("state", default="open"),
        _moment("snoozed_until", nullable=True),
        _moment("first_asked_at"),
        _moment("last_asked_at"),
        _words("decided_by", nullable=True),
        _moment("decided_at", nullable=True),
        sa.Column("settings_version", sa.BigInteger()),
        _moment("created_at", now=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'accepted', 'dismissed')", name=op.f("ck_suggestions_state")),
        _belongs("suggestions", "bot_id", "bots"),
        _belongs("suggestions", "business_id", "businesses"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
    )
    op.create_index(
        op.f("ix_suggestions_bot_id_state"), "suggestions", ["bot_id", "state", sa.text("last_asked_at DESC")]
    )
    op.create_table(
        "asked_questions",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("suggestion_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        _words("text"),
        _words("answer", default=""),
        _moment("asked_at"),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        _belongs("asked_questions", "run_id", "ai_runs"),
        _belongs("asked_questions", "suggestion_id", "suggestions"),
        _belongs("asked_questions", "business_id", "businesses"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_asked_questions")),
    )
    op.create_index(op.f("ix_asked_questions_suggestion_id"), "asked_questions", ["suggestion_id"])
    for table in ("answer_outcomes", "bot_learning", "suggestions", "asked_questions"):
        protect(table)
    op.create_index(
        "ix_audit_log_spent", "audit_log", ["business_id", "created_at"], postgresql_where=sa.text("data ? 'cost_usd'")
    )


def downgrade() -> None:
    op.drop_index("ix_audit_log_spent", "audit_log")
    for table in ("asked_questions", "suggestions", "bot_learning", "answer_outcomes"):
        op.drop_table(table)
