"""Detect links, e-mail addresses and long numbers in a reply that no business text contains.

A poisoned page can tell a model to send customers elsewhere, so an address must appear character by character in the
business's texts. The customer's own messages justify repeating a number, such as an order number, but never a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.replies.long_numbers import invented_numbers
from core.text.normalize import visible

_ENDS = (
    "com|net|org|info|biz|io|app|shop|store|online|site|xyz|link|page|dev|ai|top|club|live|example|"
    "ly|gl|gd|cc|tk|ru|cn|br|ar|mx|cl|co|pe|uy|uk|eu|us|pt"
)
_HOST = r"(?<![a-z0-9.-])(?:[a-z0-9-]{1,63}\.){1,8}"  # bounded: a text may consist of dots
_LINK = re.compile(rf"https?://\S+|\bwww\.\S+|{_HOST}(?:{_ENDS})\b(?:/\S*)?|{_HOST}[a-z]{{2,24}}/\S+", re.I)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_AROUND = ".,;:!?)]}>»\"'*_"


def invented_addresses(reply: str, business_texts: Iterable[str], asked: str) -> tuple[str, ...]:
    """Return the links, e-mail addresses and long numbers of `reply` that do not occur in `business_texts`.

    `asked` is what the customer wrote in the conversation. A shorter form of a known link ("shop.example" for
    "https://shop.example/open") is accepted.
    """
    reply_text, known = visible(reply), [_known(text) for text in business_texts]
    mails = {mail for text in known for mail in text.mails}
    links = {link for text in known for link in text.links}
    invented = [found for found in _MAIL.findall(reply_text) if found.casefold() not in mails]
    invented += [found for found in _LINK.findall(_MAIL.sub(" ", reply_text)) if not _is_known(_bare(found), links)]
    source = "\n".join([*(text.visible for text in known), visible(asked)])
    numbers = invented_numbers(_MAIL.sub(" ", _LINK.sub(" ", reply_text)), source)
    return (*(found.strip(_AROUND) for found in invented), *numbers)


@dataclass(frozen=True, slots=True)
class _Known:
    """A text of the business as displayed, with the e-mail addresses and links in it."""

    visible: str
    mails: frozenset[str]
    links: frozenset[str]


@lru_cache(maxsize=2048)
def _known(text: str) -> _Known:
    """Read a text of the business once: most replies rest on the same ones."""
    text = visible(text)
    mails, links = _MAIL.findall(text), _LINK.findall(_MAIL.sub(" ", text))
    return _Known(text, frozenset(mail.casefold() for mail in mails), frozenset(map(_bare, links)))


def _bare(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.strip(_AROUND).casefold()).rstrip("/")


def _is_known(link: str, known: set[str]) -> bool:
    return any(link == one or one.startswith((f"{link}/", f"{link}?", f"{link}#")) for one in known)
