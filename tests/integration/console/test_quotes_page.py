"""The quotes' page, the quote beside its conversation, and quotes among the figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from console import auth
from console.app_pages.analytics import queries
from console.app_pages.quotes import commands
from core.catalog import quotes
from core.catalog.quote import QuoteChange
from core.models import Quote, QuoteState, Role
from core.platform.db import system_transaction, transaction
from core.reporting import daily_rollups
from tests.factories import conversation, person, says
from tests.support.database import one, rows
from tests.support.desk import Desk
from tests.support.quotes import SOME_FLOUR, TWO_SHIRTS, UNCLEAR, quote


@pytest.fixture
def talk(business) -> int:
    return conversation(business.business_id, business.whatsapp_channel_id)


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id), monkeypatch)


def _open(desk: Desk, **query: str) -> AppTest:
    desk.open().switch_page("app_pages/quotes/page.py")
    page = desk.run()
    if query:
        desk.page.query_params.update(query)
        page = desk.run()
    return page


def _badges(page: AppTest) -> str:
    return " ".join(one.value for one in page.markdown)


def test_without_quotes_it_says_how_they_come_about(desk) -> None:
    assert "makes one when a customer asks" in _open(desk).info[0].value


def test_quotes_are_listed_summed_and_chosen_by_state(desk, business, talk) -> None:
    quote(business, talk, TWO_SHIRTS, state=QuoteState.CONFIRMED)
    quote(business, talk, SOME_FLOUR, state=QuoteState.DECLINED)
    first = quote(business, talk, TWO_SHIRTS)
    quote(business, talk, TWO_SHIRTS, SOME_FLOUR, based_on=first)
    page = _open(desk)
    assert [one.value for one in page.metric] == ["3", "1", "1 (33%)", "$50.00"]
    assert len([one for one in page.button if (one.key or "").startswith("open_")]) == 4
    assert "$51.80" in [one.value for one in page.text]
    page.segmented_control(key="state").set_value("confirmed")
    page = desk.run()
    assert len([one for one in page.button if (one.key or "").startswith("open_")]) == 1
    page.segmented_control(key="state").set_value("expired")
    assert desk.run().info[0].value == "No quote of this period is in that state."


def test_a_quote_older_than_the_period_is_not_counted(desk, business, talk) -> None:
    quote(business, talk, TWO_SHIRTS)
    with system_transaction() as session:
        session.execute(update(Quote).values(created_at=datetime.now(UTC) - timedelta(days=40)))
    page = _open(desk)
    assert page.metric[0].value == "0"
    page.segmented_control(key="period").set_value("quarter")
    assert desk.run().metric[0].value == "1"


def test_a_quote_opens_with_its_lines_and_its_history(desk, business, talk) -> None:
    first = quote(business, talk, TWO_SHIRTS)
    second = quote(business, talk, TWO_SHIRTS, UNCLEAR, state=QuoteState.ASKING, based_on=first)
    page = _open(desk)
    page.button(key=f"open_{second}").click()
    page = desk.run()
    table = page.dataframe[0].value
    assert list(table["Product"]) == ["Camisa azul", "«zapato»?"]
    assert list(table["Amount"]) == ["$50.00", "?"]
    assert list(table["Quantity"]) == ["2", "1"]
    page.button(key=f"history_{first}").click()
    page = desk.run()
    assert list(page.dataframe[0].value["Product"]) == ["Camisa azul"]
    assert "cancel_sure" not in [one.key for one in page.button]


def test_a_waiting_quote_is_cancelled(desk, business, talk) -> None:
    waiting = quote(business, talk, TWO_SHIRTS)
    page = _open(desk, q=str(waiting))
    page.button(key="cancel_sure").click()
    page = desk.run()
    assert one("SELECT state FROM quotes") == "declined"
    assert "cancel_sure" not in [one.key for one in page.button]
    assert rows("SELECT action, actor FROM audit_entries WHERE subject LIKE 'quote:%'") == [
        ("quote.cancel", f"agent:{desk.person.id}")
    ]


def test_a_quote_that_was_answered_meanwhile_is_not_cancelled(desk, business, talk) -> None:
    waiting = quote(business, talk, TWO_SHIRTS)
    page = _open(desk, q=str(waiting))
    with transaction(business.business_id) as session:
        quotes.apply(session, talk, None, QuoteChange(QuoteState.CONFIRMED, waiting))
    page.button(key="cancel_sure").click()
    page = desk.run()
    assert [one.value for one in page.error] == ["It was already answered or has expired: there is nothing to cancel."]
    assert one("SELECT state FROM quotes") == "confirmed"


@pytest.mark.parametrize("address", ["999999", "x", "-1", "9" * 30])
def test_an_address_that_names_no_quote_breaks_nothing(desk, address: str) -> None:
    assert not _open(desk, q=address).dataframe


def test_another_business_s_quote_is_not_there(desk, business, talk) -> None:
    waiting = quote(business, talk, TWO_SHIRTS)
    rows("INSERT INTO businesses (name) VALUES ('Other')")
    other = one("SELECT max(id) FROM businesses")
    rows(f"UPDATE quotes SET business_id = {other}")
    page = _open(desk, q=str(waiting))
    assert page.metric[0].value == "0"
    assert "That no longer exists" in " ".join(one.value for one in page.info) or not page.dataframe


def test_whoever_is_signed_out_cancels_nothing(business, talk, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = quote(business, talk, TWO_SHIRTS)
    monkeypatch.setattr(auth, "current_agent", lambda *, fresh: None)
    with pytest.raises(auth.NotAllowed):
        commands.cancel(waiting)
    assert one("SELECT state FROM quotes") == "open"


def test_the_quote_stands_beside_its_conversation(desk, business, talk) -> None:
    desk.open(talk)
    assert desk.component("customer")["quote"] is None
    quote(business, talk, TWO_SHIRTS, SOME_FLOUR)
    desk.run()
    shown = desk.component("customer")["quote"]
    assert (shown["lines"], shown["total"]) == (["2 × Camisa azul", "1.5 kg × Harina"], "Total: $51.80")


def test_quotes_are_among_the_figures(business, talk, monkeypatch: pytest.MonkeyPatch) -> None:
    quote(business, talk, TWO_SHIRTS, state=QuoteState.CONFIRMED)
    first = quote(business, talk, SOME_FLOUR)
    quote(business, talk, SOME_FLOUR, based_on=first)
    queries._figures.clear()
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    desk.open().switch_page("app_pages/analytics/page.py")
    page = desk.run()
    shown = {metric.label: metric.value for metric in page.metric}
    assert (shown["Quotes"], shown["Confirmed"]) == ("2", "50%")
    page.segmented_control(key="part").set_value("quotes")
    page = desk.run()
    tables = [one.value for one in page.dataframe]
    assert {"Confirmed", "Awaiting answer"} == set(tables[0].iloc[:, 0])
    assert tables[1]["USD"].sum() == 50
    page.button(key="behind_quotes_confirmed").click()
    page = desk.run()
    assert [list(table.value["link"]) for table in page.dataframe if "link" in table.value] == [[f"/?c={talk}"]]


def test_days_that_are_over_keep_their_quotes(business, talk) -> None:
    quote(business, talk, TWO_SHIRTS, state=QuoteState.CONFIRMED)
    with system_transaction() as session:
        at = datetime.now(UTC) - timedelta(days=2)
        session.execute(update(Quote).values(created_at=at, decided_at=at + timedelta(days=1)))
    says(business.business_id, talk, "hola", created_at=datetime.now(UTC) - timedelta(days=3))
    daily_rollups.refresh_due()
    assert rows(
        "SELECT metric, label, count, total FROM daily_metrics WHERE metric IN ('quote', 'sold') ORDER BY day"
    ) == [
        ("quote", "confirmed", 1, 0),
        ("sold", "USD", 1, 50),
    ]
