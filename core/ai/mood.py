"""When a customer is too upset for a bot: strong words at once, or a second unhappy message in a row."""

from __future__ import annotations

# Said in full anger and hardly ever otherwise. Words that also describe goods or prices ("ridículo", "sick",
# "absurdo") are left to the model's own reading of the sentiment.
STRONG_WORDS = (
    "son unos estafadores",
    "esto es una estafa",
    "son unos ladrones",
    "es una vergüenza",
    "indignante",
    "inaceptable",
    "estoy harto",
    "estoy furioso",
    "estoy indignado",
    "una mierda",
    "me tomaron el pelo",
    "me están tomando el pelo",
    "los voy a denunciar",
    "son unos inútiles",
    "incompetentes",
    "you are scammers",
    "this is a scam",
    "you are thieves",
    "unacceptable",
    "outrageous",
    "furious",
    "fed up",
    "disgusting service",
    "worst service",
    "bullshit",
    "you are useless",
    "I will sue you",
    "vocês são golpistas",
    "isso é um golpe",
    "vocês são ladrões",
    "é uma vergonha",
    "inaceitável",
    "uma merda",
    "uma palhaçada",
    "estou furioso",
    "estou cansado de esperar",
    "vou processar vocês",
    "incompetência",
)
NEGATIVE = "negative"


def stays_negative(before: str | None, now: str) -> bool:
    """Whether the customer was unhappy at the bot's last reply and still is."""
    return before == now == NEGATIVE
