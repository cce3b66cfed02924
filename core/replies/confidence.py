"""How far an answer is to be trusted: the model's word, what it rests on, and the rules that it broke.

    raw    = (4/5 model + 1/5 evidence) × every factor whose rule was broken
    result = calibration(raw)

`evidence` is the score of the best passage that the answer names. Without one (the answer rests on the business's own
facts, or states nothing) the model's word stands alone. `result` is what the bot's threshold is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.bots.calibration import Calibration

# A likeness of words says less than a reader does: alone it holds back no answer that the model is 70 % sure of.
_EVIDENCE_SHARE = 0.2
# One of the first two alone brings any answer under the threshold that bots begin with, 0.6.
UNGROUNDED = 0.5
INVENTED_AMOUNTS = 0.25
UNKNOWN_SOURCES = 0.8
OTHER_LANGUAGE = 0.9


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of an answer. `model` is its own estimate and `evidence` the best named passage's score, 0 to 1.

    `ungrounded`: it states facts and names nothing that it was given. `invented_amounts`: it names prices,
    percentages, links or addresses that the business never gave. `unknown_sources`: it names sources that do not exist.
    `other_language`: it is not in the language it should be in.
    """

    model: float
    evidence: float | None = None
    ungrounded: bool = False
    invented_amounts: bool = False
    unknown_sources: bool = False
    other_language: bool = False


@dataclass(frozen=True, slots=True)
class Confidence:
    """`result` is 0 to 1. `parts` tell how it came about: `model`, `evidence`, the factors by name, `raw`, `result`."""

    result: float
    parts: Mapping[str, float]


def weigh(signals: Signals, calibration: Calibration) -> Confidence:
    """Put the signals together."""
    raw = signals.model
    parts = {"model": signals.model}
    if signals.evidence is not None:
        parts["evidence"] = signals.evidence
        raw += _EVIDENCE_SHARE * (signals.evidence - signals.model)
    factors = _factors(signals)
    for factor in factors.values():
        raw *= factor
    result = calibration.apply(raw)
    return Confidence(result, parts | factors | {"raw": raw, "result": result})


def _factors(signals: Signals) -> dict[str, float]:
    broken = {
        "ungrounded": (signals.ungrounded, UNGROUNDED),
        "invented_amounts": (signals.invented_amounts, INVENTED_AMOUNTS),
        "unknown_sources": (signals.unknown_sources, UNKNOWN_SOURCES),
        "other_language": (signals.other_language, OTHER_LANGUAGE),
    }
    return {name: factor for name, (applies, factor) in broken.items() if applies}
