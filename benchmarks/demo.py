"""`make demo`: a scripted day of customers writes to a running system, compressed into a few minutes."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.day import CLOSES, OPENS, Step, Visit, script
from benchmarks.load import Refused, Target, desk_address
from core.platform.errors import ConfigurationError

_MOST_CUSTOMERS = 500
_LAST_WORDS_SECONDS = 15.0  # for the last answers


def main() -> int:
    """Exits 0 after the day, 2 when nothing is running."""
    try:
        chosen = _arguments()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    target = Target(chosen.url.rstrip("/"), chosen.sandbox.rstrip("/"), "")
    crowd = ThreadPoolExecutor(chosen.customers, thread_name_prefix="customer")
    try:
        target.check()
        _play(target, crowd, chosen)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    except requests.RequestException as error:
        print(f"The system went away: {type(error).__name__}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("The day ends early.", file=sys.stderr)
        return 130
    finally:
        crowd.shutdown(wait=False, cancel_futures=True)
    return 0


def _play(target: Target, crowd: ThreadPoolExecutor, chosen: argparse.Namespace) -> None:
    visits = script(chosen.customers, chosen.seed)
    minutes = (CLOSES - OPENS) * 60 / chosen.speed
    print(f"{len(visits)} customers, {OPENS:g}:00 to {CLOSES:g}:00 in {minutes:.1f} minutes (seed {chosen.seed}).")
    before = target.control("GET", "/ledger/count")["total"]
    start = time.monotonic()
    talking = []

    def hour() -> float:
        return OPENS + (time.monotonic() - start) * float(chosen.speed) / 3600

    for visit in visits:
        time.sleep(max(0.0, start + (visit.hour - OPENS) * 3600 / chosen.speed - time.monotonic()))
        talking.append(crowd.submit(_visit, target, visit, hour))
    for one in talking:
        one.result()
    time.sleep(_LAST_WORDS_SECONDS)
    written = sum(len(visit.steps) for visit in visits)
    answered = target.control("GET", "/ledger/count")["total"] - before
    print(f"\nThe day is over: {written} messages from {len(visits)} customers, {answered} answers.")
    for story, times in Counter(visit.story for visit in visits).most_common():
        print(f"  {times:3} {story}")


def _visit(target: Target, visit: Visit, hour: Callable[[], float]) -> None:
    """One customer's conversation, in real time. `hour` tells the day's time."""
    for step in visit.steps:
        time.sleep(step.after)
        message = _message(target, visit, step)
        if message is not None:
            target.control("POST", "/messages", json=message)
        said = step.said if message is not None else "(nothing: there was no answer to react to)"
        print(
            f"{int(visit.hour):02}:{int(visit.hour % 1 * 60):02}  {visit.channel:<8}  {visit.name:<16}  {said}",
            flush=True,
        )


def _message(target: Target, visit: Visit, step: Step) -> dict[str, object] | None:
    """What the sandbox is told; None when it would be about an answer that never came."""
    message = {"customer": {"phone": visit.phone, "name": visit.name}, "channel": visit.channel, **step.message}
    if step.about_answer:
        digits = "".join(filter(str.isdigit, visit.phone))
        thread = target.control("GET", f"/customers/{digits}/thread", params={"channel": visit.channel})
        answers = [entry["id"] for entry in thread if not entry["incoming"]]
        if not answers:
            return None
        message["message_id"] = answers[-1]
    return message


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.demo", description=__doc__)
    parser.add_argument("--speed", type=_speed, default=240, help="how many times faster than life (240: 3.5 minutes)")
    parser.add_argument("--customers", type=_crowd, default=40, help="how many write (40)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed plays the same day (7)")
    parser.add_argument("--url", default=desk_address("WEB_PORT"), help="the web app")
    parser.add_argument("--sandbox", default=desk_address("SANDBOX_PORT"), help="the sandbox")
    return parser.parse_args()


def _speed(value: str) -> float:
    number = float(value)
    if not 30 <= number <= 100_000:
        raise argparse.ArgumentTypeError("must be 30 (half an hour for the day) or more")
    return number


def _crowd(value: str) -> int:
    number = int(value)
    if not 1 <= number <= _MOST_CUSTOMERS:
        raise argparse.ArgumentTypeError(f"must be 1 to {_MOST_CUSTOMERS}")
    return number


if __name__ == "__main__":
    sys.exit(main())
