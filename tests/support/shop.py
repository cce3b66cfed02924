"""A shop to order from."""

from __future__ import annotations

from decimal import Decimal

from core.catalog.product_index import Item


def item(number: int, name: str, price: str, unit: str = "", *aliases: str, sku: str = "") -> Item:
    return Item(number, sku, name, aliases, unit, Decimal(price), "EUR")


SHOP = (
    item(1, "Zapato negro", "50", "", "black shoe", "sapato preto", sku="ZAP-01"),
    item(2, "Zapato rojo", "55", "", "red shoe", "sapato vermelho", sku="ZAP-02"),
    item(3, "Camisa blanca", "25", "", "shirt", "white shirt", "camisa branca", sku="CAM-01"),
    item(4, "Camiseta", "12.50", "", "T-shirt"),
    item(5, "Gorra", "8", "", "cap", "boné"),
    item(6, "Harina", "1.20", "kg", "flour", "farinha"),
    item(7, "Huevos", "3", "docena", "eggs", "ovos"),
    item(8, "Tela de algodón", "6", "metro", "cotton fabric", "tecido de algodão"),
    item(9, "Pan", "0.80", "", "bread", "pão"),
    item(10, "Pan y queso", "3.50"),
    item(11, "iPhone 15", "900"),
    item(12, "Coca Cola 2 litros", "2.10", "", "coca de 2 litros"),
    item(13, "Tornillo", "4", "caja"),
    item(14, "Pantalón azul", "32.90", "", "blue trousers", "calça azul"),
    item(15, "Café molido", "7", "", "ground coffee", "café moído"),
    item(16, "Aceite de oliva", "9", "litro", "olive oil", "azeite"),
)
NAMES = {product.id: product.name for product in SHOP}
