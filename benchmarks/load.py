"""`make load`: write to a running system at a steady rate, over loopback only, and count what came of it."""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks import bodies
from benchmarks.bodies import QUESTIONS, Signer, customers, message_id
from benchmarks.client import Client, Run
from benchmarks.report import percentile
from core.platform.config import load
from core.platform.errors import ConfigurationError
from core.platform.supervisor import running_settings

LOOPBACK = ("127.0.0.1", "localhost")
_STILL_SECONDS = 8.0  # without a new answer, counted from when the quiet window is over
_CONNECTIONS = 16


class Refused(Exception):
    """Nothing can be measured. The text is the one line to show."""


@dataclass(frozen=True, slots=True)
class Target:
    """The running system: its web app, and the sandbox in the providers' place."""

    web: str
    sandbox: str
    api_key: str

    def check(self) -> None:
        """Raise `Refused` unless both are on this machine and answer."""
        for name, url, path in (("--url", self.web, "/healthz"), ("--sandbox", self.sandbox, "/sandbox/healthz")):
            if urlsplit(url).scheme != "http" or urlsplit(url).hostname not in LOOPBACK:
                raise Refused(f"{name} {url}: load goes to http on this machine only (127.0.0.1, localhost).")
            try:
                answer = requests.get(url + path, timeout=5)
            except requests.RequestException:
                raise Refused(f"{name} {url}: nothing answers there. Start the system with `make run` first.") from None
            if not answer.ok:
                raise Refused(f"{name} {url}: {path} answered {answer.status_code}; is this BotHub?")

    def control(self, method: str, path: str, **arguments: Any) -> Any:
        """Call the sandbox's control API."""
        answer = requests.request(method, f"{self.sandbox}/sandbox/api{path}", timeout=30, **arguments)
        answer.raise_for_status()
        return answer.json()

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list of the REST API. Raises `Refused` when it says no."""
        cursor: str | None = None
        while True:
            answer = requests.get(
                f"{self.web}/api/v1{path}",
                params={"limit": "100", **({"cursor": cursor} if cursor else {})},
                headers={"Authorization": f"Bearer {self.api_key}"},
                timeout=30,
            )
            if not answer.ok:
                raise Refused(f"The REST API answered {answer.status_code} to {path}: is BOTHUB_API_KEY right?")
            page = answer.json()
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return


@dataclass(frozen=True, slots=True)
class Written:
    """One message that was posted."""

    customer: str
    wamid: str
    at: float
    acknowledged: bool


def main() -> int:
    """Exits 0 when nothing was lost or doubled, 1 when something was, 2 when nothing could be measured."""
    try:
        chosen = _arguments()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    target = Target(chosen.url.rstrip("/"), chosen.sandbox.rstrip("/"), chosen.api_key)
    try:
        target.check()
        return _run(target, chosen)
    except Refused as refused:
        print(refused, file=sys.stderr)
    except (requests.RequestException, OSError) as error:
        print(f"The system went away: {type(error).__name__}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
    return 2


def _run(target: Target, chosen: argparse.Namespace) -> int:
    count = max(1, round(chosen.rate * chosen.seconds))
    people = customers(min(chosen.customers or count, count), first=random.randrange(70_000_000))
    label = f"LOAD{uuid.uuid4().hex[:10]}"
    wamids = [message_id(label, number) for number in range(count)]
    signer = Signer(chosen.secret, chosen.phone_number_id)
    writers = list(itertools.islice(itertools.cycle(people), count))
    texts = itertools.cycle(QUESTIONS)
    prepared = [signer.message(who, wamid, text) for who, wamid, text in zip(writers, wamids, texts, strict=False)]
    with _windows_open(target):
        begun = time.time()
        print(f"{count} messages of {len(people)} customers at {chosen.rate:g}/s to {target.web} …", flush=True)
        with Client(urlsplit(target.web).port or 80, _CONNECTIONS) as client:
            run = client.pace(prepared, chosen.rate)
        acknowledged = [latency == latency for latency in run.latencies]  # nan, without a 200, is not itself
        written = [Written(*row) for row in zip(writers, wamids, run.sent_at, acknowledged, strict=True)]
        answers = _answers(target, set(people), begun, chosen.wait)
    return _report(target, run, written, answers)


@contextmanager
def _windows_open(target: Target) -> Iterator[None]:
    """These customers wrote past the sandbox, which would take their 24-hour windows for closed."""
    before = target.control("GET", "/faults")["delivery"]["window"]
    target.control("PATCH", "/faults", json={"delivery": {"window": "off"}})
    try:
        yield
    finally:
        target.control("PATCH", "/faults", json={"delivery": {"window": before}})


def _answers(target: Target, people: set[str], begun: float, wait: float) -> list[dict[str, Any]]:
    """What the provider accepted for these customers, once everyone has something and no more comes."""
    deadline, seen, changed = time.monotonic() + wait, -1, time.monotonic()
    while True:
        rows = [row for row in target.control("GET", "/ledger") if row["accepted_at"] >= begun and row["to"] in people]
        if len(rows) != seen:
            seen, changed = len(rows), time.monotonic()
        complete = len({row["to"] for row in rows}) == len(people)
        if time.monotonic() > deadline or (complete and time.monotonic() - changed > _STILL_SECONDS):
            return rows
        time.sleep(0.5)


def _report(target: Target, run: Run, written: Sequence[Written], answers: Sequence[dict[str, Any]]) -> int:
    acknowledged = [one for one in written if one.acknowledged]
    print(f"posted          {len(written):,} in {run.seconds:.1f} s")
    refused = "".join(f"; {times} × {what}" for what, times in run.refused.items())
    print(f"acknowledged    {len(acknowledged):,}{refused}")
    if target.api_key:
        lost, doubled = _by_the_api(target, acknowledged)
        print(f"lost            {lost} (acknowledged, not in a conversation)")
        print(f"doubled         {doubled} (more than once in a conversation)")
    else:
        lost = doubled = 0
        print("lost, doubled   give BOTHUB_API_KEY to have the conversations counted")
    waits, unanswered = answer_waits(acknowledged, answers)
    repeated = sum(times - 1 for times in Counter(row["our_id"] for row in answers if row["our_id"]).values())
    print(f"unanswered      {unanswered} (no answer after the message)")
    print(f"answers         {len(answers):,} accepted by the provider, {repeated} of them again")
    _print_times("acknowledge", run.acknowledged, "ms", 1000)
    _print_times("webhook→reply", waits, "s", 1)
    return 1 if lost or doubled or unanswered or repeated or run.refused else 0


def _print_times(name: str, values: Sequence[float], unit: str, factor: float) -> None:
    if values:
        parts = (f"p{share * 100:g} {percentile(values, share) * factor:.1f} {unit}" for share in (0.50, 0.95, 0.99))
        print(f"{name:<15} {'  '.join(parts)}")


def answer_waits(written: Sequence[Written], answers: Sequence[dict[str, Any]]) -> tuple[list[float], int]:
    """Seconds from each message to its customer's next answer, and how many never got one.

    An answer may be to several messages: the bot waits until a customer has finished writing.
    """
    times: dict[str, list[float]] = defaultdict(list)
    for row in answers:
        times[row["to"]].append(row["accepted_at"])
    waits = [min((at - one.at for at in times[one.customer] if at >= one.at), default=None) for one in written]
    return [wait for wait in waits if wait is not None], waits.count(None)


def _by_the_api(target: Target, acknowledged: Sequence[Written]) -> tuple[int, int]:
    """Messages that are in no conversation, and how often one is there again."""
    people = {one.customer for one in acknowledged}
    found: Counter[str] = Counter()
    left = set(people)
    for conversation in target.pages("/conversations"):
        address = str(conversation["contact"]["address"]).removeprefix("+")
        if address in people:
            left.discard(address)
            rows = target.pages(f"/conversations/{conversation['id']}/messages")
            found.update(row["provider_message_id"] for row in rows if row["direction"] == "inbound")
        elif not left:
            break
    counts = [found[one.wamid] for one in acknowledged]
    return counts.count(0), sum(count - 1 for count in counts if count > 1)


def desk_address(port: str) -> str:
    """Where the desk is: by the environment, as the one that runs on DATA_DIR tells, or by `.env`."""
    settings = load()
    told = running_settings(settings.data_dir.expanduser().absolute()) or {}
    return f"http://127.0.0.1:{os.environ.get(port) or told.get(port) or getattr(settings, port.lower())}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    parser.add_argument("--rate", type=_positive, default=50, help="messages a second (50; a number sends 80 at most)")
    parser.add_argument("--seconds", type=_positive, default=30, help="for how long (30)")
    parser.add_argument("--customers", type=int, default=0, help="how many write (each message by another)")
    parser.add_argument("--wait", type=_positive, default=120, help="seconds to wait for the last answers (120)")
    parser.add_argument("--url", default=desk_address("WEB_PORT"), help="the web app")
    parser.add_argument("--sandbox", default=desk_address("SANDBOX_PORT"), help="the sandbox")
    parser.add_argument("--secret", default=os.environ.get("WHATSAPP_APP_SECRET", bodies.SECRET).split(",")[0])
    number = os.environ.get("WHATSAPP_PHONE_NUMBER_ID", bodies.PHONE_NUMBER_ID)
    parser.add_argument("--phone-number-id", default=number)
    parser.add_argument(
        "--api-key", default=os.environ.get("BOTHUB_API_KEY", ""), help="to count in the product itself"
    )
    return parser.parse_args()


def _positive(value: str) -> float:
    number = float(value)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
