"""Signing in and out, one-time links, customers' files, and the headers around everything."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from console.app_pages.inbox import browser_commands
from console.http.security import COOKIE
from core.accounts import sessions
from core.models import Attachment, Business, Message
from core.platform import db, object_storage
from core.platform.db import system_transaction, transaction
from tests.factories import PASSWORD, Person, conversation, failed_message, person, says

HOST = "http://console.example"
SOCKET = "ws://console.example/live"
ORIGIN = {"origin": HOST}


@pytest.fixture
def browser(business) -> TestClient:
    """A client of the console's own routes; Streamlit's are not under test here."""
    from starlette.middleware import Middleware

    from console import asgi
    from console.http import security
    from console.http import sign_in as signin

    signin._guesses.cache_clear()
    app = Starlette(
        routes=asgi.app._user_routes,
        middleware=[Middleware(security.Headers), Middleware(security.SignInFirst)],
        exception_handlers=asgi.app._exception_handlers,
    )
    return TestClient(app, base_url=HOST, follow_redirects=False)


@pytest.fixture
def stored(business, tmp_path: Path) -> dict[str, int]:
    """Files of a customer, by their type."""
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    message_id = says(business.business_id, talk, "look")
    found: dict[str, int] = {}
    for position, (mime_type, name) in enumerate([("image/png", "foto ñ.png"), ("text/html", "page.html")]):
        (tmp_path / "file").write_bytes(b"<script>content</script>")
        object_storage.put(f"test/{position}", tmp_path / "file")
        with system_transaction() as session:
            found[mime_type] = session.execute(
                insert(Attachment)
                .values(
                    business_id=business.business_id,
                    message_id=message_id,
                    position=position,
                    state="stored",
                    mime_type=mime_type,
                    filename=name,
                    size=24,
                    storage_key=f"test/{position}",
                )
                .returning(Attachment.id)
            ).scalar_one()
    return found


def sign_in(browser: TestClient, one: Person, **overrides: str):
    form = {"email": one.email, "password": PASSWORD, **overrides}
    return browser.post("/auth/login", data=form, headers=ORIGIN)


def refuses(*_: object) -> NoReturn:
    raise OperationalError("SELECT 1", {}, ConnectionRefusedError("no server"))


def breaks(*_: object) -> NoReturn:
    raise ArithmeticError("a bug")


def use(browser: TestClient, token: str) -> None:
    browser.headers["cookie"] = f"{COOKIE}={token}"


def test_a_stranger_is_shown_the_sign_in_page(browser) -> None:
    answer = browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/login")
    page = browser.get("/auth/login", headers={"accept-language": "pt-BR"})
    assert 'lang="pt"' in page.text and 'name="password"' in page.text


def test_signing_in_gives_a_cookie_that_scripts_cannot_read(browser, business) -> None:
    ana = person(business.business_id)
    answer = sign_in(browser, ana)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"))
    token = cookie.split("=", 1)[1].split(";")[0]
    with system_transaction() as session:
        agent = sessions.session_agent(session, token)
    assert agent is not None and agent.id == ana.id


@pytest.mark.parametrize(
    ("origin", "status"), [("https://desk.example", 303), ("https://desk.example.evil", 403), ("null", 403)]
)
def test_pages_of_the_public_address_are_ours_whatever_host_a_proxy_asks_for(
    browser, business, origin: str, status: int
) -> None:
    form = {"email": person(business.business_id).email, "password": PASSWORD}
    headers = {"origin": origin, "host": "127.0.0.1:8501"}
    assert browser.post("/auth/login", data=form, headers=headers).status_code == status


def test_a_wrong_password_and_an_unknown_address_look_the_same(browser, business) -> None:
    ana = person(business.business_id)
    wrong, unknown = sign_in(browser, ana, password="wrong"), sign_in(browser, ana, email="nobody@desk.example")
    assert wrong.headers["location"] == unknown.headers["location"] == "/auth/login?failed"
    for answer in (wrong, unknown):
        assert {name for name, _ in answer.cookies.items()} == {"bothub_email"}, "nobody is let in"


@pytest.mark.parametrize("typed", ["ana@desk.example", '"><script>alert(1)</script>@x.example', "joão@padaria.example"])
def test_what_was_typed_beside_a_wrong_password_is_there_again_once(browser, business, typed: str) -> None:
    answer = browser.post("/auth/login", data={"email": typed, "password": "wrong"}, headers=ORIGIN)
    cookie = answer.headers["set-cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=lax", "Secure", "Path=/auth/login", "Max-Age=60"))
    assert typed not in f"{cookie} {answer.headers['location']}" and quote(typed) not in cookie
    sealed = {"cookie": f"bothub_email={answer.cookies['bothub_email']}"}
    page = browser.get(answer.headers["location"], headers=sealed)
    assert f'value="{html.escape(typed)}"' in page.text
    assert "Max-Age=0" in page.headers["set-cookie"], "it is there but once"
    assert 'value=""' in browser.get("/auth/login", headers=sealed).text, "only after a wrong password"
    assert 'value=""' in browser.get("/auth/login?failed", headers={"cookie": "bothub_email=forged"}).text


@pytest.mark.parametrize("path", ["/auth/login", "/auth/link", "/auth/logout"])
@pytest.mark.parametrize("headers", [{}, {"origin": "http://elsewhere.example"}, {"origin": "null"}])
def test_forms_of_other_pages_are_refused(browser, business, path: str, headers: dict[str, str]) -> None:
    ana = person(business.business_id)
    use(browser, ana.token)
    answer = browser.post(path, data={"email": ana.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403
    with system_transaction() as session:
        assert sessions.session_agent(session, ana.token) is not None


def test_an_oversized_form_is_refused(browser, business) -> None:
    assert sign_in(browser, person(business.business_id), password="x" * 10_000).status_code == 403


def test_opening_a_link_spends_nothing_and_its_button_signs_in_once(browser, business) -> None:
    ana = person(business.business_id)
    with transaction(business.business_id) as session:
        link = sessions.make_link(session, ana.id)
    for _ in range(2):
        page = browser.get("/auth/link", params={"token": link})
        assert link in page.text and page.headers["cache-control"] == "no-store"
    answer = browser.post("/auth/link", data={"token": link}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert COOKIE in answer.headers["set-cookie"]
    again = browser.post("/auth/link", data={"token": link}, headers=ORIGIN)
    assert again.status_code == 410 and "set-cookie" not in again.headers
    assert link not in browser.get("/auth/link", params={"token": link}).text


def test_what_a_link_page_shows_is_escaped(browser) -> None:
    page = browser.get("/auth/link", params={"token": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


def test_signing_out_ends_the_session(browser, business) -> None:
    ana = person(business.business_id)
    use(browser, ana.token)
    answer = browser.post("/auth/logout", headers=ORIGIN)
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["set-cookie"]
    with system_transaction() as session:
        assert sessions.session_agent(session, ana.token) is None


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection to the database can be had."""
    monkeypatch.setattr(db, "transaction", refuses)
    monkeypatch.setattr(db, "system_transaction", refuses)


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/auth/login", {"email": "ana@desk.example", "password": PASSWORD}, 'name="password"'),
        ("/auth/code", {"code": "123456"}, 'name="code"'),
        ("/auth/link", {"token": "any"}, 'name="password"'),
    ],
)
def test_signing_in_without_the_database_says_so(browser, away, path: str, form: dict[str, str], field: str) -> None:
    answer = browser.post(path, data=form, headers=ORIGIN | {"accept-language": "en"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "The database is not responding" in answer.text and field in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/files/1", "/inbox/1?lines=30"])
def test_a_request_without_the_database_can_be_made_again(browser, away, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_files_are_for_signed_in_people_of_the_business(browser, business, stored) -> None:
    picture = f"/files/{stored['image/png']}"
    assert browser.get(picture).status_code == 404
    with system_transaction() as session:
        other = session.execute(insert(Business).values(name="Other").returning(Business.id)).scalar_one()
    use(browser, person(other).token)
    assert browser.get(picture).status_code == 404
    use(browser, person(business.business_id).token)
    assert browser.get(picture).content == b"<script>content</script>"
    assert browser.get("/files/999999").status_code == 404
    assert browser.get(f"/files/{2**64}").status_code == 404
    assert browser.get(f"/files/{'9' * 5000}").status_code == 404


def test_only_harmless_types_are_shown_in_the_page(browser, business, stored) -> None:
    use(browser, person(business.business_id).token)
    picture = browser.get(f"/files/{stored['image/png']}")
    page = browser.get(f"/files/{stored['text/html']}")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"] == "inline; filename*=UTF-8''foto%20%C3%B1.png"
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment;")
    for answer in (picture, page):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"].startswith("private")


def test_a_file_that_storage_lost_is_not_found(browser, business, stored) -> None:
    with system_transaction() as session:
        session.get_one(Attachment, stored["image/png"]).storage_key = "test/gone"
    use(browser, person(business.business_id).token)
    assert browser.get(f"/files/{stored['image/png']}").status_code == 404


def test_messages_come_ahead_of_the_page_in_its_own_words(browser, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    for words in ("one", "two", "three"):
        says(business.business_id, talk, words)
    use(browser, person(business.business_id).token)
    found = browser.get(f"/inbox/{talk}", params={"lines": 2})
    assert found.headers["cache-control"] == "no-store"
    shown = found.json()["thread"]
    assert ([line["text"] for line in shown["lines"]], shown["more"]) == (["two", "three"], True)


@pytest.mark.parametrize(("language", "who"), [("es", "responde el bot"), ("pt-BR", "o bot responde")])
def test_a_conversation_comes_ahead_in_the_language_of_whoever_looks(browser, business, language, who) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    use(browser, person(business.business_id, language="").token)
    found = browser.get(f"/inbox/{talk}?lines=60", headers={"accept-language": language}).json()
    assert found["head"]["about"].endswith(who)
    assert found["customer"]["name"] == "Daniela Cruz"


def test_messages_come_ahead_to_people_of_the_business_only(browser, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    assert browser.get(f"/inbox/{talk}?lines=60").status_code == 401
    with system_transaction() as session:
        other = session.execute(insert(Business).values(name="Other").returning(Business.id)).scalar_one()
    use(browser, person(other).token)
    assert browser.get(f"/inbox/{talk}?lines=60").status_code == 404


@pytest.mark.parametrize("lines", ["", "0", "1501", "-1", "many", "²", "9" * 5000])
def test_how_many_messages_come_ahead_is_bounded(browser, business, lines: str) -> None:
    use(browser, person(business.business_id).token)
    assert browser.get("/inbox/1", params={"lines": lines}).status_code == 400


def test_a_number_too_large_for_a_conversation_is_not_found(browser, business) -> None:
    use(browser, person(business.business_id).token)
    assert browser.get(f"/inbox/{2**70}?lines=60").status_code == 404


def test_every_answer_carries_the_security_headers(browser) -> None:
    headers = browser.get("/auth/login").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("page", ["/", "/bot", "/saved_replies"])
def test_a_page_is_told_where_its_server_is_by_a_script_that_may_run(browser, business, page: str) -> None:
    use(browser, person(business.business_id).token)
    answer = browser.get(page)
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert "BACKEND_BASE_URL" in scripts[0]
    assert answer.text.index(scripts[0]) < answer.text.index('type="module"')
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"


def test_the_live_socket_tells_changes_of_its_own_business(browser, business, monkeypatch) -> None:
    from console.http import live_updates
    from core.platform.events import Change

    ana = person(business.business_id)
    headers = {"cookie": f"{COOKIE}={ana.token}", **ORIGIN}
    with browser.websocket_connect(SOCKET, headers=headers) as socket:
        # Both are told from the loop's own thread, as the listener does.
        socket.portal.call(live_updates._pass_on, Change(business.business_id + 1, 7))
        socket.portal.call(live_updates._pass_on, Change(business.business_id, 9))
        assert socket.receive_json() == [9]  # which is no conversation of theirs


@pytest.mark.parametrize("headers", [{}, {"origin": "http://elsewhere.example"}, ORIGIN])
def test_the_live_socket_closes_on_strangers(browser, business, headers: dict[str, str]) -> None:
    ana = person(business.business_id)
    token = ana.token if headers != ORIGIN else "invented"
    with (
        browser.websocket_connect(SOCKET, headers={"cookie": f"{COOKIE}={token}", **headers}) as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_json()
    assert closed.value.code == 4401


@pytest.mark.parametrize(
    ("asked", "status", "told", "part"),
    [
        ("bytes=8-14", 206, "bytes 8-14/24", b"content"),
        ("bytes=15-", 206, "bytes 15-23/24", b"</script>"),
        ("bytes=0-999", 206, "bytes 0-23/24", b"<script>content</script>"),
        ("bytes=24-", 200, None, b"<script>content</script>"),
        ("bytes=9-8", 200, None, b"<script>content</script>"),
        ("bytes=-5", 200, None, b"<script>content</script>"),
    ],
)
def test_a_player_may_ask_for_a_part(
    browser, business, stored, asked: str, status: int, told: str | None, part: bytes
) -> None:
    use(browser, person(business.business_id).token)
    answer = browser.get(f"/files/{stored['image/png']}", headers={"range": asked})
    assert (answer.status_code, answer.headers.get("content-range"), answer.content) == (status, told, part)


def test_a_part_may_lie_across_the_pieces_of_a_file() -> None:
    from console.http.files import _part

    assert b"".join(_part(iter([b"abc", b"def", b"ghi"]), 2, 5)) == b"cdefg"


def test_no_message_relies_on_what_a_browser_may_have_dropped() -> None:
    from streamlit import config

    assert config.get_option("global.minCachedMessageSize") > 10**8


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/?c=5", "/?c=5"),
        ("/bot?x=a%26b", "/bot?x=a%26b"),
        ("//evil.example/", "/"),
        ("https://evil.example/bot", "/"),
        ("/\\evil.example", "/"),
        ("/auth/logout", "/"),
        ("bot", "/"),
        ("/bot\r\nset-cookie: a=b", "/"),
    ],
)
def test_signing_in_leads_to_the_page_that_was_wanted_if_it_is_ours(browser, business, wanted, led_to) -> None:
    ana = person(business.business_id)
    shown = browser.get("/auth/login", params={"ended": "", "next": wanted}, headers={"accept-language": "en"})
    assert "Your session ended" in shown.text
    browser.headers["cookie"] = shown.headers["set-cookie"].split(";")[0]
    answer = sign_in(browser, ana)
    assert answer.headers["location"] == led_to
    assert 'bothub_next="";' in answer.headers["set-cookie"], "it leads there once"


def test_a_stranger_with_a_link_to_a_conversation_comes_to_it_after_signing_in(browser, business) -> None:
    ana = person(business.business_id)
    sent = browser.get("/?c=5&q=a%20b")
    assert sent.headers["location"].startswith("/auth/login?next=")
    browser.headers["cookie"] = browser.get(sent.headers["location"]).headers["set-cookie"].split(";")[0]
    assert sign_in(browser, ana).headers["location"] == "/?c=5&q=a%20b"


@pytest.mark.parametrize(
    ("given", "kept"), [("a%00b.txt", "ab.txt"), ("%00", None), ("x" * 5000, "x" * 240), ("%ff", "\ufffd")]
)
def test_a_file_that_is_handed_in_may_have_any_name(browser, business, given: str, kept: str | None) -> None:
    browser.cookies.set(COOKIE, person(business.business_id).token)
    headers = ORIGIN | {"x-file-name": given, "content-type": "text/plain"}
    assert browser.post("/files", content=b"hello", headers=headers).status_code == 201
    with system_transaction() as session:
        assert [one.filename for one in session.query(Attachment)] == [kept]


def test_the_browsers_scripts_may_be_kept_for_ever_at_an_address_of_their_content(browser, business) -> None:
    use(browser, person(business.business_id).token)
    document = browser.get("/account").text
    addresses = re.findall(r'<link rel="modulepreload" href="([^"]+)">', document)
    assert any(address.endswith("/thread/index.js") for address in addresses)
    for address in addresses:
        script = browser.get(address)
        assert script.headers["content-type"].startswith("text/javascript"), address
        assert "immutable" in script.headers["cache-control"]
    folder = addresses[0].removesuffix("/api.js")
    assert browser.get(f"{folder}/logout.css").headers["content-type"].startswith("text/css")
    assert browser.get(re.sub(r"/components/\w+", "/components/older", addresses[0])).status_code == 404
    assert browser.get(f"{folder}/__init__.py").status_code == 404


def note(key: str = "0b5e7c1e-6a3f-4a57-9d54-0d3b6f0e3a11", text: str = "Look") -> dict[str, str]:
    return {"key": key, "text": text}


def test_a_command_is_run_once_for_a_key_and_says_why_not_in_the_agents_language(browser, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    use(browser, person(business.business_id, language="es").token)
    for _ in range(2):
        assert browser.post(f"/inbox/{talk}/note", json=note(), headers=ORIGIN).status_code == 200
    with system_transaction() as session:
        assert session.scalars(select(Message.text).where(Message.conversation_id == talk)).all() == ["Look"]
    refused = browser.post(f"/inbox/{talk}/note", json=note(str(uuid4()), " "), headers=ORIGIN)
    assert (refused.status_code, refused.json()["error"]) == (422, "Una nota tiene de 1 a 5000 caracteres.")
    missing = browser.post(f"/inbox/{talk + 1}/close", json=note(str(uuid4())), headers=ORIGIN)
    assert missing.status_code == 404


def test_a_retry_that_is_refused_says_why_in_the_agents_language(browser, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id, window=-timedelta(days=1))
    use(browser, person(business.business_id, language="es").token)
    asked = note() | {"message": failed_message(business.business_id, talk)}
    refused = browser.post(f"/inbox/{talk}/retry", json=asked, headers=ORIGIN)
    assert (refused.status_code, refused.json()) == (
        422, {"error": "Pasaron más de 24 horas desde que el cliente escribió: hace falta una plantilla."},
    )  # fmt: skip


def test_commands_come_from_ones_own_page_and_session(browser, business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    assert browser.post(f"/inbox/{talk}/note", json=note(), headers=ORIGIN).status_code == 401
    use(browser, person(business.business_id).token)
    assert browser.post(f"/inbox/{talk}/note", json=note()).status_code == 403
    assert (
        browser.post(f"/inbox/{talk}/note", json=note(), headers={"origin": "http://evil.example"}).status_code == 403
    )
    with system_transaction() as session:
        assert session.scalars(select(Message.id).where(Message.conversation_id == talk)).all() == []


@pytest.mark.parametrize(
    ("command", "asked", "status"),
    [
        ("fly", note(), 404),
        ("note", {"text": "no key"}, 400),
        ("assign", note() | {"value": "me"}, 400),
        ("tags", note() | {"value": 3}, 400),
        ("rename", note() | {"value": None}, 400),
        ("note", note(text="x" * 300_001), 413),
    ],
)
def test_a_command_that_cannot_be_read_is_refused(browser, business, command: str, asked, status: int) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    use(browser, person(business.business_id).token)
    assert browser.post(f"/inbox/{talk}/{command}", json=asked, headers=ORIGIN).status_code == status


def test_a_command_is_made_again_when_the_database_is_back(browser, business, monkeypatch) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    use(browser, person(business.business_id).token)
    with monkeypatch.context() as gone:
        gone.setattr(db, "transaction", refuses)
        gone.setattr(db, "system_transaction", refuses)
        answer = browser.post(f"/inbox/{talk}/note", json=note(), headers=ORIGIN)
        assert answer.status_code == 503
        assert "respond" in answer.json()["error"]
    assert browser.post(f"/inbox/{talk}/note", json=note(), headers=ORIGIN).status_code == 200


@pytest.mark.parametrize(
    ("command", "values", "status"),
    [
        ("rename", {"contact": 2**63, "value": "Ana"}, 400), ("assign", {"value": 10**30}, 400),
        ("send", {"text": "a", "file": -1}, 400), ("note", {"text": "a\x00b"}, 200),
        ("tags", {"value": ["a\x00"]}, 200),
        ("send", {"template": {"name": "\x00", "language": {"code": "es"}}}, 422),
    ],
)  # fmt: skip
def test_values_that_the_database_cannot_hold_break_nothing(
    browser, business, command: str, values: dict[str, Any], status: int
) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    use(browser, person(business.business_id).token)
    sent = browser.post(f"/inbox/{talk}/{command}", json={"key": str(uuid4()), **values}, headers=ORIGIN)
    assert sent.status_code == status, sent.text


def test_a_command_that_broke_is_said_and_can_be_made_again(browser, business, monkeypatch) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    use(browser, person(business.business_id).token)
    with monkeypatch.context() as broken:
        broken.setitem(browser_commands.COMMANDS, "note", breaks)
        broke = browser.post(f"/inbox/{talk}/note", json=note(), headers=ORIGIN)
        assert (broke.status_code, bool(broke.json()["error"])) == (500, True)
    assert browser.post(f"/inbox/{talk}/note", json=note(), headers=ORIGIN).status_code == 200
