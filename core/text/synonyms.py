"""Synonyms in the vocabulary of shops, across Spanish, English and Portuguese.

Without an embedding model they match a question in one language to a document in another, and "precio" to "cuesta".
Only unambiguous words are included: a wrong match costs more than a missing one.
"""

from __future__ import annotations

from core.text.normalize import stem, words

_GROUPS = (
    "precio precios cuesta cuestan vale costo coste tarifa cobran cobrar cobra price prices cost costs charge charges "
    "preco precos custa custam custo cobram",
    "envio envios enviar envian mandan mandar entrega entregas reparto despacho shipping shipment ship ships delivery "
    "deliver delivers frete fretes entregam enviam",
    "devolucion devoluciones devolver devuelven return returns returning devolucao devolucoes devolvem",
    "reembolso reembolsos reembolsar refund refunds refunded reembolsam",
    "cambio cambios cambiar exchange exchanges troca trocas trocar",
    "demora demoran demorar tarda tardan tardar demoram",
    "horario horarios funcionamento abren abre abierto abiertos hours open opens opening abrem aberto abertos",
    "cierran cierra cerrado close closes closed fecham fecha fechado",
    "pago pagos pagar payment payments pay pagamento pagamentos",
    "tarjeta tarjetas card cards cartao cartoes",
    "efectivo cash dinheiro",
    "cuotas installments instalments parcelas parcelar",
    "garantia garantias warranty warranties guarantee",
    "factura facturas facturacion invoice invoices fatura faturas",
    "talla tallas talle talles size sizes tamanho tamanhos",
    "descuento descuentos oferta ofertas promocion discount discounts promotion desconto descontos promocao",
    "pedido pedidos order orders encomenda encomendas",
    "tienda tiendas sucursal store stores shop shops branch loja lojas filial",
    "direccion ubicacion address location endereco localizacao",
    "telefono phone telephone telefone",
    "correo email mail",
    "gratis gratuito gratuita free gratuitos",
    "dias dia days day",
    "semana semanas week weeks",
    "lunes monday",
    "sabado sabados saturday saturdays",
    "domingo domingos sunday sundays",
    "feriado feriados festivo festivos navidad holiday holidays christmas natal",
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
    "bolso bolsos bag bags bolsa bolsas",
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
    "nivel niveles level levels setting settings",
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
    "reserva reservas reservar booking book appointment reservation agendar agendamento",
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
_KEYS = {stem(word): f"<{group.split()[0]}>" for group in reversed(_GROUPS) for word in words(group)}
_MEMBERS = {f"<{group.split()[0]}>": tuple(dict.fromkeys(words(group))) for group in _GROUPS}


def key(word: str) -> str:
    """Return the key of a folded word: its group, or its stem."""
    stemmed = stem(word)
    return _KEYS.get(stemmed, stemmed)


def synonyms_of(word: str) -> tuple[str, ...]:
    """Return the words of its group, including itself; itself alone when it is in none."""
    return _MEMBERS.get(key(word), (word,))
