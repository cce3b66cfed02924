"""The page on prices: what is set there is what answers and messages cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from console import decimals, i18n
from console.app_pages.prices import cells
from core.bots import price_table
from core.models import Role
from core.platform.db import transaction
from tests.factories import person
from tests.support.desk import Desk
from tests.support.refusals import refused


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
            assert price_table.read(session).plan_usd == Decimal("450.5")


MODEL = {"model": "m", "valid_from": "2026-11-01", "input": "1", "cached": "1", "output": "1", "source": ""}
MESSAGE = {
    "channel": "sms", "category": "sms", "prefix": "549", "valid_from": "2026-11-01", "usd": "1", "source": "",
}  # fmt: skip
WRONG = {
    "models": (
        MODEL,
        {"model": "", "valid_from": "soon", "input": "-1", "cached": "many", "output": "NaN", "source": 7},
    ),
    "messages": (
        MESSAGE,
        {"channel": "fax", "category": "gift", "prefix": "+1", "valid_from": "31/12/2026", "usd": "101",
         "source": "x" * 201},
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize(("table", "column"), [(table, column) for table, (row, _) in WRONG.items() for column in row])
def test_every_wrong_cell_is_named_with_what_to_write(business, language: str, table: str, column: str) -> None:
    row, wrong = WRONG[table]
    missing = {name: value for name, value in row.items() if name != column}
    optional = column in ("cached", "prefix", "source")
    for bad, given in [({**row, column: wrong[column]}, wrong[column])] + ([] if optional else [(missing, "")]):
        with refused("invalid_prices") as error, transaction(business.business_id) as session:
            price_table.save(session, {table: [row, bad]})
        with i18n.speaking(language):
            told = cells.refused(error.value.values, date(2026, 11, 30))
            place = i18n.t("prices.place", table=i18n.t(f"prices.{table}"), row=2, column=i18n.t(f"prices.{column}"))
        assert told.startswith(place) and str(given)[:40] in told and "see its description" not in str(error.value)
        assert told.endswith("."), told


@pytest.mark.parametrize(
    ("language", "written", "amount"),
    [("en", "3.25", "3.25"), ("es", "3,25", "3.25"), ("pt", "1.250,5", "1250.5"), ("es", "0,000001", "0.000001"),
     ("en", "3,25", None), ("es", "3.25", None), ("pt", "1e5", None), ("es", "-1", None), ("en", "1000001", None)],
)  # fmt: skip
def test_amounts_are_written_as_in_the_readers_language(
    business, language: str, written: str, amount: str | None
) -> None:
    row = {
        "model": "m",
        "valid_from": date(2026, 11, 1),
        "input": written,
        "cached": None,
        "output": "0",
        "source": None,
    }
    with i18n.speaking(language), transaction(business.business_id) as session:
        if amount is None:
            with refused("invalid_prices") as error:
                cells.read("models", pd.DataFrame([row]))
            told = cells.refused(error.value.values, date(2026, 11, 30))
            assert written in told and i18n.t("prices.input") in told and decimals.written(0.5) in told
            return
        price_table.save(session, {"models": cells.read("models", pd.DataFrame([row]))})
        kept = price_table.read(session).models
        assert (kept[0].input, kept[0].cached) == (Decimal(amount), None)
        assert cells.read("models", cells.frame("models", kept)) == [kept[0].model_dump(exclude={"cached"})]


def test_too_many_rows_are_told(business) -> None:
    with refused("invalid_prices") as error, transaction(business.business_id) as session:
        price_table.save(session, {"models": [MODEL] * (price_table.MAX_ENTRIES + 1)})
    with i18n.speaking("en"):
        assert cells.refused(error.value.values, date(2026, 11, 30)) == (
            "Language models has more than 500 rows: delete some."
        )


def test_a_broken_price_file_is_told_of(business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_table, "problems", lambda: ["prices.json, price 2, input: wrong"])
    desk = Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)
    desk.open().switch_page("app_pages/prices/page.py")
    assert "price 2, input" in desk.run().warning[0].value.replace("\\", "")
