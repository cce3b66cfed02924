"""Stop words of Spanish, Portuguese and English by what they are, the only list of them.

Wider than the stop words of Postgres, which lack greetings and do not match without accents.
"""

from __future__ import annotations

from core.text.normalize import words

# Articles, prepositions, conjunctions, short pronouns: a name or a phrase means the same without them.
PARTICLES = frozenset(
    words(
        "a al algun alguna con da de del dos e el en i la las le les lo los me mi mis muy nos o para por que se su sus "
        "tan te ti tu un una unas unos y ya "
        "com das em eu meu minha na os pra pro um uma umas uns voces "
        "an and any as do for in it my of on our some that the this to us very with you your"
    )
)
GREETINGS = frozenset(
    words(
        "buen buena buenas bueno buenos disculpa disculpe favor gracias hola ok perdon "
        "boa boas bom licenca obrigada obrigado oi ola "
        "good guys hello hey hi please sorry thank thanks"
    )
)
# The verbs of wanting that stand before a thing as well as before an action.
WISHES = frozenset(
    words(
        "quiero queremos quisiera quisieramos deseo deseamos necesito necesitamos "
        "quero queremos queria gostaria preciso precisamos desejo want wanna need like"
    )
)
# Auxiliary verbs, wishes, pronouns and what leads up to a question: all of them leave its subject as it is.
_HELPERS = frozenset(
    words(
        "aca ahi algo alli consulta cual cuales decir decirme dice dicen dime duda ella ellas ellos es esa esas ese "
        "eso esos esta estaba estan estar estas este esto estos estoy gustaria ha haber hacemos hacen hacer han hay "
        "haya he necesita necesito ofrecen pero podemos podria podriamos podrian pregunta puede pueden puedo quiere "
        "quieren quiero quisiera quisieramos realizan repito saber ser si sobre somos son soy tal tendria tener tenga "
        "tengan tengo tiene tienen tienes uds ud usted ustedes "
        "ao aos bem duvida ela elas ele eles essa essas esse esses estao estou fazem fazer gostaria isso isto meus "
        "minhas nas nossa nosso ou pela pelas pelo pelos pode podem poderia posso precisa preciso quais qual quer "
        "queria quero seu seus sou sua suas tem temos tenho ter tudo vcs voce "
        "again am are at be been being by can could did does get had has have having id if im is its just know like ll "
        "may need offer or question tell there ve want wanted was we what whats which will wonder wondering would"
    )
)
# Without these a question has the same subject.
EMPTY = PARTICLES | GREETINGS | _HELPERS
INTERROGATIVES = frozenset(
    words(
        "adonde como cuando cuanta cuantas cuanto cuantos donde porque quien quienes "
        "onde quando quanta quantas quanto quantos quem "
        "how long many much when where who whom whose why"
    )
)
NEGATIONS = frozenset(
    words("no nunca tampoco nao nem not never dont doesnt didnt isnt wasnt arent aint wouldnt sin sem without")
)
# Words too common to search for, though they matter to what is asked: "sin tarjeta" is not "con tarjeta".
_QUALIFIERS = frozenset(
    words(
        "algunas alguno algunos alla ante aqui asi aun bajo bien cada casi contra cosa cosas cualquier d dan dar debe "
        "deben debo desde durante entonces entre era eran eres fin fue fueron hace haces hago hasta hora hoy info "
        "informacion ir k luego mas mejor mia mio misma mismo mucha muchas mucho muchos nada ni no noches nosotros "
        "otra otras otro otros poco pues q queda quedan sea sean sido sin solo tambien tanto tarde tardes toda todas "
        "todo todos tus u uno va van vez voy x yo "
        "ai ainda algum algumas alguns apos aquela aquele aquilo ate consegue consigo dela dele deles depois dia faz "
        "fica foi foram hoje ja lhe mais mesmo muita muito muitos nao nem nenhum noite num numa qualquer sao seja sem "
        "sempre so tambem teu teve tinha vou "
        "about after all also anybody anyone anything aren ask because before but cannot didn doesn doing don dont "
        "from gets give given go going got help her here him his into isn let make might mind more most must never not "
        "now off one only other out over re s she should someone something still such t than their them then these "
        "they thing things those time too two under until up ur way well were while within without yes yet yours"
    )
)
STOP_WORDS = EMPTY | INTERROGATIVES | _QUALIFIERS
