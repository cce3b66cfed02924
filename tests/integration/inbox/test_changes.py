"""Reactions, edits and revocations: their effect on lists, search, unread counts and waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.conversations import thread, triage
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform.db import transaction
from core.platform.errors import Conflict
from tests.conftest import TestBusiness
from tests.integration.inbox.test_read import arrives, edits, finds, preview
from tests.integration.inbox.test_receive import item, value_of
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import say, send_all
from tests.support.provider_bodies import meta_body

ANA = "5491155550001"
KEYCAP = "1️⃣"


def with_a_person(words: str = "Quero saber do meu pedido 77", wamid: str = "wamid.T") -> int:
    conversation_id = customer_writes(words, wamid=wamid)
    rows("DELETE FROM pending_replies")
    rows("UPDATE conversations SET mode = 'human'")
    return conversation_id


def reads() -> None:
    rows("UPDATE conversations SET unread_count = 0")


def state() -> tuple[int, bool, str]:
    return rows("SELECT unread_count, waiting_since IS NOT NULL, status FROM conversations")[0]


def deletes(target: str) -> None:
    arrives("revoke", {"original_message_id": target})


def echo(kind: str, body: Any) -> None:
    written = {**item(kind, f"wamid.{time.monotonic_ns()}", sender="15550783881"), kind: body, "to": ANA}
    document = meta_body({"message_echoes": [written]})
    document["entry"][0]["changes"][0]["field"] = "smb_message_echoes"
    receive(document)


def test_a_scheduled_message_is_the_preview_once_it_is_sent(business: TestBusiness) -> None:
    conversation_id = customer_writes("Hola", wamid="wamid.T")
    say(business.business_id, conversation_id, "Le recuerdo", send_at=datetime.now(UTC) + timedelta(hours=1))
    assert preview() == "Hola"
    edits("wamid.T", "¿Seguimos?")
    assert preview() == "¿Seguimos?"
    rows("UPDATE messages SET stored_at = now() - interval '1 hour' WHERE direction = 'outbound'")
    rows("UPDATE deliveries SET scheduled_for = now(), next_attempt_at = now()")
    assert preview() == "¿Seguimos?"
    send_all()
    assert preview() == "Le recuerdo"


def test_a_reaction_is_not_a_text(business: TestBusiness) -> None:
    with_a_person("Tudo certo?")
    reads()
    arrives("reaction", {"message_id": "wamid.T", "emoji": KEYCAP})
    assert preview() == "Tudo certo?"
    assert not finds(business.business_id, "1")
    assert state()[0] == 0


@pytest.mark.parametrize("kind", ["reaction", "revoke"])
def test_a_reaction_or_deletion_in_a_group_is_nothing_unread(business: TestBusiness, kind: str) -> None:
    arrives("text", {"body": "quién sabe la clave"}, group_id="grp.1")
    reads()
    about = {"message_id": "wamid.X", "emoji": "👍"} if kind == "reaction" else {"original_message_id": "wamid.X"}
    arrives(kind, about, group_id="grp.1")
    assert state()[0] == 0


@pytest.mark.parametrize("way", ["console", "phone"])
def test_our_reaction_is_no_answer(business: TestBusiness, way: str) -> None:
    conversation_id = with_a_person()
    reaction = {"message_id": "wamid.T", "emoji": "👍"}
    if way == "phone":
        rows("UPDATE conversations SET mode = 'bot'")
        echo("reaction", reaction)
        assert one("SELECT mode FROM conversations") == "bot"
    else:
        draft = NewMessage({"type": "reaction", "reaction": reaction}, Sender.AGENT)
        with transaction(business.business_id) as session:
            enqueue_message(session, conversation_id, draft)
        send_all()
    assert state()[1]
    assert preview() == "Quero saber do meu pedido 77"


def test_an_edit_on_the_phone_pauses_the_bot_and_is_no_answer(business: TestBusiness) -> None:
    customer_writes("Quero saber do meu pedido 77")
    echo("edit", {"original_message_id": "wamid.OURS", "message": {"type": "text", "text": {"body": "Sim"}}})
    assert rows("SELECT mode, waiting_since IS NOT NULL FROM conversations") == [("human", True)]


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("put_aside", [True, False])
def test_an_edit_of_a_read_message_is_shown(business: TestBusiness, answered: bool, put_aside: bool) -> None:
    conversation_id = with_a_person()
    if answered:
        say(business.business_id, conversation_id, "Está a caminho")
        send_all()
    reads()
    if put_aside:
        rows("UPDATE conversations SET status = 'snoozed', snoozed_until = now() + interval '1 hour'")
    edits("wamid.T", "Quero saber do meu pedido 78")
    assert state() == (1, True, "open")
    assert one("SELECT mode FROM conversations") == "human"
    assert one("SELECT count(*) FROM pending_replies") == 0
    edits("wamid.T", "Quero saber do meu pedido 79")
    assert state()[0] in (1, 2) and one("SELECT count(*) FROM pending_replies") == 0


def test_an_edit_in_a_closed_conversation_does_not_reopen_it(business: TestBusiness) -> None:
    with_a_person()
    reads()
    rows("UPDATE conversations SET status = 'closed', waiting_since = NULL")
    edit = {"original_message_id": "wamid.T", "message": {"type": "text", "text": {"body": "Pedido 78"}}}
    receive(meta_body(value_of({**item("edit", "wamid.E"), "edit": edit})))
    assert (state()[0], state()[2]) == (0, "closed")


@pytest.mark.parametrize("edited", [True, False])
def test_deleting_the_only_message_ends_the_wait(business: TestBusiness, edited: bool) -> None:
    with_a_person()
    if edited:
        edits("wamid.T", "Quero saber do meu pedido 78")
    deletes("wamid.T")
    assert state() == (0, False, "open")


def test_deleting_one_of_two_messages_moves_the_wait_to_the_other(business: TestBusiness) -> None:
    now = time.time()
    with_a_person()
    rows("UPDATE conversations SET waiting_since = to_timestamp(:at)", at=int(now - 600))
    rows("UPDATE messages SET created_at = to_timestamp(:at)", at=int(now - 600))
    customer_writes("E o 78?", at=now - 60, wamid="wamid.U")
    deletes("wamid.T")
    assert state() == (1, True, "open")
    assert int(one("SELECT extract(epoch FROM waiting_since) FROM conversations")) == int(now - 60)
    deletes("wamid.U")
    assert state() == (0, False, "open")


def test_deleting_an_answered_message_leaves_no_wait(business: TestBusiness) -> None:
    conversation_id = with_a_person()
    say(business.business_id, conversation_id, "Está a caminho")
    send_all()
    customer_writes("E o 78?", wamid="wamid.U")
    deletes("wamid.U")
    assert state() == (0, False, "open")


def test_a_wait_with_another_reason_is_kept(business: TestBusiness) -> None:
    """A snoozed conversation waits from the moment it woke, whatever is deleted of what came later."""
    conversation_id = with_a_person()
    say(business.business_id, conversation_id, "Está a caminho")
    send_all()
    rows("UPDATE conversations SET status = 'snoozed', snoozed_until = now() - interval '1 hour'")
    with transaction(business.business_id) as session:
        triage.unsnooze_due(session)
    rows("UPDATE conversations SET waiting_since = now() - interval '1 hour'")
    customer_writes("E o 78?", wamid="wamid.U")
    deletes("wamid.U")
    assert state()[1]


def test_a_deletion_before_its_message_starts_no_wait(business: TestBusiness) -> None:
    with_a_person()
    deletes("wamid.T")
    deletes("wamid.LATE")
    customer_writes("esqueça", wamid="wamid.LATE")
    assert state()[1] is False


def test_a_group_message_gets_no_private_reply(business: TestBusiness) -> None:
    conversation_id = arrives("text", {"body": "quién sabe la clave"}, group_id="grp.1")

    def refused() -> bool:
        with transaction(business.business_id) as session:
            shut = thread.read(session, conversation_id).in_group
        try:
            say(business.business_id, conversation_id)
        except Conflict as error:
            assert error.code == "written_in_group"
            return shut
        assert not shut
        return False

    assert refused()
    customer_writes("¿y mi turno?")
    assert not refused()
    arrives("text", {"body": "gracias a todos"}, group_id="grp.1")
    assert not refused(), "the private question waits still"
    send_all()
    assert refused()
    customer_writes("otra duda, en privado")
    assert not refused()
