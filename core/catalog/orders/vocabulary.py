"""Words of answers to a quote, folded, in Spanish, English and Portuguese at once."""

from __future__ import annotations

from core.text.normalize import words
from core.text.stopwords import PARTICLES

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
NOTHING_MORE = PARTICLES - {"se"} | frozenset(  # "no sé" is no refusal
    words(
        "gracias muchas favor porfa esta estan bien todo asi queda entonces pedido cotizacion compra orden eso es "
        "quiero llevo ahora mejor interesa necesito deja senor senora thanks thank please is sounds good go ahead "
        "order quote want ill take course thats not interested dont need anymore now all set lets obrigado obrigada "
        "muito ta tudo bem sim pode ser orcamento quero vou levar fechar bom dia agora mais nada deixa ja preciso "
        "nenhum nenhuma isso mesmo"
    )
)

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
