"""Chaos: customers write while everything is killed with -9 in turn and the providers misbehave. Then count.

`make chaos` runs it long; the suite runs it bounded. What must hold is in `violations`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.support.provider_bodies import meta_body, meta_json, meta_signature
from tests.support.stack import Stack, eventually, running_stack

VICTIMS = ("worker", "postgres", "workers", "redis", "web", "worker", "postgres", "scheduler")
SETTINGS = {
    "REPLY_QUIET_SECONDS": "0.3",
    "SEND_TIMEOUT_SECONDS": "2",
    "LEASE_SECONDS": "3",
    "SWEEP_SECONDS": "1",
    "UNCERTAIN_GRACE_SECONDS": "4",
    "RETRY_WAITS": "1,2,3,4",
    "RETRY_MAX_ATTEMPTS": "6",
}
FAULTS = {
    "whatsapp": [
        {"kind": "timeout_after_accept", "probability": 0.01, "hang_s": 4},
        {"kind": "timeout_before_accept", "probability": 0.005, "hang_s": 4},
        {"kind": "429", "probability": 0.02, "retry_after": 1},
        {"kind": "500", "probability": 0.02},
    ],
    "openai": [{"kind": "500", "probability": 0.01}, {"kind": "429", "probability": 0.01, "retry_after": 1}],
}
DELIVERY = {"sent_ms": 20, "delivered_ms": 60, "read_ms": 150, "delivered_first": 0.1, "mps": 0, "window": "off"}
WEBHOOKS = {"duplicate": 0.05, "shuffle": 0.1, "shuffle_ms": 300, "meta_retry_s": 0.5, "meta_retry_cap_s": 2}


@dataclass
class Told:
    """What the customers wrote, each in their own order, as far as a 200 said that it had been taken."""

    messages: dict[str, list[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


def customers_write(stack: Stack, customers: int, messages: int, seconds: float, seed: int) -> Told:
    """Post signed webhooks over `seconds`; each customer's in order, repeated until a 200 as Meta repeats them."""
    chance = random.Random(seed)
    per_customer: dict[str, list[int]] = {f"54911{4000000 + i}": [] for i in range(customers)}
    names = list(per_customer)
    for number in range(messages):
        per_customer[names[number % customers]].append(number)
    told = Told({name: [] for name in names})
    start = time.monotonic()
    moments = {number: start + seconds * (number / messages) for number in range(messages)}

    def write(name: str) -> None:
        session = requests.Session()
        for number in per_customer[name]:
            time.sleep(max(0.0, moments[number] - time.monotonic()))
            wamid = f"wamid.chaos-{name}-{number:06d}"
            question = QUESTIONS[(number // customers) % len(QUESTIONS)]
            _deliver(session, stack, name, wamid, question, told)
            if chance.random() < 0.05:  # Meta delivers again what it was not sure of
                _deliver(session, stack, name, wamid, question, told, again=True)

    with ThreadPoolExecutor(min(customers, 64)) as crowd:
        list(crowd.map(write, names))
    return told


QUESTIONS = (
    "¿A qué hora abren?",
    "¿Hacen envíos?",
    "¿Cómo puedo pagar?",
    "¿Cuánto cuestan los zapatos?",
    "¿Dónde queda la tienda?",
    "¿Puedo cambiar un producto?",
    "¿Qué talles de zapatos tienen?",
    "¿Cuánto tarda mi pedido?",
    "What are your opening hours?",
    "How can I pay?",
    "Do you ship?",
)
_sent_at: dict[str, str] = {}
_TAKEN_SECONDS = 120  # after which a message was tried for too long


def _deliver(
    session: requests.Session, stack: Stack, name: str, wamid: str, question: str, told: Told, *, again: bool = False
) -> None:
    stamp = _sent_at.setdefault(wamid, str(int(time.time())))
    value: dict[str, Any] = {
        "contacts": [{"profile": {"name": f"Cliente {name[-4:]}"}, "wa_id": name}],
        "messages": [
            {
                "from": name,
                "id": wamid,
                "timestamp": stamp,
                "type": "text",
                "text": {"body": question},
            }
        ],
    }
    body = meta_json(meta_body(value, phone_number_id=stack.environment["WHATSAPP_PHONE_NUMBER_ID"]))
    signature = meta_signature(body, stack.environment["WHATSAPP_APP_SECRET"])
    deadline = time.monotonic() + _TAKEN_SECONDS
    while True:
        assert time.monotonic() < deadline, f"nobody takes {wamid}: what was killed has not come back"
        try:
            answer = session.post(
                f"{stack.web}/api/webhooks/whatsapp",
                data=body,
                headers={"X-Hub-Signature-256": signature, "Content-Type": "application/json"},
                timeout=15,
            )
        except requests.RequestException as error:
            told.refused[type(error).__name__] += 1
        else:
            if answer.status_code == 200:
                if not again:
                    told.messages[name].append(wamid)
                return
            told.refused[str(answer.status_code)] += 1
        time.sleep(0.2)


def kill_in_turn(stack: Stack, stop: threading.Event, every: float, kills: Counter[str]) -> None:
    for victim in itertools.cycle(VICTIMS):
        if stop.wait(every):
            return
        stack.kill(victim)
        kills[victim] += 1


def settled(stack: Stack) -> bool:
    """Nothing waits to be done any more."""
    rows = stack.query(
        "SELECT (SELECT count(*) FROM webhook_events WHERE processed_at IS NULL), (SELECT count(*)"
        " FROM pending_replies),"
        " (SELECT count(*) FROM deliveries WHERE next_attempt_at IS NOT NULL OR leased_until IS NOT NULL),"
        " (SELECT count(*) FROM messages u JOIN conversations c ON c.id = u.conversation_id"
        "   WHERE u.status = 'uncertain' AND c.mode = 'bot')"
    )
    return rows[0] == (0, 0, 0, 0)


def violations(stack: Stack, told: Told) -> list[str]:
    """Everything that is not as it must be."""
    found: list[str] = []
    stored = stack.query(
        "SELECT i.address, m.provider_id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        " JOIN contact_identities i ON i.id = c.identity_id WHERE m.direction = 'inbound' ORDER BY m.created_at, m.id"
    )
    in_order: dict[str, list[str]] = {}
    for address, wamid in stored:
        in_order.setdefault(address, []).append(wamid)
    for name, expected in told.messages.items():
        actual = in_order.get(name, [])
        if lost := set(expected) - set(actual):
            found.append(f"{name}: lost {sorted(lost)}")
        if len(actual) != len(set(actual)):
            found.append(f"{name}: doubled")
        if actual != expected and set(actual) == set(expected):
            found.append(f"{name}: out of order: {actual} instead of {expected}")
    unanswered = stack.query(
        "SELECT c.id FROM conversations c WHERE c.mode = 'bot' AND NOT EXISTS (SELECT FROM messages o"
        " WHERE o.conversation_id = c.id AND o.sender = 'bot'"
        " AND o.status IN ('sent', 'delivered', 'read', 'uncertain')"
        " AND o.id > (SELECT max(id) FROM messages i WHERE i.conversation_id = c.id AND i.direction = 'inbound'))"
    )
    found += [f"conversation {row[0]} is with the bot and its last message has no answer" for row in unanswered]
    found += _sent_twice(stack)
    strays = stack.query("SELECT id FROM dead_letters")
    found += [f"dead letter {row[0]}" for row in strays]
    return found


def _sent_twice(stack: Stack) -> list[str]:
    """A provider may have taken a message twice only where the attempt before said that it had not."""
    ledger = stack.control("GET", "/ledger", params={"limit": 50000})
    rows = ledger["messages"] if isinstance(ledger, dict) else ledger
    taken = Counter(str(row["our_id"]) for row in rows if row["our_id"])
    found = []
    for our_id, times in taken.items():
        if times > 1:
            verdicts = [
                verdict
                for (verdict,) in stack.query(
                    "SELECT verdict FROM delivery_attempts WHERE message_id = %s", int(our_id)
                )
            ]
            if verdicts.count("retryable") < times - 1:
                found.append(f"message {our_id} was taken {times} times; attempts that failed: {verdicts}")
    return found


def report(stack: Stack, told: Told, kills: Counter[str], seconds: float) -> dict[str, Any]:
    statuses = dict(stack.query("SELECT status, count(*) FROM messages WHERE sender = 'bot' GROUP BY status"))
    modes = dict(stack.query("SELECT coalesce(handoff_reason, mode), count(*) FROM conversations GROUP BY 1"))
    return {
        "seconds": round(seconds, 1),
        "messages": sum(len(own) for own in told.messages.values()),
        "customers": len(told.messages),
        "kills": dict(kills),
        "refused_then_repeated": dict(told.refused),
        "bot_messages": statuses,
        "conversations": modes,
    }


def run(
    folder: Path,
    *,
    customers: int,
    messages: int,
    seconds: float,
    kill_every: float,
    settle_seconds: float = 120,
    seed: int = 7,
) -> tuple[dict[str, Any], list[str]]:
    """One run: report and violations."""
    with running_stack(folder, **SETTINGS) as stack:
        for provider, faults in FAULTS.items():
            for fault in faults:
                stack.control("POST", f"/faults/{provider}", json=fault)
        stack.control("PATCH", "/faults", json={"delivery": DELIVERY, "webhooks": WEBHOOKS})
        kills: Counter[str] = Counter()
        stop = threading.Event()
        killer = threading.Thread(target=kill_in_turn, args=(stack, stop, kill_every, kills))
        started = time.monotonic()
        killer.start()
        told = customers_write(stack, customers, messages, seconds, seed)
        stop.set()
        killer.join()
        eventually(lambda: _quietly(stack), seconds=settle_seconds, every=0.5)
        return report(stack, told, kills, time.monotonic() - started), violations(stack, told)


def _quietly(stack: Stack) -> bool:
    try:
        return settled(stack)
    except OSError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kill-every", type=float, default=5)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bothub-chaos-") as folder:
        told, found = run(
            Path(folder), customers=chosen.customers, messages=chosen.messages, seconds=chosen.seconds,
            kill_every=chosen.kill_every, settle_seconds=600, seed=chosen.seed,
        )  # fmt: skip
    print(json.dumps(told, indent=2))
    print("\n".join(found) or "nothing lost, nothing doubled, everyone answered or owned")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
