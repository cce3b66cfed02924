"""Plain-text helpers of the hand-off rules and the retrieval: folding, words, stems, language.

They serve Spanish, English and Portuguese at once, because customers switch language without notice. The stemmer is
deliberately light: both sides of every comparison go through it, so a stem need not be a real root, it only has to be
the same for the forms of one word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import filterfalse
from typing import Literal

LanguageCode = Literal["es", "en", "pt"]

_WORD = re.compile(r"[^\W_]{1,64}")  # a longer run is no word, and is cut
_APOSTROPHES = re.compile(r"(?<=\w)['’](?=\w)")
_ACCENTS = r"[\u0300-\u036f]"  # which a text may write apart from their letter
_SIGN, _DIGIT = rf"[^\W_\u0300-\u036f]{_ACCENTS}*", rf"\d{_ACCENTS}*"
_REST = rf"(?:{_SIGN})*(?:['’]{_ACCENTS}*(?:{_SIGN})+)*"
_TOKEN = re.compile(
    rf"\d{{1,3}}/\d{{1,3}}(?!\d|{_ACCENTS}|['’]\S)|(?:{_DIGIT})+(?:[.,'’](?:{_DIGIT})+)+{_REST}|[½¼¾]"
    rf"|{_SIGN}{_REST}|\n|[^\s\w]"
)
_SENTENCE_END = re.compile(r"[.!?;\n¿¡…]+")

_CLITIC = re.compile(r"^(.{3,}(?:[aei]r|an|en|ando|endo))(?:me|te|se|nos|los|las|les|lo|la|le)$")
_CALL = re.compile(r"^(.{2,}[aei])me$")  # llámame, comuníqueme
_SPELLINGS = (("qu", "c"), ("gu", "g"), ("z", "c"))  # comunique and comunico, pague and pago, cotizo and coticé
_PLURAL_ES = re.compile(r".[aeiou][dlnrxyz]es$")  # flores and redes, but not postres, cables or cafés
_DIPHTHONG_UE = re.compile(r"(?<![qg])ue")
_MIN_STEM_LENGTH = 3
_DOUBLE_END = re.compile(r"([^aeiou\d])\1$")
_ENDING = re.compile(
    r"^(?:(.{4,}?)(?:an|en|am|em)|(.{3,}?)(?:"
    r"aciones|acion|acoes|acao|amientos|amiento|amentos|amento|ations|ation|"
    r"aremos|eremos|iremos|abamos|aste|aron|ieron|ando|iendo|endo|"
    r"ados|adas|idos|idas|ado|ada|ido|ida|amos|emos|imos|aban|aba|aran|aras|arian|aria|ara|are|"
    r"ers|ing|ias|ies|ia|ar|er|ir|ed|as|es|os|ou|ei|oy|a|e|o|s|i"
    r"))$"
)

_MARKS: dict[LanguageCode, re.Pattern[str]] = {"es": re.compile("[ñ¿¡]"), "pt": re.compile("[ãõç]")}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or other sign of a text, from `start` to `end` in it. `key` is the folded word."""

    text: str
    key: str
    start: int
    end: int


def fold(text: str) -> str:
    """Convert to lower case without accents: "¿Cancelación?" becomes "¿cancelacion?". ñ becomes n."""
    if text.isascii():
        return text.lower()
    lowered = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(filterfalse(unicodedata.combining, lowered))


def words(text: str) -> list[str]:
    """Return the folded words and numbers of `text`; "don't" counts as the one word "dont"."""
    return _WORD.findall(_APOSTROPHES.sub("", fold(text)))


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of `text` with their places, its line breaks and its other signs one by one.

    A number keeps its marks and its unit: "1/2", "1.500,50", "3kg".
    """
    for found in _TOKEN.finditer(text):
        key = found[0] if found[0] in "½¼¾" else _APOSTROPHES.sub("", fold(found[0]))
        yield Token(found[0], key, *found.span())


_TELLTALES: dict[LanguageCode, frozenset[str]] = {
    "es": frozenset(
        words(
            "el los las una y con mi es son cuanto cuando donde quiero hola gracias buenas buenos dias tardes noches "
            "necesito tienen hacen puedo hay muy pero estoy del al cual por favor usted ustedes tiene hasta ya su "
            "cuesta hacer llega precio envio tienda abren"
        )
    ),
    "pt": frozenset(
        words(
            "os uma e com meu minha sao quanto quando onde quero ola oi obrigado obrigada boa bom dia tarde noite "
            "preciso tem fazem posso muito mas estou do da dos das ao voce voces nao qual ate sua seu em um "
            "custa fazer chega preco frete loja abrem"
        )
    ),
    "en": frozenset(
        words(
            "the of and in with for my is are how much when where what i want hello hi thanks thank you do does can "
            "please need have your it this that to open need would could there which shipping price"
        )
    ),
}


def sentences(text: str) -> list[list[str]]:
    """Return the words of each sentence. A comma does not end one: "hablar, por favor, con una persona"."""
    return [found for part in _SENTENCE_END.split(text) if (found := words(part))]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a key shared by the usual inflections of a folded word (cancelar, cancelo, cancelación, cancelled)."""
    word = _CALL.sub(r"\1", _CLITIC.sub(r"\1", word))
    word = word.replace("olucion", "olver").replace("olucao", "olver")  # devolución is a form of devolver
    word = _DIPHTHONG_UE.sub("o", word).replace("ie", "e")  # devuelven, quieren
    if word.endswith("y") and not word.endswith("oy"):
        word = f"{word[:-1]}i"
    word = _DOUBLE_END.sub(r"\1", _ENDING.sub(r"\1\2", word))
    for spelled, sound in _SPELLINGS:
        if len(word) > _MIN_STEM_LENGTH and word.endswith(spelled):
            return word.removesuffix(spelled) + sound
    return word


def singular(word: str) -> str:
    """Return the singular of a folded noun: "camisas", "papeles", "botoes"."""
    if word.endswith(("aes", "oes")) and len(word) > 3:  # pães, botões
        return f"{word[:-3]}ao"
    if word.endswith(("ais", "eis")) and len(word) > 4:  # jornais, papéis
        return f"{word[:-2]}l"
    if word.endswith("sses"):  # presses, as the last "s" of press goes too
        return word[:-3]
    if _PLURAL_ES.search(word):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def guess_language(text: str, default: LanguageCode = "es") -> LanguageCode:
    """Return the likeliest of the three languages by their function words; `default` when there is no clear winner."""
    lowered = text.casefold()
    tokens = words(text)
    scores: dict[LanguageCode, int] = {
        language: sum(word in telltales for word in tokens) for language, telltales in _TELLTALES.items()
    }
    for language, mark in _MARKS.items():
        scores[language] += 2 * bool(mark.search(lowered))
    best = max(scores.values())
    leaders = [language for language, score in scores.items() if score == best]
    return leaders[0] if len(leaders) == 1 else default


def visible(text: str) -> str:
    """Return a text as displayed: without zero-width characters, look-alike forms unified."""
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
