"""A thread of ten mails by three people, as agents and programs read it."""

from __future__ import annotations

from typing import Any

from console.app_pages.inbox import conversation_queries
from console.components import lines
from core.accounts.visibility import Limited
from core.models import Sees
from core.platform.db import transaction
from tests.integration.mailbox.conftest import Post
from tests.support.database import one
from tests.support.outbox import say

_PEOPLE = {
    "Ana": "Ana Paz <ana@example.org>",
    "Luis": "Luis <luis@example.org>",
    "Eva": "Eva <eva@estudio.example>",
}


def _write(post: Post, who: str, text: str, before: str = "") -> str:
    others = ", ".join(written for name, written in _PEOPLE.items() if name != who)
    follows = {"In_Reply_To": before, "References": before, "Subject": "Re: Obra"} if before else {"Subject": "Obra"}
    quoted = "\n\nEl lun, 2 mar 2026 a las 10:01, alguien escribió:\n\n> lo de antes" if before else ""
    return post.deliver(text + quoted, _PEOPLE[who], Cc=others, **follows)


def _answer(post: Post, text: str) -> str:
    say(post.business_id, one("SELECT id FROM conversations"), text)
    post.send()
    return str(post.sent()[-1]["Message-ID"])


def test_ten_mails_by_three_people_read_well(post: Post) -> None:
    last = _write(post, "Ana", "¿Precio de 40 cascos?")
    post.receive()
    for who, text in (("Luis", "Con visera"), ("Eva", "Y para el jueves")):
        last = _write(post, who, text, last)
        post.receive()
    last = _answer(post, "Salen 400")
    for who, text in (("Ana", "¿Con envío?"), ("Luis", "A la obra"), ("Eva", "Calle 9")):
        last = _write(post, who, text, last)
    post.receive()
    last = _answer(post, "Sí, incluido")
    _write(post, "Ana", "Hecho", last)
    post.receive()
    _answer(post, "Gracias")

    assert one("SELECT count(*) FROM conversations") == 1
    with transaction(post.business_id) as session:
        found = conversation_queries.read(session, Limited(0, Sees.ALL), one("SELECT id FROM conversations"), 30)
    said = [one_ for one_ in lines.to_json(found, "es")["lines"] if one_["type"] == "text"]
    assert [_shown(one_) for one_ in said] == [
        ("", "Obra\n\n¿Precio de 40 cascos?"),
        ("Luis <luis@example.org>", "Con visera"),
        ("Eva <eva@estudio.example>", "Y para el jueves"),
        ("", "Salen 400"),
        ("", "¿Con envío?"),
        ("Luis <luis@example.org>", "A la obra"),
        ("Eva <eva@estudio.example>", "Calle 9"),
        ("", "Sí, incluido"),
        ("", "Hecho"),
        ("", "Gracias"),
    ]
    assert "lo de antes" in said[1]["mail"]["quoted"] and "quoted" not in said[0]["mail"]
    assert said[0]["mail"]["cc"] == "Luis <luis@example.org>, Eva <eva@estudio.example>"
    (subject,) = {str(mail["Subject"]) for mail in post.sent()}
    assert subject == "Re: Obra"
    assert {len(mail["Cc"].addresses) for mail in post.sent()} == {2}


def test_only_the_customer_brings_people_into_a_thread(post: Post) -> None:
    post.deliver("¿Precio?", _PEOPLE["Ana"], Cc=_PEOPLE["Luis"])
    post.receive()
    last = _answer(post, "Salen 400")
    post.deliver("¿Y?", _PEOPLE["Luis"], Cc="Mal <mal@evil.example>", In_Reply_To=last, References=last)
    post.receive()
    _answer(post, "Eso es todo")
    assert [str(mail["Cc"]) for mail in post.sent()] == ["luis@example.org"] * 2


def _shown(line: dict[str, Any]) -> tuple[str, str]:
    return line.get("mail", {}).get("from", ""), line["text"]
