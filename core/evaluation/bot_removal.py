"""Remove a bot with all its own data: settings, approved answers, knowledge, cases and what it learnt.

Its messages stay in their conversations with their explanations: the runs keep what explains them.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.evaluation import replays
from core.knowledge import sources
from core.models import Bot, Channel, KnowledgeSource, Replay
from core.platform.errors import Conflict, NotFound


def remove(session: Session, bot_id: int) -> list[str]:
    """Remove a bot that answers on no channel.

    Return the storage keys of its knowledge, to be deleted after the commit. Raises `NotFound`, `Conflict`.
    """
    bots = {bot.id: bot for bot in session.scalars(select(Bot).order_by(Bot.id).with_for_update())}
    if (bot := bots.get(bot_id)) is None:
        raise NotFound(f"No bot {bot_id}.")
    if len(bots) == 1:
        raise Conflict("last_bot", "A business has at least one bot.")
    if session.scalar(select(func.count()).where(Channel.bot_id == bot_id)):
        raise Conflict(
            "bot_in_use", "The bot answers on a channel: give its channels to another bot, or to nobody, before."
        )
    for replay_id in session.scalars(select(Replay.id).where(Replay.bot_id == bot_id)).all():
        replays.cancel(session, replay_id)
    own = session.scalars(
        select(KnowledgeSource.id).where(KnowledgeSource.bot_id == bot_id).order_by(KnowledgeSource.id)
    )
    keys = [sources.remove(session, source_id) for source_id in own.all()]
    session.execute(delete(Bot).where(Bot.id == bot_id).execution_options(synchronize_session=False))
    audit_log.record(session, "bot.remove", f"bot:{bot_id}", name=bot.name, sources=len(keys))
    return [key for key in keys if key is not None]
