"""Concessions that a text names without an amount: something for free, a part of the price, more for the price of less.

Patterns are of Spanish, English and Portuguese, with the commonest forms of Italian, French and German, and are read in
folded text. Idioms that look like a concession ("sugar-free", "papel de regalo") are removed first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from core.text.normalize import fold

FREE = "free"
_AT_COST = "at cost"
# What is conceded, in whatever words: nothing to pay, the cost price, a part of the price off, or so many for fewer.
Kind = str | Fraction | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Concession:
    """A concession as written, and its kind."""

    written: str
    kind: Kind


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{pattern})" for pattern in patterns))


_PAYERS = r"client|hospede|huesped|alumn|aluno|pacient|compr|usted|voce|guest|visit"
_DAYS = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|january|february|march|april|may\b|june|july|august|september|october|"
    r"november|december|the \d|\d"
)
_INNOCENT = _any(
    # "free" that is not about money: without, unoccupied, available, to release
    r"feel free\b|\w+-free\b|free-\w+|hands? free\b",
    r"(?:sugar|gluten|lactose|dairy|nut|fat|alcohol|caffeine|lead|smoke|pain|stress|allergen|wheat|fragrance) free\b",
    r"\w+ free (?=(?:zone|area|diet|food|milk|product|formula|option|menu|cake|bread|version|shampoo)s?\b)",
    r"free (?:to|up|the|him|her|them|at|before|after|from|between|around|next)\b|free of (?!charge|cost)",
    rf"free (?:in|on) (?:{_DAYS})",
    r"free (?:room|table|slot|seat|spot|chair|bed|line|place|hour|time|period|day|evening|afternoon|morning|hand|kick|"
    r"will|weight|trade|end|fall|speech|style|form|spirit|throw|flow|movement|radical|space)s?\b(?! upgrades?\b)",
    r"(?:you|we|i|he|she|they|who|line|room|table|slot|seat|chair|bed|agenda|calendar|\w+(?:ist|er|or|ian|ic))"
    r"(?:'re|'s|'m| (?:is|are|am|was|will be|won't be|be)) free\b",
    r"(?:are|is) (?:\w+\.? ){1,3}free\b[^.;!?]{0,30}\?",
    r"(?:set|let|break|pull|cut)s? (?:\w+ ){0,3}free\b",
    r"(?:is|are|be|was) (?!(?:\w+ly|now|also|always|all|not|still|yours|for|both|even|just|then) )\w+ free\b",
    r"no charge left\b|on the house (?:next|at|in|on|of|door|wall|opposite)\b",
    # Presents that are goods, courtesies that are politeness, bills that the customer pays
    r"(?:papel|tarjetas?|vales?|cajas?|bolsas?|tiendas?|cupon(?:es)?|cheques?|bonos?|cestas?|canastas?|listas?|"
    r"articulos?|envoltorios?|envoltura) de regalos?\b",
    r"(?:llamadas?|visitas?|formulas?|trato|carta) de cortesia\b|chei[ao]s? de graca\b",
    rf"por (?:cuenta|conta) (?:del?|de la|d[ao]s?) (?:{_PAYERS})\w*",
)
_TO_PAY = r"mensual|mensal|matricula|inscri|entrada|cuota|taxa|propina"
_FREE = _any(
    # Words of their own
    r"gratis\b|gratuit(?:[oaei]?s?|amente|amento|ement)\b|kostenlos|kostenfrei|umsonst\b|geschenkt\b",
    r"free\b|complimentary\b|freebies?\b|waiv(?:e|es|ed|ing)\b",
    # Without cost
    r"(?:sin|sem|senza|sans|ohne) (?:(?:ningun|nenhum|alcun|aucun) )?"
    r"(?:costos?|costes?|cargos?|custos?|costi|spese|frais|kosten)\b",
    r"(?:sin|sem|senza|sans) (?:que )?(?:\w+ ){0,2}?pag\w+",
    r"(?:cero|zero) (?:cost|cust|peso|euro|dollar|dolar|reais|sol)",
    r"no (?:tiene|lleva|tendra|genera) (?:ningun )?(?:costo|coste|cargo)\b|nao tem (?:nenhum )?custo\b",
    r"(?:no|without|zero)(?: extra| additional| added| further)? (?:cost|charge|fee)s?\b",
    rf"(?:exent|isent)[oa]s? de (?:pag|cargo|cost|cust|mensal|{_TO_PAY})",
    # Nothing to pay
    r"(?:cobr|cuest|cost|cust|pag|deb|dev)\w* nada\b(?! (?:de|mas|mais)\b)|kostet nichts\b|non costa nulla\b",
    r"(?:costs?|pays?|owes?|charges?|charging)(?: you| us)?(?: absolutely)? nothing\b|for nothing\b",
    r"(?:won't|will not|don't|do not|not going to|never) charge(?: you)? (?:for|anything|a)\b",
    r"(?:won't|will not|don't|do not|never) (?:(?:have to |need to )?pay|be (?:charged|billed))\b",
    r"(?:no|nao|non) (?:(?:te|le|les|os|lhe|lhes) )?(?:vamos a |vamos )?cobr\w+ "
    r"(?:el|la|los|las|por|ningun\w*|nenhum\w*|a|o|as|os|pel[ao]s?)\b",
    r"(?:no|nao) (?:te|le|les|os|lhe|lhes|se)(?: l[oa]s?)? cobr\w+\b(?<!se cobra)"
    r"(?! (?:todavia|aun|ahora|antes|hasta|ainda))",
    rf"(?:no|nao) paga(?:s|n|m|ras?|ran)?\b(?=\s*(?:[.,;:!?)]|$)| (?:la |el |a |o )?(?:{_TO_PAY}))",
    # Somebody else pays
    r"por (?:nuestra|nossa|minha|mi) (?:propia )?(?:cuenta|conta)\b|por (?:cuenta|conta) d(?:e la|a) casa\b",
    r"(?:corre|va|sale|sai|fica|queda|es|e)\w* (?:por|a) (?:cuenta|conta|cargo) (?:del?|de la|d[ao]s?|nuestr[oa])\b",
    r"la casa (?:\w{2,3} )?(?:invita|regala|obsequia)|(?:invita|pone|va por|corre por) la casa\b",
    r"(?:te|le|les|os) invit(?:amos|o) (?:el|la|los|las|un|una)\b",
    r"on the house\b|(?:is|are|be|goes|comes|it's|that's) on (?:us|me)\b(?! to\b)|gift from us\b",
    r"(?:our|my) (?:treat|gift)\b|(?:we|i)(?:'ll|'d| will| can| could)?(?: also)? throw in\b|thrown in\b",
    r"offert[oaie] (?:dalla casa|da noi)\b|offre la casa\b|est offerte?s?\b(?! (?:en|aux?|par|a|dans)\b)",
    r"aufs haus\b|auf uns(?:ere kosten)?\b",
    # Gifts
    r"de (?:regalo|obsequio|yapa|napa|cortesia|brinde|graca)\b|la (?:yapa|napa)\b",
    r"(?:es|e|son|sao|una?|uma|como) (?:una? |uma? )?(?:cortesia|regalo|obsequio|brinde|oferta)\b"
    r"(?= (?:de |d[ao]s? |nuestr|noss|para (?:usted|ti|voce))|\s*[.,;!]|$)",
    r"(?:regal|obsequi|bonific|condon|exoner)a(?:mos|remos)\b",
    r"(?:te|le|les|os|lhe|lhes) (?:regal|obsequi|bonific|condon|perdon|exoner)\w+",
    r"(?:damos|dou|leva|recebe|ganha|oferecemos)\b[^.;!?]{0,40}? de oferta\b|(?:in|como) (?:regalo|omaggio|cadeau)\b",
)

_PRICE = r"(?:precio|preco|price|prezzo|prix|preis|costo|tarifa|valor|value|rate)"
_HALF = _any(
    rf"mitad de(?:l| su| el)? {_PRICE}|metade d[oe] {_PRICE}|half(?:[- ](?:the|of the|its))?[- ]{_PRICE}\b",
    rf"meta(?: del)? {_PRICE}|moitie(?: du)? {_PRICE}|halben? {_PRICE}|medio precio\b|half off\b",
    r"(?:a la mitad|pela metade|for half|at half)(?=\s*(?:[.,;:!]|$))",
    r"(?:cuesta|sale|vale|queda|pagas?|cobr\w+|custa|sai|fica) (?:solo |apenas )?(?:a |por )?l?a (?:mitad|metade)\b",
)
_PARTS = {
    Fraction(1, 2): "mitad|metade|half|meta|moitie|halfte",
    Fraction(1, 3): "tercio|tercera parte|terco|terca parte|third|terzo|tiers|drittel",
    Fraction(1, 4): "cuarta parte|quarta parte|un quarto|quarter|quart|viertel",
}
_LESS = r"off|less|cheaper|discount|de (?:descuento|desconto|rebaja)|menos|mas barat[oa]|mais barat[oa]|di sconto"
_SAVING = r"(?:slash|cut|lower|baj|reduz|descont|descuent|ahorr|rebaj|knock|save|poup|reduc|risparmi)\w*|tak(?:e|ing)\b"
_LESS_BY = {
    part: _any(
        rf"(?:{names})(?: \w+){{0,2}}? (?:{_LESS})\b",
        rf"(?:{_SAVING})(?: \w+){{0,4}}? (?:{names})\b(?! (?:past|to|an hour|hour|of an hour))",
    )
    for part, names in _PARTS.items()
}
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Fraction(1, 2), _HALF),
    *_LESS_BY.items(),
    (_AT_COST, _any(r"(?:precio|preco) de (?:coste?o?|custo)\b", r"at cost\b", r"cost price\b", r"al costo\b")),
    (FREE, _FREE),
)

_NUMBERS = {
    word: count
    for count, names in enumerate(
        (
            "1 un uno una um uma one ein eine eins une",
            "2 dos dois duas two due deux zwei second",
            "3 tres three tre trois drei third",
            "4 cuatro quatro four quattro quatre vier",
            "5 cinco five cinque cinq funf",
            "6 seis six sei sechs",
        ),
        start=1,
    )
    for word in names.split()
}
_N = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_THEN = r"(?: [^\W\d]+){0,3}?,?(?: (?:y|e|and|et|und))?(?: te| se)? "
_TAKE = r"(?:llev|lev|compr|pid|prend|take|buy|stay|get|receb|nimm)\w*"
_LENGTHS = r"(?:m|mts?|metros?|cm|mm|pulgadas|in|ft|metres?|meters?|horas?|hours?|dias?|days?)"
_BUNDLES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?P<take>{_N}) ?(?:x|por|for) ?(?P<pay>{_N})\b(?![.,]\d| ?{_LENGTHS}\b)",
        rf"\b(?P<take>{_N})(?: [^\W\d]+){{0,3}}? (?:por el|por|al|for the|pelo|ao|pour le|zum) {_PRICE}"
        rf" (?:de|of|di|von) (?P<pay>{_N})\b",
        rf"\b{_TAKE} (?P<take>{_N}){_THEN}(?:solo |only )?(?:pag|pay|zahl)\w*(?: for| por)? (?P<pay>{_N})\b",
        rf"\bpa[gy]\w*(?: for| por)? (?P<pay>{_N}){_THEN}{_TAKE} (?P<take>{_N})\b",
        rf"\b(?:compr|buy)\w* (?P<pay>{_N}){_THEN}(?:llev|lev|tak)\w* (?P<take>{_N})\b",
        rf"\bbuy (?P<pay>{_N}){_THEN}get (?:the |a )?(?P<more>{_N})\b(?: (?:one )?free)?",
        r"\b(?:bogo\b|1 ?\+ ?1\b)",
    )
)


def concessions(text: str) -> Iterator[Concession]:
    """Yield the concessions of a text, each kind once."""
    folded = fold(text.replace("’", "'"))
    left = _INNOCENT.sub(lambda found: " " * len(found[0]), folded)

    def written(found: re.Match[str]) -> str:
        return text[slice(*found.span())] if len(text) == len(folded) else found[0]

    for pattern in _BUNDLES:
        for found in pattern.finditer(left):
            if (pair := _pair(found.groupdict())) is not None:
                yield Concession(written(found), pair)
                # Its "one free" is no concession of its own.
                left = left[: found.start()] + " " * len(found[0]) + left[found.end() :]
    seen: set[Kind] = set()
    for kind, pattern in _PATTERNS:
        if kind not in seen and (match := pattern.search(left)):
            seen.add(kind)
            yield Concession(written(match), kind)


def _pair(named: Mapping[str, str | None]) -> tuple[int, int] | None:
    """Return how many are taken and how many paid; None if that is no gain."""
    pay, take, more = (_NUMBERS.get(named.get(name) or "") for name in ("pay", "take", "more"))
    if pay is None:
        return 2, 1  # BOGO
    if more is not None:  # "buy two, get one", "buy two, get the third"
        take = more if more > pay else pay + more
    return (take, pay) if take is not None and take > pay else None
