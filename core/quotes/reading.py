"""Reads an order in Spanish, English or Portuguese without a model: what is wanted, how much of it, in which unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile

from core.ai.text import LanguageCode, fold, guess_language, stem, words
from core.quotes.numbers import PIECE, UNITS, Quantity, hour_at, quantity_at


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that somebody wants.

    `words` name it as written. `quantity` is None where none was said; `article` tells of a mere "una". `raw` is the
    whole of it with its number, and `joint` what stands between it and the one before: together they can turn out
    to be one name ("pan y queso", "iPhone 15"). `stray` marks words before any sign that something is wanted.
    """

    words: str
    quantity: Decimal | None
    unit: str = PIECE
    article: bool = False
    raw: str = ""
    joint: str = ""
    stray: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a text asks for. `wish`: it says so ("quiero"). `price`: it asks what that costs. `rest`: there is more."""

    lines: tuple[Wanted, ...]
    wish: bool
    price: bool
    rest: bool


NOTHING = Order((), wish=False, price=False, rest=False)

_WISHES = frozenset(
    words(
        "quiero queremos quisiera quisieramos querria deseo deseamos necesito necesitamos dame deme denos danos ponme "
        "pongame mandame mandeme enviame envieme traeme traigame comprar compro pedir pido encargar encargo ordenar "
        "ordeno cotizar cotizame coticeme cotizacion presupuesto presupuestar llevo llevamos llevar apartame apartar "
        "reservame das da pon manda envia trae vendeme regalame antojan pedido agregame agregue anademe anada sumame "
        "quero queremos queria gostaria preciso precisamos desejo mande manda envie ve comprar pedir encomendar "
        "encomenda orcamento cotacao levo levar vou vai reservar pedido adicione acrescente "
        "want wanna need like order buy get take give send purchase quote add"
    )
)
# With a quantity these ask for a quote, without one for a price.
_PRICES = frozenset(
    words(
        "cuanto cuanta cuestan cuesta sale salen saldria valen vale seria serian quanto custa custam fica ficam sai "
        "saem how much cost costs price precio precios preco precos"
    )
)
_LEADS = (
    _WISHES
    | _PRICES
    | frozenset(
        words(
            "hola buenas buenos buen dia dias tardes noches que tal disculpe disculpa perdon mira mire oye oiga por "
            "favor porfa gracias ya me nos te le les se lo el la los las al de del para mi mis ahi con a en es "
            "son si claro vale ok tambien ademas y e tan solo solamente hacer hagan hago haga una voy vamos puede "
            "puedes podria podrias pueden podrian gustaria ser buscando que mandes mande envies envie traigas des "
            "oi ola bom boa tarde noite tudo bem por favor obrigado obrigada eu o os as um do da dos das no na ao pra "
            "pro meu minha fazer pode poderia poderiam tambem alem sim so apenas gostava seria "
            "hi hello hey good morning afternoon evening please thanks thank you i we would could can may to for my "
            "the sku of some us just also plus and id we'd i'd i'll ill is are it be make let's lets yes ok okay then "
            "do placing place up have you"
        )
    )
) - {"una", "um"}
_TAILS = frozenset(
    words(
        "por favor porfa porfavor porfis gracias please pls plz thanks thank thx you obrigado obrigada mas tambien "
        "tambem also too para hoy ahora ya nomas hoje agora today now llevar levar viagem go entrega no ok si sim "
        "cada each cuanto quanto seria serian es e sale salen fica cuesta cuestan custa custam quiero quisiera "
        "necesito quero preciso want need"
    )
)
_AFTER_SIZE = frozenset(words("talla talle size tamano tamanho numero num nro modelo model ref referencia codigo n no"))
_CHOOSING = frozenset(words("opcion option opcao que sean sejam seran the el la o a"))
_AND = frozenset({"y", "e", "and", "plus", "mas"})
_DENIALS = frozenset(words("no not don't didn't doesn't never nunca nao nem tampoco sin without sem"))
# What was bought already is no order: it came broken, it never came, it goes back.
_OVER = frozenset(
    words(
        "compre compramos pedi pedimos encargue recibi recibimos llego llegaron vino vinieron trajeron enviaron "
        "mandaron devolver devolucion devuelvo cambiar cambio reclamar reclamo roto rota rotos rotas "
        "comprei compramos recebi recebemos chegou chegaram veio vieram trocar troca devolucao quebrado quebrada "
        "bought ordered received arrived came return exchange refund broken sent cancelar cancel"
    )
)
# What a sentence begins with that asks for something else than goods: "¿cuándo llega mi pedido 448?".
_ASKING = frozenset(
    words(
        "cuando como donde quien quienes cual cuales porque quando onde quem qual quais "
        "what when where why who which how does did"
    )
)
_SUGGESTING = frozenset(words("about si sea"))  # "what about 3 mugs", "como si fueran 3"
_TOKEN = re.compile(
    r"\d{1,3}/\d{1,3}(?!\d)|\d+(?:[.,]\d+)+[^\W\d_]*|\d+[^\W_]*|[½¼¾]|[^\W\d_][^\W_]*(?:['’][^\W_]+)*|\n|[^\s\w]"
)
_TIMES = re.compile(r"(?:[x×](\d{1,6})|(\d{1,6})[x×])")
_SENTENCE_ENDS = frozenset(".!?¿¡…")
_BREAKS = frozenset(",;\n+&•*-–—/|·")
_LONGEST = 4000  # characters: no order is longer, and nobody shall keep the reader busy


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    key: str
    start: int
    end: int
    glued: bool  # by a hyphen to the one before


def read_order(text: str, language: LanguageCode | None = None) -> Order:
    """The lines of an order, in the order they were said. A text that is none has no lines."""
    text = text[:_LONGEST]
    tokens = _tokens(text)
    keys = [token.key for token in tokens]
    if _is_over(keys):
        return NOTHING
    reader = _Reader(text, tokens, language or guess_language(text))
    reader.walk()
    said = frozenset(keys)
    return Order(tuple(reader.lines), bool(said & _WISHES), bool(said & _PRICES), reader.rest)


def _is_over(keys: Sequence[str]) -> bool:
    if any(key in _OVER for key in keys):
        return True
    return any(key in _DENIALS and _wishes_next(keys[at + 1 : at + 4]) for at, key in enumerate(keys))


def _wishes_next(keys: Sequence[str]) -> bool:
    """Whether a wish follows a "no": "no quiero", "ya no lo necesito". "No, quiero 3" denies something else."""
    for key in keys:
        if key in _WISHES:
            return True
        if key in _BREAKS or key in _SENTENCE_ENDS:
            return False
    return False


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    joined = False
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match[0] in "-/" and start > 0 and end < len(text) and text[start - 1].isalnum() and text[end].isalnum():
            joined = True
            continue
        key = match[0] if match[0] in "½¼¾" else fold(match[0]).replace("'", "").replace("’", "")
        found.append(_Token(match[0], key, start, end, joined))
        joined = False
    return found


@dataclass(slots=True)
class _Reader:
    """Walks the tokens once; a line is open from its first word or number to the next break."""

    text: str
    tokens: Sequence[_Token]
    language: LanguageCode
    lines: list[Wanted] = field(default_factory=list)
    rest: bool = False
    _wished: bool = False
    _quantity: Quantity | None = None
    _begins: int = -1  # the first token of the open line, its number included
    _words: list[_Token] = field(default_factory=list)
    _closed_at: int = 0

    def walk(self) -> None:
        at = 0
        while at < len(self.tokens):
            at += self._question(at) or self._step(at)
        self._close()

    def _question(self, at: int) -> int:
        """How many tokens a sentence takes that begins at `at` and asks something; 0 where none does.

        One that asks for a price may name an amount, and is an order then.
        """
        if at and self.tokens[at - 1].key not in _SENTENCE_ENDS and self.tokens[at - 1].key != "\n":
            return 0
        sentence = list(takewhile(lambda token: token.key not in _SENTENCE_ENDS, self.tokens[at:]))
        keys = [token.key for token in sentence]
        begins = next((place for place, key in enumerate(keys) if key == "how" or key not in _LEADS), len(keys))
        if begins == len(keys) or keys[begins] not in _ASKING or not _PRICES.isdisjoint(keys[begins + 1 :]):
            return 0
        following = keys[begins + 1 : begins + 13]
        if not following or following[0] in _SUGGESTING or quantity_at(following, self.language) is not None:
            return 0
        self._close()
        self.rest = True
        return len(sentence)

    def _step(self, at: int) -> int:
        """Take in what stands at `at`; returns how many tokens that were."""
        token = self.tokens[at]
        if token.key in _SENTENCE_ENDS:
            self._close()
            self._wished = False
            return 1
        if token.text in _BREAKS or (token.key in _AND and self._begins >= 0):
            self._close()
            return 1
        if times := self._times(at):
            return self._take(at, *times)
        if not token.glued and not (at and self.tokens[at - 1].key in _AFTER_SIZE):
            # "dos" is "of the" in Portuguese, but nothing begins with that.
            begins = token.key == "dos" and not self._words and self._quantity is None
            spoken = "es" if begins else self.language
            quantity = quantity_at([one.key for one in self.tokens[at : at + 12]], spoken)
            if quantity is not None and (hour := hour_at([one.key for one in self.tokens], at)):
                return hour
            if quantity is not None:
                return self._take(at, quantity, quantity.length)
        if token.text[0].isalnum():
            self._add(at)
        return 1

    def _times(self, at: int) -> tuple[Quantity, int] | None:
        """ "x3", "3x", "x 3" and "(3)"."""
        if found := _TIMES.fullmatch(self.tokens[at].key):
            return Quantity(Decimal(found[1] or found[2]), PIECE, 1), 1
        following = self.tokens[at + 1 : at + 3]
        if self.tokens[at].key in ("x", "×", "(", ":") and following and following[0].key.isdigit():
            closes = len(following) > 1 and following[1].key == ")"
            if self.tokens[at].key in ("x", "×") or closes or (self._words and self._ends(at + 2)):
                return Quantity(Decimal(following[0].key[:7]), PIECE, 1), 2 + closes
        return None

    def _ends(self, at: int) -> bool:
        """Whether a line would end at `at`: nothing but courtesy before the next break."""
        for token in self.tokens[at:]:
            if token.text in _BREAKS or token.key in _SENTENCE_ENDS or token.key in _AND:
                return True
            if token.key not in _TAILS:
                return False
        return True

    def _take(self, at: int, quantity: Quantity, length: int) -> int:
        """A quantity: it begins a line, belongs to the one before it, or is part of a name."""
        if self._words:
            follows = not self._ends(at + length)
            if quantity.article or (self._quantity is not None and (quantity.unit or not follows)):
                self._words += self.tokens[at : at + length]
                return length
            if not follows:
                self._quantity = quantity
                self._close(up_to=at + length)
                return length
            self.rest = self.rest or self._quantity is None
            self._close(keep=self._quantity is not None)
        elif self._quantity is not None and not self._quantity.article:
            self._words += self.tokens[at : at + length]
            return length
        self._quantity = quantity
        self._begins = at
        self._wished = self._wished or not quantity.article
        return length

    def _add(self, at: int) -> None:
        token = self.tokens[at]
        if not self._words:
            if self._quantity is not None and token.key in ("x", "×"):  # "3 x camisas"
                return
            self._wished = self._wished or token.key in _WISHES or token.key in _PRICES
            if token.key in _LEADS and not (self._quantity and token.key in _WISHES):
                return
        if self._begins < 0:
            self._begins = at
        self._words.append(token)

    def _close(self, *, up_to: int | None = None, keep: bool = True) -> None:
        named = list(self._words)
        while named and named[-1].key in _TAILS:
            named.pop()
        if named and keep:
            start = self.tokens[self._begins].start
            end = self.tokens[up_to - 1].end if up_to else named[-1].end
            quantity = self._quantity
            self.lines.append(
                Wanted(
                    words=self.text[named[0].start : named[-1].end],
                    quantity=quantity.amount if quantity else None,
                    unit=quantity.unit if quantity else PIECE,
                    article=bool(quantity and quantity.article),
                    raw=self.text[start:end],
                    joint=self.text[self._closed_at : start] if self.lines else "",
                    stray=not self._wished and quantity is None,
                )
            )
            self._closed_at = end
        elif self._quantity is not None and not self._quantity.article:
            self.rest = True  # a number of nothing
        self._quantity, self._begins, self._words = None, -1, []


def plural(words_said: str) -> bool:
    """Whether the thing named is several of them, by its first word that is no article."""
    said = [word for word in words(words_said) if word not in _LEADS and word not in UNITS]
    return bool(said) and len(said[0]) > 3 and said[0].endswith("s") and stem(said[0]) != said[0]


def bare_quantity(text: str, language: LanguageCode) -> Quantity | None:
    """The quantity that is all a text says but for courtesy: "3", "que sean tres", "2 kilos por favor"."""
    tokens = [token.key for token in _tokens(text[:_LONGEST]) if token.text not in _BREAKS]
    tokens = [key for key in tokens if key not in _SENTENCE_ENDS]
    for at in range(len(tokens)):
        quantity = quantity_at(tokens[at:], language)
        if quantity is not None and not (quantity.article and at + 1 < len(tokens)):
            after = tokens[at + quantity.length :]
            return quantity if all(key in _TAILS or key in _LEADS for key in after) else None
        if tokens[at] not in _LEADS and tokens[at] not in _AFTER_SIZE and tokens[at] not in _CHOOSING:
            return None
    return None
