"""Words of answers to a quote, folded, in Spanish, English and Portuguese at once."""

from __future__ import annotations

from core.text.normalize import words

YES = frozenset(
    words(
        "si sip sipi claro dale ok oka okay okey okei vale acuerdo confirmo confirma confirmar confirmado confirmada "
        "confirmamos perfecto listo adelante supuesto correcto exacto exactamente bueno va sale acepto aceptamos "
        "hagale hagamosle procede proceda genial excelente "
        "yes yep yeah yup ya sure confirm confirmed perfect deal correct right absolutely agreed great "
        "sim isso claro beleza blz fechado combinado certeza certo perfeito otimo bem bien good ahead aceito "
        "pode confirmada s y"
    )
)
SURELY_YES = frozenset(words("confirmo confirma confirmar confirmado confirmada confirmamos acepto confirm aceito"))
NO = frozenset(words("no nop nope nel negativo nah nao never olvidalo olvidelo dejalo dejelo desisto ninguno ninguna"))
NOTHING_MORE = frozenset(
    words(
        "gracias muchas por favor porfa de el la lo los las un una esta estan bien muy todo asi me queda entonces "
        "pedido cotizacion compra orden eso con es quiero llevo que ahora mejor ya interesa necesito deja senor senora "
        "tu su "
        "thanks thank you please the it is that sounds good go ahead a order quote i want ill take for me my do of "
        "course thats not interested dont need anymore now all set lets do this "
        "obrigado obrigada muito o a os as ta tudo bem sim pode ser orcamento quero vou levar fechar esta com bom dia "
        "agora mais nada deixa pra la e ja preciso nenhum nenhuma isso mesmo"
    )
)
DENIALS = frozenset(words("no nunca nao not dont never"))

REMOVE = frozenset(
    words(
        "quita quitar quite quiteme quitame quitale saca sacar saque sacale elimina eliminar elimine borra borrar "
        "borre sin menos remove without drop delete minus tira tirar tire remova remover retira retirar retire sem "
        "exclui excluir exclua"
    )
)
ADD = frozenset(
    words(
        "agrega agregar agregue agregame agreguele agregale anade anadir anada anademe suma sumar sumale sume pon "
        "ponme ponle incluye incluir incluya tambien ademas mas add include plus also more adiciona adicionar adicione "
        "acrescenta acrescentar acrescente coloca colocar coloque inclui inclua tambem mais"
    )
)
SET = frozenset(
    words(
        "mejor solo solamente nomas sean fueran serian cambia cambiar cambie cambialo cambielo realidad pensandolo "
        "only just make instead actually change rather melhor so somente apenas muda mudar mude sejam verdade"
    )
)
VERBS = REMOVE | ADD | SET
TAKEN_BACK = NO | frozenset(
    words(
        "cancela cancelalo cancelala cancele cancelelo cancelar cancelo anula anulalo anule anular espera espere "
        "esperen esperame cancel wait hold aguarda aguarde"
    )
)
BUT = frozenset(words("pero but mas porem"))
