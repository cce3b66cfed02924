"""The page on prices: what is set there is what answers and messages cost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.bots import price_table
from core.models import Role
from core.platform.db import transaction
from tests.factories import person
from tests.support.desk import Desk


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_the_plan_is_set_by_administrators(business, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.open().switch_page("app_pages/prices/page.py")
    page = desk.run()
    assert page.text_input(key="prices_plan").disabled is (role == Role.MANAGER)
    if role == Role.ADMINISTRATOR:
        page.text_input(key="prices_plan").set_value("4 500 USD")
        desk.run()
        next(one for one in page.button if one.label == "Save prices").click()
        desk.run()
        assert "from 0 to 10000000" in page.error[0].value
        page.text_input(key="prices_plan").set_value("450.5")
        desk.run()
        next(one for one in page.button if one.label == "Save prices").click()
        desk.run()
        assert page.success[0].value.startswith("Saved")
        with transaction(business.business_id) as session:
            assert price_table.read(session, business.business_id).plan_usd == Decimal("450.5")


def test_a_broken_price_file_is_told_of(business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_table, "problems", lambda: ["prices.json, price 2, input: wrong"])
    desk = Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    desk.open().switch_page("app_pages/prices/page.py")
    assert "price 2, input" in desk.run().warning[0].value.replace("\\", "")
