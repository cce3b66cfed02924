"""Signing in under a flood of guesses."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from console.http import sign_in_limits
from console.http.sign_in_limits import COOKIE, Guesses, TooMany
from tests.factories import PASSWORD, person
from tests.integration.console.test_routes import ORIGIN, browser

__all__ = ["browser"]


def sign_in(browser: TestClient, email: str, password: str) -> str:
    answer = browser.post("/auth/login", data={"email": email, "password": password}, headers=ORIGIN)
    return answer.headers.get("location", str(answer.status_code))


def test_wrong_guesses_of_others_lock_nobody_out_of_a_browser_of_their_own(browser: TestClient, business) -> None:
    ana = person(business.business_id)
    assert sign_in(browser, ana.email, PASSWORD) == "/"
    known = browser.cookies[COOKIE]
    browser.cookies.clear()
    for _ in range(6):
        sign_in(browser, ana.email, "a wrong password")
    assert sign_in(browser, ana.email, PASSWORD) == "/auth/login?failed", "a browser that nobody knows is locked out"
    browser.cookies.set(COOKIE, known)
    assert sign_in(browser, ana.email, PASSWORD) == "/"


def test_a_known_browser_guesses_five_times_and_for_its_own_person_only(browser: TestClient, business) -> None:
    ana, eva = person(business.business_id), person(business.business_id)
    sign_in(browser, ana.email, PASSWORD)
    for _ in range(5):
        sign_in(browser, ana.email, "a wrong password")
    for _ in range(5):  # now it is as any other, and locks the account
        sign_in(browser, ana.email, "a wrong password")
    assert sign_in(browser, ana.email, PASSWORD) == "/auth/login?failed"
    for _ in range(5):
        sign_in(browser, eva.email, "a wrong password")
    assert sign_in(browser, eva.email, PASSWORD) == "/auth/login?failed"


def test_an_address_that_guesses_on_is_answered_without_checking(browser: TestClient, business) -> None:
    for number in range(20):
        assert sign_in(browser, f"nobody-{number}@x.example", "a wrong password") == "/auth/login?failed"
    answer = browser.post("/auth/login", data={"email": "x@x.example", "password": "y"}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")


def request_from(address: str, *, gone: bool = False) -> Request:
    async def receive() -> dict[str, str]:
        if not gone:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    return Request({"type": "http", "client": (address, 1), "headers": []}, receive)


def test_one_address_fills_no_queue_and_who_left_is_not_served() -> None:
    async def play() -> list[object]:
        limits = Guesses()
        held, served = asyncio.Event(), []

        async def guess(address: str, *, gone: bool = False) -> object:
            try:
                async with limits.turn(request_from(address, gone=gone)):
                    await held.wait()
                    served.append(address)
                    return None
            except TooMany as error:
                return error.retry_after

        flood = [asyncio.create_task(guess("10.0.0.1")) for _ in range(20)]
        left = asyncio.create_task(guess("10.0.0.2", gone=True))
        await asyncio.sleep(0)
        person = asyncio.create_task(guess("10.0.0.3"))
        await asyncio.sleep(0)
        held.set()
        return [*await asyncio.gather(*flood, left, person), served]

    with ThreadPoolExecutor(1) as elsewhere:  # the thread of a browser's driver has a loop already
        *flood, left, person, served = elsewhere.submit(asyncio.run, play()).result()
    assert sorted(map(str, flood)) == ["5"] * 18 + ["None"] * 2
    assert left == 5 and person is None
    assert served == ["10.0.0.1", "10.0.0.1", "10.0.0.3"]


def test_what_is_kept_of_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_limits, "_MOST_KEPT", 10)
    limits = Guesses()
    for number in range(100):
        limits.note(f"10.0.0.{number}")
    assert len(limits._failures) == 10 and limits.failed("10.0.0.99") == 1
