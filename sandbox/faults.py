"""What goes wrong on purpose, and how the stand-ins deliver. Set over the control API; random by a given seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

PROVIDERS = ("whatsapp", "twilio", "openai")
KINDS = (
    "timeout_before_accept",
    "timeout_after_accept",
    "error",
    "429",
    "500",
    "503",
    "silence",
    "refusal",
    "empty",
    "malformed",
)
MODEL_KINDS = frozenset({"refusal", "empty", "malformed"})


class BadConfig(ValueError):
    """A knob is unknown or out of range; the text names it."""


@dataclass(slots=True)
class Fault:
    """`count` is how often it may still strike (None: for ever). `hang_s` is how long a time-out stays silent.

    `on` is which calls it strikes: send (messages and model answers), media, embeddings, or any.
    """

    kind: str
    probability: float = 1.0
    count: int | None = None
    code: int = 0
    status: int = 400
    message: str = ""
    retry_after: float = 1.0
    hang_s: float = 60.0
    on: str = "send"


@dataclass(slots=True)
class ProviderKnobs:
    """How a provider's API misbehaves: delays in milliseconds, and faults in their order."""

    latency_ms: int = 0
    jitter_ms: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class DeliveryKnobs:
    """How accepted messages travel on. Probabilities are 0 to 1.

    `window`: what becomes of free text outside the 24 hours: `later` (accepted, then a failed status),
    `immediate` (Meta refuses with 400), `off` (not looked at).
    `mps` and `pair_burst`: Meta's speed limits, 0 switches one off.
    """

    statuses: str = "all"
    sent_ms: int = 120
    delivered_ms: int = 350
    read_ms: int = 1200
    read_missing: float = 0.0
    sent_missing: float = 0.0
    delivered_first: float = 0.0
    status_before_answer: float = 0.0
    window: str = "later"
    mps: int = 80
    pair_burst: int = 45


@dataclass(slots=True)
class WebhookKnobs:
    """How updates are posted to the product.

    `shuffle` holds an update back by up to `shuffle_ms` so that later ones overtake it, and mixes a batch.
    `coalesce_webhooks_ms` gathers Meta's updates into one POST. Meta's retries start at `meta_retry_s`, double up
    to `meta_retry_cap_s` and end after `meta_retry_for_s` (7 days, as Meta). `twilio_retries` and
    `twilio_retry_on` (ct, rt, 4xx, 5xx) are Twilio's connection overrides rc and rp.
    """

    duplicate: float = 0.0
    shuffle: float = 0.0
    shuffle_ms: int = 1000
    delay_ms: int = 0
    coalesce_webhooks_ms: int = 0
    meta_retry_s: float = 1.0
    meta_retry_cap_s: float = 60.0
    meta_retry_for_s: float = 604_800.0
    twilio_retries: int = 1
    twilio_retry_on: str = "ct"


Knobs = TypeVar("Knobs", Fault, ProviderKnobs, DeliveryKnobs, WebhookKnobs)

CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "on": ("send", "media", "embeddings", "any"),
    "statuses": ("none", "sent", "all"),
    "window": ("later", "immediate", "off"),
}
SHARES = frozenset(
    {
        "probability",
        "read_missing",
        "sent_missing",
        "delivered_first",
        "status_before_answer",
        "duplicate",
        "shuffle",
    }
)


def _checked(name: str, value: Any, sample: Any) -> Any:
    if name == "count":
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value
        raise BadConfig("count must be a whole number above 0, or null")
    if isinstance(sample, str):
        if not isinstance(value, str) or (name in CHOICES and value not in CHOICES[name]):
            raise BadConfig(f"{name} must be {'one of ' + ', '.join(CHOICES[name]) if name in CHOICES else 'text'}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadConfig(f"{name} must be a number of 0 or more")
    if name in SHARES and value > 1:
        raise BadConfig(f"{name} is a probability: 0 to 1")
    return int(value) if isinstance(sample, int) else float(value)


def _changed(knobs: Knobs, changes: Any, where: str) -> Knobs:
    """A copy of `knobs` with `changes` in it. Raises BadConfig and then nothing was changed."""
    if not isinstance(changes, Mapping):
        raise BadConfig(f"{where} must be an object")
    samples = {item.name: getattr(knobs, item.name) for item in fields(knobs)}
    unknown = sorted(set(changes) - set(samples))
    if unknown:
        raise BadConfig(f"{where} has no {', '.join(unknown)}; known: {', '.join(samples)}")
    values = {name: _checked(name, value, samples[name]) for name, value in changes.items()}
    return replace(knobs, **values)


def fault_from(data: Any, provider: str) -> Fault:
    """Read a fault from JSON. Raises `BadConfig`."""
    if not isinstance(data, Mapping) or "kind" not in data:
        raise BadConfig("a fault needs a kind: " + ", ".join(KINDS))
    fault = _changed(Fault(kind="500"), data, "fault")
    if fault.kind in MODEL_KINDS and provider != "openai":
        raise BadConfig(f"{fault.kind} is a fault of the model only")
    return fault


class Faults:
    """All knobs, and the dice."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.seed: int | None = None
        self.random = random.Random()  # noqa: S311  chance, not secrets
        self.providers = {name: ProviderKnobs() for name in PROVIDERS}
        self.delivery = DeliveryKnobs()
        self.webhooks = WebhookKnobs()

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            **{name: asdict(knobs) for name, knobs in self.providers.items()},
            "delivery": asdict(self.delivery),
            "webhooks": asdict(self.webhooks),
        }

    def change(self, changes: Any) -> None:
        """Merge `changes` (the shape of `as_json`). All or nothing: raises BadConfig."""
        if not isinstance(changes, Mapping):
            raise BadConfig("faults must be an object")
        unknown = sorted(set(changes) - {"seed", *PROVIDERS, "delivery", "webhooks"})
        if unknown:
            raise BadConfig(f"unknown section {', '.join(unknown)}")
        seed = changes.get("seed", self.seed)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise BadConfig("seed must be a whole number or null")
        providers = {name: self._provider(name, changes[name]) for name in PROVIDERS if name in changes}
        delivery = _changed(self.delivery, changes.get("delivery", {}), "delivery")
        webhooks = _changed(self.webhooks, changes.get("webhooks", {}), "webhooks")
        self.providers |= providers
        self.delivery, self.webhooks = delivery, webhooks
        if "seed" in changes:
            self.seed = seed
            self.random.seed(seed)

    def _provider(self, name: str, changes: Any) -> ProviderKnobs:
        if not isinstance(changes, Mapping):
            raise BadConfig(f"{name} must be an object")
        plain = {key: value for key, value in changes.items() if key != "faults"}
        knobs = _changed(self.providers[name], plain, name)
        if "faults" in changes:
            if not isinstance(changes["faults"], list):
                raise BadConfig("faults must be a list")
            knobs = replace(knobs, faults=[fault_from(item, name) for item in changes["faults"]])
        return knobs

    def add(self, provider: str, data: Any) -> Fault:
        fault = fault_from(data, provider)
        self.providers[provider].faults.append(fault)
        return fault

    def chance(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def draw(self, provider: str, on: str = "send") -> Fault | None:
        """The fault that strikes this call, if any. A counted fault wears out."""
        waiting = self.providers[provider].faults
        for fault in waiting:
            if fault.on not in (on, "any") or not self.chance(fault.probability):
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count == 0:
                    waiting.remove(fault)
            return fault
        return None

    def latency(self, provider: str) -> float:
        """Seconds this call takes."""
        knobs = self.providers[provider]
        if not knobs.latency_ms and not knobs.jitter_ms:
            return 0.0
        return (knobs.latency_ms + self.random.uniform(0, knobs.jitter_ms)) / 1000
