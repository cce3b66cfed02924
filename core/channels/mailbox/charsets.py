"""Decode bytes whose declared charset may be missing, unknown or wrong."""

from __future__ import annotations

import codecs

from core.channels import json_sanitizer

# Programs declare these without looking: bytes that are valid UTF-8 are UTF-8 all the same.
_CARELESS = frozenset({"", "ascii", "us-ascii", "iso8859-1", "cp1252", "unknown-8bit"})
# No charsets of mail, although Python decodes text by them, some in quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape"})


def decode(data: bytes, declared: str | None) -> str:
    """Return the text, without what Postgres cannot store. An incomplete character at the end is dropped."""
    name = _known(declared or "")
    attempts = ["utf-8", name or "cp1252"] if name in _CARELESS else [name, "utf-8"]
    for one in attempts:
        try:
            return json_sanitizer.clean_text(codecs.getincrementaldecoder(one)().decode(data))
        except (UnicodeError, LookupError):
            continue
    return json_sanitizer.clean_text(data.decode("cp1252", "replace"))


def _known(declared: str) -> str:
    """Return Python's name of a charset, "" if it has none. Latin 1 is cp1252, as on the web."""
    try:
        name = codecs.lookup(declared.strip(" \t'\"")).name
        " ".encode(name)  # refuses codecs that are for no text, such as bz2, which makes a gigabyte of a kilobyte
    except (LookupError, ValueError):
        return ""
    if name in _NO_CHARSETS:
        return ""
    return "cp1252" if name == "iso8859-1" else name
