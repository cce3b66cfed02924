"""Labels of messages that are not only text, for people.

The model reads keys such as "[image]" (`core.channels.content.plain_text`); people see signs, in any language the same.
"""

from __future__ import annotations

import re

_SIGNS = {
    "ad": "📣", "at": "📍", "audio": "🎤", "button": "🔘", "call": "📞", "call_permission": "📞", "contacts": "👤",
    "document": "📄", "file": "📄", "forwarded": "↪", "image": "📷", "interactive": "🔘", "location": "📍",
    "option": "🔘", "order": "🛒", "post": "📣", "product": "🛒", "reaction": "", "reply_to": "↩", "sticker": "🙂",
    "template": "📄", "unknown": "❔", "unsupported": "❔", "video": "🎥",
}  # fmt: skip
_LABEL = re.compile(rf"\[({'|'.join(_SIGNS)})(?:: ([^\]\n]*))?\]")


def with_signs(text: str) -> str:
    """Return the text with a sign for each label: "[reply_to: ¿Talla?] [image] 42" becomes "↩ ¿Talla? 📷 42"."""
    return _LABEL.sub(lambda found: " ".join(filter(None, (_SIGNS[found[1]], found[2]))), text)
