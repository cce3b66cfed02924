"""Just enough language for the stand-in model: folded words, stop words, and what customers often ask about."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LANGUAGES = ("es", "en", "pt")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "es": _set("""
        a al algo algun alguna como con cual cuales cuando cuanto cuanta cuantos cuantas de del desde donde el
        ella en es esa ese eso esta estan este esto favor fue gracias ha hasta hay hola la las le les lo los me
        mi mis muy no nos o para pero por porque puede pueden puedo podrian quiero quisiera que se ser si sin
        sobre son su sus tal tambien te tener tengo tiene tienen tienes tu un una uno unos unas usted ustedes y
        ya yo saber mucho mucha muchos muchas adios ahi aqui necesito buenas buenos dias tardes noches hacen
        hace hacer dan dar
    """),
    "en": _set("""
        a about am an and any are as at be been but by can could d do does did for from get give had has have
        hello hey hi how i if in is it its know let like ll long m me much many my need no not of on one or our
        please s so some tell thank thanks that the their them there they this to us very want was we what when
        where which who good bye goodbye morning afternoon evening will with would you your re there's what's i'm would
        t don r u ur til
    """),
    "pt": _set("""
        a ao aos ai aqui tchau as algum alguma com como da das de do dos e ela ele em es essa esse esta este eu
        favor foi ha
        isso isto ja la lhe mais mas me meu minha muito na nas nao no nos o oi ola os ou para pela pelo por
        porque posso pode podem qual quais quando quanto quantos que quero queria se sem ser seu sua sao sim
        sobre tem ter tenho tudo um uma uns umas voce voces obrigado obrigada gostaria saber preciso onde fica
        ficam fazem bom boa dia tarde noite
    """),
}
# Small words that still name a subject.
_TELLING = frozenset({"donde", "onde", "where", "cuanto", "quanto"})
ALL_STOP_WORDS = frozenset().union(*STOP_WORDS.values()) - _TELLING

# One line per subject: its name in es, en, pt, then the folded word beginnings that speak of it.
_SUBJECTS: tuple[tuple[tuple[str, str, str], str], ...] = (
    (
        ("horario", "opening hours", "horário"),
        "horari hora hour open opening abr abier cierr cerr close closing shut fech",
    ),
    (
        ("ubicación", "location", "localização"),
        "donde onde where direcci address enderec ubica location localiz located sucursal calle",
    ),
    (("teléfono", "phone", "telefone"), "telefon phone llamar call ligar"),
    (("sitio web", "website", "site"), "website web sitio site pagina"),
    (("precio", "price", "preço"), "precio prec price cost cuest custa cuanto quanto vale valor tarifa pricing"),
    (("envío", "shipping", "entrega"), "envio envia shipp ship deliver entreg reparto domicilio frete"),
    (("devolución", "returns", "devolução"), "devol return refund reembols cambi exchang troca"),
    (("pago", "payment", "pagamento"), "pago pagar pag payment pay tarjet card efectivo cartao cash pix transferenc"),
    (("garantía", "warranty", "garantia"), "garanti warrant guarantee"),
    (("factura", "invoice", "nota fiscal"), "factur invoice fatura nfe"),
    (("reserva", "booking", "reserva"), "reserv book booking cita turno appointment agend"),
    (("pedido", "order", "pedido"), "pedid order compra rastre track seguim encomenda"),
    (("descuento", "discount", "desconto"), "descuent discount descont promoc oferta cupon coupon cupom"),
    (("talla", "size", "tamanho"), "talla size tamanh medida"),
    (("plazo", "time it takes", "prazo"), "plazo prazo tarda demor arriv llega chega duration"),
    (("cambio de datos", "change of details", "mudança de dados"), "amend"),
    (("empleo", "jobs", "emprego"), "trabaj empleo vacant cv curricul job hiring empreg"),
    (("cancelación", "cancellation", "cancelamento"), "cancel anula"),
    (
        ("problema", "problem", "problema"),
        "problem damag broke wrong missing lost faulty danad rompi rota roto quebr errad equivoc fallad defect defeit "
        "perdi extravi",
    ),
    (("inventario", "stock", "estoque"), "stock inventari estoque disponib availab existenci"),
)
# Things that shops sell and speak of: the beginnings of their words in the three languages, a line each.
_THINGS = """
    cafe coffee
    cafeter coffeemak machine maquin
    filtr filter
    papel paper
    limp clean lav wash
    zapat shoe sapat zapatill sneaker tenis
    camis shirt camiset
    pantal trouser pants calc
    vestid dress
    bolso bag bolsa mochil backpack
    bater battery
    carg charg carreg
    cable cabo
    pantall screen tela
    color colour cor
    talle
    roj red vermelh
    azul blue
    negr black preto
    blanc white branco
    verde green
    agua water
    taza cup mug xicar
    molid ground moid
    grano bean grao
    dias day diar daily
    seman week
    mes month
    ano year
    gratis free gratuit
    tienda store shop loja
    regal gift present
    dinero money dinheir
    manual guide guia
    usar use using
    rep spare repuest part peca
"""
SUBJECT_NAMES = {f"@{names[1]}": dict(zip(LANGUAGES, names, strict=True)) for names, _ in _SUBJECTS}
_STARTS = sorted(
    [
        *((start, f"@{names[1]}") for names, starts in _SUBJECTS for start in starts.split()),
        *((start, f"~{line.split()[0]}") for line in _THINGS.strip().splitlines() for start in line.split()),
    ],
    key=lambda pair: -len(pair[0]),
)

_WORD = re.compile(r"[^\W_]+")
# What several words say together, and the word that says it: "send it back" is a return, "24 hours" no opening hours.
_CHANGES = r"cambi|modific|chang|mud|alter|troc|corrig|correg|updat|edit"
_OF = r"de|del|la|el|mi|su|the|my|your|o|a|meu|minha|seu|sua|delivery|shipping"
_DETAILS = (
    r"pedidos?|compra|orders?|direccion|domicilio|address|enderecos?|local|fecha|date|data|nombre|name|nome|email"
)
_TOGETHER = (
    (rf"(?:{_CHANGES})\w* (?:(?:{_OF}) ){{0,3}}(?:{_DETAILS})", "amend"),
    (r"(?:send|bring|take|give|mail)(?: \w+){0,2} back|money back", "return"),
    (r"get to (?:you|your)|como (?:llego|llegar|chego|chegar)|directions", "where"),
    (r"how much", "price"),
    (
        r"how (?:long|fast|soon|many days)|[cq]uanto (?:dura|tarda|demora)|cuantos? (?:dias|tiempo)|"
        r"quantos? (?:dias|tempo)|(?:24|48|72) ?(?:h|hours?|horas?)|"
        r"\d+ (?:days?|dias?|weeks?|semanas?|months?|mes(?:es)?|years?|anos?)|working days|dias (?:habiles|uteis)|"
        r"(?:it|that) takes",
        "duration",
    ),
)
_PHRASES = tuple((re.compile(rf"\b(?:{pattern})\b"), word) for pattern, word in _TOGETHER)


def fold(text: str) -> str:
    """Lower case without accents."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


@lru_cache(maxsize=20_000)
def _meaning(word: str) -> str:
    """A subject's mark (as @price), or the word's beginning: enough to join singular and plural."""
    for start, subject in _STARTS:
        if word.startswith(start) and (len(start) > 3 or len(word) <= len(start) + 4):
            return subject
    return word[:6] if len(word) > 6 else word.rstrip("s") if len(word) > 3 else word


def words(text: str) -> list[str]:
    """Return the words, lower-case and without accents."""
    return _WORD.findall(fold(text))


def tokens(text: str) -> list[str]:
    """What a text is about, in order: subjects and content words."""
    folded = fold(text)
    for pattern, word in _PHRASES:
        folded = pattern.sub(word, folded)
    return [_meaning(word) for word in words(folded) if word not in ALL_STOP_WORDS]


def language_of(text: str) -> str | None:
    """es, en or pt by its small words; None when there is nothing to go by."""
    given = set(words(text))
    marks = {
        "es": ("¿", "¡", "ñ"),
        "pt": ("ã", "õ", "ç", "ê"),
        "en": ("'m", "'s", "n't"),
    }
    lowered = text.lower()
    scores = {
        language: len(given & STOP_WORDS[language]) + 2 * any(mark in lowered for mark in marks[language])
        for language in LANGUAGES
    }
    best = max(scores.values())
    leaders = [language for language, score in scores.items() if score == best]
    return leaders[0] if best > 0 and (len(leaders) == 1 or best > 1) else None
