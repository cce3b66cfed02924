"""Links, e-mail addresses and telephone numbers in a reply that stand in nothing the business gave.

A poisoned page can tell a model to send customers elsewhere: what it wants sent must stand in what was given, letter by
letter. The customer's own words allow a number that is repeated to them, such as that of an order, and never a link.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_ENDS = (
    "com|net|org|info|biz|io|app|shop|store|online|site|xyz|link|page|dev|ai|top|club|live|example|"
    "ly|gl|gd|cc|tk|ru|cn|br|ar|mx|cl|co|pe|uy|uk|eu|us|pt"
)
_HOST = r"(?<![a-z0-9.-])(?:[a-z0-9-]{1,63}\.){1,8}"  # bounded: a text may be made of dots
_LINK = re.compile(rf"https?://\S+|\bwww\.\S+|{_HOST}(?:{_ENDS})\b(?:/\S*)?|{_HOST}[a-z]{{2,24}}/\S+", re.I)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = re.compile(r"(?<![\d.,$/])\+?\d[\d \u00a0()-]{6,18}\d(?![\d.,/])")
_DATE = re.compile(r"\d{1,4}-\d{1,2}-\d{1,4}")
_LEAST_DIGITS = 8
_AROUND = ".,;:!?)]}>»\"'*_"


def visible(text: str) -> str:
    """A text as it looks: signs that take no room are gone, look-alike forms are one."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")


def invented_addresses(reply: str, known: Iterable[str], asked: str) -> tuple[str, ...]:
    """The links, e-mail addresses and telephone numbers of a reply that `known`, the business's texts, do not hold.

    A shorter form of a known link ("shop.example" for "https://shop.example/open") follows from it.
    """
    said, told = visible(reply), visible("\n".join(known))
    mails = {found.casefold() for found in _MAIL.findall(told)}
    links = {_bare(found) for found in _LINK.findall(_MAIL.sub(" ", told))}
    digits = _digits(told) + "|" + _digits(visible(asked))
    invented = [found for found in _MAIL.findall(said) if found.casefold() not in mails]
    invented += [found for found in _LINK.findall(_MAIL.sub(" ", said)) if not _follows(_bare(found), links)]
    invented += [found for found in _phones(_LINK.sub(" ", said)) if _digits(found) not in digits]
    return tuple(found.strip(_AROUND) for found in invented)


def _bare(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.strip(_AROUND).casefold()).rstrip("/")


def _follows(link: str, known: set[str]) -> bool:
    return any(link == one or one.startswith((f"{link}/", f"{link}?", f"{link}#")) for one in known)


def _phones(text: str) -> list[str]:
    return [
        found
        for found in _PHONE.findall(text)
        if len(_digits(found)) >= _LEAST_DIGITS and not _DATE.fullmatch(found.strip())
    ]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
