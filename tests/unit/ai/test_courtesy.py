"""Messages that ask for nothing, and the response to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.bots.llm.types import FailureKind, Model
from core.replies.assistant import COURTESY, compose
from core.replies.decision import ComposeRequest, HandOff, NoReplyNeeded, Reply
from core.text.courtesy import Courtesy, courtesy_of
from core.types import Autonomy, Role, Turn
from tests.support.scripted_model import NOON, fails, request, says

GREETING, THANKS, FAREWELL, SEEN = (
    Courtesy.GREETING, Courtesy.THANKS, Courtesy.FAREWELL, Courtesy.ACKNOWLEDGEMENT,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hola", GREETING),
        ("holaaaa!!", GREETING),
        ("Hola, muy buenas tardes 😊", GREETING),
        ("hola?", GREETING),
        ("Buen día, ¿cómo están?", GREETING),
        ("Good morning team", GREETING),
        ("Oi, boa noite! Tudo bem?", GREETING),
        ("Bonjour", GREETING),
        ("Muchísimas gracias por la ayuda, muy amables", THANKS),
        ("ok gracias", THANKS),
        ("hola\ngracias", THANKS),
        ("Thank you so much!!", THANKS),
        ("Valeu, chefia", None),  # an unknown word may mean anything
        ("valeu 🙏", THANKS),
        ("Hola de nuevo", GREETING),
        ("gracias otra vez!", THANKS),
        ("obrigada novamente", THANKS),
        ("otra vez", None),
        ("sí, de nuevo", None),
        ("si otra vez", None),
        ("no, gracias", THANKS),
        ("Hasta luego, que tengan lindo día", FAREWELL),
        ("vlw mano", THANKS),
        ("muchas gracias x todo", THANKS),
        ("tysm!!", THANKS),
        ("no worries, thanks", THANKS),
        ("ok, obrigada pela atenção", THANKS),
        ("llegó todo, gracias!!", THANKS),
        ("thanks, that helped", THANKS),
        ("era só isso, obrigado", THANKS),
        ("chau, buen finde", FAREWELL),
        ("perfecto, nos vemos el lunes", FAREWELL),
        ("great, see you then", FAREWELL),
        ("have a nice day!", FAREWELL),
        ("até amanhã, bjs", FAREWELL),
        ("feliz navidad!", FAREWELL),
        ("oi td bem?", GREETING),
        ("boa tarde pessoal", GREETING),
        ("got it 👍", SEEN),
        ("show de bola", SEEN),
        ("tmj", SEEN),
        ("🎉🎉", SEEN),
        ("k", SEEN),
        ("super tarde", None),
        ("gracias por nada", None),
        ("gracias, no me sirvió", None),
        ("did not help, thanks", None),
        ("no llegó nada, gracias", None),
        ("llegó todo", None),
        ("see you in court", None),
        ("please take care of it", None),
        ("nos vemos en defensa del consumidor", None),
        ("muchas gracias por la demora", None),
        ("hi, this is a joke", None),
        ("oi, ainda estou esperando", None),
        ("genial, otra vez roto", None),
        ("💩", None),
        ("🤦🏽‍♀️", None),
        ("🍕🍕", None),
        ("perfecto, hasta mañana", FAREWELL),
        ("bye bye", FAREWELL),
        ("👍", SEEN),
        ("🙏🏽❤️", SEEN),
        ("ok", SEEN),
        ("jajajaja", SEEN),
        ("kkkkk", SEEN),
        ("Listo, entendido.", SEEN),
        ("beleza", SEEN),
        ("Hola, ¿hacen envíos?", None),
        ("gracias, y el horario?", None),
        ("buenas, precio de la consulta", None),
        ("ok pero cuándo llega", None),
        ("thanks but it does not work", None),
        ("Hola soy de la clínica", None),
        ("no", None),
        ("no good", None),
        ("no está bueno", None),
        ("hola, ayuda", None),
        ("Hello, help", None),
        ("Oi, informação por favor", None),
        ("buenas, info", None),
        ("sí, por favor", None),
        ("não, obrigado", THANKS),
        ("thanks for your help", THANKS),
        ("no es eso", None),
        ("?", None),
        ("...", None),
        ("", None),
        ("3", None),
        ("👎", None),
        ("😡😡", None),
        ("gracias por nada 😡", None),
        ("What?", None),
        ("hola " * 60, None),
    ],
)
def test_a_courtesy_is_made_of_nothing_else(text: str, kind: Courtesy | None) -> None:
    assert courtesy_of(text) is kind


@pytest.mark.parametrize("model", [None, fails(FailureKind.TIMEOUT), says("¿Qué?", confidence=0.1)])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hola, buenas tardes", "¡Hola!"),
        ("Gracias!", "gusto"),
        ("Thanks a lot", "welcome"),
        ("Tchau, até mais", "Até logo"),
        ("👍", None),
        ("listo", None),
    ],
)
def test_no_courtesy_wakes_a_person(text: str, words: str | None, model: object) -> None:
    outcome = compose(replace(request(text), replies_in_a_row=99), model)  # type: ignore[arg-type]
    if words is None:
        assert isinstance(outcome, NoReplyNeeded)
    else:
        assert isinstance(outcome, Reply) and words in outcome.text
    assert outcome.trace.decided_by == COURTESY


def test_a_model_that_answers_a_courtesy_well_is_heard() -> None:
    outcome = compose(request("Gracias!"), says("¡De nada, Ana!"))
    assert isinstance(outcome, Reply) and outcome.text == "¡De nada, Ana!"


def test_an_ok_may_answer_what_was_asked() -> None:
    asked = request("ok")
    before = (
        Turn(Role.CUSTOMER, "necesito un turno", NOON - timedelta(minutes=1)),
        Turn(Role.BOT, "Tenemos el martes a las 10. ¿Le sirve?", NOON),
    )
    outcome = compose(replace(asked, turns=(*before, *asked.turns)), says("Anotado para el martes."))
    assert isinstance(outcome, Reply) and outcome.text == "Anotado para el martes."


def _sticker(*before: Turn) -> ComposeRequest:
    asked = request("")
    return replace(asked, turns=(*before, Turn(Role.CUSTOMER, "[sticker]", NOON, readable=False)))


@pytest.mark.parametrize("model", [None, says("¿Qué?", confidence=0.1)])
def test_a_sticker_wakes_nobody(model: Model | None) -> None:
    opener = compose(_sticker(), model)
    assert isinstance(opener, Reply) and opener.trace.decided_by == COURTESY
    earlier = NOON - timedelta(minutes=1)
    told = (Turn(Role.CUSTOMER, "¿abren hoy?", earlier), Turn(Role.BOT, "Sí, hasta las 19.", earlier))
    assert isinstance(compose(_sticker(*told), model), NoReplyNeeded)
    asked = (Turn(Role.CUSTOMER, "¿abren hoy?", earlier), Turn(Role.BOT, "¿Qué sucursal?", earlier))
    assert isinstance(compose(_sticker(*asked), model), HandOff)


def test_where_a_person_approves_each_answer_a_greeting_is_a_draft() -> None:
    outcome = compose(request("Hola", autonomy=Autonomy.DRAFT), None)
    assert isinstance(outcome, Reply) and outcome.draft
