"""Synonyms in the vocabulary of shops, across Spanish, English and Portuguese.

Without an embedding model they match a question in one language to a document in another, and "precio" to "cuesta".
Only unambiguous words are included: a wrong match costs more than a missing one.
"""

from __future__ import annotations

from core.text.normalize import stem, words

# Between bars are related words: a search finds one by the other, but they do not mean the same.
_GROUPS = (
    "precio precios cuesta cuestan vale valen costo coste price prices cost costs preco precos custa custam custo"
    " | tarifa cobran cobrar cobra charge charges cobram",
    "envio envios enviar envian envie entrega entregas despacho shipping shipment ship ships "
    "delivery deliver delivers frete fretes entregam enviam | mandan mandar reparto",
    "devolucion devoluciones devolver devuelven return returns returning devolucao devolucoes devolvem",
    "reembolso reembolsos reembolsar refund refunds refunded reembolsam",
    "cambio cambios cambiar exchange exchanges troca trocas trocar",
    "tarda tardan tardar | demora demoran demorar demoram",
    "horario horarios hours | abren abre abrir abierto abierta abiertos open opens opening abrem aberto aberta abertos"
    " | funcionamento",
    "cierran cierra cerrar cerrado close closes closing closed fecham fecha fechar fechado",
    "pago pagos pagar pagan payment payments pay paying pagamento pagamentos",
    "aceptan acepta aceptar accept accepted aceitam aceita",
    "tarjeta tarjetas card cards cartao cartoes",
    "efectivo cash dinheiro",
    "cuotas installments instalments parcelas parcelar",
    "garantia garantias warranty warranties guarantee",
    "factura facturas facturacion invoice invoices fatura faturas",
    "talla tallas talle talles size sizes tamanho tamanhos",
    "descuento descuentos oferta ofertas promocion discount discounts promotion desconto descontos promocao",
    "pedido pedidos order orders encomenda encomendas",
    "tienda tiendas sucursal store stores shop shops branch loja lojas filial",
    "direccion ubicacion ubicado ubicados ubicada ubicadas queda quedan address location located fica ficam endereco "
    "localizacao localizado localizada",
    "telefono phone telephone telefone",
    "correo email mail",
    "gratis gratuito gratuita free gratuitos",
    "dias dia days day",
    "semana semanas week weeks",
    "lunes monday",
    "sabado sabados saturday saturdays",
    "domingo domingos sunday sundays",
    "feriado feriados festivo festivos holiday holidays | navidad christmas natal",
    "auto autos carro carros coche coches car cars",
    "casa casas domicilio home residencia",
    "zapato zapatos shoe shoes sapato sapatos",
    "zapatilla zapatillas sneaker sneakers trainers tenis",
    "camisa camisas shirt shirts",
    "camiseta camisetas remera remeras tshirt tshirts",
    "pantalon pantalones trousers pants calca calcas",
    "vestido vestidos dress dresses",
    "falda faldas skirt skirts",
    "abrigo abrigos chaqueta chaquetas coat coats jacket jackets casaco casacos",
    "bolso bolsos bag bags | bolsa bolsas",
    "cuero leather couro",
    "algodon cotton algodao",
    "lana wool",
    "color colores colour colours colors cores",
    "luz luces light lights luzes",
    "parpadea parpadear parpadeando blink blinks blinking flashing pisca piscando",
    "boton botones button buttons botao botoes",
    "pantalla screen display tela",
    "bateria baterias battery batteries",
    "enchufe plug tomada",
    "potencia power",
    "ruido ruidoso noise noisy loud decibeles decibels barulho",
    "agua water",
    "temperatura temperature",
    "peso pesa weight weighs weigh",
    "litro litros litre litres liter liters",
    "nivel niveles level levels | setting settings",
    "limpiar limpieza limpie clean cleaning limpeza",
    "maquina maquinas machine machines",
    "papel paper",
    "vidrio cristal glass vidro",
    "cafe cafes coffee coffees",
    "taza tazas cup cups mug mugs xicara xicaras caneca canecas",
    "rojo roja vermelho vermelha",
    "azul azules blue azuis",
    "negro negra black preto preta",
    "blanco blanca white branco branca",
    "verde verdes green",
    "naranja naranjas orange laranja",
    "lavar lavado wash washing lavagem",
    "dano danado danada roto rota defecto defectuoso damaged broken defect defective defeito defeituoso quebrado",
    "cancelar cancelacion cancel cancellation cancelamento",
    "reserva reservas reservar booking appointment reservation agendar agendamento | book",
    "cuenta cuentas account accounts conta contas",
    "contrasena password senha",
    "regalo regalos gift gifts presente presentes",
    "mayorista mayoristas wholesale bulk atacado",
    "internacional extranjero international abroad overseas exterior",
    "ciudad city cidade",
    "seguimiento rastreo rastrear tracking track rastreamento",
    "disponible disponibles existencias available availability stock disponivel estoque",
    "edad age idade",
    "nino ninos nina child children kids crianca criancas infantil",
    "mujer mujeres women woman mulher mulheres",
    "hombre hombres homem homens",
    "perro perros dog dogs cachorro cachorros",
    "gato gatos cat cats",
    "desayuno breakfast",
    "estacionamiento parqueo aparcamiento parking estacionamento",
    "habitacion habitaciones room rooms quarto quartos",
    "reparacion reparar repair repairs conserto consertar",
    "reclamo reclamos queja quejas complaint complaints reclamacao reclamacoes",
)
_FAMILIES = tuple(tuple(tuple(words(group)) for group in family.split("|")) for family in _GROUPS)
_KEYS = {stem(word): f"<{group[0]}>" for family in reversed(_FAMILIES) for group in family for word in group}
_RELATED = {f"<{group[0]}>": tuple(word for one in family for word in one) for family in _FAMILIES for group in family}


def key(word: str) -> str:
    """Return what a folded word means: its synonyms and all its forms have the same key."""
    stemmed = stem(word)
    return _KEYS.get(stemmed, stemmed)


def topic(word: str) -> str:
    """Return a wider key: that of its related words too, as "horario" and "abren"."""
    meant = key(word)
    return f"<{_RELATED[meant][0]}>" if meant in _RELATED else meant


def related_to(word: str) -> tuple[str, ...]:
    """Return the synonyms and related words, including itself; itself alone when it is in no group."""
    return _RELATED.get(key(word), (word,))
