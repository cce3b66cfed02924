"""The demo business of the sandbox: a small shop with products and approved answers."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bots.settings import BotSettings, QaPair
from core.catalog import products
from core.catalog.products import Facts
from core.models import Business
from core.platform.db import business_of

NAME = "Tienda Sol"
TIME_ZONE = "America/Argentina/Buenos_Aires"
PROFILE: dict[str, object] = {
    "sector": "ropa y calzado",
    "hours": "lunes a viernes de 9 a 19 h, sábados de 10 a 14 h",
    "phone": "+54 11 5555 0100",
    "website": "https://tiendasol.example",
    "tags": ["calzado", "ropa", "envíos a todo el país"],
    "satisfaction": 4.6,
    "currency": "ARS",
}

_PERSONALITY = (
    "Cordial y atenta, como quien atiende el mostrador de la tienda. Saluda con calidez, responde corto y claro, "
    "y trata de usted. No presiona para vender."
)
# Each question with its answer in Spanish, English and Portuguese.
_PAIRS = (
    ("¿A qué hora abren?", "Abrimos de lunes a viernes de 9 a 19 h y los sábados de 10 a 14 h. Los domingos cerramos."),
    ("What time do you open?", "We open Monday to Friday 9 am to 7 pm and Saturday 10 am to 2 pm. Closed on Sunday."),
    (
        "A que horas vocês abrem?",
        "Abrimos de segunda a sexta das 9 às 19 h e aos sábados das 10 às 14 h. Domingo fechado.",
    ),
    ("¿Dónde queda la tienda?", "Estamos en Av. Corrientes 1234, Buenos Aires, a dos cuadras del subte Callao."),
    ("Where is your store located?", "We are at Av. Corrientes 1234, Buenos Aires, two blocks from Callao station."),
    ("Onde fica a loja?", "Estamos na Av. Corrientes 1234, Buenos Aires, a duas quadras do metrô Callao."),
    (
        "¿Hacen envíos?",
        "Sí, enviamos a todo el país. En Buenos Aires llega en 24 a 48 h y cuesta $2.500; es gratis desde $60.000.",
    ),
    (
        "Do you ship?",
        "Yes, all over the country. In Buenos Aires it takes 24 to 48 hours and costs $2,500; free from $60,000.",
    ),
    (
        "Vocês fazem entregas?",
        "Sim, entregamos em todo o país. Em Buenos Aires chega em 24 a 48 h e custa $2.500; grátis desde $60.000.",
    ),
    ("¿Cuánto tarda mi pedido?", "En Buenos Aires, 24 a 48 h; en el resto del país, de 3 a 6 días hábiles."),
    ("When will my order arrive?", "In Buenos Aires, within 24 to 48 hours; elsewhere in 3 to 6 working days."),
    ("Quanto tempo demora meu pedido?", "Em Buenos Aires, de 24 a 48 h; no resto do país, de 3 a 6 dias úteis."),
    (
        "¿Cómo puedo pagar?",
        "Con tarjeta de crédito o débito, Mercado Pago, transferencia o efectivo. Con tarjeta, 3 cuotas sin interés.",
    ),
    (
        "How can I pay?",
        "By credit or debit card, Mercado Pago, bank transfer or cash. By card, 3 instalments without interest.",
    ),
    (
        "Como posso pagar?",
        "Com cartão de crédito ou débito, Mercado Pago, transferência ou dinheiro. No cartão, 3 parcelas sem juros.",
    ),
    (
        "¿Puedo cambiar o devolver un producto?",
        "Sí: tiene 30 días para cambiarlo o devolverlo, sin uso y con su etiqueta. El primer cambio es gratis.",
    ),
    (
        "Can I return or exchange a product?",
        "Yes: you have 30 days to exchange or return it, unused and with its label. The first exchange is free.",
    ),
    (
        "Posso trocar ou devolver um produto?",
        "Sim: você tem 30 dias para trocar ou devolver, sem uso e com a etiqueta. A primeira troca é grátis.",
    ),
    ("¿Qué talles de zapatos tienen?", "Tenemos zapatos del talle 35 al 45, y medios talles del 37 al 42."),
    ("What shoe sizes do you have?", "We have shoes in sizes 35 to 45, and half sizes from 37 to 42."),
    ("Que tamanhos de sapato vocês têm?", "Temos sapatos do tamanho 35 ao 45, e meios números do 37 ao 42."),
    ("¿Hacen factura?", "Sí, hacemos factura A y B. Para la factura A nos da su CUIT al comprar."),
    ("Do you give invoices?", "Yes, type A and B. For an A invoice give us your tax number (CUIT) when you buy."),
    ("Vocês emitem nota fiscal?", "Sim, dos tipos A e B. Para a nota A, informe o seu CUIT na compra."),
)

_PRODUCTS = (
    Facts(
        "Zapatos de cuero", Decimal(48_000), sku="ZAP-01", unit="par", description="Negros o marrones, del 35 al 45.",
        aliases=("zapatos", "calzado", "leather shoes", "shoes", "sapatos"),
    ),
    Facts("Zapatillas", Decimal(39_000), sku="ZAP-02", unit="par", aliases=("tenis", "sneakers", "trainers", "tênis")),
    Facts("Sandalias", Decimal(27_500), sku="ZAP-03", unit="par", aliases=("sandals", "sandálias")),
    Facts(
        "Camisa blanca", Decimal(22_000), sku="CAM-01", description="De algodón, manga larga.",
        aliases=("white shirt", "camisa branca"),
    ),
    Facts(
        "Camisa azul", Decimal(23_500), sku="CAM-02", description="De lino, manga larga.",
        aliases=("blue shirt", "camisa azul de lino"),
    ),
    Facts("Remera", Decimal(12_000), sku="REM-01", aliases=("camiseta", "polera", "t-shirt", "tee")),
    Facts("Pantalón", Decimal(31_000), sku="PAN-01", aliases=("trousers", "pants", "calça")),
    Facts("Gorra", Decimal(9_500), sku="GOR-01", aliases=("cap", "boné")),
    Facts("Medias", Decimal(3_200), sku="MED-01", unit="par", aliases=("calcetines", "socks", "meias")),
)  # fmt: skip


def stock(session: Session) -> None:
    """Add the demo products, once: products that were removed do not return."""
    if session.scalar(select(Business.catalog_version).where(Business.id == business_of(session))) is not None:
        return
    for one in _PRODUCTS:
        products.save(session, one)


def bot() -> BotSettings:
    """Return the settings of the sandbox's bot."""
    pairs = tuple(QaPair(question=question, answer=answer, approved=True) for question, answer in _PAIRS)
    return BotSettings(name="Sol", personality=_PERSONALITY, qa_pairs=pairs)
