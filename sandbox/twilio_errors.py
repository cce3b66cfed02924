"""Twilio's error answer (Twilio, REST API: error responses)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

MESSAGES = {
    11200: "HTTP retrieval failure.",
    20001: "Bad request",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service unavailable",
    21211: "Invalid 'To' Phone Number",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21602: "A text message body or media urls must be specified.",
    21604: "A 'To' phone number is required.",
    21603: "A 'From' phone number is required.",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds allowed limit",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid.",
    63007: "Twilio could not find a Channel with the specified From address",
    63016: "Failed to send freeform message because you are outside the allowed window. Please use a Message Template.",
    63019: "Media failed to download.",
    63024: "Invalid message recipient",
}


class TwilioError(Exception):
    """A refusal in Twilio's words. `retry_after` is in seconds."""

    def __init__(self, code: int, *, status: int = 400, message: str = "", retry_after: float | None = None) -> None:
        self.code = code
        self.status = status
        self.message = message or MESSAGES.get(code, f"Error {code}")
        self.retry_after = retry_after
        super().__init__(self.message)

    def response(self) -> JSONResponse:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        return JSONResponse(body, self.status, headers)


async def twilio_error(_: Request, error: Exception) -> JSONResponse:
    """Answer as Twilio does for an error."""
    assert isinstance(error, TwilioError)
    return error.response()
