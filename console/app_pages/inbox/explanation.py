"""Why the bot wrote a message: sources, confidence, deciding rule and cost, as blocks for components/dialogs/why.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from console import auth
from console.app_pages.bot import replay_commands
from console.app_pages.inbox import queries
from console.dates import moment
from console.formatting import number, percent, seconds, usd
from console.i18n import catalogue, current, t
from console.model_failures import model_failure
from core.evaluation.replay_diff import Expectation
from core.evaluation.test_cases import LONGEST_NAME
from core.platform.errors import BotHubError
from core.replies.explanations import Explanation, Source

_LONGEST_PASSAGE = 600  # characters
_SHARES = ("model", "evidence")
_FACTORS = ("ungrounded", "invented_amounts", "unknown_sources", "other_language")
_CASE = ("as_case", "name", "contains", "avoids", "line_each", "ends", "cites", "keep_case")
_ENDS = ("either", "hands_off", "answers")
Block = list[Any]  # kind, and what it shows


def read(message_id: int, run_id: int) -> dict[str, Any]:
    """Return the blocks, and for managers the words of the form that saves the question as a case."""
    why = queries.explanation(message_id, run_id)
    if why is None:
        return {"blocks": [["aside", t("why.nothing")]], "case": None}
    words = {name: t(f"rehearsal.{name}") for name in _CASE}
    ends = [[name, t(f"rehearsal.ends_{name}")] for name in _ENDS]
    case = {"words": words, "all_ends": ends, "longest_name": LONGEST_NAME}
    return {"blocks": blocks(why), "case": case if auth.require().role in auth.MANAGERS else None}


def keep_case(message_id: int, run_id: int, name: str, expected: Mapping[str, object]) -> str:
    """Save the question as a case, and return what to tell. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    try:
        expectation = Expectation.model_validate(expected)
    except ValidationError as error:
        raise BotHubError(t("rehearsal.too_long")) from error
    replay_commands.keep_answer(message_id or None, run_id or None, name, expectation)
    return t("rehearsal.kept")


def blocks(why: Explanation) -> list[Block]:
    """Return what the dialog shows, in order."""
    version = t("why.version", bot=why.bot or "—", version=why.settings_version, prompt=why.prompt_version or "—")
    return [
        ["lead", _decision(why)],
        *([["bad", model_failure(why.error)]] if why.error else []),
        *_certainty(why),
        *_sources(why),
        ["rows", _cost(why)],
        ["aside", version],
    ]


def _decision(why: Explanation) -> str:
    words = catalogue(current())
    return words.get(f"why.by_{why.decided_by}") or t(
        "why.by_rule", rule=words.get(f"reason.{why.decided_by}", why.decided_by.replace("_", " "))
    )


def _certainty(why: Explanation) -> list[Block]:
    found: list[Block] = []
    if why.confidence is not None:
        needed = "" if why.threshold is None else t("why.needed", percent=percent(why.threshold))
        said = f"{t('why.confidence', percent=percent(why.confidence))}{needed}"
        found = [["meter", said, why.confidence], *_parts(why.parts)]
    feeling = [t(f"why.{why.sentiment}")] if why.sentiment in ("positive", "neutral", "negative") else []
    about = " · ".join([*why.topics, *feeling])
    return [*found, ["aside", about]] if about else found


def _parts(parts: Mapping[str, float]) -> list[Block]:
    """Return the parts of the confidence: shares, penalty factors and calibration."""
    told = {t(f"why.part_{name}"): percent(parts[name]) for name in _SHARES if name in parts}
    told |= {t(f"why.part_{name}"): f"× {number(parts[name], 2, least=0)}" for name in _FACTORS if name in parts}
    if "raw" not in parts or (len(told) < 2 and parts["raw"] == parts["result"]):
        return []
    told[t("why.part_raw")] = percent(parts["raw"])
    if parts["result"] != parts["raw"]:
        told[t("why.part_result")] = percent(parts["result"])
    return [["fold", t("why.parts"), [["rows", list(told.items())]]]]


def _sources(why: Explanation) -> list[Block]:
    found: list[Block] = [["lead", t("why.sources")]]
    if why.grounded is not None:
        found.append(["aside", t("why.grounded" if why.grounded else "why.ungrounded")])
    if why.from_facts:
        found.append(["aside", t("why.facts")])
    if why.invented_amounts:
        found.append(["bad", t("why.amounts", amounts=", ".join(why.invented_amounts))])
    if not why.sources:
        found.append(["aside", t("why.no_sources")])
    found += [_source(one) for one in sorted(why.sources, key=lambda one: (not one.used, -one.score))]
    if why.invented_sources:
        found.append(["bad", t("why.invented", sources=", ".join(why.invented_sources))])
    return found


def _source(source: Source) -> Block:
    text = source.text[:_LONGEST_PASSAGE] + ("…" if len(source.text) > _LONGEST_PASSAGE else "")
    said = t("why.used" if source.used else "why.not_used")
    title = f"{percent(source.score)} · {source.title}"
    return ["fold", f"✓ {title}" if source.used else title, [["text", text], ["aside", said]]]


def _cost(why: Explanation) -> list[tuple[str, str]]:
    known = "—"
    tokens = known
    if why.input_tokens is not None:
        counts = {"input": why.input_tokens, "cached": why.cached_tokens or 0, "output": why.output_tokens or 0}
        tokens = t("why.tokens_of", **{name: number(count) for name, count in counts.items()})
    return [
        (t("why.model"), why.model or known),
        (t("why.latency"), known if why.latency_ms is None else seconds(why.latency_ms)),
        (t("why.tokens"), tokens),
        (t("why.cost"), t("why.cost_unknown") if why.cost_usd is None else usd(why.cost_usd)),
        (t("why.at"), moment(why.at, ZoneInfo(auth.require().timezone), seconds=True)),
    ]
