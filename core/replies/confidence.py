"""Confidence of an answer: the model's estimate, the evidence, and penalties for broken rules.

    raw    = (4/5 model + 1/5 evidence) × the factor of every broken rule
    result = calibration(raw)

`evidence` is the score of the best passage that the answer cites. Without one (the answer rests on the business's
facts, or states nothing) the model's estimate is used alone. `result` is compared with the bot's threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.bots.calibration import Calibration

# Word similarity is weaker evidence than reading: alone it holds back no answer that the model is 70 % sure of.
_EVIDENCE_SHARE = 0.2
# Either of the first two alone brings any answer below the default threshold of 0.6.
UNGROUNDED = 0.5
INVENTED_AMOUNTS = 0.25
UNKNOWN_SOURCES = 0.8
OTHER_LANGUAGE = 0.9


@dataclass(frozen=True, slots=True)
class Signals:
    """Inputs to the confidence. `model` is its own estimate, `evidence` the best cited passage's score; both 0 to 1.

    `ungrounded`: states facts and cites no source. `invented_amounts`: names prices, percentages, links or addresses
    that the business never gave. `unknown_sources`: cites sources that do not exist. `other_language`: not in the
    expected language.
    """

    model: float
    evidence: float | None = None
    ungrounded: bool = False
    invented_amounts: bool = False
    unknown_sources: bool = False
    other_language: bool = False


@dataclass(frozen=True, slots=True)
class Confidence:
    """`result` is 0 to 1. `parts` explain it: `model`, `evidence`, the factors by name, `raw` and `result`."""

    result: float
    parts: Mapping[str, float]


def weigh(signals: Signals, calibration: Calibration) -> Confidence:
    """Combine the signals into a calibrated confidence."""
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
