"""Links, e-mail addresses and long numbers in a reply that stand in nothing the business gave.

A poisoned page can tell a model to send customers elsewhere: what it wants sent must stand in what was given, letter by
letter. The customer's own words allow a number that is repeated to them, such as that of an order, and never a link.
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
_HOST = r"(?<![a-z0-9.-])(?:[a-z0-9-]{1,63}\.){1,8}"  # bounded: a text may be made of dots
_LINK = re.compile(rf"https?://\S+|\bwww\.\S+|{_HOST}(?:{_ENDS})\b(?:/\S*)?|{_HOST}[a-z]{{2,24}}/\S+", re.I)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_AROUND = ".,;:!?)]}>»\"'*_"


def invented_addresses(reply: str, known: Iterable[str], asked: str) -> tuple[str, ...]:
    """The links, e-mail addresses and long numbers of a reply that `known`, the business's texts, do not hold.

    `asked` is what the customer wrote in the conversation.
    A shorter form of a known link ("shop.example" for "https://shop.example/open") follows from it.
    """
    said, told = visible(reply), visible("\n".join(known))
    mails = {found.casefold() for found in _MAIL.findall(told)}
    links = {_bare(found) for found in _LINK.findall(_MAIL.sub(" ", told))}
    invented = [found for found in _MAIL.findall(said) if found.casefold() not in mails]
    invented += [found for found in _LINK.findall(_MAIL.sub(" ", said)) if not _follows(_bare(found), links)]
    numbers = invented_numbers(_MAIL.sub(" ", _LINK.sub(" ", said)), f"{told}\n{visible(asked)}")
    return (*(found.strip(_AROUND) for found in invented), *numbers)


def _bare(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.strip(_AROUND).casefold()).rstrip("/")


def _follows(link: str, known: set[str]) -> bool:
    return any(link == one or one.startswith((f"{link}/", f"{link}?", f"{link}#")) for one in known)
