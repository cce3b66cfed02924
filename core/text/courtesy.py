"""Recognise messages that ask for nothing: a greeting, thanks, a farewell, an acknowledgement, a lone emoji.

A message counts only if it consists wholly of such words: a single word that might carry a question or a request
excludes it. They never need a person. A greeting, thanks and a farewell may be returned; the rest gets no reply.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from core.text.normalize import words
from core.text.stopwords import PARTICLES

_MAX_LENGTH = 200  # characters: a longer message is more than a courtesy
_UNHAPPY = frozenset("👎😡🤬😠😤😞😔😟😢😭💔🖕😒🙄☹🙁😖😩😫🤮🤢😱🆘🚨❌❓❔❗❕⁉‼💩🤦😕😑😐😣😥😓😰😨😧🤥🥱👿⚠⛔🚫")
# An emoji alone is an acknowledgement unless it has content: a pizza may be an order.
_CONTENT = frozenset(
    "👍👌🙏🙌👏🤝👋💪✌🤞🤙🤟🤘🫶☝✊👊❤🧡💛💚💙💜🤎🖤🤍🩷🩵♥💕💖💗💓💞💘💝❣😀😃😄😁😆😅😂🤣😊😇🙂😉😍🥰😘😗😙😚☺😋😜🤗🤩🥳😎🤭"
    "😌😸😺😻✨⭐🌟🎉🎊🎈🥂🌹🌷🌸🌻🌺💐🌼☀✅☑✔💯🔥🫡🤓😏👀🙃🤪😛😝"
)
_DRAWN = re.compile(r"([^\W\d_])\1{2,}")  # "holaaa", "thankssss"
_LAUGH = re.compile(r"(?:[jh]+[aeiy]+){2,}[jh]*|k{2,}|(?:rs){2,}|l+o+l+|xd+|a+h+|o+h+|u+y+|m+h*m+")


class Courtesy(StrEnum):
    """Kind of a message that asks for nothing."""

    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    ACKNOWLEDGEMENT = "acknowledgement"


def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))


# Words of each kind. The later kind wins where several occur: "hola, gracias" thanks.
_SIGNS = {
    Courtesy.ACKNOWLEDGEMENT: _words(
        "ok oka okay okey oki okis k vale dale listo lista perfecto perfecta genial excelente entendido entendida "
        "claro "
        "bueno buenisimo barbaro joya entiendo comprendo comprendido anotado recibido enterado enterada sale super "
        "si "
        "fine great perfect cool awesome understood noted alright sure good nice excellent yes yep yeah gotcha "
        "beleza blz otimo tmj otima perfeito perfeita entendi entendido certo legal show sim combinado ta "
        "oui ja si bene super parfait gut"
    ),
    Courtesy.GREETING: _words(
        "hola holis holi alo buenas buenos buen saludos saludo "
        "hello hi hey hiya howdy morning greetings "
        "ola oi oie bom boa salve "
        "bonjour salut bonsoir ciao salve hallo moin namaste salaam shalom guten buongiorno buonasera"
    ),
    Courtesy.FAREWELL: _words(
        "adios chau chao bye goodbye tchau hasta luego abrazo abrazos besos bendiciones cuidese cuidate "
        "ate logo mais abraco abracos beijos abs bjs bss flw falou tchauzinho xau cya "
        "later au revoir arrivederci tschuss"
    ),
    Courtesy.THANKS: _words(
        "gracias grax grx grcs agradezco agradecido agradecida agradecemos amable amables "
        "thanks thank thanx thx tnx tks ty tysm tyvm cheers appreciated appreciate "
        "obrigado obrigada obrigadao obrigadinha obrigadinho obg obgd "
        "brigado brigada brigadao valeu vlw agradeco grato grata gratidao "
        "merci danke grazie arigato"
    ),
}
# They accompany the words above and mean nothing by themselves.
_BESIDE = PARTICLES | _words(
    "es esta este esto mucha muchas muchisimas mucho mil todo todos toda todas usted ustedes x dia dias noche noches "
    "tal como estan estas va van ahi aqui queda quedo amigo amiga amigos senor senora senorita estimado estimada "
    "estimados equipo gente chicos dios igualmente totales infinitas igual bendiga pronto manana lindo linda feliz "
    "semana fin all are day afternoon evening night have how is its much so sir madam team there was well what whats "
    "up lot bunch everyone guys folks mate man bro dude again been then u ao aos esse essa isso muito muita mto mt "
    "pela pelo sua seu tudo bem voce vc vcs noite otima pessoal galera mano cara viu vous tres beaucoup bien vielen "
    "dank tag morgen abend giorno tutti mille"
)
# They ask or refuse, except beside thanks: "gracias por la ayuda" and "no, gracias", but "hola, ayuda".
_BESIDE_THANKS = _words(
    "no nao not atencion ayuda informacion info respuesta rapida rapido help information answer reply time "
    "resposta ajuda atencao "
    "atendimento"
)
# Beside a greeting, thanks or a farewell only: alone it may complain, and "sí, otra vez" asks for something.
_AGAIN = re.compile(r"\b(?:de (?:nuevo|novo)|ou?tra vez|nuevamente|novamente|once more)\b")
# Courtesies of several words, none of which is one alone.
_DAYS = (
    r"(?:(?:(?:el|la|a|on|next|na|no) )?(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo|proxima|segunda|"
    r"terca|quarta|quinta|sexta|\w+day)|manana|pronto|luego|amanha|breve|mais(?: tarde)?|logo|later|soon|then|"
    r"tomorrow|around)"
)
_TOGETHER = (
    (Courtesy.GREETING, r"(?:muy |mt |mto |muito )?(?:buenas?|buen|boas?|linda|feliz) tardes?|td (?:bem|bom|certo)"),
    (
        Courtesy.FAREWELL,
        rf"nos vemos(?: {_DAYS})?|hasta (?:el |la )?{_DAYS}|ate (?:a )?{_DAYS}"
        rf"|(?:see|talk to|catch) (?:you|u|ya)(?: {_DAYS})?"
        r"|have an? (?:\w+ )?(?:nice|great|good|lovely|wonderful) (?:day|weekend|evening|night|one|week)"
        r"|take care(?! of)|(?:feliz|lindo|excelente|otimo) dia"
        r"|(?:buen|feliz|lindo|bom|otimo) (?:finde|fin de semana|fds|final de semana|feriado|descanso)"
        r"|(?:que )?(?:tengan?|tenha[ms]?) (?:un |uma? )?(?:muy |muito )?(?:buen|buena|lindo|linda|bom|boa|otimo|otima|"
        r"excelente|feliz) (?:dia|tarde|noche|noite|semana|finde|fin de semana)"
        r"|(?:feliz|boas?|buenas?|merry|happy) (?:navidad|ano(?: nuevo| novo)?|fiestas|natal|festas|christmas|"
        r"new year|holidays)",
    ),
    (
        Courtesy.ACKNOWLEDGEMENT,
        r"de nada|no (?:worries|problem|prob|pasa nada|hay problema|hay de que)|(?:sin|sem) problemas?|np|nws|"
        r"yw|you(?:re| are) welcome|my pleasure|got (?:it|you)|will do|sounds good|all good|todo bien|tudo (?:certo|ok)"
        r"|show de bola|de acuerdo|de acordo|okey dokey|fair enough|makes sense|me parece bien|esta bien|ta bom|ta bem",
    ),
)
_TOGETHER_KINDS = tuple((kind, re.compile(rf"\b(?:{pattern})(?!\S)")) for kind, pattern in _TOGETHER)
# A customer who thanks may say that it is settled, in a sentence of its own and without a negation.
_SETTLED = re.compile(
    r"(?:ya )?(?:eso (?:es|era) todo|nada mas|(?:era )?so isso(?: mesmo)?|(?:thats|that is|that was|nothing|"
    r"that will be) (?:all|it|else)(?: for now| i needed)?|por ahora nada mas|"
    r"(?:ya )?(?:me )?(?:sirvio|llego|lo recibi|recibi|quedo|"
    r"funciono|funciona)(?: todo| bien| perfecto| muy bien)*|(?:ja )?(?:recebi|chegou|funcionou|deu certo|resolvido|"
    r"resolveu)(?: tudo| bem| direitinho| certinho)*|(?:that|it|this)? ?(?:really )?(?:helped|helps|worked|works|"
    r"arrived|received)(?: now| fine| well| a lot)*|(?:ya )?(?:solucionado|resuelto|arreglado)|"
    r"(?:all )?(?:sorted|solved|received)(?: now)?)"
)
# A question mark asks for something, except after the questions that greet.
_GREETING_QUESTION = re.compile(
    r"(?:que tal|como (?:le |te )?(?:estan?|estas|va|vai|anda[ns]?)|how are you(?: all| guys)?(?: doing)?|whats up|"
    r"how is it going|hows it going|tudo bem|tudo bom|como vai(?: voce)?|td (?:bem|bom)|beleza|hay alguien|alguien ahi|"
    r"is anyone there|anyone there|tem alguem(?: ai)?|alguem ai)$"
)


def courtesy_of(text: str) -> Courtesy | None:
    """Return the courtesy of a customer's messages, taken together; None if they may say anything more."""
    if len(text) > _MAX_LENGTH or not _UNHAPPY.isdisjoint(text):
        return None
    found: set[Courtesy] = set()
    needs_thanks = False
    for part in re.split(r"(?<=[?!.,;\n])", text):
        kinds, beside_thanks = _kinds_in(words(part), asks="?" in part)
        if kinds is None:
            return None
        found |= kinds
        needs_thanks = needs_thanks or beside_thanks
    if needs_thanks and Courtesy.THANKS not in found:
        return None
    if found:
        return max(found, key=list(_SIGNS).index)
    return Courtesy.ACKNOWLEDGEMENT if _is_drawn(text) else None


def _kinds_in(tokens: list[str], *, asks: bool) -> tuple[set[Courtesy] | None, bool]:
    """Return the courtesies of a part of a message, and whether they are valid only with thanks.

    None if it may say more.
    """
    if asks:
        return ({Courtesy.GREETING} if _greets(tokens) else None), False
    if _SETTLED.fullmatch(" ".join(tokens)):
        return set(), True
    kinds: set[Courtesy] = set()
    beside_thanks = False
    left, again = _AGAIN.subn(" ", " ".join(map(_short, tokens)))
    for together, pattern in _TOGETHER_KINDS:
        left, times = pattern.subn(" ", left)
        if times:
            kinds.add(together)
    for word in left.split():
        kind = _kind_of(word)
        if kind is not None:
            kinds.add(kind)
        elif word in _BESIDE_THANKS:
            beside_thanks = True
        elif word not in _BESIDE:
            return None, False
    if again and kinds <= {Courtesy.ACKNOWLEDGEMENT}:
        return None, False
    return kinds, beside_thanks


def _greets(question: list[str]) -> bool:
    """Return whether a question only greets: "¿cómo están?", or a greeting word by word, as in "hola?"."""
    if _GREETING_QUESTION.search(" ".join(question)):
        return True
    return bool(question) and all(_kind_of(word) is Courtesy.GREETING for word in question)


def _is_drawn(text: str) -> bool:
    """Return whether a message consists of emoji that have content, in any skin tone."""
    drawn = [sign for sign in text if not sign.isspace() and unicodedata.category(sign) not in ("Sk", "Mn", "Cf")]
    return bool(drawn) and _CONTENT.issuperset(drawn)


def _short(word: str) -> str:
    """Shorten repeated letters: "holaaa" becomes "hola"."""
    return _DRAWN.sub(r"\1", word)


def _kind_of(word: str) -> Courtesy | None:
    if _LAUGH.fullmatch(word):
        return Courtesy.ACKNOWLEDGEMENT
    return next((kind for kind, signs in reversed(_SIGNS.items()) if _short(word) in signs), None)
