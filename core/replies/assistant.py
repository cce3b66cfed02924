"""Decide the response to a customer's messages: reply, hand off, or do nothing.

Provider failures never surface as exceptions: they end in a hand-off. Any exception is a bug.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from core.accounts import business_hours
from core.bots import approved_answers
from core.bots.llm.types import Completion, FailureKind, MakeQuote, Model, ModelAnswer, ModelFailed, Prompt
from core.bots.settings import BotSettings
from core.catalog import product_index, quote_texts
from core.replies import handoff_rules, output_checks, quote_flow, sentiment
from core.replies.courtesy_replies import courtesy_reply
from core.replies.decision import BotOff, ComposeRequest, HandOff, NoReplyNeeded, Outcome, Reply, Trace, with_call
from core.replies.grounding import review
from core.replies.handoff_rules import HandoffTrigger, Reason
from core.replies.handoff_summary import summarise
from core.replies.prompt import build
from core.text.courtesy import Courtesy, courtesy_of
from core.text.normalize import LanguageCode, guess_language
from core.types import Autonomy, Passage, Role, burst

BOT_OFF = "bot_off"
MODEL = "model"
APPROVED_PAIR = "approved_pair"
QUOTE = "quote"
PRODUCT_PRICE = "product_price"
CACHED_ANSWER = "frequent_answer"
COURTESY = "courtesy"
_PAIR_PASSAGES = 3
# A reply to a quote is one, however often the customer says "sí". Asking for a person still hands off.
_IGNORED_FOR_QUOTE = (Reason.ASKED_TWICE, Reason.TURN_CAP)
_IGNORED_FOR_COURTESY = (Reason.TURN_CAP, Reason.UNSUPPORTED_CONTENT)  # UNSUPPORTED_CONTENT: a sticker
_STICKER = "[sticker]"
# With these even a mere "hola" is handed off.
_FINAL_REASONS = (Reason.SENTIMENT, Reason.LEAK)
_REASONS = {FailureKind.REFUSAL: Reason.REFUSAL, FailureKind.EMPTY: Reason.EMPTY}


def compose(request: ComposeRequest, model: Model | None) -> Outcome:
    """Evaluate the newest burst. `model` is None when no key is configured. Raises `ValueError` without a burst."""
    settings = request.settings
    if not settings.enabled or settings.autonomy is Autonomy.OFF:
        return BotOff(Trace(BOT_OFF))
    if not burst(request.turns):
        raise ValueError("the conversation does not end with a customer's message")
    trigger = handoff_rules.before_model(settings, request.turns, request.replies_in_a_row)
    if trigger is None or trigger.reason in _IGNORED_FOR_QUOTE:
        quoted = quote_flow.respond_to_answer(_situation(request))
        if quoted:
            return _quote(request, quoted, Trace(QUOTE))
    courtesy = _courtesy(request)
    if courtesy is Courtesy.ACKNOWLEDGEMENT and not _was_asked(request):
        return NoReplyNeeded(Trace(COURTESY))
    if trigger and not (courtesy and trigger.reason in _IGNORED_FOR_COURTESY):
        return _hand_off(request, trigger, Trace(trigger.reason))
    if request.cached_answer is not None:
        return request.cached_answer
    if request.over_budget:
        return _without_model(request, HandoffTrigger(Reason.BUDGET, "the bot's budget is spent"), Trace(Reason.BUDGET))
    if model is None:
        return _without_model(
            request, HandoffTrigger(Reason.NO_MODEL, "no model is configured"), Trace(Reason.NO_MODEL)
        )
    if quoted := quote_flow.quote_order(_situation(request), doubtful=False):
        return _quote(request, quoted, Trace(QUOTE))
    return _with_model(request, model)


def _with_model(request: ComposeRequest, model: Model) -> Outcome:
    passages = _passages(request)
    prompt = build(request.settings, request.business, request.turns, passages)
    prompt = replace(prompt, quotes=bool(request.catalogue))
    trace = Trace(MODEL, prompt_version=prompt.version, prompt_tokens=prompt.tokens, passages=passages)
    try:
        completion = model.answer(prompt, request.settings, cache_key=request.bot_ref, contact=request.contact_ref)
    except ModelFailed as failure:
        trigger = HandoffTrigger(_REASONS.get(failure.kind, Reason.FAILURE), str(failure))
        return _without_model(request, trigger, replace(_with_call(request, trace, failure), error=str(failure)))
    trace = _with_call(request, trace, completion)
    if isinstance(completion.answer, MakeQuote):
        return _quote(request, quote_flow.quote_model_order(completion.answer, _situation(request)), trace)
    return _evaluate(request, completion.answer, prompt, _with_review(request, completion.answer, trace))


def _situation(request: ComposeRequest) -> quote_flow.Situation:
    """Return the inputs of quote decisions."""
    settings = request.settings
    before = request.turns[: len(request.turns) - len(burst(request.turns))]
    return quote_flow.Situation(
        text=_question(request),
        at=request.turns[-1].at,
        items=request.catalogue,
        open_quote=request.open_quote,
        asked_last=bool(before) and before[-1].role is Role.BOT and quote_texts.asks_for_answer(before[-1].text),
        asked_which=bool(before) and before[-1].role is Role.BOT and quote_texts.asks_which(before[-1].text),
        language=_language(request, None),
        time_zone=request.business.time_zone,
        valid_for=timedelta(hours=settings.quote_hours),
        by_person=settings.quote_handoff,
    )


def _quote(request: ComposeRequest, quoted: quote_flow.Quoted, trace: Trace) -> Outcome:
    trace = replace(trace, decided_by=QUOTE, confidence={**trace.confidence, "result": quoted.confidence})
    draft = request.settings.autonomy is Autonomy.DRAFT
    if quoted.change and quoted.confirmed and request.settings.quote_handoff:
        text, summary = None if draft else quoted.text, summarise(request.turns, None)
        return HandOff(text, Reason.QUOTE_CONFIRMED, quoted.change.summary, trace, summary, quoted.change)
    return Reply(quoted.text, draft, trace, quoted.change)


def _evaluate(request: ComposeRequest, answer: ModelAnswer, prompt: Prompt, trace: Trace) -> Outcome:
    autonomy = _autonomy(request.settings, answer.topics)
    trigger = _rejection(request, answer, prompt, trace, autonomy)
    if trigger:
        courtesy_outcome = None if trigger.reason in _FINAL_REASONS else _courtesy_outcome(request, trace)
        return courtesy_outcome or _hand_off(
            request, trigger, replace(trace, decided_by=trigger.reason), answer.summary
        )
    return Reply(answer.reply.strip(), draft=autonomy is Autonomy.DRAFT, trace=trace)


def _rejection(
    request: ComposeRequest, answer: ModelAnswer, prompt: Prompt, trace: Trace, autonomy: Autonomy
) -> HandoffTrigger | None:
    """Return why the answer must not be sent, or None."""
    settings = request.settings
    if output_checks.leaks(answer.reply, prompt.instructions, settings.personality):
        return HandoffTrigger(Reason.LEAK, "the reply repeated the bot's instructions")
    if answer.handoff_reason and answer.handoff_reason.strip():
        return HandoffTrigger(Reason.MODEL_ASKED, answer.handoff_reason.strip())
    if autonomy is Autonomy.OFF:
        return HandoffTrigger(Reason.TOPIC, ", ".join(answer.topics))
    if settings.handoff_on_anger and sentiment.stays_negative(request.last_sentiment, answer.sentiment):
        return HandoffTrigger(Reason.SENTIMENT, "unhappy twice in a row")
    return handoff_rules.below_threshold(trace.confidence["result"], settings.confidence_threshold)


def _without_model(request: ComposeRequest, trigger: HandoffTrigger, trace: Trace) -> Outcome:
    """Decide without a model: a courtesy, a clear order's quote, an exact approved answer or price, or a hand-off."""
    if (courtesy_outcome := _courtesy_outcome(request, trace)) is not None:
        return courtesy_outcome
    if quoted := quote_flow.quote_order(_situation(request), doubtful=True):
        return _quote(request, quoted, trace)
    decided_by, answer_source = (
        APPROVED_PAIR,
        approved_answers.sure_answer(request.settings.qa_pairs, _question(request)),
    )
    if answer_source is None:
        decided_by, answer_source = PRODUCT_PRICE, product_index.sure_price(request.catalogue, _question(request))
    if answer_source is None:
        return _hand_off(request, trigger, replace(trace, decided_by=trigger.reason))
    confidence = {**trace.confidence, "best_passage": answer_source.score}
    passages = (answer_source, *(passage for passage in trace.passages if passage.id != answer_source.id))
    trace = replace(trace, decided_by=decided_by, passages=passages, sources=(answer_source.id,), confidence=confidence)
    return Reply(answer_source.text, draft=request.settings.autonomy is Autonomy.DRAFT, trace=trace)


def _courtesy_outcome(request: ComposeRequest, trace: Trace) -> Reply | NoReplyNeeded | None:
    """Answer or ignore messages that need no response, without notifying anyone; None if they may ask for more."""
    courtesy = _courtesy(request)
    if courtesy is None or (courtesy is Courtesy.ACKNOWLEDGEMENT and _was_asked(request)):
        return None
    trace, text = replace(trace, decided_by=COURTESY), courtesy_reply(courtesy, _language(request, None))
    return NoReplyNeeded(trace) if text is None else Reply(text, request.settings.autonomy is Autonomy.DRAFT, trace)


def _courtesy(request: ComposeRequest) -> Courtesy | None:
    """Classify the burst as a courtesy, or None. A sticker counts as one: as the first message it is a greeting."""
    newest = burst(request.turns)
    texts = [turn.text for turn in newest if turn.readable or not turn.text.startswith(_STICKER)]
    if texts:
        return courtesy_of("\n".join(texts))
    return Courtesy.ACKNOWLEDGEMENT if len(newest) < len(request.turns) else Courtesy.GREETING


def _was_asked(request: ComposeRequest) -> bool:
    """Return whether the last message to the customer asks something, which an "ok" may answer."""
    before = request.turns[: len(request.turns) - len(burst(request.turns))]
    return bool(before) and before[-1].role is not Role.CUSTOMER and "?" in before[-1].text


def _hand_off(
    request: ComposeRequest, trigger: HandoffTrigger, trace: Trace, model_summary: str | None = None
) -> HandOff:
    # If a person approves every answer, nothing is sent without approval, not even this.
    draft_only = request.settings.autonomy is Autonomy.DRAFT
    text = None if draft_only else _handoff_message(request, trigger.reason, trace.language)
    return HandOff(text, trigger.reason, trigger.detail, trace, summarise(request.turns, model_summary))


def apology_text(request: ComposeRequest) -> str | None:
    """Return the apology sent when no answer could be finished; None for a bot that sends nothing by itself."""
    sends_alone = request.settings.autonomy not in (Autonomy.OFF, Autonomy.DRAFT)
    return _handoff_message(request, Reason.FAILURE, None) if sends_alone else None


def _handoff_message(request: ComposeRequest, reason: Reason, detected: str | None) -> str:
    settings, language = request.settings, _language(request, detected)
    closed = not business_hours.is_open(settings.opening_hours, request.turns[-1].at, request.business.time_zone)
    later = settings.out_of_hours_message.in_language(language)
    match reason:
        case Reason.LOW_CONFIDENCE | Reason.REFUSAL | Reason.EMPTY | Reason.LEAK:
            fallback = settings.fallback_message.in_language(language)
            return f"{fallback} {later}" if closed else fallback
        case Reason.FAILURE | Reason.BUDGET:
            return settings.apology_message.in_language(language)
    return later if closed else settings.handoff_message.in_language(language)


def _language(request: ComposeRequest, detected: str | None) -> LanguageCode:
    if request.settings.language != "auto":
        return request.settings.language
    if not any(sign.isalpha() for turn in burst(request.turns) for sign in _NO_LANGUAGE.sub("", turn.text)):
        return request.language  # a location, an order or an image has none, whatever the model detects
    match (detected or "")[:2].lower():
        case "es":
            return "es"
        case "en":
            return "en"
        case "pt":
            return "pt"
    return guess_language(_question(request), request.language)


# The label of a message that is not text (`core.replies.transcript`), and data that is nobody's words.
_NO_LANGUAGE = re.compile(r"\A\[(?:location|order|contacts)\].*|\A\[[^\]]*\]", re.DOTALL)


def _autonomy(settings: BotSettings, topics: list[str]) -> Autonomy:
    """Return the lowest autonomy that the bot and the answer's topics allow."""
    named = {topic.strip().casefold() for topic in topics}
    applying = [rule.autonomy for rule in settings.topics if rule.topic.casefold() in named]
    return min([settings.autonomy, *applying], key=list(Autonomy).index)


def _passages(request: ComposeRequest) -> tuple[Passage, ...]:
    question = _question(request)
    pairs = approved_answers.search(request.settings.qa_pairs, question, _PAIR_PASSAGES)
    return (*request.passages, *product_index.passages(request.catalogue, question), *pairs)


def _question(request: ComposeRequest) -> str:
    return "\n".join(turn.text for turn in burst(request.turns))


def _with_review(request: ComposeRequest, answer: ModelAnswer, trace: Trace) -> Trace:
    checked = review(answer, request.settings, request.business, request.turns, trace.passages, request.calibration)
    return replace(
        trace,
        sources=checked.sources,
        unknown_sources=checked.unknown_sources,
        invented_amounts=checked.invented_amounts,
        grounded=checked.grounded,
        confidence={**checked.confidence.parts, "threshold": request.settings.confidence_threshold},
        topics=tuple(answer.topics),
        sentiment=answer.sentiment,
        language=answer.language,
    )


def _with_call(request: ComposeRequest, trace: Trace, call: Completion | ModelFailed) -> Trace:
    return replace(with_call(trace, call, request.prices, request.turns[-1].at), raw_reply=call.raw)
