"""The health page: what is wrong now, and what was."""

from __future__ import annotations

import pytest

from core.models import Role
from tests.console.people import person
from tests.console.test_pages import Desk
from tests.health.test_alerts import look


def test_what_is_wrong_is_shown_until_it_is_over(business, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open().switch_page("app_pages/health.py")
    assert desk.run().success[0].value == "Nothing is wrong."
    look("UPDATE channels SET state = 'paused' WHERE kind = 'sms'")
    assert "A channel is paused · sms +15005550006" in [text.value for text in desk.run().text]
    look("UPDATE channels SET state = 'active'")
    look("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    page = desk.run()
    assert page.success
    assert page.dataframe[0].value["What"].tolist() == ["A channel is paused"]
