"""Meaning of Twilio's error codes (Twilio, Error and warning dictionary)."""

from __future__ import annotations

from dataclasses import replace

from core.channels.http import status_diagnosis
from core.channels.types import Cause, Diagnosis, Fact, ProviderError, Verdict


def _retry(cause: Cause, advice: str) -> Diagnosis:
    return Diagnosis(Verdict.RETRYABLE, cause, advice)


def _final(cause: Cause, advice: str) -> Diagnosis:
    return Diagnosis(Verdict.PERMANENT, cause, advice)


_BUSY = _retry(Cause.PROVIDER, "Twilio or the carrier has a temporary problem.")
_SLOW = _retry(Cause.THROTTLED, "Messages go out faster than allowed.")
_NUMBER = _final(Cause.RECIPIENT, "The number cannot receive messages. Check it with the customer.")
_OFF = _final(Cause.RECIPIENT, "The customer's phone is off, out of reach or blocked by its carrier. Try later.")
_NO_WHATSAPP = _final(Cause.RECIPIENT, "The customer cannot be reached on WhatsApp. Use another channel.")
_MALFORMED = _final(Cause.REQUEST, "Twilio found the message malformed. Correct the part it names and send again.")
_TEMPLATE = _final(Cause.REQUEST, "The content template or its variables are not accepted. Correct the template.")
_FILE = _final(Cause.REQUEST, "The file was not accepted. Send it in a supported format and size.")
_CREDENTIALS = _retry(Cause.ADMIN, "Twilio refused our credentials or the account is suspended. Check the account.")
_SENDER = _final(Cause.ADMIN, "Our number may not send this. Check the number and its permissions in Twilio.")
_CARRIER = _final(Cause.ADMIN, "Carriers filter this number's messages. Complete its registration with Twilio.")
_CHANNEL = _final(Cause.ADMIN, "The WhatsApp sender is not set up rightly in Twilio. Check it in Twilio's console.")

DIAGNOSES: dict[str, Diagnosis] = {
    "429": _SLOW,
    "20429": _SLOW,
    "14107": _SLOW,
    "30001": _BUSY,
    "30008": _BUSY,
    "30410": _BUSY,
    "21611": _SLOW,
    "30017": _BUSY,
    "30022": _SLOW,
    "63009": _BUSY,
    "63010": _BUSY,
    "63012": _BUSY,
    "63017": _SLOW,
    "63018": _SLOW,
    "63119": _BUSY,
    "63016": _final(
        Cause.NEEDS_TEMPLATE, "More than 24 hours passed since the customer's last message. Send a template."
    ),
    "21610": Diagnosis(
        Verdict.PERMANENT,
        Cause.RECIPIENT,
        "The customer opted out of our messages. They can lift it by writing START.",
        fact=Fact.OPTED_OUT,
    ),
    "21211": _NUMBER,
    "21635": _final(Cause.RECIPIENT, "The number is a landline, which gets no messages. Use another channel."),
    "30004": _final(Cause.RECIPIENT, "The customer's phone or carrier blocks our messages. Use another channel."),
    "30036": _OFF,
    "63036": _final(Cause.RECIPIENT, "The customer cannot be reached on this channel. Use another one."),
    "21614": _NUMBER,
    "30003": _OFF,
    "30005": _NUMBER,
    "30006": _final(Cause.RECIPIENT, "The number is a landline or its carrier cannot be reached. Use another channel."),
    "63003": _NO_WHATSAPP,
    "63014": _final(Cause.RECIPIENT, "The customer blocked us on WhatsApp. Use another channel."),
    "63015": _final(Cause.RECIPIENT, "The customer has not joined the WhatsApp sandbox. They must send its join word."),
    "63024": _NO_WHATSAPP,
    "63032": _final(Cause.RECIPIENT, "WhatsApp limits what this customer receives. Try later or use another channel."),
    "63033": _NO_WHATSAPP,
    "63049": _final(
        Cause.RECIPIENT, "Meta limits marketing messages to this customer. Wait at least 24 hours before another."
    ),
    "21603": _MALFORMED,
    "21604": _MALFORMED,
    "21602": _final(Cause.REQUEST, "The message has no text. Write one or attach a file."),
    "21617": _final(Cause.REQUEST, "The message is longer than 1600 characters. Shorten it or send it in parts."),
    "21620": _FILE,
    "21654": _TEMPLATE,
    "21655": _TEMPLATE,
    "21656": _TEMPLATE,
    "63005": _FILE,
    "63006": _MALFORMED,
    "63013": _final(Cause.REQUEST, "The message breaks WhatsApp's policy. Change its content."),
    "63019": _FILE,
    "63021": _MALFORMED,
    "63027": _TEMPLATE,
    "63028": _TEMPLATE,
    "63030": _TEMPLATE,
    "63031": _final(Cause.REQUEST, "The recipient is our own number. Write to another one."),
    "63034": _FILE,
    "63041": _TEMPLATE,
    "20003": _CREDENTIALS,
    "20005": _CREDENTIALS,
    "21408": _final(Cause.ADMIN, "The account may not write to this country. Allow it in Twilio's geo permissions."),
    "21212": _SENDER,
    "21606": _SENDER,
    "21608": _final(Cause.ADMIN, "A trial account may only write to verified numbers. Verify it or upgrade in Twilio."),
    "21660": _SENDER,
    "21703": _final(
        Cause.ADMIN, "The messaging service has no number that can write to this customer. Add one in Twilio."
    ),
    "21910": _final(Cause.ADMIN, "Our sender and the customer are on different channels. Check the channel's number."),
    "30010": _final(Cause.ADMIN, "The message costs more than the account's limit. Raise the limit in Twilio."),
    "30023": _final(Cause.ADMIN, "The carrier's limit for today is reached. Complete the number's registration."),
    "21612": _SENDER,
    "30002": _CREDENTIALS,
    "30007": _CARRIER,
    "30032": _CARRIER,
    "30034": _CARRIER,
    "63001": _CHANNEL,
    "63002": _CHANNEL,
    "63007": _CHANNEL,
    "63008": _CHANNEL,
    "63020": _CHANNEL,
    "63022": _CHANNEL,
    "63038": _final(Cause.ADMIN, "The account reached its daily limit of messages. Raise it with Twilio."),
}

_UNKNOWN = _final(
    Cause.REQUEST, "Twilio failed with a code we do not know. Look the code up in Twilio's error dictionary."
)
_WEBHOOK = _final(
    Cause.ADMIN, "Twilio could not use our webhook's answer. Check the webhook address in Twilio's console."
)


CANCELLED = "canceled"  # a status without a code: somebody cancelled the message in the account
_CANCELLED = _final(Cause.REQUEST, "The message was cancelled in Twilio. Send it again if it is still wanted.")


def diagnose(code: str | int, http_status: int | None = None) -> Diagnosis:
    """Return the meaning of an error code; an unknown one is retried on HTTP 5xx or 429 only."""
    number = str(code)
    entry = DIAGNOSES.get(number)
    if entry is not None:
        return entry
    if number == "12300" or (len(number) == 5 and number.startswith("112")):
        return _WEBHOOK
    if http_status is not None and (http_status >= 500 or http_status in (401, 403, 408, 429)):
        return status_diagnosis(http_status)
    return _UNKNOWN


def diagnose_failure(error: ProviderError) -> Diagnosis:
    """Return the meaning of an error in a status that is final: Twilio does not retry."""
    if error.code == CANCELLED:
        return _CANCELLED
    return replace(diagnose(error.code), verdict=Verdict.PERMANENT)
