"""Opt-out and opt-in keywords in Spanish, English and Portuguese."""

from __future__ import annotations

from core.text.normalize import words

STOP_WORDS = frozenset(
    {
        "stop",
        "stop all",
        "stopall",
        "unsubscribe",
        "opt out",
        "optout",
        "baja",
        "dar de baja",
        "darme de baja",
        "dame de baja",
        "alto",
        "parar",
        "sair",
        "descadastrar",
    }
)
START_WORDS = frozenset({"start", "unstop", "alta", "dar de alta", "darme de alta", "reanudar", "voltar"})

# Twilio stops SMS delivery at these by default (Twilio docs, "Support for opt-out keywords"). On WhatsApp the same
# words are everyday answers ("cancel" my order), so they count only where the carrier acts on them anyway.
CARRIER_STOP_WORDS = frozenset({"end", "quit", "cancel", "revoke"})

_MAX_LENGTH = 24  # code points: a longer message is not a single word


def opt_out_of(text: str, *, sms: bool = False) -> bool | None:
    """Return True if the whole message is a stop word, False if it is a start word, else None.

    Ignores case, accents, punctuation and emoji around the words; `sms` adds the carriers' own stop words.
    """
    if len(text) > _MAX_LENGTH:
        return None
    plain = " ".join(words(text))
    if plain in STOP_WORDS or (sms and plain in CARRIER_STOP_WORDS):
        return True
    return False if plain in START_WORDS else None
