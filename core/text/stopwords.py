"""Stop words in three languages: articles, pronouns, helper verbs, courtesies.

Wider than the stop words of Postgres, which lack greetings and do not match without accents.
"""

from __future__ import annotations

from core.text.normalize import words

WEAK = frozenset(
    words(
        # Spanish
        "a ahi al algo algun alguna algunas alguno algunos alla alli ante aqui asi aun bajo bien buen buena buenas "
        "bueno buenos cada casi como con contra cosa cosas cual cuales cualquier cuando cuanta cuantas cuanto cuantos "
        "da dan dar de debe deben debo decir decirme del desde dice dicen dime donde dos durante e el ella ellas "
        "ellos en entonces entre era eran eres es esa esas ese eso esos esta estaba estan estar estas este esto estos "
        "estoy favor fin fue fueron gracias gustaria ha haber hace hacen hacer haces hago han hasta hay haya he hola "
        "hoy i info informacion ir la las le les lo los luego mas me mejor mi mia mio mis misma mismo mucha muchas "
        "mucho muchos muy nada necesita necesito ni no noches nos nosotros o ok otra otras otro otros para pero poco "
        "podemos podria podriamos podrian por porque pregunta puede pueden puedo pues que quien quienes quiere "
        "quieren quiero quisiera saber se sea sean ser si sido sin sobre solo somos son soy su sus tal tambien tan "
        "tanto tarde tardes te tendria tener tenga tengan tengo ti tiene tienen tienes toda todas todo todos tu tus u "
        "ud uds hora q k x d un una unas uno unos usted ustedes va van vez voy y ya yo "
        # English
        "about after all also am an and any anybody anyone anything are aren as ask at be because been before being "
        "but by can cannot could did didn do does doesn doing don dont for from get gets give given go going good got "
        "had has have having he hello help her here hey hi him his how i if im in into is isn it its just know let "
        "like ll long make many may me might mind more most much must my need never no not now of off on one only or "
        "other our out over please question re s she should so some someone something sorry still such t tell than "
        "thank thanks that the their them then there these they thing things this those to too two under until up us "
        "time u ur ve very want wanted was way we well were what whats when where which while who whom whose why will "
        "with within without wonder wondering would yes yet you your yours "
        # Portuguese
        "ai ainda algum algumas alguns ao aos apos aquela aquele aquilo as ate boa boas bom cada com como consegue "
        "consigo da das de dela dele deles depois dia do dos duvida ela elas ele eles em entre era essa essas esse "
        "esses esta estao estou eu faz fazem fazer fica foi foram gostaria ha hoje isso isto ja la lhe mais mas mesmo "
        "meu meus minha minhas muita muito muitos na nada nao nas nem nenhum no noite nos nossa nosso num numa "
        "obrigada obrigado oi ola onde os ou para pela pelas pelo pelos pode podem poderia posso pra precisa preciso "
        "pro quais qual qualquer quando quanta quantas quanto quantos que quem quer queria quero sao se seja sem "
        "sempre ser seu seus so sobre sou sua suas tambem tem temos tenho ter teu teve tinha toda todas todo todos "
        "tudo um uma umas uns voce voces vou "
    )
)
