"""The channels page: what managers see, and what administrators do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from streamlit.testing.v1 import AppTest

from console import auth
from console.app_pages.channels import commands
from core.channels.types import Kind
from core.messaging.channels import admin
from core.messaging.channels.admin import ChannelEdit
from core.models import Role
from core.platform.errors import NotFound
from tests.factories import person
from tests.support.database import rows
from tests.support.desk import Desk
from tests.support.refusals import refused

META = "http://127.0.0.1:9/v26.0"
TWILIO = "http://127.0.0.1:9/2010-04-01"
EDIT = ChannelEdit("Sales", "102290129340399", None, None, {"access_token": "EAAG-new", "app_secret": "s3cret"})


@pytest.fixture
def providers() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def _phone(providers: responses.RequestsMock, identity: str, quality: str = "GREEN") -> None:
    answer = {"display_phone_number": "+54 11 5555 0101", "verified_name": "Tienda Sol", "quality_rating": quality,
              "whatsapp_business_manager_messaging_limit": "TIER_2K"}  # fmt: skip
    providers.get(f"{META}/{identity}", json=answer)
    providers.get(f"{META}/debug_token", json={"data": {"is_valid": True, "expires_at": 0}})


@pytest.fixture
def desk(business, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(person(business.business_id, role=Role.ADMINISTRATOR), monkeypatch)


def _open(desk: Desk) -> AppTest:
    desk.open().switch_page("app_pages/channels/page.py")
    return desk.run()


def test_a_test_shows_what_the_provider_says(desk, business, providers) -> None:
    _phone(providers, "106540352242922", "YELLOW")
    page = _open(desk)
    assert not any("Quality" in one.value for one in page.markdown)
    page.button(key=f"test_{business.whatsapp_channel_id}").click()
    page = desk.run()
    shown = " ".join(one.value for one in [*page.markdown, *page.caption])
    assert "Quality: medium" in shown
    assert "+54 11 5555 0101 · Tienda Sol" in shown
    assert any("2K customers a day" in one.proto.body for one in page.get("html"))


def test_a_refusal_is_shown_with_what_to_do(desk, business, providers) -> None:
    providers.get(f"{META}/106540352242922", json={"error": {"code": 190, "message": "Token expired"}}, status=401)
    page = _open(desk)
    page.button(key=f"test_{business.whatsapp_channel_id}").click()
    page = desk.run()
    assert any("190: Token expired\nThe access token has expired" in one.value for one in page.text)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, 190, "The access token has expired"),
        (403, 10, "The token lacks a permission"),
        (400, 100, "does not know this id"),
    ],
)
def test_a_refused_channel_is_told_above_the_fields(desk, providers, status: int, code: int, told: str) -> None:
    providers.get(f"{META}/555000222", json={"error": {"code": code, "message": "No"}}, status=status)
    page = _open(desk)
    page.button(key="channel_add_open").click()
    page = desk.run()
    for name, value in (
        ("channel_identity_whatsapp_cloud", "555000222"), ("channel_name_whatsapp_cloud_new", "Sales"),
        ("channel_waba_id_whatsapp_cloud_new", "99"), ("channel_access_token_whatsapp_cloud_new", "EAAG"),
        ("channel_app_secret_whatsapp_cloud_new", "s3cret"),
    ):  # fmt: skip
        page.text_input(key=name).set_value(value)
    page.button[-1].click()
    page = desk.run()
    assert told in page.error[0].value
    assert str(code) in page.error[0].value


def test_pausing_resuming_and_disabling(desk, business) -> None:
    page = _open(desk)
    for verb, state in (("pause", "paused"), ("go_on", "active"), ("disable", "disabled"), ("resume", "active")):
        page.button(key=f"{verb}_{business.sms_channel_id}").click()
        page = desk.run()
        assert rows(f"SELECT state FROM channels WHERE id = {business.sms_channel_id}") == [(state,)], verb
    found = rows("SELECT action FROM audit_entries WHERE action LIKE 'channel.%' ORDER BY id")
    assert found == [("channel.pause",), ("channel.resume",), ("channel.disable",), ("channel.resume",)]


def test_a_manager_sees_and_may_test_but_nothing_else(business, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(person(business.business_id, role=Role.MANAGER), monkeypatch)
    page = _open(desk)
    kinds = {one.key.split("_")[0] for one in page.button if one.key and "channel" not in one.key}
    assert "test" in kinds
    assert not kinds & {"edit", "pause", "disable", "resume"}
    assert "channel_add_open" not in [one.key for one in page.button]


def test_the_form_adds_a_channel_after_the_provider_accepted_it(desk, providers) -> None:
    _phone(providers, "555000111")
    page = _open(desk)
    page.button(key="channel_add_open").click()
    page = desk.run()
    for name, value in (
        ("channel_identity_whatsapp_cloud", "555000111"), ("channel_name_whatsapp_cloud_new", "Sales"),
        ("channel_waba_id_whatsapp_cloud_new", "99"), ("channel_access_token_whatsapp_cloud_new", "EAAG"),
    ):  # fmt: skip
        page.text_input(key=name).set_value(value)
    page.button[-1].click()
    page = desk.run()
    assert [one.value for one in page.error] == ["Missing: App secret."]
    page.text_input(key="channel_app_secret_whatsapp_cloud_new").set_value("s3cret")
    page.button[-1].click()
    page = desk.run()
    assert [one.value for one in page.error] == []
    assert rows("SELECT name, account, last_probe->>'well' FROM channels WHERE identity = '555000111'") == [
        ("Sales", "99", "true")
    ]


def test_secrets_are_never_on_the_page(desk, business) -> None:
    page = _open(desk)
    page.button(key=f"edit_{business.whatsapp_channel_id}").click()
    page = desk.run()
    everything = str(page)
    assert "test-access-token" not in everything
    assert "test-app-secret" not in everything
    assert page.text_input(key=f"channel_access_token_whatsapp_cloud_{business.whatsapp_channel_id}").disabled


@pytest.fixture
def acting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    monkeypatch.setattr(st, "session_state", {})


def _add(identity: str = "555000111", edit: ChannelEdit = EDIT) -> int:
    return commands.add("whatsapp_cloud", Kind.WHATSAPP, identity, edit)


def test_what_the_provider_refuses_is_not_kept(acting, providers) -> None:
    providers.get(f"{META}/555000111", json={"error": {"code": 190, "message": "Bad token"}}, status=401)
    with pytest.raises(commands.ProviderRefused, match="Bad token"):
        _add()
    assert rows("SELECT count(*) FROM channels") == [(3,)]


def test_a_number_is_one_channel(acting, providers) -> None:
    _phone(providers, "106540352242922")
    with refused("channel_taken"):
        _add("106540352242922")


def test_an_edit_keeps_the_secrets_that_were_left_empty(acting, business, providers) -> None:
    _phone(providers, "555000111")
    channel_id = _add()
    before = len(providers.calls)
    changed = ChannelEdit("Renamed", EDIT.account, business.bot_id, 250, {"access_token": "", "app_secret": " "})
    commands.change(channel_id, changed)
    assert len(providers.calls) == before  # the credentials are the same: nobody was asked
    assert rows(f"SELECT name, bot_id, settings->>'messages_per_second' FROM channels WHERE id = {channel_id}") == [
        ("Renamed", business.bot_id, "250")
    ]
    commands.change(channel_id, ChannelEdit("Renamed", EDIT.account, None, None, {"access_token": "EAAG-newer"}))
    assert providers.calls[before].request.headers["Authorization"] == "Bearer EAAG-newer"
    from core.messaging.channels.accounts import account

    kept = account(channel_id).credentials
    assert (kept["access_token"], kept["app_secret"]) == ("EAAG-newer", "s3cret")
    assert len(kept["verify_token"]) >= 32


@pytest.mark.parametrize(
    ("provider", "kind", "identity", "edit", "part"),
    [
        ("whatsapp_cloud", Kind.SMS, "1", EDIT, "kind"),
        ("whatsapp_cloud", Kind.WHATSAPP, "../me", EDIT, "identity"),
        ("twilio", Kind.SMS, "5005550006", ChannelEdit("", "AC1", None, None, {"auth_token": "x"}), "identity"),
        ("twilio", Kind.SMS, "+15005550006", ChannelEdit("", "AC1", None, None, {}), "auth_token"),
        ("twilio", Kind.SMS, "+15005550006", ChannelEdit("", "", None, None, {"auth_token": "x"}), "account_sid"),
        ("whatsapp_cloud", Kind.WHATSAPP, "1", ChannelEdit("", "1", None, 0, {}), "messages_per_second"),
    ],
)
def test_what_is_wrong_is_named_before_anybody_is_asked(acting, provider, kind, identity, edit, part) -> None:
    with pytest.raises(admin.UnacceptableChannel) as raised:
        commands.add(provider, kind, identity, edit)
    assert raised.value.part == part


@pytest.mark.parametrize("role", [Role.AGENT, Role.MANAGER])
def test_only_administrators_change_channels(business, monkeypatch, role) -> None:
    Desk(person(business.business_id, role=role), monkeypatch)
    import streamlit as st

    monkeypatch.setattr(st, "session_state", {})
    for act in (
        _add,
        lambda: commands.change(business.sms_channel_id, EDIT),
        lambda: commands.set_state(business.sms_channel_id, "paused"),
    ):
        with pytest.raises(auth.NotAllowed):
            act()


def test_another_businesss_channel_does_not_exist(acting, business) -> None:
    rows_before = rows("SELECT state FROM channels ORDER BY id")
    for act in (lambda: commands.test(999_999), lambda: commands.set_state(999_999, "paused")):
        with pytest.raises(NotFound):
            act()
    assert rows("SELECT state FROM channels ORDER BY id") == rows_before


MINE = "AC" + "1" * 32


@pytest.mark.parametrize(
    ("kind", "identity", "owned"),
    [
        (Kind.SMS, "+15005550001", True),
        (Kind.SMS, "+15005550002", False),
        (Kind.SMS, "+15005550003", False),
        (Kind.WHATSAPP, "+15005550001", True),
        (Kind.WHATSAPP, "+15005550003", True),
        (Kind.WHATSAPP, "+15005550004", False),
        (Kind.SMS, "MG" + "1" * 32, True),
        (Kind.SMS, "MG" + "2" * 32, False),
        (Kind.SMS, "MG" + "3" * 32, False),
    ],
)
def test_a_number_of_twilio_belongs_to_its_account(acting, providers, kind: Kind, identity: str, owned: bool) -> None:
    numbers = f"{TWILIO}/Accounts/{MINE}/IncomingPhoneNumbers.json"
    providers.get(f"{TWILIO}/Accounts/{MINE}/Messages.json", json={"messages": []})
    for number in ("+15005550001", "+15005550002", "+15005550003", "+15005550004"):
        found = [{"phone_number": number}] if number == "+15005550001" else []
        match = [responses.matchers.query_param_matcher({"PhoneNumber": number})]
        providers.get(numbers, json={"incoming_phone_numbers": found}, match=match)
    for page, senders in enumerate([[{"sender_id": "whatsapp:+15"}], [{"sender_id": "whatsapp:+15005550003"}]]):
        match = [responses.matchers.query_param_matcher({"Channel": "whatsapp", "PageSize": "100", "Page": str(page)})]
        meta = {"next_page_url": None if page else "https://messaging.twilio.com/more"}
        providers.get("http://127.0.0.1:9/v2/Channels/Senders", json={"senders": senders, "meta": meta}, match=match)
    for digit, owner in (("1", MINE), ("2", "AC" + "2" * 32)):
        providers.get(f"http://127.0.0.1:9/v1/Services/MG{digit * 32}", json={"account_sid": owner})
    providers.get(f"http://127.0.0.1:9/v1/Services/MG{'3' * 32}", json={"code": 20404}, status=404)
    edit = ChannelEdit("Sales", MINE, None, None, {"auth_token": "t"})
    if owned:
        commands.add("twilio", kind, identity, edit)
    else:
        with pytest.raises(commands.ProviderRefused, match="does not belong to this account"):
            commands.add("twilio", kind, identity, edit)
    assert rows("SELECT count(*) FROM channels") == [(3 + owned,)]


def test_what_twilio_does_not_tell_is_not_kept(acting, providers) -> None:
    providers.get(f"{TWILIO}/Accounts/{MINE}/Messages.json", json={"messages": []})
    providers.get(f"{TWILIO}/Accounts/{MINE}/IncomingPhoneNumbers.json", json={"code": 20003}, status=403)
    with pytest.raises(commands.ProviderRefused, match="did not say whose"):
        commands.add("twilio", Kind.SMS, "+15005550001", ChannelEdit("S", MINE, None, None, {"auth_token": "t"}))
