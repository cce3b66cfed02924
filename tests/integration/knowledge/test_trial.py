"""Knowledge in a trial of a bot's settings."""

from __future__ import annotations

import pytest

from console.app_pages.bot import commands
from core.bots.settings import BotSettings
from core.models import Role
from tests.conftest import TestBusiness
from tests.factories import person
from tests.integration.workers.test_reply_passages import Model
from tests.support.desk import Desk
from tests.support.knowledge import teach


def test_a_trial_finds_what_an_answer_would(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    (known,) = teach(business.business_id, business.bot_id, "Envíos", [("Precio", "El envío a domicilio cuesta 5 €.")])
    monkeypatch.setattr(commands, "model", lambda: Model(f"kb-{known}"))
    outcome = commands.try_it(business.bot_id, BotSettings(), [("customer", "¿Cuánto cuesta el envío?")])
    assert outcome.trace.sources == (f"kb-{known}",)
    assert [passage.title for passage in outcome.trace.passages] == ["Envíos › Precio"]
