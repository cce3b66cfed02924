"""Replies to a greeting, thanks or a farewell."""

from __future__ import annotations

from core.bots.settings import Localised
from core.text.courtesy import Courtesy
from core.text.normalize import LanguageCode

# None of them asks: an "ok" after a question is an answer, an "ok" after these is not.
_REPLIES = {
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


def courtesy_reply(courtesy: Courtesy, language: LanguageCode) -> str | None:
    """Return the reply to a courtesy; None if it gets no reply."""
    words = _REPLIES.get(courtesy)
    return words.in_language(language) if words else None
