"""The analytics page: what it says, for whom, and where a figure leads."""

from __future__ import annotations

import pytest

from console import auth
from console.app_pages.analytics import queries
from console.app_pages.analytics.tiles import TILES
from console.formatting import duration
from core.models import Role
from core.reporting.metrics import Figures, MetricFilter
from tests.conftest import TestBusiness
from tests.factories import person
from tests.integration.analytics.test_figures import FIRST, TODAY, make_history
from tests.support.database import rows
from tests.support.desk import Desk


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    queries._figures.clear()
    queries._contacts.clear()


def at(business: TestBusiness, monkeypatch: pytest.MonkeyPatch, role: Role = Role.MANAGER, **query: str) -> Desk:
    desk = Desk(person(business.business_id, role=role), monkeypatch)
    desk.page.query_params.update(query)
    desk.open().switch_page("app_pages/analytics/page.py")
    desk.run()
    return desk


def test_before_anything_happened_it_says_so(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(business, monkeypatch)
    assert "Nothing happened" in desk.page.info[0].value
    assert not desk.page.metric


def test_the_figures_and_each_part(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    said = make_history(business, 2)
    desk = at(business, monkeypatch)
    shown = {metric.label: metric.value for metric in desk.page.metric}
    assert len(shown) == len(TILES)
    assert shown["New conversations"] == "12"
    assert shown["Messages received"] == str(sum(row["sender"] == "customer" for row in said))
    for part in ("service", "delivery", "cost", "overview"):
        desk.page.segmented_control(key="part").set_value(part)
        desk.run()
        assert desk.page.get("plotly_chart")


def test_a_figure_opens_its_conversations(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    make_history(business, 2)
    desk = at(business, monkeypatch)
    desk.page.button(key="behind_new").click()
    desk.run()
    listed = [table.value for table in desk.page.dataframe if "link" in table.value]
    assert len(listed[0]) == 12
    assert listed[0]["link"].str.fullmatch(r"/\?c=\d+").all()


def test_agents_see_their_own_work_alone(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    make_history(business, 2)
    desk = at(business, monkeypatch, Role.AGENT)
    assert "Nothing happened" in desk.page.info[0].value
    rows("UPDATE conversations SET assignee_id = :me WHERE id <= 3", me=desk.person.id)
    queries._figures.clear()
    desk.run()
    shown = {metric.label: metric.value for metric in desk.page.metric}
    assert shown["New conversations"] == "3"
    assert "Cost of AI" not in shown and "Messages received" not in shown
    assert "cost" not in desk.page.segmented_control(key="part").options
    auth.forget()
    assert queries.figures(FIRST, TODAY, MetricFilter()).count("new") == 3, "asking for everybody's changes nothing"
    assert len(queries.behind(FIRST, TODAY, "new", None, MetricFilter(), 1)) == 3
    with pytest.raises(auth.NotAllowed):
        queries.colleagues()


def test_a_manager_looks_at_one_person(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    make_history(business, 2)
    ana = person(business.business_id, name="Ana Torres").id
    rows("UPDATE conversations SET assignee_id = :ana WHERE id <= 5", ana=ana)
    desk = at(business, monkeypatch)
    desk.page.segmented_control(key="part").set_value("cost")
    desk.run()
    desk.page.selectbox(key="person").set_value(str(ana))
    desk.run()
    assert {metric.label: metric.value for metric in desk.page.metric}["New conversations"] == "5"


def test_unknown_prices_are_not_free() -> None:
    from core.reporting.metrics import Figure

    tile = next(one for one in TILES if one.name == "cost")
    unknown = Figures(FIRST, TODAY, [Figure(TODAY, "ai_cost", "unknown", 0, 3, 0.0)])
    assert tile.read(unknown) is None
    assert tile.read(Figures(FIRST, TODAY, [])) == 0


@pytest.mark.parametrize(
    ("seconds", "words"), [(4.4, "4 s"), (75, "1 min 15 s"), (7300, "2 h 01 min"), (200_000, "2 d 7 h")]
)
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert duration(seconds) == words
