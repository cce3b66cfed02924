"""The message templates on file: Meta's, and Twilio's content templates with the same words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(slots=True)
class Template:
    """A message template as Meta lists it."""

    id: str
    name: str
    language: str
    category: str
    status: str
    components: list[dict[str, Any]]

    def component(self, kind: str) -> dict[str, Any]:
        return next((item for item in self.components if str(item.get("type", "")).upper() == kind), {})

    @property
    def body(self) -> str:
        return str(self.component("BODY").get("text", ""))

    @property
    def header_format(self) -> str:
        """TEXT, also without a header, or what has to be given: IMAGE, VIDEO, DOCUMENT or LOCATION."""
        return str(self.component("HEADER").get("format", "TEXT")).upper()

    @property
    def content_sid(self) -> str:
        """Twilio's name for the same template, steady across restarts."""
        return "HX" + hashlib.md5(f"{self.name}/{self.language}".encode(), usedforsecurity=False).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "status": self.status,
            "parameter_format": "POSITIONAL",
            "components": self.components,
        }


def placeholders(text: str) -> list[str]:
    """Names of the variables, each once, in order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def filled(text: str, values: dict[str, str]) -> str:
    """Fill the placeholders; those without a value stay."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _body(text: str, *example: str) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "BODY", "text": text}
    return body | {"example": {"body_text": [list(example)]}} if example else body


def _file(kind: str, example: str) -> dict[str, Any]:
    """A header whose file comes with each message."""
    return {
        "type": "HEADER",
        "format": kind,
        "example": {"header_handle": [f"https://scontent.whatsapp.net/{example}"]},
    }


def _given() -> list[tuple[str, str, str, str, list[dict[str, Any]]]]:
    buttons = {
        "type": "BUTTONS",
        "buttons": [{"type": "QUICK_REPLY", "text": "Sí, sigo ahí"}, {"type": "QUICK_REPLY", "text": "Ya no, gracias"}],
    }
    link = {"type": "URL", "text": "Ver pedido", "url": "https://example.com/pedidos/{{1}}", "example": ["A-1024"]}
    return [
        (
            "hello_world",
            "en_US",
            "UTILITY",
            "APPROVED",
            [
                {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
                _body("Welcome and congratulations!! This message demonstrates your ability to send a message."),
                {"type": "FOOTER", "text": "WhatsApp Business Platform sample message"},
            ],
        ),
        (
            "seguimos_aqui",
            "es",
            "UTILITY",
            "APPROVED",
            [_body("Hola {{1}}, seguimos pendientes de tu consulta. ¿Quieres continuar?", "Ana"), buttons],
        ),
        (
            "pedido_actualizado",
            "es",
            "UTILITY",
            "APPROVED",
            [
                {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}", "example": {"header_text": ["A-1024"]}},
                _body("Hola {{1}}, tu pedido {{2}} está {{3}}.", "Ana", "A-1024", "en camino"),
                {"type": "BUTTONS", "buttons": [link]},
            ],
        ),
        ("follow_up", "en", "UTILITY", "APPROVED", [_body("Hi {{1}}, about your question: {{2}}", "Ana", "we reply")]),
        ("acompanhamento", "pt_BR", "UTILITY", "APPROVED", [_body("Olá {{1}}, sobre a sua dúvida: {{2}}", "Ana", "…")]),
        (
            "comprobante_de_compra",
            "es",
            "UTILITY",
            "APPROVED",
            [
                _file("DOCUMENT", "comprobante.pdf"),
                _body("Hola {{1}}, te enviamos el comprobante de tu compra {{2}}.", "Ana", "A-1024"),
            ],
        ),
        (
            "how_to_use_it",
            "en",
            "UTILITY",
            "APPROVED",
            [_file("VIDEO", "guide.mp4"), _body("Hi {{1}}, this video shows how to use your {{2}}.", "Ana", "grinder")],
        ),
        (
            "pedido_pronto",
            "pt_BR",
            "UTILITY",
            "APPROVED",
            [
                _file("IMAGE", "pedido.jpg"),
                _body("Olá {{1}}, seu pedido ficou assim. Podemos enviar?", "Ana"),
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Pode enviar"}]},
            ],
        ),
        ("oferta_pausada", "es", "MARKETING", "PAUSED", [_body("{{1}}, esta semana hay envío gratis.", "Ana")]),
        ("oferta_nueva", "es", "MARKETING", "PENDING", [_body("Nueva temporada, {{1}}.", "Ana")]),
    ]


class Templates:
    """The templates of the account: the samples, and those created since."""

    def __init__(self) -> None:
        self._next_id = 300000000000001
        self.items: list[Template] = []
        for name, language, category, status, components in _given():
            self.add(name, language, category, components, status=status)

    def add(
        self, name: str, language: str, category: str, components: list[dict[str, Any]], *, status: str = "PENDING"
    ) -> Template:
        template = Template(str(self._next_id), name, language, category, status, components)
        self._next_id += 1
        self.items.append(template)
        return template

    def find(self, name: str, language: str) -> Template | None:
        return next((item for item in self.items if item.name == name and item.language == language), None)

    def by_content_sid(self, sid: str) -> Template | None:
        return next((item for item in self.items if item.content_sid == sid), None)

    def remove(self, name: str) -> bool:
        left = [item for item in self.items if item.name != name]
        removed = len(left) < len(self.items)
        self.items = left
        return removed
