"""Match phrases in messages, in any inflection and with synonyms, unless negated.

A phrase matches when its words come in order within one sentence, with fillers and at most two other words between
each. Synonyms count as one word: "hablar con persona" also matches "comuníqueme con un asesor". A phrase in double
quotes matches only word for word. Some matches do not count: negations ("no quiero cancelar"), questions about the
subject ("¿cuál es la política de cancelación?") and other people's managers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from core.text.normalize import sentences, stem, words
from core.text.stopwords import NEGATIONS, PARTICLES, WISHES

# Words a phrase may contain or leave out: "quiero hablar con una persona" matches "hablar con persona".
_FILLERS = PARTICLES | {"favor", "please", "so"}
# Emphasis that is ignored inside a phrase: "un ser humano", "an actual person".
_EMPHASIS = frozenset(words("ser real verdadera verdadero verdade otra otro outra outro actual live proper"))
# Verbs of wanting count as one word, whichever the phrase was written with.
_WISHES = WISHES | frozenset(
    words("voy vamos pretendo pienso prefiero exijo vou prefiro wish would going prefer demand")
)
# With "no" before them these negate the phrase: "no es una emergencia", "no need to cancel".
_DENIABLE = _WISHES | frozenset(
    words(
        "es era fue sea son estoy estamos estaba hace falta necesario hay tengo creo busco "
        "e foi seja sou estou estamos estava necessario ha tenho acho "
        "is its it's was be am im i'm are do did does think"
    )
)
_SELF_DENYING = frozenset(words("isn't wasn't aren't ain't"))
_LARGEST_GAP = 2

_WISH, _PERSON, _SPEAK = "<wish>", "<person>", "<speak>"
# The singular only: several persons are guests, not someone to speak to.
_PERSONS = frozenset(
    words(
        "persona humano humana alguien asesor asesora agente operador operadora ejecutivo ejecutiva representante "
        "encargado encargada responsable pessoa alguem atendente responsavel "
        "person human humans someone somebody anyone anybody agent representative rep advisor operator"
    )
)
_TOPICS = {
    stem(word): key
    for key, group in {
        _SPEAK: "hablar conversar comunicar contactar pasar atender llamar transferir derivar conectar "
        "falar passar chamar contatar talk speak chat transfer connect call contact",
        "<complain>": "quejar queja reclamar reclamo reclamacion reclamacao complain complaint",
        "<cancel>": "cancelar anular cancel",
        "<money>": "dinero plata money dinheiro",
        "<awful>": "pesimo terrible horrible peor malo mala lamentable worst awful bad pessimo ruim",
        "<service>": "servicio atencion service atendimento servico",
        "<patience>": "paciencia patience",
        "<losing>": "perder perdiendo lose losing lost perdendo perdi",
    }.items()
    for word in words(group)
}
# A report of the past or of one's job asks for nothing: "ya hablé con una persona".
_REPORTED = frozenset(
    words(
        "hable hablado hablaron llame llamado llamaron atendio atendieron atendido paso falei falado falou atendeu "
        "chamou spoke spoken talked called manage manages managed managing"
    )
)
_SHORTENED = {"im": "am"}
_TITLES = frozenset(stem(word) for word in words("gerente supervisor manager"))
_OWN = frozenset(words("mi mis nuestro nuestra my our meu minha nosso nossa"))
_POLICIES = frozenset(words("politica politicas policy policies"))
_ASKING = tuple(
    tuple(words(opening))
    for opening in (
        "quién es", "quiénes son", "cómo se llama", "cuál es", "cuáles son", "cuánto tarda", "cuánto demora",
        "cuánto tiempo", "who is", "who's", "what is", "what's", "how long", "quem é", "qual é", "qual a",
        "quanto tempo", "quanto demora",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Phrase:
    written: str
    keys: tuple[str, ...]
    literal: bool  # `keys` are the words themselves, side by side


def find_phrase(messages: Sequence[str], phrases: tuple[str, ...]) -> str | None:
    """Return the first of `phrases`, as written there, that one of the messages contains and means."""
    for message in messages:
        for sentence in sentences(message):
            keys = [_key(word) for word in sentence]
            found = {*sentence, *keys}
            for phrase in _compile(phrases):
                if phrase.keys[0] in found and _says(sentence, keys, phrase):
                    return phrase.written
    return None


@lru_cache(maxsize=64)
def _compile(phrases: tuple[str, ...]) -> tuple[_Phrase, ...]:
    compiled = []
    for written in phrases:
        tokens = words(written)
        literal = written.startswith('"') and written.endswith('"')
        significant = tokens if literal else [word for word in tokens if word not in _FILLERS] or tokens
        if significant:
            compiled.append(_Phrase(written, tuple(significant if literal else map(_key, significant)), literal))
    return tuple(compiled)


def _key(word: str) -> str:
    if word in _WISHES:
        return _WISH
    if word in _PERSONS:
        return _PERSON
    if word in _REPORTED:
        return word
    word = _SHORTENED.get(word, word)
    return _TOPICS.get(stem(word), stem(word))


def _says(sentence: list[str], keys: list[str], phrase: _Phrase) -> bool:
    tokens = sentence if phrase.literal else keys
    starts = (index for index, key in enumerate(tokens) if key == phrase.keys[0])
    return any(
        _follows(sentence, keys, phrase, start)
        and not _denied(sentence, start)
        and not _only_about(sentence, keys, start)
        for start in starts
    )


def _follows(sentence: list[str], keys: list[str], phrase: _Phrase, start: int) -> bool:
    if phrase.literal:
        return tuple(sentence[start : start + len(phrase.keys)]) == phrase.keys
    position = start
    for before, key in pairwise(phrase.keys):
        # "quiero un regalo para una persona" asks for no person: only speaking may be apart from whom to speak to.
        gap = 0 if key == _PERSON and before != _SPEAK else _LARGEST_GAP
        next_position = _next(sentence, keys, key, position + 1, gap)
        if next_position is None:
            return False
        position = next_position
    return True


def _next(sentence: list[str], keys: list[str], key: str, start: int, largest_gap: int) -> int | None:
    """Return the next position of `key`, unless a negator or too many other words are between."""
    gap = 0
    for index in range(start, len(keys)):
        if keys[index] == key:
            return index
        gap += sentence[index] not in _FILLERS and sentence[index] not in _EMPHASIS
        if sentence[index] in NEGATIONS or gap > largest_gap:
            return None
    return None


def _denied(sentence: list[str], start: int) -> bool:
    """Return whether the words before `start` negate the phrase: a negator, then a wish or "is", then the phrase."""
    deniable = sentence[start] in _DENIABLE
    for index in range(start - 1, -1, -1):
        word = sentence[index]
        if word in NEGATIONS:
            # English puts the negator after its verb: "it is not an emergency".
            after_verb = word == "not" and index > 0 and sentence[index - 1] in _DENIABLE
            return deniable or after_verb or word in _SELF_DENYING
        if word in _DENIABLE:
            deniable = True
        elif word not in _FILLERS:
            return False
    return False


def _only_about(sentence: list[str], keys: list[str], start: int) -> bool:
    """Return whether the phrase at `start` is only the subject of a question: who the manager is, what the policy says.

    What is the customer's own is no such question ("¿cuál es el estado de mi cancelación?"), but a customer's own
    manager is nobody to call.
    """
    if start and sentence[start - 1] in _OWN:
        return keys[start] in _TITLES
    if not _POLICIES.isdisjoint(sentence):
        return True
    before = sentence[:start]
    return any(
        tuple(before[place : place + len(opening)]) == opening for opening in _ASKING for place in range(len(before))
    )
