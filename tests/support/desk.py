"""The console as one person sees it, run by Streamlit's AppTest."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from console import asgi, auth, navigation
from console.http.security import COOKIE
from tests.factories import Person

APP = str(Path(navigation.__file__).with_name("app.py"))


class Desk:
    """The console as one person sees it."""

    def __init__(self, one: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(auth, "token", lambda: one.token)
        self.person = one
        self.page = AppTest.from_file(APP, default_timeout=30)
        self.browser = TestClient(
            Starlette(routes=asgi.app._user_routes), base_url="http://console.example", cookies={COOKIE: one.token},
            headers={"origin": "http://console.example"},
        )  # fmt: skip
        self.opened = 0

    def open(self, conversation_id: int | None = None) -> AppTest:
        if conversation_id is not None:
            self.opened = conversation_id
        return self.run()

    def run(self) -> AppTest:
        self.page.run()
        assert not self.page.exception, self.page.exception
        return self.page

    def act(self, what: str, talk: int, **more: Any) -> dict[str, Any]:
        """Do something in the head of a conversation or to its customer; gives the answer, which may be a refusal."""
        asked = {"key": str(uuid.uuid4()), **more}
        answer: dict[str, Any] = self.browser.post(f"/inbox/{talk}/{what}", json=asked).json()
        self.run()
        return answer

    def rows(self, **filters: str | int | bool) -> list[dict[str, Any]]:
        """The list, which the browser fetches."""
        found: list[dict[str, Any]] = self.browser.get("/inbox/rows", params=filters).json()["rows"]
        return found

    def component(self, name: str) -> dict[str, Any]:
        """What a component has: what the page gives it, and the open conversation, which it fetches."""
        data = self._mounted(name)
        if name in ("thread", "head", "customer"):
            found = self.browser.get(f"/inbox/{self.opened}?lines=60")
            data |= found.json()[name] if found.status_code == 200 else {}
        return data

    def _mounted(self, name: str) -> dict[str, Any]:
        found = [one for one in self.page.get("bidi_component") if one.proto.component_name == f"bothub.{name}"]
        assert found, f"{name} is not on the page"
        return json.loads(found[0].proto.json)
