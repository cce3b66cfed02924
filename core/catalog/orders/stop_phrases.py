"""Words around an order, folded, in Spanish, English and Portuguese at once."""

from __future__ import annotations

from core.text import stopwords
from core.text.normalize import words
from core.text.stopwords import GREETINGS, PARTICLES

WISHES = stopwords.WISHES | frozenset(
    words(
        "querria dame deme denos danos ponme pongame mandame mandeme enviame envieme traeme traigame comprar compro "
        "pedir pido encargar encargo ordenar ordeno cotizar cotizame coticeme cotizacion presupuesto presupuestar "
        "llevo llevamos llevar apartame apartar reservame das da pon manda envia trae vendeme regalame antojan pedido "
        "agregame agregue anademe anada sumame mande manda envie ve comprar pedir encomendar encomenda orcamento "
        "cotacao levo levar vou vai reservar pedido adicione acrescente order buy get take give send purchase quote "
        "add"
    )
)
# With a quantity these ask for a quote, without one for a price.
PRICES = frozenset(
    words(
        "cuanto cuanta cuestan cuesta sale salen saldria valen vale seria serian quanto custa custam fica ficam sai "
        "saem how much cost costs price precio precios preco precos"
    )
)

TAILS = frozenset(
    words(
        "por favor porfa porfavor porfis gracias please pls plz thanks thank thx you obrigado obrigada mas tambien "
        "tambem also too para hoy ahora ya nomas hoje agora today now llevar levar viagem go entrega no ok si sim "
        "cada each cuanto quanto seria serian es e sale salen fica cuesta cuestan custa custam quiero quisiera "
        "necesito quero preciso want need"
    )
)
AFTER_SIZE = frozenset(words("talla talle size tamano tamanho numero num nro modelo model ref referencia codigo n no"))
CHOOSING = frozenset(words("opcion option opcao que sean sejam seran the el la o a"))
AND = frozenset({"y", "e", "and", "plus", "mas"})
# Past purchases are no order: it arrived broken, it never arrived, it is returned.
OVER = frozenset(
    words(
        "compre compramos pedi pedimos encargue recibi recibimos llego llegaron vino vinieron trajeron enviaron "
        "mandaron devolver devolucion devuelvo cambiar cambio reclamar reclamo roto rota rotos rotas "
        "comprei compramos recebi recebemos chegou chegaram veio vieram trocar troca devolucao quebrado quebrada "
        "bought ordered received arrived came return exchange refund broken sent cancelar cancel"
    )
)
# First words of a sentence that asks for something other than goods: "¿cuándo llega mi pedido 448?".
ASKING = frozenset(
    words(
        "cuando como donde quien quienes cual cuales porque quando onde quem qual quais "
        "what when where why who which how does did"
    )
)
# What may stand before the first product.
LEADS = (WISHES | PRICES | PARTICLES | GREETINGS) | frozenset(
    words(
        "dia dias tardes noches tal mira mire oye oiga porfa ahi es son si claro vale tambien ademas solo solamente "
        "hacer hagan hago haga voy vamos puede puedes podria podrias pueden podrian gustaria ser buscando mandes "
        "envies traigas des "
        "tarde noite tudo bem no ao fazer pode poderia poderiam tambem alem sim so apenas gostava "
        "morning afternoon evening we would could can may sku just also plus id wed ill is are be make lets yes okay "
        "then placing place up have"
    )
)
SUGGESTING = frozenset(words("about si sea"))  # "what about 3 mugs", "como si fueran 3"
