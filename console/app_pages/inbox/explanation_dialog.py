"""Dialog that explains a bot answer: sources, confidence, deciding rule and cost."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.bot import replay_commands
from console.app_pages.bot.cases import expectation_form
from console.dates import moment
from console.formatting import number, percent, seconds, usd
from console.i18n import catalogue, current, t
from console.markdown import plain
from console.model_failures import model_failure
from core.replies.explanations import Explanation, Source

_LONGEST_PASSAGE = 600  # characters
_SHARES = ("model", "evidence")
_FACTORS = ("ungrounded", "invented_amounts", "unknown_sources", "other_language")


def show(why: Explanation | None, message_id: int | None, run_id: int | None) -> None:
    """Open the dialog for a message or a run."""
    st.dialog(t("why.title"), position="right", icon=":material/psychology:")(_content)(why, message_id, run_id)


def _content(why: Explanation | None, message_id: int | None, run_id: int | None) -> None:
    if why is None:
        st.info(t("why.nothing"), icon=":material/info:")
        return
    st.markdown(f"**{_decision(why)}**")
    if why.error:
        st.error(model_failure(why.error), icon=":material/error:")
    _certainty(why)
    _sources(why)
    _cost(why)
    st.caption(t("why.version", bot=why.bot or "—", version=why.settings_version, prompt=why.prompt_version or "—"))
    if layout.viewer().role in auth.MANAGERS:
        with st.expander(t("rehearsal.as_case"), icon=":material/bookmark_add:"):
            expectation_form(
                f"case_why_{message_id}_{run_id}",
                lambda name, _, expected: replay_commands.keep_answer(message_id, run_id, name, expected),
            )


def _decision(why: Explanation) -> str:
    words = catalogue(current())
    return words.get(f"why.by_{why.decided_by}") or t(
        "why.by_rule", rule=words.get(f"reason.{why.decided_by}", why.decided_by.replace("_", " "))
    )


def _certainty(why: Explanation) -> None:
    if why.confidence is not None:
        needed = "" if why.threshold is None else t("why.needed", percent=percent(why.threshold))
        st.progress(why.confidence, text=f"{t('why.confidence', percent=percent(why.confidence))}{needed}")
        _parts(why.parts)
    about = [
        *why.topics,
        *([t(f"why.{why.sentiment}")] if why.sentiment in ("positive", "neutral", "negative") else []),
    ]
    if about:
        st.caption(" · ".join(about))


def _parts(parts: Mapping[str, float]) -> None:
    """Draw the parts of the confidence: shares, penalty factors and calibration."""
    told = {t(f"why.part_{name}"): percent(parts[name]) for name in _SHARES if name in parts}
    told |= {t(f"why.part_{name}"): f"× {number(parts[name], 2, least=0)}" for name in _FACTORS if name in parts}
    if "raw" not in parts or (len(told) < 2 and parts["raw"] == parts["result"]):
        return
    told[t("why.part_raw")] = percent(parts["raw"])
    if parts["result"] != parts["raw"]:
        told[t("why.part_result")] = percent(parts["result"])
    with st.expander(t("why.parts"), icon=":material/calculate:"):
        st.table(told, border="horizontal")


def _sources(why: Explanation) -> None:
    st.markdown(f"**{t('why.sources')}**")
    if why.grounded is not None:
        st.caption(t("why.grounded" if why.grounded else "why.ungrounded"))
    if why.from_facts:
        st.caption(t("why.facts"))
    if why.invented_amounts:
        st.warning(t("why.amounts", amounts=plain(", ".join(why.invented_amounts))), icon=":material/warning:")
    if not why.sources:
        st.caption(t("why.no_sources"))
    for source in sorted(why.sources, key=lambda one: (not one.used, -one.score)):
        _source(source)
    if why.invented_sources:
        st.warning(t("why.invented", sources=", ".join(why.invented_sources)), icon=":material/warning:")


def _source(source: Source) -> None:
    icon = ":material/check_circle:" if source.used else ":material/circle:"
    with st.expander(f"{percent(source.score)} · {plain(source.title)}", icon=icon, expanded=False):
        st.text(source.text[:_LONGEST_PASSAGE] + ("…" if len(source.text) > _LONGEST_PASSAGE else ""))
        st.caption(t("why.used" if source.used else "why.not_used"))


def _cost(why: Explanation) -> None:
    known = "—"
    st.table(
        {
            t("why.model"): why.model or known,
            t("why.latency"): known if why.latency_ms is None else seconds(why.latency_ms),
            t("why.tokens"): known
            if why.input_tokens is None
            else t(
                "why.tokens_of",
                input=number(why.input_tokens),
                cached=number(why.cached_tokens or 0),
                output=number(why.output_tokens or 0),
            ),
            t("why.cost"): t("why.cost_unknown") if why.cost_usd is None else usd(why.cost_usd),
            t("why.at"): moment(why.at, ZoneInfo(layout.viewer().timezone), seconds=True),
        },
        border="horizontal",
    )
