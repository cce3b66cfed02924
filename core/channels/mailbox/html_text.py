"""HTML mail as text: nobody's markup is ever shown or followed."""

from __future__ import annotations

import re
from html import unescape

from inscriptis import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree, html

_LONGEST = 200_000  # characters of HTML that are read, without styles and embedded files
_CONFIG = ParserConfig(display_links=False, display_images=False)
_KEPT = frozenset({"class", "id", "type"})  # mark quotations: other attributes set margins and numbers of any size
# Rows as lines: a table would be filled with blanks up to its widest cell, for each row.
_AS_LINES = {"table": "div", "tr": "div", "td": "span", "th": "span"}
_DROPPED = frozenset(
    {"script", "style", "head", "title", "meta", "link", "template", "noscript", "object", "embed", "svg", "iframe"}
)
# Where the mail programs of Google, Microsoft, Mozilla, Apple, Yahoo and Proton put what they quote.
_QUOTES = (
    "//*[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //blockquote[@type='cite'] | //*[@id='divRplyFwdMsg'] | //*[@id='appendonsend']"
    " | //*[contains(concat(' ', @class, ' '), ' yahoo_quoted ')]"
    " | //*[contains(concat(' ', @class, ' '), ' protonmail_quote ')]"
    " | //*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')]"
)
_BLANKS = re.compile(r"[ \t\u00a0]+")
_GAPS = re.compile(r"\n(?:[ ]*\n){2,}")
_EMBEDDED = re.compile(r"data:[\w/+.-]{1,80};base64,[A-Za-z0-9+/=\s]+")
_TAG = re.compile(r"<[^<>]*>")


def to_text(markup: str) -> tuple[str, str]:
    """Return what is new in HTML and what it quotes, as text."""
    readable = _EMBEDDED.sub("", _without_styles(markup))[:_LONGEST]
    tree = _parse(readable)
    if tree is None:
        return "", ""
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in _DROPPED or _is_hidden(element):
            _drop(element)
            continue
        element.tag = _AS_LINES.get(element.tag, element.tag)
        for name in set(element.keys()) - _KEPT:
            del element.attrib[name]
    quoted = [_words(one) for one in _cut_quotes(tree)]
    new, rest = _words(tree), "\n\n".join(filter(None, quoted))
    if not new and not rest:  # such as one that is nested deeper than the parser goes
        return " ".join(unescape(_TAG.sub(" ", readable)).split()), ""
    return new, rest


def _without_styles(markup: str) -> str:
    """Drop style sheets, which may be longer than all the rest. In linear time, unlike a pattern."""
    lowered, kept, start = markup.lower(), [], 0
    while (opened := lowered.find("<style", start)) >= 0:
        kept.append(markup[start:opened])
        closed = lowered.find("</style", opened)
        start = len(markup) if closed < 0 else closed
    return "".join([*kept, markup[start:]]) if len(lowered) == len(markup) else markup


def _parse(markup: str) -> html.HtmlElement | None:
    cleaned = re.sub(r"<\?xml[^<>]*>", "", markup).replace("\0", "")
    if not cleaned.strip():
        return None
    try:
        return html.document_fromstring(cleaned, parser=html.HTMLParser(encoding="utf-8", recover=True))
    except (etree.ParserError, ValueError):
        return None


def _is_hidden(element: html.HtmlElement) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "mso-hide:all" in style


def _cut_quotes(tree: html.HtmlElement) -> list[html.HtmlElement]:
    """Take the first quotation and all that follows it out of the tree, unless something new stands below it."""
    found = tree.xpath(_QUOTES)
    if not found:
        return []
    first = found[0]
    parts = [first, *first.itersiblings()]
    if first.tag == "blockquote" and any(_words(one) for one in parts[1:] if one not in found):
        return []
    for one in parts:
        _drop(one, keep_tail=one is first and first.get("id") is None)
    return parts


def _drop(element: html.HtmlElement, *, keep_tail: bool = True) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and keep_tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    element.tail = None
    parent.remove(element)


def _words(tree: html.HtmlElement) -> str:
    lines = Inscriptis(tree, _CONFIG).get_text().split("\n")
    return _GAPS.sub("\n\n", "\n".join(_BLANKS.sub(" ", line).strip() for line in lines)).strip()
