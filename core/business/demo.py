"""The business of the sandbox: a small shop, with facts and questions enough to talk to."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ai.settings import BotSettings, QaPair
from core.models import Business
from core.quotes import products
from core.quotes.products import Facts

NAME = "Tienda Sol"
PROFILE: dict[str, object] = {
    "sector": "ropa y calzado",
    "hours": "lunes a viernes de 9 a 19 h, sábados de 10 a 14 h",
    "phone": "+54 11 5555 0100",
    "website": "https://tiendasol.example",
    "tags": ["calzado", "ropa", "envíos a todo el país"],
    "satisfaction": 4.6,
    "currency": "ARS",
}

_PAIRS = (
    ("¿A qué hora abren?", "Abrimos de lunes a viernes de 9 a 19 h y los sábados de 10 a 14 h. Los domingos cerramos."),
    ("¿Dónde queda la tienda?", "Estamos en Av. Corrientes 1234, Buenos Aires, a dos cuadras del subte Callao."),
    (
        "¿Hacen envíos?",
        "Sí, enviamos a todo el país. En Buenos Aires llega en 24 a 48 h y cuesta $2.500; es gratis desde $60.000.",
    ),
    (
        "¿Cómo puedo pagar?",
        "Con tarjeta de crédito o débito, transferencia o efectivo. Con tarjeta hay 3 cuotas sin interés.",
    ),
    (
        "¿Puedo cambiar un producto?",
        "Sí: tiene 30 días para cambiarlo, sin uso y con su etiqueta. El primer cambio es gratis.",
    ),
    ("¿Qué talles de zapatos tienen?", "Tenemos zapatos del talle 35 al 45, y medios talles del 37 al 42."),
    ("¿Cuánto cuestan los zapatos?", "Los zapatos de cuero cuestan desde $48.000 y las zapatillas desde $39.000."),
    ("¿Cuánto tarda mi pedido?", "En Buenos Aires, 24 a 48 h; en el resto del país, de 3 a 6 días hábiles."),
    (
        "What are your opening hours?",
        "We open Monday to Friday from 9 to 19 and Saturday from 10 to 14. Sunday closed.",
    ),
    ("Do you ship?", "Yes, all over the country. In Buenos Aires it takes 24 to 48 hours and is free from $60,000."),
    ("How can I pay?", "By credit or debit card, bank transfer or cash. Cards: 3 instalments without interest."),
    ("Vocês fazem entregas?", "Sim, entregamos em todo o país. Em Buenos Aires chega em 24 a 48 horas."),
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


def stock(session: Session, business_id: int) -> None:
    """Give the shop its products, once: whoever removes them does not get them back."""
    if session.scalar(select(Business.catalogue).where(Business.id == business_id)) is not None:
        return
    for one in _PRODUCTS:
        products.save(session, business_id, "system", one)


def bot() -> BotSettings:
    """The sandbox's bot."""
    pairs = tuple(QaPair(question=question, answer=answer, approved=True) for question, answer in _PAIRS)
    return BotSettings(name="Sol", qa_pairs=pairs)
