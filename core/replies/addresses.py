"""Detect links, e-mail addresses and long numbers in a reply that no business text contains.

A poisoned page can tell a model to send customers elsewhere, so an address must appear character by character in the
business's texts. The customer's own messages justify repeating a number, such as an order number, but never a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    reply_text, known_text = visible(reply), visible("\n".join(business_texts))
    mails = {found.casefold() for found in _MAIL.findall(known_text)}
    links = {_bare(found) for found in _LINK.findall(_MAIL.sub(" ", known_text))}
    invented = [found for found in _MAIL.findall(reply_text) if found.casefold() not in mails]
    invented += [found for found in _LINK.findall(_MAIL.sub(" ", reply_text)) if not _is_known(_bare(found), links)]
    numbers = invented_numbers(_MAIL.sub(" ", _LINK.sub(" ", reply_text)), f"{known_text}\n{visible(asked)}")
    return (*(found.strip(_AROUND) for found in invented), *numbers)


def _bare(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.strip(_AROUND).casefold()).rstrip("/")


def _is_known(link: str, known: set[str]) -> bool:
    return any(link == one or one.startswith((f"{link}/", f"{link}?", f"{link}#")) for one in known)
