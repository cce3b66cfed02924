"""Copilot requests to the model."""

from __future__ import annotations

from dataclasses import replace

from console import auth
from console.db import transaction
from core.accounts import visibility
from core.bots import approved_answers, price_table
from core.bots.llm.configured import model
from core.bots.llm.types import Writer
from core.catalog import product_index
from core.knowledge.retrieval import passages_for, question_in
from core.platform.errors import Conflict, Invalid, Unavailable
from core.replies import copilot_context
from core.replies.copilot import REWRITES, Help, Language, Request, Task, help_with
from core.replies.copilot_context import Material
from core.types import Passage

_PAIRS = 3


def write(conversation_id: int, task: Task, text: str, language: Language) -> Help:
    """Ask the model, and record its usage.

    Raises `NotAllowed`, `NotFound`, `Unavailable`, `Invalid`, `Conflict`.
    """
    agent = auth.require(fresh=True)
    writer = model()
    if writer is None:
        raise Unavailable("no_model", "No language model is configured.")
    if task in REWRITES and not text.strip():
        raise Invalid("nothing_typed", "Write something first.")
    with transaction(agent.scope) as session:
        visibility.require(session, agent, conversation_id)
        material = copilot_context.load(session, conversation_id)
    if not material.turns:
        raise Conflict("nothing_said", "There is nothing in this conversation to read yet.")
    if material.over_rate_budget:
        raise Conflict("over_budget", "The bot has spent its budget: try again in a moment.")
    request = Request(
        task=task,
        settings=material.settings,
        business=material.business,
        turns=material.turns,
        prices=price_table.table(agent.business_id),
        bot_ref="bot-none" if material.bot_id is None else f"bot-{material.bot_id}",
        contact_ref=f"contact-{material.contact_id}",
        text=text,
        language=language,
        tags=material.tags,
    )
    return _write(agent.business_id, material, request, writer)


def _write(business_id: int, material: Material, request: Request, writer: Writer) -> Help:
    if request.task is Task.DRAFT:
        request = replace(request, passages=_passages(business_id, material))
    found = help_with(request, writer)
    with transaction(business_id) as session:
        copilot_context.record(session, material, found.trace)
    return found


def _passages(business_id: int, material: Material) -> tuple[Passage, ...]:
    question = question_in(material.turns)
    found = () if material.bot_id is None else passages_for(business_id, material.bot_id, question)
    pairs = approved_answers.search(material.settings.qa_pairs, question, _PAIRS)
    return (*found, *pairs, *product_index.passages(material.items, question))
