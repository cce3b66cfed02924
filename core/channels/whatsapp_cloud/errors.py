"""Meaning of Meta's error codes (Cloud API, Error codes)."""

from __future__ import annotations

from dataclasses import replace

from core.channels.http import status_diagnosis
from core.channels.types import Cause, Diagnosis, Fact, ProviderError, Verdict


def _retry(cause: Cause, advice: str) -> Diagnosis:
    return Diagnosis(Verdict.RETRYABLE, cause, advice)


def _final(cause: Cause, advice: str) -> Diagnosis:
    return Diagnosis(Verdict.PERMANENT, cause, advice)


_BUSY = _retry(Cause.PROVIDER, "WhatsApp has a temporary problem.")
_QUALITY_WAIT = 3600.0
_PERMISSION_WORDS = "The access token lacks a permission. Give the system user access and renew it."
_PERMISSION = _final(Cause.ADMIN, _PERMISSION_WORDS)
_NO_PERMISSION = _retry(Cause.ADMIN, _PERMISSION_WORDS)  # of the whole token, where `_PERMISSION` is of this call
_TOKEN = _retry(Cause.ADMIN, "The access token has expired or is wrong. Make a new one and put it in the settings.")
_REGISTER = _final(Cause.ADMIN, "The number is not registered with the Cloud API. Register it with its PIN.")
_ACCOUNT = _final(Cause.ADMIN, "Meta wants something settled in the account first. See WhatsApp Manager.")
_MALFORMED = _final(Cause.REQUEST, "WhatsApp found the message malformed. Correct the part it names and send again.")
_PARAMETERS = _final(Cause.REQUEST, "The variables do not fit the template. Fill every variable in its format.")
_MARKETING = _final(Cause.REQUEST, "The template cannot be used as a marketing message. Choose another template.")

DIAGNOSES: dict[str, Diagnosis] = {
    "1": _BUSY,
    "2": _BUSY,
    "131000": _BUSY,
    "131016": _BUSY,
    "131057": _retry(Cause.PROVIDER, "The account is in maintenance."),
    "133004": _BUSY,
    "4": _retry(Cause.THROTTLED, "The app reached its rate limit."),
    "80007": _retry(Cause.THROTTLED, "The account reached its rate limit."),
    "613": _retry(Cause.THROTTLED, "Too many calls in a short time."),
    "130429": _retry(Cause.THROTTLED, "The number sends faster than it may."),
    "131056": _retry(Cause.THROTTLED, "Too many messages to this customer in a short time."),
    "133016": _retry(Cause.THROTTLED, "The number was registered too often. Wait before trying again."),
    "131048": Diagnosis(
        Verdict.RETRYABLE,
        Cause.THROTTLED,
        "Customers blocked or reported this number, so Meta limits it. Begin fewer conversations and check its quality "
        "rating.",
        wait=_QUALITY_WAIT,
        answers_only=True,
    ),
    "368": _final(Cause.PAUSE_NUMBER, "Meta blocked the account for a policy violation. Appeal in Business Support."),
    "131031": _final(Cause.PAUSE_NUMBER, "The business account is locked. Resolve it with Meta's Business Support."),
    "131047": _final(
        Cause.NEEDS_TEMPLATE, "More than 24 hours passed since the customer's last message. Send a template."
    ),
    "131026": _final(
        Cause.RECIPIENT,
        "The customer cannot be reached: no WhatsApp, an old version, or terms not accepted. Use another channel.",
    ),
    "130497": _final(Cause.RECIPIENT, "The business may not write to this customer's country. Use another channel."),
    "131021": _final(Cause.RECIPIENT, "The recipient is our own number. Write to another one."),
    "131030": _final(
        Cause.RECIPIENT,
        "A test number may only write to its allowed list. Add the recipient there or use a real number.",
    ),
    "130472": _final(Cause.RECIPIENT, "The customer is in an experiment of Meta's and gets no marketing messages now."),
    "131049": _final(
        Cause.RECIPIENT, "Meta limits marketing messages to this customer. Wait at least 24 hours before another."
    ),
    "131050": Diagnosis(
        Verdict.PERMANENT,
        Cause.RECIPIENT,
        "The customer stopped our marketing messages. Do not send more of them.",
        fact=Fact.MARKETING_STOPPED,
    ),
    "131062": _final(Cause.RECIPIENT, "This template needs the customer's phone number, which WhatsApp hides."),
    "137000": _final(
        Cause.RECIPIENT, "The customer's identity changed. Confirm with them who they are before sending."
    ),
    "100": _MALFORMED,
    "33": _MALFORMED,
    "131008": _final(Cause.REQUEST, "A required part of the message is missing. Add it and send again."),
    "131009": _final(Cause.REQUEST, "A value in the message is not allowed. Correct it and send again."),
    "131051": _final(Cause.REQUEST, "WhatsApp does not support this type of message. Send another type."),
    "131052": _final(Cause.REQUEST, "The file could not be downloaded. Check its address or ask for it again."),
    "131053": _final(Cause.REQUEST, "WhatsApp did not accept the file. Send it in a supported format and size."),
    "132000": _final(Cause.REQUEST, "The number of variables differs from the template's. Fill exactly its variables."),
    "132001": _final(Cause.REQUEST, "There is no approved template of this name and language. Choose another."),
    "132005": _final(Cause.REQUEST, "The template is too long once filled. Shorten the values."),
    "132007": _final(Cause.REQUEST, "The template's content breaks WhatsApp's policy. Change it and submit it again."),
    "132008": _PARAMETERS,
    "132012": _PARAMETERS,
    "132015": _final(Cause.REQUEST, "The template is paused for low quality. Improve it or use another."),
    "132016": _final(Cause.REQUEST, "The template is disabled for good. Make a new one."),
    "132018": _PARAMETERS,
    "132068": _final(Cause.REQUEST, "The flow is blocked. Correct it in WhatsApp Manager."),
    "132069": _final(Cause.REQUEST, "The flow is throttled. Send fewer of it, or correct its endpoint."),
    "135000": _final(Cause.REQUEST, "WhatsApp refused the message without a reason. Check it and send it differently."),
    "131055": _final(Cause.REQUEST, "This type of message is not allowed for this number. Send another type."),
    "134100": _MARKETING,
    "134101": _MARKETING,
    "134102": _MARKETING,
    "0": _TOKEN,
    "102": _TOKEN,
    "190": _TOKEN,
    "3": _NO_PERMISSION,
    "10": _NO_PERMISSION,
    "131005": _PERMISSION,
    "131037": _final(Cause.ADMIN, "The number's display name is not approved. Submit one in WhatsApp Manager."),
    "131042": _final(Cause.ADMIN, "There is a problem with the payment method. Mend it in Meta Business Suite."),
    "131045": _REGISTER,
    "133005": _final(Cause.ADMIN, "The two-step PIN is wrong. Use the right one or reset it in WhatsApp Manager."),
    "133006": _final(Cause.ADMIN, "The number must be verified first. Ask for a code and enter it."),
    "133010": _REGISTER,
    "134011": _final(Cause.ADMIN, "The payment terms are not accepted. Accept them in Meta Business Suite."),
    "131063": _ACCOUNT,
    "131064": _ACCOUNT,
}

_UNKNOWN = _final(
    Cause.REQUEST, "WhatsApp failed with a code we do not know. Look the code up in Meta's list of error codes."
)
_NO_SUCH_OBJECT = _final(
    Cause.REQUEST, "The file or object does not exist any more or is not ours. Upload it again and check the ids."
)


def diagnose(
    code: str | int, http_status: int | None = None, subcode: str | int | None = None, details: str = ""
) -> Diagnosis:
    """Return the meaning of a Graph API error.

    An unknown code is retried on HTTP 5xx or 429 only. `details` (error_data.details) decides between two meanings of
    code 100: a wrong parameter and a missing permission.
    """
    number = str(code)
    if number == "100" and str(subcode or "") == "33":
        return _NO_SUCH_OBJECT
    if number == "100" and "permission" in details.lower():
        return _PERMISSION
    entry = DIAGNOSES.get(number)
    if entry is not None:
        return entry
    if len(number) == 3 and number.startswith("2") and number.isdecimal():  # 200-299: permissions
        return _PERMISSION
    if http_status is not None and (http_status >= 500 or http_status in (401, 403, 408, 429)):
        return status_diagnosis(http_status)
    return _UNKNOWN


def diagnose_failure(error: ProviderError) -> Diagnosis:
    """Return the meaning of an error in a `failed` status, which is final: Meta does not retry an accepted message."""
    return replace(diagnose(error.code, details=error.details), verdict=Verdict.PERMANENT)
