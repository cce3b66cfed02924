"""Telephone numbers in the formats of WhatsApp and the carriers.

An address is stored and replied to verbatim; these functions find the same person again and format the number for
display. Real ids such as +521… (Mexico) fail every validity check, so no function here rejects a number.
"""

from __future__ import annotations

import re

import phonenumbers

_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]*")
_NOT_DIGITS = re.compile(r"[^0-9]")
BSUID = r"^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$"

_MEXICO_MOBILE = re.compile(r"521([0-9]{10})")
_MEXICO = re.compile(r"52([0-9]{10})")
_ARGENTINA_MOBILE = re.compile(r"549([0-9]{10})")
# A mobile subscriber number began with 6-9 before Brazil prefixed the ninth digit; 2-5 is a landline.
_BRAZIL_NINE = re.compile(r"(55[1-9][0-9])9([6-9][0-9]{7})")
_BRAZIL_EIGHT = re.compile(r"(55[1-9][0-9])([6-9][0-9]{7})")

_SHORT_CODE = re.compile(r"[0-9]{3,6}")

_MAX_DIGITS = 15  # E.164


def is_bsuid(address: str) -> bool:
    """Return whether this is a BSUID (Meta, Business-scoped user IDs), which hides the phone number."""
    return re.fullmatch(BSUID.strip("^$"), address) is not None


def digits(address: str) -> str:
    """Return the digits of a telephone number in any format; "" for any other kind of address."""
    bare = address.strip().removeprefix("whatsapp:")
    if _PHONE.fullmatch(bare) is None:
        return ""
    found = _NOT_DIGITS.sub("", bare)
    return found if len(found) <= _MAX_DIGITS else ""


# Explicit characters: the pattern is published, and other languages read \\s otherwise.
BLANKS = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_TRUNK = rf"(?<=[0-9){BLANKS}])\(0\)"  # "+44 (0)20 …": the 0 is for callers inside the country
_BETWEEN = rf"(?:{_TRUNK}|[{BLANKS}()./\-\u2010-\u2015\u2212\u200e\u200f\u202a-\u202e\u2060-\u2069])*"
_DIGIT = rf"(?!(?<=[0-9){BLANKS}]\()0\))[0-9]"  # none of `_TRUNK`
PHONE = (
    rf"^[{BLANKS}]*(?:[Tt][Ee][Ll]:)?(?:[Ww][Hh][Aa][Tt][Ss][Aa][Pp][Pp]:)?{_BETWEEN}(?:\+{_BETWEEN})?"
    rf"(?:0{_BETWEEN}0{_BETWEEN})?([1-9](?:{_BETWEEN}{_DIGIT}){{2,14}}){_BETWEEN}(?:;[^\x00]*)?$"
)
_PHONE_AS_WRITTEN = re.compile(PHONE.removesuffix("$") + r"\Z")


def dialled(written: str) -> str:
    """Return the international digits of a number as a person or program wrote it; "" if it is none.

    Accepts `tel:` links (RFC 3966), `whatsapp:`, a leading + or 00, and brackets. A number with a single leading 0 is
    national, in an unknown country.
    """
    found = _PHONE_AS_WRITTEN.match(written)
    return _NOT_DIGITS.sub("", re.sub(_TRUNK, "", found[1])) if found else ""


def is_short_code(address: str) -> bool:
    """Return whether this is a carrier's short code ("12345"), which is no international number and takes no plus."""
    return _SHORT_CODE.fullmatch(address.strip()) is not None


def lookup_key(address: str) -> str | None:
    """Return one key for all spellings of a number, None if the address is not a number. Never send to a key.

    Drops Mexico's mobile 1, Argentina's mobile 9, and the ninth digit of Brazilian mobiles.
    """
    number = digits(address)
    if not number:
        return None
    if match := _MEXICO_MOBILE.fullmatch(number):
        return "52" + match[1]
    if match := _ARGENTINA_MOBILE.fullmatch(number):
        return "54" + match[1]
    if match := _BRAZIL_NINE.fullmatch(number):
        return match[1] + match[2]
    return number


def variants(address: str) -> tuple[str, ...]:
    """Return the other spellings (digits) of a number, for one more attempt after a refusal.

    Argentina only drops its 9: a landline must not be turned into a mobile number.
    """
    number = digits(address)
    if match := _MEXICO_MOBILE.fullmatch(number):
        return ("52" + match[1],)
    if match := _ARGENTINA_MOBILE.fullmatch(number):
        return ("54" + match[1],)
    if match := _BRAZIL_NINE.fullmatch(number):
        return (match[1] + match[2],)
    if match := _MEXICO.fullmatch(number):
        return ("521" + match[1],)
    if match := _BRAZIL_EIGHT.fullmatch(number):
        return (match[1] + "9" + match[2],)
    return ()


def display(address: str) -> str:
    """Format the number as written in its country ("+52 55 1234 5678"); any other address is unchanged."""
    number = digits(address)
    if len(number) < 7:
        return address
    if match := _MEXICO_MOBILE.fullmatch(number):
        number = "52" + match[1]
    elif match := _BRAZIL_EIGHT.fullmatch(number):
        number = match[1] + "9" + match[2]
    try:
        parsed = phonenumbers.parse("+" + number)
    except phonenumbers.NumberParseException:
        return "+" + number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
