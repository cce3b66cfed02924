"""Messages that ask for nothing: a greeting, thanks, a farewell, an acknowledgement, a lone emoji.

Only a message made wholly of such words is one: a single word that might carry a question or a wish takes it out.
They never need a person. A greeting, thanks and a farewell may be returned; the rest is left in peace.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from core.ai.settings import Localised
from core.ai.text import LanguageCode, words

_LONGEST = 200  # characters: whoever writes more says more than a courtesy
_UNHAPPY = "👎😡🤬😠😤😞😔😟😢😭💔🖕😒🙄☹🙁😖😩😫🤮🤢😱🆘🚨❌❓❔❗❕⁉"
_DRAWN = re.compile(r"([^\W\d_])\1{2,}")  # "holaaa", "thankssss"
_LAUGH = re.compile(r"(?:[jh]+[aeiy]+){2,}[jh]*|k{2,}|(?:rs){2,}|l+o+l+|xd+|a+h+|o+h+|u+y+|m+h*m+")


class Courtesy(StrEnum):
    """What a message is that asks for nothing."""

    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    ACKNOWLEDGEMENT = "acknowledgement"


def _said(text: str) -> frozenset[str]:
    return frozenset(words(text))


# By what a word is a sign of. The later kind wins where several are said: "hola, gracias" thanks.
_SIGNS = {
    Courtesy.ACKNOWLEDGEMENT: _said(
        "ok oka okay okey oki okis vale dale listo lista perfecto perfecta genial excelente entendido entendida claro "
        "bueno buenisimo barbaro joya entiendo comprendo comprendido anotado recibido enterado enterada sale super "
        "si "
        "fine great perfect cool awesome understood noted alright sure good nice excellent yes yep yeah gotcha "
        "beleza blz otimo otima perfeito perfeita entendi entendido certo legal show sim combinado ta "
        "oui ja si bene super parfait gut"
    ),
    Courtesy.GREETING: _said(
        "hola holis holi alo buenas buenos buen saludos saludo "
        "hello hi hey hiya howdy morning greetings "
        "ola oi oie bom boa salve "
        "bonjour salut bonsoir ciao salve hallo moin namaste salaam shalom guten buongiorno buonasera"
    ),
    Courtesy.FAREWELL: _said(
        "adios chau chao bye goodbye tchau hasta luego nos vemos abrazo abrazos besos bendiciones cuidese cuidate "
        "ate logo mais abraco abracos beijos later au revoir arrivederci tschuss"
    ),
    Courtesy.THANKS: _said(
        "gracias graciass grax agradezco agradecido agradecida agradecemos amable amables "
        "thanks thank thx ty cheers appreciated appreciate "
        "obrigado obrigada obg brigado brigada valeu vlw agradeco grato grata gratidao "
        "merci danke grazie arigato"
    ),
}
# They stand beside the signs and mean nothing by themselves.
_BESIDE = _said(
    "a al con de del el en es esta este esto la las le les lo los me mi mis muy mucha muchas muchisimas mucho mil "
    "para por que se su sus te todo todos toda todas tan tu un una usted ustedes y ya dia dias tarde tardes noche "
    "noches tal como estan estas va van ahi aqui queda quedo "
    "amigo amiga amigos senor senora senorita estimado estimada estimados equipo gente chicos dios igualmente "
    "igual bendiga pronto manana lindo linda feliz semana fin "
    "all and are day afternoon evening night for got have how i is it its much my of so sir madam team "
    "that the there this to very was well what whats up you your lot bunch everyone guys folks again been "
    "ao aos as com da das do dos e esse essa eu isso meu minha muito muita na nos o os pela pelo pra pro sua seu "
    "tudo bem voce voces noite tarde otima "
    "vous tres beaucoup bien vielen dank tag morgen abend giorno tutti mille"
)
# They ask or refuse, unless they stand beside thanks: "gracias por la ayuda" and "no, gracias", but "hola, ayuda".
_BESIDE_THANKS = _said(
    "no nao not atencion ayuda informacion info respuesta rapida rapido help information answer reply resposta ajuda "
    "atendimento"
)
# A question mark asks for something, except after the questions that greet.
_GREETING_QUESTION = re.compile(
    r"(?:que tal|como (?:le |te )?(?:estan?|estas|va|vai|anda[ns]?)|how are you(?: all| guys)?(?: doing)?|whats up|"
    r"how is it going|hows it going|tudo bem|tudo bom|como vai(?: voce)?|beleza|hay alguien|alguien ahi|"
    r"is anyone there|anyone there|tem alguem(?: ai)?|alguem ai)$"
)


def courtesy_of(text: str) -> Courtesy | None:
    """What kind of courtesy a customer's messages are, taken together; None if they may say anything more."""
    if len(text) > _LONGEST or any(emoji in text for emoji in _UNHAPPY):
        return None
    kinds: set[Courtesy] = set()
    thanked_for = False
    for part in re.split(r"(?<=[?!.\n])", text):
        said = words(part)
        if "?" in part:
            if not _greets(said):
                return None
            kinds.add(Courtesy.GREETING)
            continue
        for word in said:
            kind = _kind_of(word)
            if kind is None and _short(word) not in _BESIDE | _BESIDE_THANKS:
                return None
            thanked_for = thanked_for or _short(word) in _BESIDE_THANKS
            if kind is not None:
                kinds.add(kind)
    if thanked_for and Courtesy.THANKS not in kinds:
        return None
    if kinds:
        return max(kinds, key=list(_SIGNS).index)
    return Courtesy.ACKNOWLEDGEMENT if not words(text) and any(map(_is_emoji, text)) else None


def _greets(question: list[str]) -> bool:
    """Whether a question only greets: "¿cómo están?", or a greeting word by word, as in "hola?"."""
    if _GREETING_QUESTION.search(" ".join(question)):
        return True
    return bool(question) and all(_kind_of(word) is Courtesy.GREETING for word in question)


def _is_emoji(character: str) -> bool:
    return unicodedata.category(character) == "So"


def _short(word: str) -> str:
    """A word without letters drawn out: "holaaa" is "hola"."""
    return _DRAWN.sub(r"\1", word)


def _kind_of(word: str) -> Courtesy | None:
    if _LAUGH.fullmatch(word):
        return Courtesy.ACKNOWLEDGEMENT
    return next((kind for kind, signs in reversed(_SIGNS.items()) if _short(word) in signs), None)


# None of them asks: an "ok" to a question is an answer, an "ok" to these is not.
_RETURNED = {
    Courtesy.GREETING: Localised(
        es="¡Hola! Cuéntenos en qué podemos ayudarle.",
        en="Hello! Tell us how we can help you.",
        pt="Olá! Conte como podemos ajudar.",
    ),
    Courtesy.THANKS: Localised(
        es="¡Con gusto! Si necesita algo más, aquí estamos.",
        en="You're welcome! If you need anything else, just write.",
        pt="Por nada! Se precisar de algo mais, é só escrever.",
    ),
    Courtesy.FAREWELL: Localised(
        es="¡Hasta luego! Gracias por escribirnos.",
        en="Goodbye, and thank you for writing.",
        pt="Até logo! Obrigado por escrever.",
    ),
}


def returned(courtesy: Courtesy, language: LanguageCode) -> str | None:
    """The words that return a courtesy; None where it is left in peace."""
    words = _RETURNED.get(courtesy)
    return words.in_language(language) if words else None
